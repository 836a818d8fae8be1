// ---- page: the tools above the matrix, clicks, the address, the printer ---------------------------------------------

const tools = find("#tools");

// The VMs of a list that is a member of data.lists, as buttons that open their cards, or the card of one check on each.
// A VM that the matrix does not draw has no card: it is a name only.
const chip = (member, check = null) =>
  typeof member === "number"
    ? make("button", { type: "button", class: "chip", "data-vm": member, "data-check": check }, vms[member].name)
    : make("span", { class: "chip gone" }, member);
const chipsFrom = (list, first, check) => {
  const left = leftOf(list);
  const rest = left ? [make("span", { class: "hint" }, `and ${count(left)} more: see results.json`)] : [];
  return [...data.lists[list].slice(first).map((member) => chip(member, check)), ...rest];
};
function chips(list, check) {
  const all = chipsFrom(list, 0, check);
  const box = make("div", { class: "chips" }, ...all.slice(0, 60));
  if (all.length > 60) {
    const more = make("button", { type: "button", class: "more" }, `and ${count(sizeOf(list) - 60)} more`);
    more.addEventListener("click", () => more.replaceWith(...all.slice(60)));
    box.append(more);
  }
  return box;
}

// ---- what is chosen

const option = (value, label) => make("option", { value }, label);

const fillTools = () => {
  const all = tally(vms);
  tools.readiness.append(...READINESS.map((name) => option(name, `${name} (${count(all[name])})`)));
  let area = null;
  for (const check of checks) {
    if (area?.label !== check.area) {
      area = make("optgroup", { label: check.area });
      tools.check.append(area);
    }
    const { bad } = summed(vms, check.number);
    area.append(option(check.number, bad ? `${check.id} · ${count(bad)} not met` : check.id));
  }
  const letters = new Set(data.vms.flatMap(([, , text]) => [...text]));
  tools.status.append(option("trouble", "any finding"), ...[...LETTERS].filter((letter) => letters.has(letter) && word(letter)).map((letter) => option(word(letter), word(letter))));
  tools.group.append(option("readiness", "readiness"));
  for (const [of, label] of [["tags", "Tags"], ["components", "Azure"], ["facts", "Facts"]]) {
    const own = data.groups.map((group, number) => ({ ...group, number })).filter((group) => group.of === of);
    if (own.length) tools.group.append(make("optgroup", { label }, ...own.map((group) => option(group.number, `${group.name} (${group.values.length})`))));
  }
  tools.sort.append(option("readiness", "readiness"), option("name", "name"), option("failing", "most failures"), option("inventory", "inventory"));
};

const sortByCheck = (number) => {
  state.reverse = String(state.sort) === String(number) && !state.reverse;
  state.sort = number;
};

const showTools = () => {
  for (const name of ["readiness", "status", "group"]) tools[name].value = state[name];
  tools.check.value = state.check;
  if (document.activeElement !== tools.text) tools.text.value = state.text;
  tools.trouble.checked = state.trouble;
  find("option[data-check]", tools.sort)?.remove();
  if (!(state.sort in ORDERS)) tools.sort.append(make("option", { value: state.sort, "data-check": true }, `check ${checks[state.sort].id}`));
  tools.sort.value = state.sort;
};

const showTokens = () => {
  const token = (label, clear) => {
    const button = make("button", { type: "button", class: "token" }, label, make("span", { "aria-hidden": true }, " ×"), make("span", { class: "sr" }, ", remove this filter"));
    button.addEventListener("click", () => { Object.assign(state, clear); apply(); });
    return button;
  };
  const tokens = [];
  if (state.text) tokens.push(token(`“${state.text}”`, { text: "" }));
  if (state.readiness) tokens.push(token(state.readiness, { readiness: "" }));
  if (state.check !== "") tokens.push(token(checks[state.check].id, { check: "", status: "" }));
  if (state.status) tokens.push(token(state.status === "trouble" ? "any finding" : state.status, { status: "" }));
  if (state.list !== "") tokens.push(token(`VMs with ${state.label}`, { list: "", label: "" }));
  if (tokens.length > 1) {
    const clear = make("button", { type: "button", class: "show" }, "Clear all");
    clear.addEventListener("click", () => { Object.assign(state, NOTHING); tools.text.value = ""; apply(); });
    tokens.push(clear);
  }
  find("#tokens").replaceChildren(...tokens);
};

let groupNames = [];

function apply() {
  const { chosen, groups } = matrix.show();
  showTools();
  showTokens();
  groupNames = groups.map((group) => group.name);
  const fold = find("#fold");
  fold.hidden = !groups.length;
  fold.textContent = matrix.anyOpen(groupNames) ? "Close all groups" : "Open all groups";
  const of = chosen.length === vms.length ? plural(vms.length, "VM") : `${count(chosen.length)} of ${plural(vms.length, "VM")}`;
  const parts = tally(chosen);
  const split = READINESS.filter((name) => parts[name]).map((name) => `${count(parts[name])} ${name}`).join(", ");
  const inGroups = groups.length ? ` in ${plural(groups.length, "group")}` : "";
  find("#shown").textContent = chosen.length ? `${of}${inGroups}: ${split}.` : "No VM matches.";
  address();
}

const choose = (changes) => {
  Object.assign(state, changes);
  apply();
};

const toFleet = () => find("#fleet").scrollIntoView({ block: "start" });

// ---- the address: a link to what is shown, and to a card

let cardShown = {};

function remember(vm, check) {
  cardShown = vm ? { vm: vm.name, ...(check ? { at: check.id } : {}) } : {};
  address();
}

function address() {
  const { text, readiness, check, status, group, sort, reverse, trouble } = state;
  const kind = group === "" || group === "readiness" ? group : `${data.groups[group].of}.${data.groups[group].name}`;
  const shown = { text, readiness, check: check === "" ? "" : checks[check].id, status, group: kind, sort: sort === "readiness" ? "" : sort in ORDERS ? sort : checks[sort].id, reverse: reverse ? 1 : "", trouble: trouble ? 1 : "", ...cardShown };
  const said = new URLSearchParams(Object.entries(shown).filter(([, value]) => value !== ""));
  const hash = String(said) ? `#${said}` : "";
  if (!hash && !location.hash.includes("=")) return; // an anchor such as #plan stays
  try {
    history.replaceState(null, "", hash || location.href.split("#")[0]);
  } catch {
    // Some browsers limit how often: the link is then a little behind, and nothing else depends on it.
  }
}

const readAddress = () => {
  if (!location.hash.includes("=")) return;
  const said = new URLSearchParams(location.hash.slice(1));
  const get = (name) => said.get(name) ?? "";
  const check = checkNumber.get(get("check"));
  const group = data.groups.findIndex((each) => `${each.of}.${each.name}` === get("group"));
  const sort = get("sort") in ORDERS ? get("sort") : checkNumber.get(get("sort"));
  Object.assign(state, {
    text: get("text"),
    readiness: READINESS.includes(get("readiness")) ? get("readiness") : "",
    check: check ?? "",
    status: get("status") === "trouble" || Object.values(data.letters).includes(get("status")) ? get("status") : "",
    group: get("group") === "readiness" ? "readiness" : group < 0 ? "" : group,
    sort: sort ?? "readiness",
    reverse: get("reverse") === "1",
    trouble: get("trouble") === "1",
  });
  const vm = vms.find((each) => each.name === get("vm"));
  return vm ? () => card.open(vm, checks[checkNumber.get(get("at"))] ?? null) : null;
};

// ---- events

const copy = async (button) => {
  const text = button.dataset.copy || button.parentElement.querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { readonly: true }, text); // a page opened from a file may have no clipboard
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
};

const allCommands = async (button) => {
  const { chunk = null, more = 0 } = data.causes[button.dataset.commands - 1] ?? {};
  if (chunk === null) { button.textContent = "They did not fit into the page: fixes.sh has them."; return; }
  const rows = await rowsOf(chunk);
  const everything = rows.map(([command]) => command).join("\n");
  button.closest(".commands").replaceChildren(
    make("h3", {}, `${plural(rows.length, "command")} `, copyButton(everything), make("span", { class: "sr" }, "all of them")),
    ...rows.map(([command]) => commandBox(command)),
    more ? make("p", { class: "hint" }, `and ${count(more)} more: see fixes.sh`) : "",
  );
};

const openStep = (number) => {
  const step = findAll("#plan .action > details")[number - 1];
  if (!step) return;
  for (const outer of [step, step.closest(".more-actions")]) if (outer) outer.open = true;
  find("summary", step).focus();
  step.scrollIntoView({ block: "center" });
};

const number = (text) => (text === undefined ? null : Number(text));

// What a click on something with one of these attributes does.
const ACTIONS = {
  copy: (button) => copy(button),
  sort: (button) => findings.sortBy(button),
  sortName: () => { state.reverse = state.sort === "name" && !state.reverse; choose({ sort: "name" }); matrix.go(-1, 0); },
  sortCheck: (button) => {
    sortByCheck(number(button.dataset.sortCheck));
    apply();
    matrix.go(-1, matrix.column(checks[number(button.dataset.sortCheck)]));
  },
  readiness: (button) => { choose({ ...NOTHING, readiness: button.dataset.readiness }); toFleet(); },
  show: (button) => { choose({ ...NOTHING, list: number(button.dataset.show), label: button.dataset.label }); toFleet(); },
  notMet: (button) => { choose({ ...NOTHING, check: number(button.dataset.notMet), status: "trouble" }); toFleet(); },
  commands: (button) => allCommands(button),
  step: (link) => openStep(number(link.dataset.step)),
  list: (button) => button.replaceWith(...chipsFrom(button.dataset.list, button.parentElement.children.length - 1)),
  vm: (button) => card.open(vms[button.dataset.vm], checks[button.dataset.check] ?? null),
};

// In the capture phase, and stopped there: pytest-html would redraw the whole table to open one row.
document.addEventListener("click", (event) => {
  for (const [name, act] of Object.entries(ACTIONS)) {
    const element = event.target.closest(`[data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}]`);
    if (element && element.matches("button, a")) {
      if (name === "step") event.preventDefault();
      event.stopPropagation();
      act(element);
      return;
    }
  }
  if (event.target.closest("a")) return;
  const row = event.target.closest("#results-table .collapsible");
  if (row) {
    event.stopPropagation();
    if (data.findings[Number(row.parentElement.id.replace("row-", ""))]) findings.toggle(row.parentElement);
  }
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && card.isOpen()) card.hide();
});

tools.addEventListener("submit", (event) => event.preventDefault());
tools.addEventListener("change", ({ target }) => {
  if (target.name === "text") return;
  if (target.name === "trouble") choose({ trouble: target.checked });
  else if (target.name === "check") choose({ check: target.value === "" ? "" : Number(target.value), status: state.status || (target.value === "" ? "" : "trouble") });
  else if (target.name === "sort") choose({ sort: target.value in ORDERS ? target.value : Number(target.value), reverse: false });
  else if (target.name === "group") choose({ group: target.value === "" || target.value === "readiness" ? target.value : Number(target.value) });
  else choose({ [target.name]: target.value });
});
let typing = 0;
tools.text.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => choose({ text: tools.text.value.trim() }), 100);
});
find("#fold").addEventListener("click", () => {
  matrix.foldAll(groupNames, matrix.anyOpen(groupNames));
  apply();
});

// Printed with every fix open: paper has no clicks.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = findAll("#plan details, #warnings details, #changes details").filter((each) => !each.open);
  opened.forEach((each) => { each.open = true; });
});
window.addEventListener("afterprint", () => opened.forEach((each) => { each.open = false; }));

// pytest-html's own lines go where they belong: the title into our page, its name to the end.
document.addEventListener("DOMContentLoaded", () => {
  find("#report").prepend(find("#title"));
  find("footer").append(...findAll("body > p"));
});

// ---- start

fillTools();
const linked = readAddress();
apply();
linked?.();
