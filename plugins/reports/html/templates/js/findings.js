// ---- findings: open, sort and search the table that pytest-html draws -----------------------------------------------

const findings = (() => {
  const place = find("#findings-table");
  const open = new Set();

  // The text of each finding's row, from the data of pytest-html's table.
  let rowTexts = null;
  const rowText = (index) => {
    if (rowTexts === null) {
      const { tests } = JSON.parse(find("#data-container").dataset.jsonblob);
      const cells = data.findings.map((_, number) => (tests[`row-${number}`]?.[0].resultsTableRow ?? []).slice(2, 5).join(" "));
      const parsed = new DOMParser().parseFromString(cells.map((text) => `<p>${text}</p>`).join(""), "text/html");
      rowTexts = [...parsed.querySelectorAll("p")].map((row) => row.textContent.toLowerCase());
    }
    return rowTexts[index] ?? "";
  };
  data.findings.forEach(({ list }, index) => searchable.push({ text: () => rowText(index), list }));

  const bodies = () => findAll("#results-table > tbody[id]");
  const indexOf = (tbody) => Number(tbody.id.replace("row-", ""));
  // tbody id "row-17" -> the finding it shows; undefined for a module that pytest could not collect
  const findingOf = (tbody) => data.findings[indexOf(tbody)];

  // The number of VMs of a finding that match the filter; 0 also if the filter excludes its checks or results.
  const matches = (tbody, finding) => {
    if (!isFiltered()) return sizeOf(finding.list);
    const statuses = chosenLetters();
    const letter = Object.keys(data.letters).find((own) => data.letters[own] === finding.status);
    if (state.status !== "" && !statuses.includes(letter)) return 0;
    if (state.check !== "" && !chosenChecks().some(({ id }) => finding.ids.includes(id))) return 0;
    return concerned(finding.list, rowText(indexOf(tbody)));
  };

  const apply = () => {
    let visible = 0;
    for (const tbody of bodies()) {
      const finding = findingOf(tbody);
      const number = finding ? matches(tbody, finding) : 1;
      tbody.hidden = number === 0;
      const size = find(".col-vms b", tbody);
      if (finding && size) size.textContent = isFiltered() ? `${count(number)} of ${count(sizeOf(finding.list))}` : count(sizeOf(finding.list));
      visible += tbody.hidden ? 0 : 1;
      if (finding && !find(".toggle", tbody)) {
        find(".col-status", tbody)?.prepend(make("button", { type: "button", class: "toggle", "aria-expanded": "false", "aria-label": `Details of ${finding.ids.join(", ")}` }));
      }
      if (finding) setOpen(tbody, open.has(tbody.id));
    }
    const shown = find("#found");
    if (shown) shown.textContent = isFiltered() ? `${plural(visible, "finding")} of ${count(data.findings.length)} with this filter.` : "";
  };

  const setOpen = (tbody, opened) => {
    tbody.classList.toggle("open", opened);
    find(".toggle", tbody)?.setAttribute("aria-expanded", opened);
    find(".extras-row", tbody).classList.toggle("hidden", !opened);
    const cell = find("td.extra", tbody);
    cell.colSpan = findAll("#results-table-head th:not([hidden])").length; // hidden columns count, too
    if (opened && !find(".details", tbody)) cell.append(details(findingOf(tbody)));
  };

  const details = (finding) => {
    const box = make("div", { class: "details" });
    // For a finding on many VMs, this remedy is that of one VM; the fixes of the plan have all remedies.
    const own = new Set(data.lists[finding.list]);
    const steps = finding.by.length ? [] : data.steps.flatMap(({ cause, what }, index) => {
      const { check, list } = data.causes[cause - 1] ?? {};
      return finding.ids.includes(checks[check]?.id) && data.lists[list].some((member) => own.has(member)) ? [{ number: index + 1, what }] : [];
    });
    if (steps.length) {
      box.append(make("h3", {}, "In the plan"), make("ul", { class: "finding-steps" }, ...steps.map(({ number, what }) => make("li", {}, make("a", { href: "#plan", "data-step": number }, `${number}. ${what}`)))));
    } else if (finding.remedy) box.append(make("div", { class: "remedy" }, make("span", { class: "label" }, "Fix"), make("span", { class: "remedy-text" }, ...prose(finding.remedy)), copyButton(finding.remedy)));
    const show = make("button", { type: "button", class: "show", "data-show": finding.list, "data-label": finding.ids[0] }, "Show in the matrix");
    box.append(make("h3", {}, `On ${plural(sizeOf(finding.list), "VM")} `, show), chips(finding.list, checkNumber.get(finding.ids[0])));
    const docs = docsLink(finding.docs);
    if (docs) box.append(make("p", { class: "links" }, docs));
    return box;
  };

  const toggle = (tbody) => {
    if (!open.delete(tbody.id)) open.add(tbody.id);
    setOpen(tbody, open.has(tbody.id));
  };

  // Findings are in the order of their status, so sort by the row's number.
  const keys = {
    status: (tbody) => Number(tbody.id.replace("row-", "")) || 0,
    check: (tbody) => find(".col-check", tbody).textContent,
    vms: (tbody) => -sizeOf(findingOf(tbody)?.list),
  };

  const sortBy = (button) => {
    const header = button.closest("th");
    const descending = header.getAttribute("aria-sort") === "ascending";
    findAll("#results-table th[aria-sort]").forEach((th) => th.setAttribute("aria-sort", "none"));
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const keyed = bodies().map((tbody) => [keys[button.dataset.sort](tbody), tbody]);
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    keyed.sort(([a], [b]) => (descending ? order(b, a) : order(a, b)));
    find("#results-table").append(...keyed.map(([, tbody]) => tbody));
  };

  // Remove the image and the video player that pytest-html adds to every row: our rows have no media.
  find(".media", document.getElementById("template_results-table__tbody").content)?.replaceChildren();

  // pytest-html draws its table at the end of the page: move it into the section, and restore our state after a redraw.
  const settle = () => {
    const table = find("#results-table");
    if (!place) { if (!bodies().length) table.hidden = true; return; }
    if (table.parentElement !== place) place.append(table);
    table.setAttribute("aria-labelledby", "findings-title");
    apply();
    new MutationObserver(apply).observe(place, { childList: true });
  };
  document.addEventListener("DOMContentLoaded", settle);

  return { sortBy, toggle, apply };
})();
