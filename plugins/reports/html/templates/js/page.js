// ---- page: lists of VMs, the tools of the matrix, clicks and keys, printing -----------------------------------------

const tools = find("#tools");
const firstHash = location.hash; // before pytest-html's script decodes it

// The VMs of a list in data.lists, as buttons that open the card of the VM, or of one check on it. A VM that is not in
// the matrix has no card, only a name.
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

// ---- the tools of the matrix

const fillTools = () => {
  tools.group.append(option("readiness", "readiness"), ...groupOptions(() => true));
  tools.sort.append(option("readiness", "readiness"), option("name", "name"), option("failing", "most failures"), option("inventory", "inventory"));
  for (const { parentElement } of [tools.group, tools.sort, filterForm.by]) parentElement.hidden = vms.length < 2;
};

const sortByCheck = (number) => {
  state.reverse = String(state.sort) === String(number) && !state.reverse;
  state.sort = number;
};

let groupNames = [];

const showTools = (groups) => {
  tools.group.value = state.group;
  tools.findings.checked = !state.allChecks;
  find("option[data-check]", tools.sort)?.remove();
  if (!(state.sort in ORDERS)) tools.sort.append(make("option", { value: state.sort, "data-check": true }, `check ${checks[state.sort].id}`));
  tools.sort.value = state.sort;
  groupNames = groups.map((group) => group.name);
  const fold = find("#fold");
  fold.hidden = !groups.length;
  fold.textContent = `${matrix.anyOpen(groupNames) ? "Close" : "Open"} all ${plural(groups.length, "group")}`;
};

function apply() {
  const members = matchingVms();
  matching = new Set(members.map((vm) => vm.number));
  showTools(matrix.show(members));
  showFilter(members);
  showTiles();
  showConcerned();
  staircase(members);
  heatMap.show(members);
  findings.apply();
  writeAddress();
}

function choose(changes) {
  Object.assign(state, changes);
  apply();
}

function toFleet() {
  find("#fleet").scrollIntoView({ block: "start" });
}

// ---- events

const copy = async (button) => {
  const text = "copyLink" in button.dataset ? location.href : button.dataset.copy || find("code", button.parentElement).textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { readonly: true }, text); // a page from a file may have no access to the clipboard
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.dataset.label ??= button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
};

const openStep = (number) => {
  const step = find(`#step-${number} > details`);
  if (!step) return;
  for (const outer of [step, step.closest(".more-actions")]) if (outer) outer.open = true;
  find("summary", step).focus();
  step.scrollIntoView({ block: "center" });
};

// The system's colours or the reader's choice, which the browser may store for pages at the same place.
const THEMES = ["", "light", "dark"];
const setTheme = (theme) => {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  find("#theme").textContent = `Colours: ${theme || "as the system"}`;
};
const theme = {
  get: () => { try { return localStorage.getItem("readiness-theme") ?? ""; } catch { return ""; } },
  next: () => {
    const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "") + 1) % THEMES.length];
    setTheme(next);
    try { localStorage.setItem("readiness-theme", next); } catch { /* for this view only */ }
  },
};

const number = (text) => (text === undefined ? null : Number(text));

// The actions of clicks, by the attribute of the clicked element.
const ACTIONS = {
  copy: (button) => copy(button),
  copyLink: (button) => copy(button),
  sort: (button) => findings.sortBy(button),
  sortName: () => { state.reverse = state.sort === "name" && !state.reverse; choose({ sort: "name" }); matrix.go(-1, 0); },
  sortCheck: (button) => {
    sortByCheck(number(button.dataset.sortCheck));
    apply();
    matrix.go(-1, matrix.column(checks[number(button.dataset.sortCheck)]));
  },
  readiness: (button) => choose({ readiness: state.readiness === button.dataset.readiness ? "" : button.dataset.readiness }),
  show: (button) => { choose({ ...NO_FILTER, list: number(button.dataset.show), label: button.dataset.label }); toFleet(); },
  notMet: (button) => { choose({ ...NO_FILTER, check: number(button.dataset.notMet), status: "finding" }); toFleet(); },
  heat: (cell) => heatMap.open(cell.dataset.heat),
  step: (link) => openStep(number(link.dataset.step)),
  list: (button) => button.replaceWith(...chipsFrom(button.dataset.list, findAll(".chip", button.parentElement).length)),
  vm: (button) => card.open(vms[button.dataset.vm], checks[button.dataset.check] ?? null),
  themeNext: () => theme.next(),
};

// Stop the event in the capture phase: pytest-html would redraw the whole table to open one row.
document.addEventListener("click", (event) => {
  for (const [name, act] of Object.entries(ACTIONS)) {
    const element = event.target.closest(`[data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}]`);
    if (element && element.matches("button, a, g")) {
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

// Keys that work everywhere except in a field: / for the filter, n and p for the next and the previous failure.
const KEYS = {
  "/": () => { filterForm.text.focus(); filterForm.text.select(); },
  n: () => matrix.nextFailure(1),
  p: () => matrix.nextFailure(-1),
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && card.isOpen()) { card.hide(); return; }
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea")) return;
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});

tools.addEventListener("submit", (event) => event.preventDefault());
tools.addEventListener("change", ({ target: { name, value, checked } }) => {
  if (name === "findings") choose({ allChecks: !checked });
  else if (name === "sort") choose({ sort: value in ORDERS ? value : Number(value), reverse: false });
  else choose({ group: value === "" || value === "readiness" ? value : Number(value) });
});
find("#fold").addEventListener("click", () => {
  matrix.foldAll(groupNames, matrix.anyOpen(groupNames));
  apply();
});
window.addEventListener("hashchange", () => {
  if (!location.hash.includes("=")) return;
  const open = readAddress(location.hash);
  apply();
  open?.();
});

// For printing, open every fix and show every list completely.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = findAll("#plan details, #warnings details, #changes details, #columns").filter((details) => !details.open);
  opened.forEach((details) => { details.open = true; });
  findAll("main .more[data-list]").forEach((button) => ACTIONS.list(button));
});
window.addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));

// ---- start: once pytest-html has drawn its table

document.addEventListener("DOMContentLoaded", () => {
  // Move pytest-html's own lines: the title into our page, its name to the end.
  find("#report").prepend(find("#title"));
  find("footer").append(...findAll("body > p"));
  findAll("[data-script]").forEach((element) => { element.hidden = false; });
  findAll(".chip:disabled").forEach((element) => { element.disabled = false; });
  setTheme(theme.get());
  fillFilter();
  fillTools();
  const open = readAddress(firstHash);
  apply();
  open?.();
});
