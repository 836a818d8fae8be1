// The behaviour of the report. It runs before pytest-html's own script, which draws (and redraws) #results-table.
//
// What a VM printed reaches the page as text only: textContent, never innerHTML.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("readiness-data").textContent);
  const find = (selector, root = document) => root.querySelector(selector);
  const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

  // make("p", {class: "x"}, "text", node): an element with attributes and children.
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  };

  // pytest-html gives every row an image and a video player, for media that our rows never have: thousands of video
  // elements are most of the time it takes to open the page.
  find(".media", document.getElementById("template_results-table__tbody").content)?.replaceChildren();

  // ---- state: what is shown, and which rows are open -------------------------------------------------------------

  const shown = { vm: null, check: null, readiness: null, text: "", statuses: new Set(findAll("[data-status]").map((chip) => chip.dataset.status)) };
  const open = new Set();

  // tbody id "row-17" -> the result it shows; undefined for a module that pytest could not collect
  const resultOf = (tbody) => data.rows[Number(tbody.id.replace("row-", ""))];
  const bodies = () => findAll("#results-table > tbody[id]");

  const rowsOf = new Map(); // "vm.check id" -> row numbers
  data.rows.forEach((row, number) => {
    const key = `${row.vm}.${row.id}`;
    if (!rowsOf.has(key)) rowsOf.set(key, []);
    rowsOf.get(key).push(number);
  });

  const wanted = (row, tbody) =>
    shown.statuses.has(row.status) &&
    (shown.vm === null || row.vm === shown.vm) &&
    (shown.check === null || row.id === data.checks[shown.check]) &&
    (shown.readiness === null || data.vms[row.vm].readiness === shown.readiness) &&
    (shown.text === "" || tbody.firstElementChild.textContent.toLowerCase().includes(shown.text));

  const apply = () => {
    let count = 0;
    for (const tbody of bodies()) {
      const row = resultOf(tbody);
      const visible = row === undefined || wanted(row, tbody);
      if (tbody.hidden === visible) tbody.hidden = !visible;
      count += visible && row !== undefined ? 1 : 0;
      if (visible && !find(".toggle", tbody)) addToggle(tbody);
      if (open.has(tbody.id) !== tbody.classList.contains("open")) setOpen(tbody, open.has(tbody.id));
    }
    find("#nothing").hidden = count > 0;
    find("#shown").textContent = count === data.rows.length ? `${count}` : `${count} of ${data.rows.length}`;
    for (const row of findAll("#matrix tbody tr")) {
      const vm = Number(row.dataset.vm);
      row.hidden = shown.readiness !== null && data.vms[vm].readiness !== shown.readiness;
      row.classList.toggle("selected", shown.vm === vm);
    }
    for (const cell of findAll("#matrix .chosen")) cell.classList.remove("chosen");
    if (shown.vm !== null && shown.check !== null) {
      find(`#matrix tbody tr[data-vm="${shown.vm}"]`)?.cells[shown.check + 1]?.classList.add("chosen");
    }
    for (const tile of findAll("[data-readiness]")) tile.setAttribute("aria-pressed", tile.dataset.readiness === shown.readiness);
    for (const chip of findAll("[data-status]")) chip.setAttribute("aria-pressed", shown.statuses.has(chip.dataset.status));
    showFilters();
  };

  const showFilters = () => {
    const tokens = [];
    const token = (label, clear) => {
      const button = make("button", { type: "button", class: "token", title: "Remove this filter" }, label, make("span", { "aria-hidden": "true" }, " ×"));
      button.addEventListener("click", () => { clear(); apply(); });
      tokens.push(button);
    };
    if (shown.vm !== null) token(`VM ${data.vms[shown.vm].name}`, () => { shown.vm = null; });
    if (shown.check !== null) token(`Check ${data.checks[shown.check]}`, () => { shown.check = null; });
    if (shown.readiness !== null) token(`VMs: ${shown.readiness}`, () => { shown.readiness = null; });
    find("#active-filters").replaceChildren(...tokens);
  };

  // Shows the rows of one VM, one check, or both, whatever was hidden before, and goes there.
  const jump = (vm, check) => {
    Object.assign(shown, { vm, check, text: "" });
    find("#search").value = "";
    findAll("[data-status]").forEach((chip) => shown.statuses.add(chip.dataset.status));
    if (vm !== null && check !== null) {
      const numbers = rowsOf.get(`${vm}.${data.checks[check]}`) ?? [];
      open.clear();
      if (numbers.length) open.add(`row-${numbers[0]}`); // rows are fed worst first
    }
    apply();
    find(".results").scrollIntoView({ behavior: "smooth", block: "start" });
  };

  // ---- rows ------------------------------------------------------------------------------------------------------

  const setOpen = (tbody, opened) => {
    tbody.classList.toggle("open", opened);
    find(".toggle", tbody)?.setAttribute("aria-expanded", opened);
    find(".extras-row", tbody).classList.toggle("hidden", !opened);
    find("td.extra", tbody).colSpan = findAll("#results-table-head th:not([hidden])").length; // hidden columns count, too
    const row = resultOf(tbody);
    if (opened && row && !find(".details", tbody)) find("td.extra", tbody).append(details(row));
  };

  // The value a row is sorted by; results are fed in the order of their status, so the row's number stands for it.
  const sortKeys = {
    status: (tbody) => Number(tbody.id.replace("row-", "")) || 0,
    check: (tbody) => find(".col-check", tbody).textContent,
    vm: (tbody) => find(".col-vm", tbody).textContent,
    time: (tbody) => -(parseFloat(find(".col-time", tbody).textContent) || 0),
  };

  // Ascending first (the slowest first, for times), the other way round the second time.
  const sortBy = (button) => {
    const header = button.closest("th");
    const descending = header.getAttribute("aria-sort") === "ascending";
    findAll("#results-table th[aria-sort]").forEach((th) => th.setAttribute("aria-sort", "none"));
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const keyed = bodies().map((tbody) => [sortKeys[button.dataset.sort](tbody), tbody]);
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    keyed.sort(([a], [b]) => (descending ? order(b, a) : order(a, b)));
    find("#results-table").append(...keyed.map(([, tbody]) => tbody));
  };

  // Text with `code` between backticks, as nodes.
  const prose = (text) => text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? make("code", {}, part) : part));

  const addToggle = (tbody) => {
    const button = make("button", { type: "button", class: "toggle", "aria-expanded": "false", "aria-label": "Details" });
    find(".col-status", tbody)?.prepend(button);
  };

  const copyButton = (text) => make("button", { type: "button", class: "copy", "data-copy": text }, "Copy");

  const checkLink = (vm, id) => {
    const number = data.checks.indexOf(id);
    if (number < 0) return id;
    return make("button", { type: "button", class: "check-id", "data-vm": vm, "data-check": number }, id);
  };

  const details = (row) => {
    const box = make("div", { class: "details" });
    if (row.remedy) {
      box.append(make("div", { class: "remedy" }, make("span", { class: "label" }, "Fix"), make("span", { class: "remedy-text" }, ...prose(row.remedy)), copyButton(row.remedy)));
    }
    const facts = make("dl", { class: "facts" });
    const fact = (name, ...value) => facts.append(make("div", {}, make("dt", {}, name), make("dd", {}, ...value)));
    fact("Severity", row.severity);
    if (row.by) fact(row.status === "blocked" ? "Blocked by" : "Caused by", ...row.by.map((id) => checkLink(row.vm, id)));
    else if (row.root) fact("Cause", "root cause: nothing else on this VM explains it");
    if (/^https?:\/\//.test(row.docs ?? "")) {
      fact("More", make("a", { class: "docs", href: row.docs, target: "_blank", rel: "noopener noreferrer" }, "Documentation"));
    }
    if (row.node) fact("Run it alone", make("code", {}, row.node), copyButton(row.node));
    box.append(facts);
    for (const key of row.evidence ?? []) box.append(evidence(key, data.vms[row.vm].evidence[key]));
    return box;
  };

  const evidence = (key, seen) => {
    const box = make("section", { class: "evidence" });
    if (seen === undefined) {
      box.append(make("h4", {}, key), make("p", { class: "hint" }, "This probe left no evidence."));
      return box;
    }
    const ended = seen.state === "done" ? `exit ${seen.exit}` : seen.exit === null ? seen.state : `${seen.state}, exit ${seen.exit}`;
    box.append(make("h4", {}, key, make("span", { class: "ended" }, `${ended} · ${seen.seconds.toFixed(2)} s`)));
    box.append(make("pre", { class: "command" }, seen.command));
    for (const stream of ["stdout", "stderr"]) {
      if (seen[stream]) box.append(make("div", { class: "stream" }, make("span", { class: "label" }, stream), make("pre", {}, seen[stream])));
    }
    if (!seen.stdout && !seen.stderr) box.append(make("p", { class: "hint" }, "It printed nothing."));
    if (seen.truncated) box.append(make("p", { class: "truncated" }, "Truncated: the output reached its cap on the VM, this is its beginning."));
    if (seen.cut) box.append(make("p", { class: "truncated" }, "Shortened for this page: the VM's file in evidence/ has all that was recorded."));
    return box;
  };

  // ---- events ----------------------------------------------------------------------------------------------------

  const number = (text) => (text === undefined ? null : Number(text));

  const copy = async (button) => {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { readonly: "" }, text); // a page opened from a file may have no clipboard
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };

  // In the capture phase, and stopped there: pytest-html would redraw the whole table to open one row.
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.closest("a")) return;
    const copied = target.closest("[data-copy]");
    if (copied) { event.stopPropagation(); copy(copied); return; }
    const sort = target.closest("[data-sort]");
    if (sort) { sortBy(sort); return; }
    const chip = target.closest("[data-status]");
    if (chip) {
      if (!shown.statuses.delete(chip.dataset.status)) shown.statuses.add(chip.dataset.status);
      apply();
      return;
    }
    const tile = target.closest("[data-readiness]");
    if (tile) {
      shown.readiness = shown.readiness === tile.dataset.readiness ? null : tile.dataset.readiness;
      apply();
      return;
    }
    const cell = target.closest("#matrix tbody td");
    if (cell) { jump(Number(cell.parentElement.dataset.vm), cell.cellIndex - 1); return; }
    const link = target.closest("button[data-vm], button[data-check]");
    if (link) { event.stopPropagation(); jump(number(link.dataset.vm), number(link.dataset.check)); return; }
    const row = target.closest("#results-table .collapsible");
    if (row) {
      event.stopPropagation();
      const tbody = row.parentElement;
      if (!open.delete(tbody.id)) open.add(tbody.id);
      setOpen(tbody, open.has(tbody.id));
    }
  }, true);

  let typing = 0;
  find("#search").addEventListener("input", ({ target }) => {
    clearTimeout(typing);
    typing = setTimeout(() => { shown.text = target.value.trim().toLowerCase(); apply(); }, 120);
  });

  // A tooltip is made when it is needed: thousands of them would double the page.
  find("#matrix").addEventListener("mouseover", ({ target }) => {
    const cell = target.closest("tbody td");
    if (!cell || cell.title) return;
    const vm = Number(cell.parentElement.dataset.vm);
    const id = data.checks[cell.cellIndex - 1];
    const numbers = rowsOf.get(`${vm}.${id}`) ?? [];
    if (!numbers.length) { cell.title = `${id} on ${data.vms[vm].name}: not selected`; return; }
    const worst = data.rows[numbers[0]];
    const same = numbers.filter((n) => data.rows[n].status === worst.status).length;
    const many = numbers.length > 1 ? ` (${same} of ${numbers.length})` : "";
    const message = document.getElementById(`row-${numbers[0]}`)?.querySelector(".message")?.textContent ?? "";
    cell.title = `${id} on ${data.vms[vm].name}: ${worst.status}${many}\n${message}`;
  });

  // ---- start -----------------------------------------------------------------------------------------------------

  const roots = data.rows.map((row, n) => (row.root && row.status === "fail" ? `row-${n}` : null)).filter(Boolean);
  if (roots.length <= 3) roots.forEach((id) => open.add(id)); // more than that would bury the table

  // A rollout has thousands of results, nearly all of them good: laying those rows out would double the time to open.
  if (data.rows.length > 2000) {
    shown.statuses.delete("pass");
    shown.statuses.delete("not applicable");
  }

  // pytest-html replaces the table when it draws it, and again when a column is sorted: put our state back.
  new MutationObserver(apply).observe(document.body, { childList: true });
})();
