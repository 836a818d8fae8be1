// ---- filter: one for the whole page, which is also part of its address ----------------------------------------------

const filterForm = find("#filter");

const option = (value, label) => make("option", { value }, label);
const KINDS = [["tags", "Tags"], ["components", "Azure"], ["facts", "Facts"], ["plan", "Plan"]];
const groupOptions = (wanted) =>
  KINDS.flatMap(([of, label]) => {
    const own = groupings.map((group, number) => ({ ...group, number })).filter((group) => group.of === of && wanted(group));
    return own.length ? [make("optgroup", { label }, ...own.map((group) => option(group.number, `${group.name} (${group.values.length})`)))] : [];
  });

const fillFilter = () => {
  const counts = tally(vms);
  filterForm.readiness.append(...READINESS.filter((name) => counts[name]).map((name) => option(name, `${name} (${count(counts[name])})`)));
  for (const area of areas) {
    const own = checks.filter((check) => check.area === area);
    const options = own.map((check) => {
      const { bad } = summed(vms, check.number);
      return option(check.number, bad ? `${check.id} · ${count(bad)} not met` : check.id);
    });
    if (own.length > 1) options.unshift(option(area, `all of ${area}`));
    filterForm.check.append(make("optgroup", { label: area }, ...options));
  }
  const letters = new Set(data.vms.flatMap(([, , text]) => [...text]));
  filterForm.status.append(option("finding", "any finding"), ...[...LETTERS].filter((letter) => letters.has(letter) && word(letter)).map((letter) => option(word(letter), word(letter))));
  filterForm.by.append(...groupOptions((group) => group.values.length > 0));
};

// The values of the grouping under "By", those with the most VMs first.
const fillValues = () => {
  const group = groupings[filterForm.by.value];
  filterForm.value.closest("label").hidden = !group;
  if (!group) return;
  const sizes = new Map();
  for (const value of group.vm) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  const values = [...sizes].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  filterForm.value.replaceChildren(option("", "any"), ...values.map(([value, size]) => option(value, `${value < 0 ? `no ${group.name}` : group.values[value]} (${count(size)})`)));
  filterForm.value.value = state.where[filterForm.by.value] ?? "";
};

const checkLabel = (check) => (typeof check === "number" ? checks[check].id : check);

const showFilter = (members) => {
  for (const name of ["readiness", "status", "check"]) filterForm[name].value = state[name];
  if (document.activeElement !== filterForm.text) filterForm.text.value = state.text;
  fillValues();
  const token = (label, clear) => {
    const button = make("button", { type: "button", class: "token" }, label, make("span", { "aria-hidden": true }, " ×"), make("span", { class: "sr" }, ", remove this filter"));
    button.addEventListener("click", () => { choose(clear); filterForm.text.focus(); });
    return button;
  };
  const tokens = [];
  if (state.text) tokens.push(token(`“${state.text}”`, { text: "" }));
  if (state.readiness) tokens.push(token(state.readiness, { readiness: "" }));
  if (state.check !== "") tokens.push(token(checkLabel(state.check), { check: "", status: "" }));
  if (state.status) tokens.push(token(state.status === "finding" ? "any finding" : state.status, { status: "" }));
  for (const [number, value] of Object.entries(state.where)) {
    const { [number]: _, ...where } = state.where;
    const { name, values } = groupings[number];
    tokens.push(token(value < 0 ? `no ${name}` : `${name}: ${values[value]}`, { where }));
  }
  for (const label of state.absent) tokens.push(token(label, { absent: state.absent.filter((other) => other !== label) }));
  if (state.list !== "") tokens.push(token(`VMs with ${state.label}`, { list: "", label: "" }));
  if (tokens.length) {
    const clear = make("button", { type: "button", class: "show" }, "Clear the filter");
    clear.addEventListener("click", () => { clearFilter(); filterForm.text.focus(); });
    tokens.push(clear);
  }
  find("#tokens").replaceChildren(...tokens);
  const of = members.length === vms.length ? plural(vms.length, "VM") : `${count(members.length)} of ${plural(vms.length, "VM")}`;
  const parts = tally(members);
  const split = READINESS.filter((name) => parts[name]).map((name) => `${count(parts[name])} ${name}`).join(", ");
  const none = state.absent.length ? `No VM in this page has ${state.absent.join(" or ")}.` : "No VM matches the filter.";
  find("#shown").textContent = members.length ? `${of}: ${split}.` : vms.length ? none : "This page has no VM.";
  find("#shown").classList.toggle("none", !members.length);
};

const clearFilter = () => {
  filterForm.text.value = "";
  choose({ ...NO_FILTER });
};

// Each tile shows the number of VMs that it would leave, with the rest of the filter.
const TOTALS = new Map(findAll(".tile").map((tile) => [tile, find("strong", tile).textContent]));
const wholeBar = find(".verdict > .bar")?.cloneNode(true);
const showTiles = () => {
  if (!wholeBar) return; // a page of one VM has no tiles
  const counts = tally(matchingVms("readiness"));
  const narrowed = isFiltered();
  for (const [tile, total] of TOTALS) {
    const { readiness } = tile.dataset;
    find("strong", tile).textContent = narrowed ? count(counts[readiness]) : total;
    tile.disabled = !(narrowed ? counts[readiness] : total !== "0");
    tile.setAttribute("aria-pressed", String(state.readiness === readiness));
  }
  const parts = wholeBar.cloneNode(true);
  if (narrowed) {
    let x = 0;
    for (const part of parts.children) {
      const width = counts[part.getAttribute("class").slice(2).replaceAll("-", " ")];
      part.setAttribute("x", x);
      part.setAttribute("width", width);
      x += width;
    }
    parts.setAttribute("viewBox", `0 0 ${Math.max(x, 1)} 1`);
  }
  find(".verdict > .bar").replaceWith(parts);
};

const ownText = new WeakMap();
const textOf = (element) => {
  if (!ownText.has(element)) ownText.set(element, (find("summary", element) ?? element).textContent.toLowerCase());
  return ownText.get(element);
};
findAll("#plan [data-vms], #warnings [data-vms]").forEach((element) => searchable.push({ text: () => textOf(element), list: element.dataset.vms }));

// Hide fixes, warnings, changes and drift about none of the matching VMs; a section without any shows a note.
const showConcerned = () => {
  const narrowed = isFiltered();
  for (const element of findAll("[data-vms]")) {
    const number = concerned(element.dataset.vms, textOf(element));
    element.hidden = number === 0;
    const note = find(".in-view", element);
    if (note) note.textContent = narrowed ? ` ${plural(number, "VM")} ${number === 1 ? "matches" : "match"} the filter` : "";
  }
  for (const element of findAll("[data-any]")) element.hidden = narrowed && !find("[data-vms]:not([hidden])", element);
  for (const none of findAll("[data-none]")) none.hidden = !narrowed || Boolean(find("[data-vms]:not([hidden])", none.parentElement));
  for (const section of findAll("#plan, #warnings")) {
    const [counter, actions] = [find("h2 .count", section), findAll(".action", section)];
    counter.dataset.total ??= counter.textContent;
    counter.textContent = narrowed ? `${count(actions.filter((action) => !action.hidden).length)} of ${counter.dataset.total}` : counter.dataset.total;
  }
  find("#whole-run").hidden = !narrowed;
  for (const more of findAll(".more-actions")) {
    if (narrowed) more.open = true;
    else if (more.dataset.narrowed) more.open = false;
    more.dataset.narrowed = narrowed ? "true" : "";
  }
};

// ---- the address: a link to the present view and card

let cardShown = {};

function remember(vm, check) {
  cardShown = vm ? { vm: vm.name, ...(check ? { at: check.id } : {}) } : {};
  writeAddress();
}

function writeAddress() {
  const { text, readiness, check, status, group, sort, reverse, allChecks } = state;
  const shown = {
    text, readiness, status, check: check === "" ? "" : checkLabel(check),
    ...Object.fromEntries(Object.entries(state.where).map(([number, value]) => [keyOf(groupings[number]), value < 0 ? "-" : groupings[number].values[value]])),
    group: group === "" || group === "readiness" ? group : keyOf(groupings[group]),
    sort: sort === "readiness" ? "" : sort in ORDERS ? sort : checks[sort].id,
    reverse: reverse ? 1 : "", all: allChecks ? 1 : "", ...cardShown,
  };
  const query = new URLSearchParams(Object.entries(shown).filter(([, value]) => value !== ""));
  const hash = String(query) ? `#${query}` : location.hash.includes("=") ? "" : location.hash; // keep an anchor such as #plan
  try {
    history.replaceState(null, "", location.pathname + hash); // without the ?sort= of pytest-html
  } catch {
    // Some browsers limit the rate of calls: the address is then briefly out of date.
  }
}

// Apply the address; return a function that opens its card. Keep conditions that no VM of this page can meet: without
// them the page would show VMs that the link excludes.
const readAddress = (hash) => {
  Object.assign(state, { ...NO_FILTER, group: "", sort: "readiness", reverse: false, allChecks: false });
  if (!hash.includes("=")) return null;
  const query = new URLSearchParams(hash.slice(1));
  const get = (name) => query.get(name) ?? "";
  const absent = [];
  const one = (name, value, label = name) => {
    if (get(name) && value === undefined) absent.push(`${label} ${get(name)}`);
    return value ?? "";
  };
  const numberOf = (key) => groupings.findIndex((group) => keyOf(group) === key);
  const where = {};
  for (const [key, value] of query) {
    const [kind, ...name] = key.split(".");
    if (!name.length || !KINDS.some(([of]) => of === kind)) continue;
    const number = numberOf(key);
    const place = value === "-" ? -1 : groupings[number]?.values.findIndex((label) => label.toLowerCase() === value.toLowerCase());
    if (number < 0 || (place < 0 && value !== "-")) absent.push(`${name.join(".")} ${value}`);
    else where[number] = place;
  }
  const group = numberOf(get("group"));
  const sort = get("sort") in ORDERS ? get("sort") : checkNumber.get(get("sort"));
  const vm = vmNamed.get(get("vm"));
  if (get("vm") && !vm) absent.push(`the name ${get("vm")}`);
  Object.assign(state, {
    text: get("text"),
    readiness: one("readiness", READINESS.find((name) => name === get("readiness"))),
    check: one("check", checkNumber.get(get("check")) ?? areas.find((area) => area === get("check")), "the check"),
    status: one("status", ["finding", ...Object.values(data.letters)].find((name) => name === get("status")), "the result"),
    where,
    absent,
    group: get("group") === "readiness" ? "readiness" : group < 0 ? "" : group,
    sort: sort ?? "readiness",
    reverse: get("reverse") === "1",
    allChecks: get("all") === "1",
  });
  return vm ? () => card.open(vm, checks[checkNumber.get(get("at"))] ?? null) : null;
};

// ---- events

filterForm.addEventListener("submit", (event) => event.preventDefault());
filterForm.addEventListener("change", ({ target }) => {
  const { name, value } = target;
  if (name === "text") return;
  if (name === "by") fillValues();
  else if (name === "value") {
    const { [filterForm.by.value]: _, ...where } = state.where;
    choose({ where: value === "" ? where : { ...where, [filterForm.by.value]: Number(value) } });
  } else if (name === "check") {
    choose({ check: value === "" || areas.includes(value) ? value : Number(value), status: value === "" ? "" : state.status || "finding" });
  } else choose({ [name]: value });
});
let typing = 0;
filterForm.text.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => choose({ text: filterForm.text.value.trim() }), 100);
});
