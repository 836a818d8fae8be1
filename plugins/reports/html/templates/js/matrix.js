// ---- matrix: a grid in which only the visible rows exist ------------------------------------------------------------
//
// 1,000 VMs have more than 50,000 cells, whose layout takes seconds, but a screen shows about 40 rows. All rows have
// the same height, so two spacers replace the rows above and below. All rows are drawn for printing.

const ROW = 25; // pixels, as in the style sheet
const SPARE = 10; // rows drawn beyond either edge

const matrix = (() => {
  const table = find("#matrix");
  const frame = find("#matrix-frame");
  let rows = []; // {group} or {vm}
  let columns = checks;
  let drawn = new Map(); // row number -> its <tr>
  let active = { row: 0, column: 0 }; // the one cell that Tab reaches; row -1 is the head
  let whole = false; // all rows, for the printer
  let opened = { vm: null, check: null }; // whose card is open
  const closed = new Set(); // names of groups

  const head = make("thead");
  const above = make("tbody", { role: "presentation" });
  const body = make("tbody");
  const below = make("tbody", { role: "presentation" });
  // A fixed width that fits the names, within bounds: a column that grows during scrolling would move the cells.
  const longest = Math.max(0, ...vms.map((vm) => vm.name.length));
  table.style.setProperty("--name-width", `${Math.min(300, Math.max(170, Math.round(longest * 7.2) + 110))}px`);
  table.append(make("caption", { class: "sr" }, "VMs in rows, checks in columns"), head, above, body, below);

  const spacer = (section, height) => {
    if (!height) { section.replaceChildren(); return; }
    const cell = make("td", { role: "presentation", colspan: columns.length + 1 });
    cell.style.height = `${height}px`;
    section.replaceChildren(make("tr", { role: "presentation", class: "spacer" }, cell));
  };

  // A number that fits a cell: 999, 1k, 12k.
  const brief = (number) => (number < 1000 ? String(number) : `${Math.floor(number / 1000)}k`);

  const firstOfArea = (column) => column > 0 && columns[column].area !== columns[column - 1].area;

  const drawHead = (members) => {
    const sortOf = (key) => (String(state.sort) === String(key) ? (state.reverse ? "descending" : "ascending") : null);
    const cells = columns.map((check, column) =>
      make(
        "th",
        { scope: "col", class: firstOfArea(column) ? "area" : null, "aria-sort": sortOf(check.number) },
        make("button", { type: "button", tabindex: -1, "data-sort-check": check.number, title: `${check.id}: ${check.title}` }, make("span", {}, check.id)),
      ),
    );
    const name = make("button", { type: "button", tabindex: -1, "data-sort-name": true }, "VM");
    const totals = columns.map((check, column) => {
      const { bad } = summed(members, check.number);
      return make("td", { class: `${bad > 99 ? "narrow" : ""}${firstOfArea(column) ? " area" : ""}` }, bad ? brief(bad) : "");
    });
    head.replaceChildren(
      make("tr", { "aria-rowindex": 1 }, make("th", { scope: "col", class: "corner", "aria-sort": sortOf("name") }, name), ...cells),
      make("tr", { "aria-rowindex": 2, class: "totals" }, make("th", { scope: "row", class: "corner" }, "Not met or not judged"), ...totals),
    );
  };

  const readinessMark = (readiness) => make("span", { class: `dot t-${dashed(readiness)}`, "aria-hidden": true });

  const groupRow = (group, number) => {
    const open = !closed.has(group.name);
    const { ready } = group.tally;
    const row = make("tr", { class: "group", "data-row": number, "aria-rowindex": number + 3 });
    const bar = draw("svg", { class: "bar", viewBox: `0 0 ${group.members.length} 1`, preserveAspectRatio: "none", "aria-hidden": "true" });
    let x = 0;
    for (const readiness of ["ready", "partial", "not ready", "unknown"]) {
      bar.append(draw("rect", { class: `t-${dashed(readiness)}`, x, width: group.tally[readiness], height: 1 }));
      x += group.tally[readiness];
    }
    row.append(
      make(
        "th",
        { scope: "row", tabindex: -1, "aria-expanded": String(open), "aria-label": `${group.name}: ${ready} of ${plural(group.members.length, "VM")} ready` },
        make("div", {}, make("span", { class: "fold", "aria-hidden": true }), make("span", { class: "vm-name", title: group.name }, group.name), bar, make("span", { class: "group-count" }, `${count(ready)}/${count(group.members.length)}`)),
      ),
    );
    columns.forEach((check, column) => {
      const { bad, letter } = summed(group.members, check.number);
      const status = word(letter);
      const loud = bad > 0;
      row.append(make("td", { tabindex: -1, class: `${loud ? `s-${dashed(status)}` : "s-calm"}${bad > 99 ? " narrow" : ""}${firstOfArea(column) ? " area" : ""}`, "aria-label": loud ? `not met or not judged on ${plural(bad, "VM")}` : "no findings" }, loud ? brief(bad) : ""));
    });
    return row;
  };

  const vmRow = (vm, number) => {
    const row = make("tr", { "data-row": number, "aria-rowindex": number + 3 });
    row.append(
      make(
        "th",
        { scope: "row", tabindex: -1, "aria-label": `${vm.name}, ${vm.readiness}` },
        make("div", {}, readinessMark(vm.readiness), make("span", { class: "vm-name", title: vm.name }, vm.name), make("span", { class: "vm-readiness" }, vm.readiness)),
      ),
    );
    columns.forEach((check, column) => {
      const status = word(vm.worst[check.number]);
      const cell = document.createElement("td");
      cell.className = `s-${status ? dashed(status) : "none"}${firstOfArea(column) ? " area" : ""}`;
      cell.tabIndex = -1;
      cell.setAttribute("aria-label", status || "not selected");
      cell.textContent = SIGNS[status];
      row.append(cell);
    });
    return row;
  };

  const cellAt = ({ row, column }) => {
    if (row < 0) return find("button", head.rows[0].cells[column]);
    return drawn.get(row)?.cells[column];
  };

  const openedCell = () => {
    const row = opened.vm ? rows.findIndex(({ vm }) => vm === opened.vm) : -1;
    return drawn.get(row)?.cells[opened.check ? columns.indexOf(opened.check) + 1 : 0];
  };

  // Mark the cell of the open card, and keep it visible beside the card.
  const mark = (vm, check) => {
    openedCell()?.classList.remove("marked");
    opened = { vm, check };
    const cell = openedCell();
    cell?.classList.add("marked");
    if (cell && !isInSight(cell)) cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const isInSight = (cell) => {
    const [inner, outer] = [cell.getBoundingClientRect(), frame.getBoundingClientRect()];
    return inner.right <= outer.right && inner.left >= outer.left;
  };

  // Draw the visible rows, and reuse those that exist.
  const drawRows = () => {
    const height = frame.clientHeight || 700;
    const first = whole ? 0 : Math.max(0, Math.floor(frame.scrollTop / ROW) - SPARE);
    const last = whole ? rows.length : Math.min(rows.length, Math.ceil((frame.scrollTop + height) / ROW) + SPARE);
    const focused = body.contains(document.activeElement);
    const next = new Map();
    const inSight = [];
    for (let number = first; number < last; number += 1) {
      const row = rows[number];
      const element = drawn.get(number) ?? (row.vm ? vmRow(row.vm, number) : groupRow(row.group, number));
      next.set(number, element);
      inSight.push(element);
    }
    for (const [number, element] of drawn) if (!next.has(number)) element.remove();
    let at = body.firstChild;
    for (const element of inSight) {
      if (element === at) at = at.nextSibling;
      else body.insertBefore(element, at);
    }
    drawn = next;
    spacer(above, first * ROW);
    spacer(below, (rows.length - last) * ROW);
    openedCell()?.classList.add("marked");
    const cell = cellAt(active);
    if (cell) cell.tabIndex = 0;
    if (focused && !body.contains(document.activeElement)) cell?.focus({ preventScroll: true });
  };

  // Draw everything again, for other VMs, other columns or another order.
  const show = (unsorted) => {
    const members = sorted(unsorted);
    const before = rows[active.row];
    const withFindings = checks.filter((check) => members.some((vm) => "fuw".includes(vm.worst[check.number])));
    columns = state.allChecks || !withFindings.length ? checks : withFindings;
    const groups = grouped(members);
    rows = groups.flatMap((group) => {
      if (group.key === null) return group.members.map((vm) => ({ vm }));
      return [{ group }, ...(closed.has(group.name) ? [] : group.members.map((vm) => ({ vm })))];
    });
    drawn.clear();
    body.replaceChildren();
    // Keep the active cell on its VM, if that is still shown.
    const same = before ? rows.findIndex((row) => (before.vm ? row.vm === before.vm : row.group?.name === before.group.name)) : -1;
    active = { row: Math.max(same, rows.length ? 0 : -1), column: Math.min(active.column, columns.length) };
    drawHead(members);
    showLegend(members);
    table.setAttribute("aria-rowcount", rows.length + 2);
    table.setAttribute("aria-colcount", columns.length + 1);
    frame.scrollTop = Math.min(frame.scrollTop, Math.max(0, rows.length * ROW - frame.clientHeight));
    drawRows();
    showMore();
    if (small.matches) showList(members);
    return groups.filter((group) => group.key !== null);
  };

  // The legend, with the number of results of the VMs shown, and the meaning of the columns.
  const wholeLegend = findAll("#legend .legend-count").map((element) => element.textContent);
  const showLegend = (members) => {
    findAll("#legend .legend-count").forEach((element, index) => {
      const letter = [...LETTERS].find((own) => word(own) === element.dataset.status);
      let number = 0;
      for (const vm of isFiltered() ? members : []) for (const own of vm.letters) number += own === letter;
      element.textContent = isFiltered() ? count(number) : wholeLegend[index];
    });
    find("#columns dl").replaceChildren(...columns.map((check) => make("div", {}, make("dt", {}, check.id), make("dd", {}, check.title))));
    find("#columns summary").textContent = `Meaning of the ${plural(columns.length, "column")}`;
  };

  // The number of columns beyond the right edge.
  const showMore = () => {
    const cells = [...(head.rows[0]?.cells ?? [])].slice(1);
    const edge = frame.getBoundingClientRect().right;
    const hidden = cells.filter((cell) => cell.getBoundingClientRect().right > edge + 2).length;
    const more = find("#more-columns");
    more.hidden = !hidden;
    more.textContent = `${plural(hidden, "more check")} to the right →`;
  };
  find("#more-columns").addEventListener("click", () => frame.scrollBy({ left: frame.clientWidth * 0.7 }));

  // On a phone: the VMs with their fixes, instead of the matrix.
  const small = window.matchMedia("(max-width: 640px)");
  const FEW = 50;
  let listed = [];
  const listItem = (vm) => {
    const steps = stepsOf[vm.number].map((step) => make("li", {}, `${step}. ${data.steps[step - 1].what}`));
    return make("li", {}, make("button", { type: "button", "data-vm": vm.number }, readinessMark(vm.readiness), make("span", { class: "vm-name" }, vm.name), make("span", { class: "vm-readiness" }, vm.readiness)), steps.length ? make("ul", {}, ...steps) : null);
  };
  const showList = (members, from = 0) => {
    if (members) listed = members;
    const list = find("#vm-list");
    if (!from) list.replaceChildren();
    find(".more", list)?.parentElement.remove();
    list.append(...listed.slice(from, from + FEW).map(listItem));
    const left = listed.length - from - FEW;
    if (left <= 0) return;
    const more = make("button", { type: "button", class: "more" }, `and ${count(left)} more`);
    more.addEventListener("click", () => showList(null, from + FEW));
    list.append(make("li", {}, more));
  };
  small.addEventListener("change", () => apply());

  // The keys n and p: the next or previous cell with a failure, in the order of the rows.
  const nextFailure = (direction) => {
    const cells = rows.flatMap(({ vm }) => (vm ? columns.filter((check) => "fu".includes(vm.worst[check.number])).map((check) => ({ vm, check })) : []));
    if (!cells.length) return;
    const now = cells.findIndex(({ vm, check }) => vm === opened.vm && check === opened.check);
    const { vm, check } = cells[now < 0 ? (direction > 0 ? 0 : cells.length - 1) : (now + direction + cells.length) % cells.length];
    const row = rows.findIndex((own) => own.vm === vm);
    go(row, columns.indexOf(check) + 1);
    card.open(vm, check);
  };

  // Scroll to a cell and focus it.
  const go = (row, column) => {
    const old = cellAt(active);
    if (old) old.tabIndex = -1;
    active = { row: Math.max(-1, Math.min(row, rows.length - 1)), column: Math.max(0, Math.min(column, columns.length)) };
    if (active.row >= 0) {
      const top = active.row * ROW;
      const room = frame.clientHeight - head.offsetHeight;
      if (top < frame.scrollTop) frame.scrollTop = top;
      else if (top + ROW > frame.scrollTop + room) frame.scrollTop = top + ROW - room;
      drawRows();
    }
    const cell = cellAt(active);
    if (!cell) return;
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const target = (cell) => {
    const row = rows[Number(cell.parentElement.dataset.row)];
    const column = cell.cellIndex;
    return { row, check: column ? columns[column - 1] : null };
  };

  const fold = (group) => {
    if (!closed.delete(group.name)) closed.add(group.name);
    apply();
    go(rows.findIndex((row) => row.group?.name === group.name), active.column);
  };

  const activate = (cell) => {
    const { row, check } = target(cell);
    if (!row) return;
    active = { row: rows.indexOf(row), column: cell.cellIndex };
    if (row.group) fold(row.group);
    else card.open(row.vm, check);
  };

  table.addEventListener("click", ({ target: clicked }) => {
    const cell = clicked.closest("tbody td, tbody th");
    if (!cell || !cell.parentElement.dataset.row) return;
    const old = cellAt(active);
    if (old) old.tabIndex = -1;
    activate(cell);
  });

  table.addEventListener("focusin", ({ target: focused }) => {
    const cell = focused.closest("td, th");
    const row = cell?.parentElement.dataset.row;
    const old = cellAt(active);
    active = { row: row === undefined ? -1 : Number(row), column: cell.cellIndex };
    if (old && old !== focused) old.tabIndex = -1;
    focused.tabIndex = 0;
  });

  table.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor((frame.clientHeight - head.offsetHeight) / ROW) - 1);
    const moves = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      PageUp: [-page, 0], PageDown: [page, 0], Home: [0, -Infinity], End: [0, Infinity],
    };
    const move = moves[event.key];
    if (event.altKey || event.metaKey) return;
    if (move) {
      event.preventDefault();
      if (event.ctrlKey && event.key === "Home") go(0, 0);
      else if (event.ctrlKey && event.key === "End") go(rows.length - 1, columns.length);
      else go(Math.max(active.row + move[0], event.key === "PageUp" ? 0 : -1), active.column + move[1]);
    } else if ((event.key === "Enter" || event.key === " ") && active.row >= 0) {
      event.preventDefault();
      activate(cellAt(active));
    }
  });

  // Make a tooltip when it is needed; its message follows when it is unpacked.
  table.addEventListener("mouseover", async ({ target: under }) => {
    const cell = under.closest("tbody td");
    if (!cell || cell.title || !cell.parentElement.dataset.row) return;
    const { row, check } = target(cell);
    if (row.group) {
      const { bad } = summed(row.group.members, check.number);
      cell.title = `${check.id} in ${row.group.name}: ${bad ? `not met or not judged on ${plural(bad, "VM")} of ${count(row.group.members.length)}` : "no findings"}`;
      return;
    }
    const letter = row.vm.worst[check.number];
    const same = check.items.filter(({ item }) => row.vm.letters[item] === letter).length;
    const many = check.items.length > 1 && letter !== "-" ? ` (${same} of ${check.items.filter(({ item }) => row.vm.letters[item] !== "-").length})` : "";
    cell.title = `${check.id} on ${row.vm.name}: ${word(letter) || "not selected"}${many}`;
    const worst = (await resultsOf(row.vm, check)).find((result) => result.letter === letter);
    if (worst?.message) cell.title += `\n${worst.message}`;
  });

  let waiting = false;
  frame.addEventListener("scroll", () => {
    if (waiting || whole) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawRows(); showMore(); });
  });
  new ResizeObserver(() => { if (!whole) { drawRows(); showMore(); } }).observe(frame);

  const printed = (all) => { whole = all; drawRows(); };
  window.addEventListener("beforeprint", () => printed(true));
  window.addEventListener("afterprint", () => printed(false));

  return {
    show,
    go,
    mark,
    nextFailure,
    focus: () => go(active.row, active.column),
    column: (check) => columns.indexOf(check) + 1,
    foldAll: (names, close) => names.forEach((name) => (close ? closed.add(name) : closed.delete(name))),
    anyOpen: (names) => names.some((name) => !closed.has(name)),
  };
})();
