// ---- model: the VMs and checks, and the filter ----------------------------------------------------------------------

const SIGNS = { pass: "✓", fail: "✕", warn: "!", unknown: "?", blocked: "⊘", "not applicable": "·", waived: "W", "": "" };
const LETTERS = "fuwbvpn-"; // worst first
const NOT_MET = "fuwb"; // letters of findings
const READINESS = ["not ready", "unknown", "partial", "ready"];
const word = (letter) => data.letters[letter] ?? "";

const checks = data.checks.map((check, number) => ({ ...check, number, area: check.id.slice(0, check.id.lastIndexOf("-")), items: [] }));
data.items.forEach(([check, parameter], item) => checks[check].items.push({ item, parameter }));
const checkNumber = new Map(checks.map((check) => [check.id, check.number]));
const areas = [...new Set(checks.map((check) => check.area))];

const worstOf = (letters, items) => {
  let worst = LETTERS.length - 1;
  for (const { item } of items) worst = Math.min(worst, LETTERS.indexOf(letters[item]));
  return LETTERS[worst];
};
const vms = data.vms.map(([name, readiness, letters, readyAfter], number) => {
  const worst = checks.map((check) => worstOf(letters, check.items)).join("");
  return { number, name, readiness, letters, readyAfter, worst, failing: worst.replace(/[^fu]/g, "").length };
});
const vmNamed = new Map(vms.map((vm) => [vm.name, vm]));

// A list of VMs contains the numbers of those in the matrix, and the names of some others.
const leftOf = (list) => data.left[list] ?? 0;
const sizeOf = (list) => (data.lists[list] ?? []).length + leftOf(list);

// The steps of the plan that a VM needs, counted from 1.
const stepsOf = vms.map(() => []);
data.steps.forEach(({ cause }, index) => {
  for (const member of data.lists[data.causes[cause - 1]?.list] ?? []) if (typeof member === "number") stepsOf[member].push(index + 1);
});

// The groupings of VMs, for the filter and the matrix: tags, components, facts, and the first fix of a VM.
const groupings = [...data.groups];
if (data.steps.length && vms.length > 1) {
  groupings.push({ of: "plan", name: "first fix", values: data.steps.map(({ what }, index) => `${index + 1}. ${what}`), vm: stepsOf.map(([first]) => (first ?? 0) - 1) });
}
const keyOf = (group) => `${group.of}.${group.name}`;

// The text by which a VM is found: its name and the values of its groupings.
const searchText = vms.map((vm) =>
  [vm.name, ...data.groups.map((group) => (group.vm[vm.number] < 0 ? "" : group.values[group.vm[vm.number]]))].join("\n").toLowerCase(),
);

// ---- the filter. `where` is {number of a grouping: number of its value}; `list` is one of the page's lists of VMs, and
// `label` its name; `check` is the number of a check, the name of an area, or ""; `absent` are conditions of the
// address that no VM can meet.

const NO_FILTER = { text: "", readiness: "", check: "", status: "", where: {}, list: "", label: "", absent: [] };
const state = { ...NO_FILTER, group: "", sort: "readiness", reverse: false, allChecks: false };

const isFiltered = () =>
  Boolean(state.text || state.readiness || state.check !== "" || state.status || state.list !== "" || state.absent.length || Object.keys(state.where).length);

const textParts = () => state.text.toLowerCase().split(/\s+/).filter(Boolean);
const chosenChecks = () => (state.check === "" ? checks : checks.filter((check) => check.number === state.check || check.area === state.check));
const chosenLetters = () => {
  if (state.status === "") return state.check === "" ? "" : LETTERS;
  return state.status === "finding" ? NOT_MET : [...LETTERS].find((letter) => word(letter) === state.status);
};

// Other texts by which VMs are found: {text, list} of fixes, warnings and findings. Filled by page.js.
const searchable = [];

// The VMs that match. `except`: a condition to ignore, for the number of VMs that a tile would leave.
const matchingVms = (except = "") => {
  if (state.absent.length) return [];
  const letters = chosenLetters();
  const items = chosenChecks().flatMap((check) => check.items);
  const list = state.list === "" ? null : new Set(data.lists[state.list]);
  const where = Object.entries(state.where);
  const parts = textParts().map((part) => {
    const named = new Set(searchable.filter(({ text }) => text().includes(part)).flatMap(({ list: own }) => data.lists[own]));
    return (vm) => searchText[vm.number].includes(part) || named.has(vm.number);
  });
  return vms.filter(
    (vm) =>
      (!state.readiness || except === "readiness" || vm.readiness === state.readiness) &&
      (!list || list.has(vm.number)) &&
      where.every(([group, value]) => groupings[group].vm[vm.number] === value) &&
      (!letters || items.some(({ item }) => letters.includes(vm.letters[item]) && vm.letters[item] !== "-")) &&
      parts.every((matches) => matches(vm)),
  );
};

// The number of matching VMs of a fix or finding with this text and this list of VMs. A word of the filter can match
// the text or the VM.
let matching = new Set();
const concerned = (list, text) => {
  if (!isFiltered()) return sizeOf(list);
  const rest = textParts().filter((part) => !text.includes(part));
  return data.lists[list].filter((member) => matching.has(member) && rest.every((part) => searchText[member].includes(part))).length;
};

// ---- sort, group and count

const byName = (a, b) => a.name.localeCompare(b.name, "en", { numeric: true });
const byReadiness = (a, b) => READINESS.indexOf(a.readiness) - READINESS.indexOf(b.readiness);
const ORDERS = {
  readiness: byReadiness,
  name: byName,
  failing: (a, b) => b.failing - a.failing,
  inventory: (a, b) => a.number - b.number,
};
const byCheck = (number) => (a, b) => LETTERS.indexOf(a.worst[number]) - LETTERS.indexOf(b.worst[number]);

const sorted = (members) => {
  const order = ORDERS[state.sort] ?? byCheck(Number(state.sort));
  const sign = state.reverse ? -1 : 1;
  return [...members].sort((a, b) => sign * order(a, b) || byReadiness(a, b) || a.number - b.number);
};

const tally = (members) => {
  const counts = { ready: 0, partial: 0, "not ready": 0, unknown: 0 };
  for (const vm of members) counts[vm.readiness] += 1;
  return counts;
};

// VMs by the values of a grouping (null: by readiness), the groups with the most VMs to fix first.
const inGroups = (members, group) => {
  const byKey = new Map();
  for (const vm of members) {
    const key = group ? group.vm[vm.number] : READINESS.indexOf(vm.readiness);
    if (!byKey.has(key)) byKey.set(key, []);
    byKey.get(key).push(vm);
  }
  const name = (key) => (group ? (key < 0 ? `no ${group.name}` : group.values[key]) : READINESS[key]);
  const all = [...byKey].map(([key, own]) => ({ key, members: own, name: name(key), tally: tally(own) }));
  if (!group || group.of === "plan") return all.sort((a, b) => (a.key < 0) - (b.key < 0) || a.key - b.key);
  const order = (a, b) => b.tally["not ready"] - a.tally["not ready"] || b.tally.unknown - a.tally.unknown;
  return all.sort((a, b) => (a.key < 0) - (b.key < 0) || (state.sort === "name" ? 0 : order(a, b)) || byName(a, b));
};
const grouped = (members) => {
  if (state.group === "") return [{ key: null, members }];
  return inGroups(members, state.group === "readiness" ? null : groupings[state.group]);
};

// The number of these VMs on which a check is not met or not judged, and the worst status.
const summed = (members, check) => {
  let worst = LETTERS.length - 1;
  let bad = 0;
  for (const vm of members) {
    worst = Math.min(worst, LETTERS.indexOf(vm.worst[check]));
    bad += NOT_MET.includes(vm.worst[check]);
  }
  return { bad, letter: LETTERS[worst] };
};

// The number of the step that fixes a check on a VM, counted from 1; 0 if there is none.
const stepFor = (vm, check) => stepsOf[vm].find((step) => data.causes[data.steps[step - 1].cause - 1].check === check) ?? 0;
