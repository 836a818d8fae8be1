// ---- charts: the ready VMs after each fix, and the map of areas by group --------------------------------------------
//
// The page contains the first chart also for readers without scripts (plugins/reports/html/charts.py). This script
// redraws it for the filter.

const staircase = (() => {
  const figure = find("#staircase");
  if (!figure) return () => {};
  const parts = [".plot", ".x-axis", "tbody"].map((selector) => find(selector, figure));
  const whole = parts.map((part) => part.cloneNode(true));
  const svg = () => find("svg", figure);

  return (members) => {
    parts.forEach((part, index) => part.replaceChildren(...whole[index].cloneNode(true).childNodes)); // as in the original page
    figure.hidden = !members.length;
    if (!isFiltered()) return;
    let ready = members.filter((vm) => vm.readiness === "ready").length;
    const values = [ready];
    for (let step = 1; step <= data.steps.length; step += 1) {
      ready += members.filter((vm) => vm.readyAfter === step).length;
      values.push(ready);
    }
    const top = Math.max(members.length, 1);
    const width = 1000 / values.length;
    const y = (value) => 200 - (200 * value) / top;
    const path = values.map((value, step) => `${step ? "L" : "M"}${(step * width).toFixed(1)} ${y(value).toFixed(1)}H${((step + 1) * width).toFixed(1)}`).join("");
    find(".stairs-area", svg())?.setAttribute("d", `${path}V200H0Z`);
    find(".stairs-line", svg()).setAttribute("d", path);
    find(".stairs-hits", svg()).replaceChildren();
    const text = `Of ${plural(members.length, "VM")}, ${count(values[0])} ${values[0] === 1 ? "is" : "are"} ready now, ${count(values.at(-1))} after the whole plan.`;
    find("desc", svg()).textContent = text;
    find(".y-max", figure).textContent = count(members.length);
    find(".y-min", figure).textContent = "0";
    find(".x-first", figure).textContent = `${count(values[0])} now`;
    find(".x-last", figure).textContent = `${count(values.at(-1))} after all fixes`;
    findAll("tbody tr", figure).forEach((row, step) => { row.cells[1].textContent = count(values[step] ?? values.at(-1)); });
  };
})();

// ---- the map: a row for each group of VMs, a column for each area, in each cell the number of VMs with a finding

const heatMap = (() => {
  const section = find("#areas");
  const select = find("#areas-by");
  const MOST = 40; // rows
  const LEVELS = [0, 0.1, 0.34, 0.67]; // thresholds of a group's share, above which a cell is darker
  const ROW_HEIGHT = 26;

  const choices = groupings.map((group, number) => ({ ...group, number })).filter((group) => group.of !== "plan" && group.values.length <= 500);
  // The default grouping: a tag such as the site, else the cluster, else the first one.
  const usual = (group) => (group.name === "site" ? 0 : group.name === "cluster" ? 1 : group.of === "tags" ? 2 : group.of === "components" ? 3 : 9) + (group.values.length < 2 ? 4 : 0);
  const first = [...choices].sort((a, b) => usual(a) - usual(b))[0];

  const cellOf = (members, area) => {
    const own = checks.filter((check) => check.area === area);
    const counts = { f: 0, u: 0, w: 0 };
    for (const vm of members) {
      const letter = [..."fuw"].find((status) => own.some((check) => vm.worst[check.number] === status));
      if (letter) counts[letter] += 1;
    }
    const bad = counts.f + counts.u + counts.w;
    const letter = counts.f ? "f" : counts.u > counts.w ? "u" : "w"; // one unknown VM must not determine the colour of 99 warnings
    const share = counts[letter] / members.length;
    const split = Object.entries(counts).filter(([, number]) => number).map(([own, number]) => `${count(number)} ${word(own)}`).join(", ");
    return { area, bad, split, status: word(letter), level: bad ? LEVELS.filter((level) => share > level).length : 0 };
  };

  const sentence = (row, cell) => `${cell.area} in ${row.name}: ${cell.bad ? `findings on ${count(cell.bad)} of ${plural(row.members.length, "VM")} (${cell.split})` : "no findings"}`;

  const show = (members) => {
    if (!section || section.dataset.off) return;
    const group = groupings[select.value];
    const groups = inGroups(members, group);
    const own = areas.filter((area) => cellOf(members, area).bad);
    const rows = groups.slice(0, MOST).map((row) => ({ ...row, cells: own.map((area) => cellOf(row.members, area)) }));
    find("#areas-none").hidden = own.length > 0;
    const frame = find("#areas-map");
    const table = find("#areas-table");
    frame.hidden = table.parentElement.hidden = !own.length;
    if (!own.length) return;
    const room = Math.max(300, frame.clientWidth || 900);
    const label = Math.round(Math.min(240, room * 0.36));
    const digits = String(Math.max(...rows.flatMap((row) => row.cells.map((cell) => cell.bad)))).length;
    const width = Math.max(12 + 7 * digits, Math.min(88, Math.floor((room - label - 4) / own.length)));
    const level = width > 74; // whether the areas' names fit side by side
    const top = level ? 24 : 12 + Math.round(7 * Math.max(...own.map((area) => area.length)));
    const [full, height] = [label + width * own.length, top + ROW_HEIGHT * rows.length];
    const fits = (text) => { const most = Math.floor((label - 62) / 6.8); return text.length > most ? `${text.slice(0, most - 1)}…` : text; };
    const svg = draw("svg", { class: "heat", width: full, height, viewBox: `0 0 ${full} ${height}`, role: "img", "aria-labelledby": "heat-title heat-desc" });
    const worst = rows.flatMap((row) => row.cells.map((cell) => ({ row, cell }))).sort((a, b) => b.cell.bad - a.cell.bad)[0];
    svg.append(
      draw("title", { id: "heat-title" }, `Findings by area and ${group.name}`),
      draw("desc", { id: "heat-desc" }, `${plural(rows.length, "row")}, ${plural(own.length, "area")}; most: ${sentence(worst.row, worst.cell)}. The table below has all numbers.`),
    );
    own.forEach((area, column) => {
      const x = label + column * width + width / 2;
      svg.append(draw("text", { class: "heat-area", transform: `translate(${level ? x : x + 4} ${top - 7}) rotate(${level ? 0 : -90})`, "text-anchor": level ? "middle" : "start" }, area));
    });
    rows.forEach((row, line) => {
      const y = top + line * ROW_HEIGHT;
      const name = draw("text", { class: "heat-group", x: 2, y: y + 17 }, fits(row.name));
      name.append(draw("title", {}, row.name));
      svg.append(name, draw("text", { class: "heat-size", x: label - 8, y: y + 17, "text-anchor": "end" }, `${count(row.tally.ready)}/${count(row.members.length)}`));
      row.cells.forEach((cell, column) => {
        const x = label + column * width;
        const box = draw("g", { class: `heat-cell ${cell.level ? `h-${dashed(cell.status)} h${cell.level}` : "h0"}`, "data-heat": `${select.value} ${row.key} ${cell.area}` });
        box.append(draw("title", {}, sentence(row, cell)), draw("rect", { x: x + 1, y: y + 1, width: width - 2, height: ROW_HEIGHT - 2, rx: 3 }));
        if (cell.bad) box.append(draw("text", { x: x + width / 2, y: y + 17, "text-anchor": "middle" }, count(cell.bad)));
        svg.append(box);
      });
    });
    const more = groups.length > MOST ? [make("p", { class: "hint" }, `and ${count(groups.length - MOST)} more with fewer VMs that are not ready`)] : [];
    frame.replaceChildren(svg, ...more);
    table.replaceChildren(
      make("caption", { class: "sr" }, `VMs with findings, by ${group.name} and area`),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, group.name), make("th", { scope: "col" }, "Ready"), ...own.map((area) => make("th", { scope: "col" }, area)))),
      make("tbody", {}, ...rows.map((row) =>
        make("tr", {}, make("th", { scope: "row" }, row.name), make("td", {}, `${count(row.tally.ready)} of ${count(row.members.length)}`),
          ...row.cells.map((cell) => make("td", {}, cell.bad ? make("button", { type: "button", class: "check-link", "data-heat": `${select.value} ${row.key} ${cell.area}`, "aria-label": sentence(row, cell) }, count(cell.bad)) : "–")),
        ))),
    );
  };

  if (section) {
    if (vms.length < 2 || !first || !vms.some((vm) => /[fuw]/.test(vm.worst))) section.dataset.off = "true";
    section.hidden = Boolean(section.dataset.off);
    if (!section.hidden) {
      select.append(...groupOptions((group) => choices.some(({ number }) => number === group.number)));
      select.value = first.number;
      select.addEventListener("change", () => show([...matching].map((number) => vms[number])));
      let before = 0;
      new ResizeObserver(([{ contentRect }]) => {
        if (Math.round(contentRect.width) === before) return;
        before = Math.round(contentRect.width);
        requestAnimationFrame(() => show([...matching].map((number) => vms[number])));
      }).observe(find("#areas-frame"));
    }
    for (const link of findAll('.sections a[href="#areas"]')) link.hidden = section.hidden;
  }

  const open = (text) => {
    const [number, key, area] = text.split(" ");
    const where = { ...state.where, [number]: Number(key) };
    choose({ where, check: area, status: "finding" });
    toFleet();
  };

  return { show, open };
})();
