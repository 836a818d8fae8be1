// ---- model: VMs, checks, and which of them are wanted --------------------------------------------------------------

const SIGNS = { pass: "✓", fail: "✕", warn: "!", unknown: "?", blocked: "⊘", "not applicable": "·", waived: "W", "": "" };
const LETTERS = "fuwbvpn-"; // worst first
const TROUBLE = "fuwb"; // letters of findings
const READINESS = ["not ready", "unknown", "partial", "ready"];
const word = (letter) => data.letters[letter] ?? "";

const checks = data.checks.map((check, number) => ({ ...check, number, area: check.id.slice(0, check.id.lastIndexOf("-")), items: [] }));
data.items.forEach(([check, parameter], item) => checks[check].items.push({ item, parameter }));
const checkNumber = new Map(checks.map((check) => [check.id, check.number]));

const worstOf = (letters, items) => {
  let worst = LETTERS.length - 1;
  for (const { item } of items) worst = Math.min(worst, LETTERS.indexOf(letters[item]));
  return LETTERS[worst];
};
const vms = data.vms.map(([name, readiness, letters], number) => {
  const worst = checks.map((check) => worstOf(letters, check.items)).join("");
  return { number, name, readiness, letters, worst, failing: worst.replace(/[^fu]/g, "").length };
});

// A list of VMs holds numbers of those that the matrix draws, and names of some of the others.
const leftOf = (list) => data.left[list] ?? 0;
const sizeOf = (list) => (data.lists[list] ?? []).length + leftOf(list);
const nameOf = (member) => (typeof member === "number" ? vms[member].name : member);

// What a VM can be found by: its name, and the values it shares with others.
const words = vms.map((vm) => {
  const shared = data.groups.map((group) => (group.vm[vm.number] < 0 ? "" : group.values[group.vm[vm.number]]));
  return [vm.name, ...shared].join("\n").toLowerCase();
});

// What is shown. `list` is one of the page's lists of VMs, `label` what to call it; `check` a number, or "".
const NOTHING = { text: "", readiness: "", check: "", status: "", list: "", label: "" };
const state = { ...NOTHING, group: "", sort: "readiness", reverse: false, trouble: false };

const wantedLetters = () => {
  if (state.status === "") return "";
  return state.status === "trouble" ? TROUBLE : [...LETTERS].find((letter) => word(letter) === state.status);
};

const wantedVms = () => {
  const letters = wantedLetters();
  const parts = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const list = state.list === "" ? null : new Set(data.lists[state.list]);
  const items = state.check === "" ? null : checks[state.check].items;
  const hasResult = (vm) =>
    items ? items.some(({ item }) => letters.includes(vm.letters[item])) : [...vm.letters].some((letter) => letters.includes(letter));
  return vms.filter(
    (vm) =>
      (!state.readiness || vm.readiness === state.readiness) &&
      (!list || list.has(vm.number)) &&
      parts.every((part) => words[vm.number].includes(part)) &&
      (!letters || hasResult(vm)),
  );
};

const byName = (a, b) => a.name.localeCompare(b.name, "en", { numeric: true });
const byReadiness = (a, b) => READINESS.indexOf(a.readiness) - READINESS.indexOf(b.readiness);
const ORDERS = {
  readiness: byReadiness,
  name: byName,
  failing: (a, b) => b.failing - a.failing,
  inventory: (a, b) => a.number - b.number,
};
const byCheck = (number) => (a, b) => LETTERS.indexOf(a.worst[number]) - LETTERS.indexOf(b.worst[number]);

const sorted = (chosen) => {
  const order = ORDERS[state.sort] ?? byCheck(Number(state.sort));
  const sign = state.reverse ? -1 : 1;
  return [...chosen].sort((a, b) => sign * order(a, b) || byReadiness(a, b) || a.number - b.number);
};

const tally = (members) => {
  const found = { ready: 0, partial: 0, "not ready": 0, unknown: 0 };
  for (const vm of members) found[vm.readiness] += 1;
  return found;
};

// The VMs in their groups, what needs most attention first; one group without a name when nothing is grouped.
const grouped = (chosen) => {
  if (state.group === "") return [{ key: null, members: chosen }];
  const group = state.group === "readiness" ? null : data.groups[state.group];
  const found = new Map();
  for (const vm of chosen) {
    const key = group ? group.vm[vm.number] : READINESS.indexOf(vm.readiness);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(vm);
  }
  const name = (key) => (group ? (key < 0 ? `no ${group.name}` : group.values[key]) : READINESS[key]);
  const all = [...found].map(([key, members]) => ({ key, members, name: name(key), tally: tally(members) }));
  if (!group) return all.sort((a, b) => a.key - b.key);
  const order = (a, b) => b.tally["not ready"] - a.tally["not ready"] || b.tally.unknown - a.tally.unknown;
  return all.sort((a, b) => (a.key < 0) - (b.key < 0) || (state.sort === "name" ? 0 : order(a, b)) || byName(a, b));
};

// How many of some VMs a check is not met on, and the worst word among them.
const summed = (members, check) => {
  let worst = LETTERS.length - 1;
  let bad = 0;
  for (const vm of members) {
    worst = Math.min(worst, LETTERS.indexOf(vm.worst[check]));
    bad += TROUBLE.includes(vm.worst[check]);
  }
  return { bad, letter: LETTERS[worst] };
};

// The step of the plan that repairs a check on a VM, counted from 1; 0: none does.
const stepFor = (vm, check) => {
  const numbers = data.causes.flatMap((cause, index) => (cause.check === check && data.lists[cause.list].includes(vm) ? [index + 1] : []));
  return data.steps.findIndex((cause) => numbers.includes(cause)) + 1;
};
