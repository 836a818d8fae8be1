// ---- card: all data of one check on one VM, or of one VM ------------------------------------------------------------

// The results of a check on a VM, the worst first. A result that did not fit into the page has only its status.
const resultsOf = async (vm, check) => {
  const byItem = new Map();
  for (const chunk of check.chunks) {
    for (const [number, item, required, root, message, remedy, node, by, evidence, fix] of await rowsOf(chunk)) {
      if (number === vm.number) byItem.set(item, { required, root, message, remedy, node, by, evidence, fix });
    }
  }
  return check.items
    .filter(({ item }) => vm.letters[item] !== "-")
    .map(({ item, parameter }) => ({ parameter, letter: vm.letters[item], ...(byItem.get(item) ?? { left: true, by: [], evidence: [], fix: [] }) }))
    .sort((a, b) => LETTERS.indexOf(a.letter) - LETTERS.indexOf(b.letter) || (b.root ?? 0) - (a.root ?? 0));
};

// All findings of a VM: [check, result] pairs, root causes first.
const findingsOf = async (vm) => {
  const bad = checks.filter((check) => `${NOT_MET}v`.includes(vm.worst[check.number]));
  const all = await Promise.all(bad.map(async (check) => (await resultsOf(vm, check)).map((result) => ({ check, result }))));
  return all.flat().filter(({ result }) => `${NOT_MET}v`.includes(result.letter))
    .sort((a, b) => (b.result.root ?? 0) - (a.result.root ?? 0) || LETTERS.indexOf(a.result.letter) - LETTERS.indexOf(b.result.letter));
};

const evidenceOf = async (vm, key) => {
  for (const chunk of [...(data.evidence[key] ?? []), ...(data.evidence[key.split("[")[0]] ?? [])]) {
    const row = (await rowsOf(chunk)).find(([number, own]) => number === vm.number && own === key);
    if (row) {
      const [, , command, ended, hundredths, stdout, stderr, flags] = row;
      return { command, ended, seconds: hundredths / 100, stdout, stderr, flags };
    }
  }
  return null;
};

const card = (() => {
  const box = find("#card");
  let opener = null; // the element that had the focus before
  let shown = 0; // the number of cards opened: parts that arrive late for an earlier card are dropped

  const checkLink = (vm, id) => {
    const number = checkNumber.get(id);
    return number === undefined ? id : make("button", { type: "button", class: "check-link", "data-vm": vm.number, "data-check": number }, id);
  };

  const fact = (name, ...value) => make("div", {}, make("dt", {}, name), make("dd", {}, ...value));

  const evidenceBox = async (vm, key, open) => {
    const output = await evidenceOf(vm, key);
    if (output === null) {
      return make("section", { class: "evidence" }, make("h3", {}, key), make("p", { class: "hint" }, "Not in this page: there is no evidence, or the page had no room for it. The VM's file in evidence/ has all that was recorded."));
    }
    const inside = [make("pre", { class: "seen-command" }, output.command)];
    for (const stream of ["stdout", "stderr"]) {
      if (output[stream]) inside.push(make("div", { class: "stream" }, make("span", { class: "label" }, stream), make("pre", {}, output[stream])));
    }
    if (!output.stdout && !output.stderr) inside.push(make("p", { class: "hint" }, "It printed nothing."));
    if (output.flags & 2) inside.push(make("p", { class: "truncated" }, "Truncated: the output reached its cap on the VM, this is its beginning."));
    if (output.flags & 1) inside.push(make("p", { class: "truncated" }, "Shortened for this page: the VM's file in evidence/ has all that was recorded."));
    const title = make("summary", {}, make("code", {}, key), make("span", { class: "ended" }, output.command.startsWith("GET ") ? output.ended : `${output.ended} · ${output.seconds.toFixed(2)} s`));
    return make("details", { class: "evidence", open }, title, ...inside);
  };

  const resultBox = async (vm, check, result, explained) => {
    const status = word(result.letter);
    const good = "pn".includes(result.letter);
    const box = make("section", { class: `result c-${dashed(status)}` });
    box.append(make("h3", {}, pill(status), result.parameter ? make("span", { class: "parameter" }, result.parameter) : null, make("span", { class: "hint" }, result.left ? "" : result.required ? "required" : "recommended")));
    if (result.left) {
      box.append(make("p", { class: "hint" }, "The details of this result are not in this page. See results.json, or judge the evidence of this VM again: --evidence=... --vm=NAME."));
      return box;
    }
    const facts = make("dl", { class: "card-facts" }, fact("Expected", check.title), fact("Seen", ...prose(result.message)));
    box.append(facts);
    if (result.remedy && !result.fix.includes(result.remedy)) {
      box.append(make("div", { class: "remedy" }, make("span", { class: "label" }, "Fix"), make("span", { class: "remedy-text" }, ...prose(result.remedy)), copyButton(result.remedy)));
    }
    for (const command of result.fix) box.append(commandBox(command));
    if (result.by.length) {
      const ids = result.by.flatMap((id, index) => [index ? ", " : "", checkLink(vm, id)]);
      facts.append(fact(result.letter === "b" ? "Blocked by" : "Follows from", make("span", {}, ...ids)));
    } else if (result.root) facts.append(fact("Cause", "Root cause: nothing else on this VM explains it."));
    if (explained.length && !good) {
      const ids = explained.flatMap((id, index) => [index ? ", " : "", checkLink(vm, id)]);
      facts.append(fact("Explains", make("span", {}, ...ids)));
    }
    const step = result.root ? stepFor(vm.number, check.number) : 0;
    if (step) facts.append(fact("Plan", make("a", { href: "#plan", "data-step": step }, `Fix ${step} of ${count(data.planned)}`)));
    for (const key of result.evidence) box.append(await evidenceBox(vm, key, !good));
    if (result.node) box.append(make("p", { class: "alone" }, make("span", { class: "label" }, "Run it alone"), make("code", {}, result.node), copyButton(result.node)));
    return box;
  };

  const frame = (title, under, ...links) => {
    const close = make("button", { type: "button", class: "close", "aria-label": "Close" }, "✕");
    close.addEventListener("click", () => hide());
    return make("header", {}, close, make("h2", { id: "card-title", tabindex: -1 }, title), under ? make("p", { class: "card-under" }, under) : null, make("p", { class: "card-links" }, ...links));
  };

  const checkCard = async (vm, check) => {
    const [results, all] = await Promise.all([resultsOf(vm, check), findingsOf(vm)]);
    const explained = [...new Set(all.filter(({ result }) => result.by.includes(check.id)).map((finding) => finding.check.id))];
    const boxes = await Promise.all(results.map((result) => resultBox(vm, check, result, explained)));
    const bad = boxes.filter((_, index) => !"pn".includes(results[index].letter));
    const good = boxes.filter((_, index) => "pn".includes(results[index].letter));
    if (!bad.length || good.length < 2) return [...bad, ...good];
    return [...bad, make("details", { class: "good" }, make("summary", {}, `${plural(good.length, "other")} with nothing to fix`), ...good)];
  };

  // The fixes of the plan that a VM needs, each with the findings on this VM and its commands.
  const fixesOf = (vm, all) =>
    stepsOf[vm.number].map((number) => {
      const step = data.steps[number - 1];
      const check = checks[data.causes[step.cause - 1].check];
      const own = all.filter((finding) => finding.check === check && finding.result.root && !finding.result.left).map(({ result }) => result);
      return {
        number,
        what: step.what,
        id: check?.id ?? "",
        docs: check?.docs ?? "",
        messages: [...new Set(own.map(({ message }) => message))],
        remedies: [...new Set(own.map(({ remedy }) => remedy))].filter(Boolean),
        commands: [...new Set(own.flatMap(({ fix }) => fix))],
      };
    });

  const fixBox = (fix) => {
    const box = make("li", { class: "card-fix" }, make("h4", {}, make("a", { href: "#plan", "data-step": fix.number }, `${fix.number}. ${fix.what}`), " ", make("code", { class: "check-name" }, fix.id)));
    for (const message of fix.messages.slice(0, 3)) box.append(make("p", { class: "message" }, ...prose(message)));
    if (fix.messages.length > 3) box.append(make("p", { class: "hint" }, `and ${fix.messages.length - 3} more like these, see the findings below`));
    for (const remedy of fix.remedies.filter((text) => !fix.commands.includes(text))) {
      box.append(make("div", { class: "remedy" }, make("span", { class: "label" }, "Fix"), make("span", { class: "remedy-text" }, ...prose(remedy)), copyButton(remedy)));
    }
    box.append(...fix.commands.map(commandBox));
    return box;
  };

  // A VM as Markdown, for a ticket or a chat. Part of the text is output of the VM, so Markdown's markup is escaped.
  const escaped = (text) => text.replace(/[\\<>[\]*|~#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\$&").replace(/@/g, "@\u200b");
  const inMarkdown = (text) => text.split(/(`[^`]+`)/).map((part, index) => (index % 2 ? part : escaped(part))).join("");
  const fenced = (command) => {
    const fence = "`".repeat(Math.max(3, ...[...command.matchAll(/`+/g)].map(([run]) => run.length + 1)));
    return `${fence}sh\n${command}\n${fence}`;
  };
  const markdownOf = (vm, fixes, all, about) => {
    const lines = [`**${escaped(vm.name)}: ${vm.readiness}**`, "", ...about.map(([name, value]) => `- ${escaped(name)}: ${escaped(value)}`)];
    for (const fix of fixes) {
      lines.push("", `${fix.number}. ${inMarkdown(fix.what)} (${fix.id})`, "", ...fix.messages.map(inMarkdown));
      for (const remedy of fix.remedies.filter((text) => !fix.commands.includes(text))) lines.push("", inMarkdown(remedy));
      for (const command of fix.commands) lines.push("", fenced(command));
    }
    const other = all.filter(({ check, result }) => "fuw".includes(result.letter) && result.root && !fixes.some(({ id }) => id === check.id));
    if (other.length) lines.push("", ...other.map(({ check, result }) => `- ${word(result.letter)} ${check.id}: ${inMarkdown(result.message ?? "")}`));
    return `${lines.join("\n")}\n`;
  };

  const vmCard = async (vm) => {
    const [all, rows] = await Promise.all([findingsOf(vm), data.vmChunk === null ? [] : rowsOf(data.vmChunk)]);
    const [, address, outcome, message, remedy, via, seconds, known = []] = rows.find(([number]) => number === vm.number) ?? [];
    const parts = [];
    const fixes = fixesOf(vm, all);
    const about = [["Run", data.run], ...(address ? [["Address", address]] : [])];
    parts.push(make("p", { class: "card-links" },
      make("button", { type: "button", class: "copy", "data-copy-link": true }, "Copy link"),
      copyButton(markdownOf(vm, fixes, all, about), "Copy as Markdown")));
    if (fixes.length) parts.push(make("h3", {}, fixes.length === 1 ? "The fix" : `The ${fixes.length} fixes`), make("ol", { class: "card-fixes" }, ...fixes.map(fixBox)));
    const list = make("ul", { class: "card-findings" });
    for (const { check, result } of all.filter((finding) => finding.result.letter !== "b")) {
      const why = result.by.length ? make("span", { class: "follows" }, `follows from ${result.by.join(", ")}`) : null;
      list.append(make("li", {}, pill(word(result.letter)), checkLink(vm, check.id), result.parameter ? make("span", { class: "parameter" }, result.parameter) : null, make("span", { class: "message" }, ...prose(result.message ?? "")), why));
    }
    // An unreachable VM has dozens of blocked checks: group them by the check that blocks them.
    const blocked = new Map();
    for (const finding of all.filter(({ result }) => result.letter === "b")) {
      const by = finding.result.by.join(", ");
      blocked.set(by, [...(blocked.get(by) ?? []), finding]);
    }
    for (const [by, waiting] of blocked) {
      const ids = [...new Set(waiting.map(({ check }) => check.id))].flatMap((id, index) => [index ? ", " : "", checkLink(vm, id)]);
      list.append(make("li", {}, pill("blocked"), by ? `by ${by}: ` : "", ...ids));
    }
    if (all.length) parts.push(make("h3", {}, "Findings"), list);
    else parts.push(make("p", {}, "No check of this VM needs attention."));
    const passed = [...vm.letters].filter((letter) => letter === "p").length;
    const facts = make("dl", { class: "card-facts" }, fact("Results", `${count(passed)} of ${[...vm.letters].filter((letter) => letter !== "-").length} pass`));
    if (address) facts.append(fact("Address", make("code", {}, address), via ? ` through ${via}` : ""));
    if (outcome) facts.append(fact("Session", outcome, message ? `: ${message}` : "", remedy ? ` ${remedy}` : ""));
    if (seconds) facts.append(fact("Took", seconds));
    for (let index = 0; index < known.length; index += 2) facts.append(fact(known[index], make("span", { class: "value" }, known[index + 1])));
    parts.push(make("h3", {}, "About this VM"), facts);
    return parts;
  };

  const open = async (vm, check) => {
    const number = (shown += 1);
    if (box.hidden) opener = document.activeElement;
    const status = check ? word(vm.worst[check.number]) : vm.readiness;
    const title = check ? [make("span", { class: "check-name" }, check.id), " on ", vm.name] : [vm.name];
    const links = [];
    if (check) {
      links.push(make("button", { type: "button", class: "show", "data-vm": vm.number }, `All of ${vm.name}`));
      const others = summed(vms, check.number).bad;
      if (others) links.push(make("button", { type: "button", class: "show", "data-not-met": check.number }, `Not met on ${plural(others, "VM")}`));
      const docs = docsLink(check.docs);
      if (docs) links.push(docs);
    } else links.push(make("span", { class: `readiness t-${dashed(status)}` }, status));
    const head = frame("", check ? check.title : "", ...links);
    find("h2", head).append(...title);
    const body = make("div", { class: "card-wait" }, "…");
    box.replaceChildren(head, body);
    // A card makes the page narrower and its text longer: keep the clicked element in place.
    const clicked = document.activeElement;
    const before = clicked.getBoundingClientRect().top;
    box.hidden = false;
    document.body.classList.add("with-card");
    if (!box.contains(clicked)) window.scrollBy(0, clicked.getBoundingClientRect().top - before);
    matrix.mark(vm, check);
    find("h2", box).focus({ preventScroll: true });
    remember(vm, check);
    let parts;
    try {
      parts = check ? await checkCard(vm, check) : await vmCard(vm);
    } catch (error) {
      if (typeof DecompressionStream === "function") throw error;
      parts = [make("p", { class: "truncated" }, "This browser is too old to unpack the details of this page. results.json has them.")];
    }
    if (number !== shown) return;
    body.replaceWith(make("div", { class: "card-body" }, ...parts)); // not the head, which has the focus
    box.scrollTop = 0;
  };

  const hide = () => {
    if (box.hidden) return;
    shown += 1;
    box.hidden = true;
    document.body.classList.remove("with-card");
    matrix.mark(null, null);
    remember(null, null);
    if (opener?.isConnected && opener !== document.body) opener.focus({ preventScroll: true });
    else matrix.focus();
  };

  return { open, hide, isOpen: () => !box.hidden };
})();
