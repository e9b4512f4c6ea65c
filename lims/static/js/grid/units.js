// The unit of what is typed into a sheet: one of those offered, a division of the item's dial, or any other.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { words } = bench;
  const { element, buttons, cancel, open } = bench.ask;
  const ASKING = { div: "division_of", ddiv: "tenth_of", other: "other_unit" };

  const plain = (text) => text.trim().replace(",", ".");
  const spoken = (value) => (document.documentElement.lang === "vi" ? value.replace(".", ",") : value);

  // What a division is worth, or the name of a unit; null where somebody changed their mind.
  async function asked(sheet, kind) {
    const divided = kind !== "other";
    const field = element("input", { class: "form-control", id: "dialog-unit", maxlength: "20", required: "", autocomplete: "off", autofocus: "" });
    const among = element("select", { class: "form-select", "aria-label": words.unit });
    const real = [...sheet.unit.options].map((one) => one.value).filter((value) => value && !ASKING[value] && !value.includes("("));
    among.append(...real.map((value) => element("option", { value, text: bench.unitLabel(value) })));
    among.value = sheet.unit.dataset.divisionUnit || real[0];
    field.value = divided ? spoken(sheet.unit.dataset.division || "") : "";
    const line = element("div", { class: "line-form" }, field, ...(divided ? [among] : []));
    const form = element("form", { method: "dialog" },
      element("label", { class: "form-label", for: "dialog-unit", text: words[divided ? "division_worth" : "other_unit"] }), line,
      buttons(element("button", { class: "btn btn-primary", type: "submit", text: words.take_unit }), cancel()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = plain(field.value);
      const fits = divided ? /^\d{1,9}(\.\d{1,9})?$/.test(text) && Number(text) > 0 : text !== "";
      field.setAttribute("aria-invalid", String(!fits));
      if (fits) bench.dialog.close(divided ? `${kind}(${text.replace(/^0+(?=\d)/, "").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "")} ${among.value})` : text);
    });
    return open({ input: sheet.unit }, form);
  }

  function labelOf(unit) {
    const division = /^d?div\(([\d.]+) (.+)\)$/.exec(unit);
    return division ? `${bench.unitLabel(unit)} (${spoken(division[1])} ${bench.unitLabel(division[2])})` : bench.unitLabel(unit);
  }

  for (const sheet of bench.sheets) {
    const chooser = sheet.unit;
    if (!(chooser instanceof HTMLSelectElement)) continue;
    for (const [value, word] of Object.entries(ASKING)) chooser.append(element("option", { value, text: `${words[word]}…` }));
    let last = chooser.value;
    chooser.addEventListener("change", async () => {
      const kind = chooser.value;
      if (ASKING[kind]) {
        chooser.value = last;
        const unit = await asked(sheet, kind);
        if (!unit) { chooser.focus(); return; }
        if (![...chooser.options].some((one) => one.value === unit)) chooser.prepend(element("option", { value: unit, text: labelOf(unit) }));
        chooser.value = unit;
      }
      last = chooser.value;
      bench.byKey.forEach((cell) => { if (cell.sheet === sheet) bench.show(cell); });
      const next = sheet.rows.flat().find((cell) => cell && !cell.text && !cell.shown) || sheet.rows[0][0];
      next.input.focus();
    });
  }
})();
