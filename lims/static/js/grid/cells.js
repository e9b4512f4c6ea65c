// The grid of a run: its cells, what stands in each, and how an answer of the server is put onto the page.
"use strict";
globalThis.bench = (() => {
  const root = document.getElementById("bench");
  if (!root) return null;
  const words = JSON.parse(root.dataset.words);
  const byKey = new Map();
  const sheets = [];
  const points = new Map(); // a point may have several places: a body of rows, or cells in a column of items
  for (const place of document.querySelectorAll("[data-point]")) {
    points.set(place.dataset.point, [...(points.get(place.dataset.point) || []), place]);
  }
  const cards = new Map([...document.querySelectorAll("[data-card]")].map((card) => [card.dataset.card, card]));
  const budgets = new Map([...document.querySelectorAll("[data-budget]")].map((part) => [part.dataset.budget, part]));
  document.documentElement.classList.add("with-grid");

  const put = (sentence, value) => sentence.replace("%s", () => value);

  for (const table of document.querySelectorAll("[data-sheet]")) {
    const sheet = {
      name: table.dataset.sheet,
      table,
      rows: [],
      group: Number(table.dataset.group || 1), // so many columns are read in one go before the next row
      upward: new Set((table.dataset.upward || "").split(" ").filter(Boolean).map(Number)),
      unit: table.closest("form").querySelector("[data-sheet-unit]"),
    };
    for (const input of table.querySelectorAll("input[data-row]")) {
      const form = input.form;
      const cell = {
        key: input.name,
        input,
        sheet,
        span: input.closest("[data-cell]"),
        mark: input.parentElement.querySelector("[data-mark]"),
        row: Number(input.dataset.row),
        column: Number(input.dataset.column),
        point: input.closest("[data-point]")?.dataset.point || "",
        id: form.elements[`seen:${input.name}`]?.value || "", // what the page leaves out is nothing
        text: input.dataset.text ?? input.defaultValue,
        unit: input.dataset.unit || "",
        excluded: input.dataset.excluded || "",
        corrections: Number(input.parentElement.querySelector("[data-mark]").textContent.trim() || 0),
        doubt: input.dataset.doubt || "",
        by: "",
        shown: input.dataset.text ?? input.defaultValue, // stored, or on its way
        state: "",
        note: "",
      };
      (sheet.rows[cell.row] ??= [])[cell.column] = cell;
      byKey.set(cell.key, cell);
    }
    sheets.push(sheet);
  }

  const cellOf = (element) => (element instanceof HTMLInputElement ? byKey.get(element.name) : undefined);
  const dirty = (cell) => cell.input.value.trim() !== cell.shown;

  // A unit as short as a cell's corner takes it; a division's worth stands in the sheet's own field.
  function unitLabel(unit) {
    const division = /^(d?)div\(/.exec(unit);
    if (division) return division[1] ? words.tenth : words.division;
    return unit.replace(/^deg([CF])$/, "°$1").replace(/ohm$/, "Ω").replace(/^u(?=.)/, "µ");
  }

  // The mark at a cell's corner says its state by shape and word, not by colour alone.
  const MARKS = { saving: "…", queued: "⏳", conflict: "⇄", refused: "■", confirm: "▲" };
  const STATES = { saving: "saving", queued: "queued", conflict: "conflict", refused: "wrong", confirm: "doubt" };
  function show(cell) {
    const { span, mark, input } = cell;
    span.className = "cell";
    if (cell.state) span.classList.add(`cell-${STATES[cell.state]}`);
    else if (cell.id && cell.excluded !== "withdrawn") span.classList.add("cell-stored");
    if (cell.excluded) span.classList.add(`cell-${cell.excluded.replace("_", "-")}`);
    if (cell.doubt && !cell.state) span.classList.add("cell-slip");
    const usual = cell.sheet.unit ? cell.sheet.unit.value.trim() : "";
    span.classList.toggle("cell-own-unit", Boolean(cell.text && cell.unit && usual && cell.unit !== usual));
    span.dataset.unit = unitLabel(cell.unit);
    input.placeholder = cell.id && !cell.text && cell.excluded === "not_measurable" ? "–" : "";
    const said = [];
    if (cell.state) said.push(cell.note || words[cell.state] || "");
    else if (cell.doubt) said.push(cell.doubt);
    if (cell.excluded) said.push(words[cell.excluded]);
    if (cell.corrections) said.push(put(words.corrected, String(cell.corrections)));
    mark.textContent = MARKS[cell.state] || (cell.doubt ? "▲" : cell.excluded ? "×" : cell.corrections || "");
    mark.title = said.join(" · ");
    let note = span.querySelector(".cell-note");
    if (said.length && !note) {
      note = document.createElement("span");
      note.className = "cell-note";
      note.id = `note-${cell.key}`;
      span.append(note);
    }
    if (note) {
      note.textContent = said.join(" · ");
      note.hidden = !said.length;
      if (document.activeElement === input) placeNote(cell);
    }
    const wrong = ["refused", "conflict", "confirm"].includes(cell.state);
    if (wrong) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
    if (said.length) input.setAttribute("aria-describedby", `note-${cell.key}`); else input.removeAttribute("aria-describedby");
    span.dataset.state = cell.state || (cell.id && cell.excluded !== "withdrawn" ? "saved" : "");
  }

  // Below its cell, within the window: the sheet itself must not scroll for it.
  function placeNote(cell) {
    const note = cell.span.querySelector(".cell-note");
    if (!note || note.hidden) return;
    const box = cell.input.getBoundingClientRect();
    note.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - note.offsetWidth - 8))}px`;
    note.style.top = `${box.bottom + 4}px`;
  }
  window.addEventListener("scroll", () => { const cell = cellOf(document.activeElement); if (cell) placeNote(cell); }, true);

  function setState(cell, state, note = "") {
    cell.state = state;
    cell.note = note;
    show(cell);
  }

  // What the server says of a cell. What somebody is typing there, or has on its way, stays untouched.
  function take(data, own = false) {
    const cell = byKey.get(data.key);
    if (!cell || (!own && (cell.state || dirty(cell)))) return;
    const typing = own && document.activeElement === cell.input && dirty(cell);
    cell.id = data.id ? String(data.id) : "";
    cell.text = data.id && data.excluded !== "withdrawn" ? data.text : "";
    cell.unit = data.unit || cell.unit;
    cell.excluded = data.excluded || "";
    cell.corrections = data.corrections || 0;
    cell.doubt = data.doubt || "";
    cell.by = data.by || "";
    cell.before = data.before ? String(data.before) : "";
    if (!own || !cell.state) {
      cell.shown = cell.text;
      if (!typing) cell.input.value = cell.text;
    }
    show(cell);
  }

  // The cell that is typed into stays where it is on the screen, whatever grows or shrinks above it.
  function steady(change) {
    const held = cellOf(document.activeElement)?.input;
    const before = held?.getBoundingClientRect().top;
    change();
    const moved = held ? held.getBoundingClientRect().top - before : 0;
    if (moved) window.scrollBy(0, moved);
  }

  function takePoints(found) {
    if (found.length) steady(() => putPoints(found));
  }

  function putPoints(found) {
    for (const point of found) {
      for (const body of points.get(point.key) || []) {
        for (const [name, piece] of Object.entries(point.parts)) {
          const place = body.dataset.part === name ? body : body.querySelector(`[data-part=${name}]`);
          if (place) place.innerHTML = piece;
        }
        body.querySelectorAll("[data-derived]").forEach((place, row) => { place.innerHTML = point.derived[row] || "–"; });
      }
      if (cards.has(point.key)) cards.get(point.key).innerHTML = point.card;
      if (budgets.has(point.key)) budgets.get(point.key).innerHTML = point.budget;
    }
    if (strip && found.some((point) => point.key === current)) strip.replaceChildren(...stripOf(current));
    document.querySelectorAll(".no-budget").forEach((line) => { line.hidden = true; });
  }

  // Only the point that is being read shows its card (one in each place for cards) and its budget.
  const beside = (card) => [...card.parentElement.querySelectorAll(":scope > [data-card]")];
  const strip = document.getElementById("bench-strip");
  let current = "";
  function showPoint(key) {
    current = key;
    if (strip) strip.replaceChildren(...stripOf(key));
    if (cards.has(key)) {
      for (const card of beside(cards.get(key))) card.hidden = card.dataset.card !== key;
      for (const [name, part] of budgets) part.hidden = name !== key;
    }
    document.querySelectorAll(".point-read").forEach((place) => place.classList.remove("point-read"));
    for (const place of points.get(key) || []) place.classList.add("point-read");
  }

  // On a small screen the results lie beside the sheet, out of sight: the point's own stands at the foot.
  function stripOf(key) {
    const parts = (points.get(key) || []).flatMap((place) => [...place.querySelectorAll("[data-part]")]);
    const part = (name) => parts.find((one) => one.dataset.part === name)?.innerHTML || "";
    const made = ["result", "uncertainty", "decision"].map((name) => {
      const span = document.createElement("span");
      span.className = `strip-${name}`;
      span.innerHTML = part(name);
      return span;
    });
    const title = document.createElement("span");
    title.className = "strip-title";
    const titled = (points.get(key) || []).find((place) => place.dataset.title);
    title.textContent = titled?.dataset.title || (points.get(key) || [])[0]?.querySelector("th")?.textContent || "";
    return [title, ...made];
  }

  for (const card of cards.values()) card.hidden = beside(card)[0] !== card;
  const open = [...cards.keys()].find((key) => [...byKey.values()].some((cell) => cell.point === key && !cell.text));
  if (cards.size) showPoint(open || cards.keys().next().value);
  byKey.forEach(show);

  return { root, words, put, sheets, byKey, cellOf, dirty, show, placeNote, setState, take, takePoints, showPoint, steady, unitLabel };
})();
