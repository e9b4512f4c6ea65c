// The keyboard of the grid: Enter, Tab and arrows as in a spreadsheet, F2, Escape, Ctrl+Z and Ctrl+Y, Alt+Enter, F8.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { sheets, cellOf, dirty } = bench;
  let editing = false; // F2: arrows move within the text
  let start = null; // the column in which a row of Tabs began

  const at = (sheet, row, column) => sheet.rows[row]?.[column];
  const height = (sheet) => sheet.rows.length;
  const width = (sheet) => Math.max(...sheet.rows.map((row) => row.length));

  function neighbour(sheet, step) {
    const next = sheets[sheets.indexOf(sheet) + step];
    if (!next) return null;
    return step > 0 ? at(next, 0, 0) : at(next, height(next) - 1, width(next) - 1);
  }

  // The next cell of a row that is written here; a batch has places that are not.
  function along(line, column, step) {
    for (let place = column; line && place >= 0 && place < line.length; place += step) if (line[place]) return line[place];
    return undefined;
  }

  function tab(cell, step) {
    const { sheet, row, column } = cell;
    const beside = along(sheet.rows[row], column + step, step);
    if (beside) return beside;
    const line = sheet.rows[row + step];
    return line ? along(line, step > 0 ? 0 : line.length - 1, step) : neighbour(sheet, step);
  }

  // Enter follows the order of reading: down, or up a column that is read while the pressure falls; where several
  // indications are read in one go (standard and item, A B B A, a series), to the right first.
  function enter(cell, step) {
    const { sheet } = cell;
    const place = cell.column % sheet.group;
    if (start === null && sheet.group > 1 && place + step >= 0 && place + step < sheet.group) {
      const beside = along(sheet.rows[cell.row].slice(0, cell.column - place + sheet.group), cell.column + step, step);
      if (beside) return beside;
    }
    const column = start ?? (sheet.group > 1 ? cell.column - place + (step > 0 ? 0 : sheet.group - 1) : cell.column);
    const down = sheet.upward.has(column) ? -step : step;
    const next = at(sheet, cell.row + down, column) || (sheet.group > 1 && along(sheet.rows[cell.row + down], column, step));
    if (next) return next;
    if (start !== null || sheet.name.startsWith("conditions")) return neighbour(sheet, step);
    const beside = step > 0 ? cell.column - place + sheet.group : cell.column - place - 1;
    const top = (sheet.upward.has(beside) ? -step : step) > 0;
    return at(sheet, top ? 0 : height(sheet) - 1, beside) || neighbour(sheet, step);
  }

  function go(cell) {
    if (!cell) return;
    cell.input.focus();
    cell.input.select();
    cell.input.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function arrow(cell, key) {
    const { sheet, row, column } = cell;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    return at(sheet, row + moves[key][0], column + moves[key][1]);
  }

  function moved(cell, event) {
    const back = event.shiftKey ? -1 : 1;
    switch (event.key) {
      case "Enter": {
        const next = enter(cell, back);
        start = null;
        if (next) go(next); else { bench.commit(cell); cell.input.select(); } // the last one: what is typed now replaces it
        return true;
      }
      case "Tab": {
        const next = tab(cell, back);
        if (!next) return false;
        start ??= cell.column;
        if (next.row !== cell.row) start = next.column;
        go(next);
        return true;
      }
      case "ArrowLeft":
      case "ArrowRight":
        if (editing || event.shiftKey) return false;
        // falls through
      case "ArrowUp":
      case "ArrowDown":
        start = null;
        go(arrow(cell, event.key));
        return true;
      case "Home":
      case "End":
        if (!event.ctrlKey) return false;
        start = null;
        go(event.key === "Home" ? at(cell.sheet, 0, 0) : at(cell.sheet, height(cell.sheet) - 1, width(cell.sheet) - 1));
        return true;
      default:
        return false;
    }
  }

  function commanded(cell, event) {
    if (event.key === "F2") {
      editing = true;
      cell.input.setSelectionRange(cell.input.value.length, cell.input.value.length);
      return true;
    }
    if (event.key === "Escape" && dirty(cell)) {
      cell.input.value = cell.shown;
      cell.input.select();
      editing = false;
      return true;
    }
    if ((event.altKey && event.key === "Enter") || event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
      bench.ask.menu(cell);
      return true;
    }
    if (event.key === "Enter" && ["conflict", "confirm"].includes(cell.state) && !dirty(cell)) {
      bench.resolve(cell);
      return true;
    }
    const letter = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : "";
    if ((letter === "z" || letter === "y") && !dirty(cell)) {
      if (letter === "y" || event.shiftKey) bench.redo(); else bench.undo();
      return true;
    }
    return false;
  }

  function nextNeeding(cell) {
    const every = [...bench.byKey.values()];
    const from = every.indexOf(cell) + 1;
    return [...every.slice(from), ...every.slice(0, from)].find((one) => ["conflict", "refused", "confirm"].includes(one.state));
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "F8") {
      const needing = nextNeeding(cellOf(event.target));
      if (needing) { event.preventDefault(); go(needing); }
      return;
    }
    const cell = cellOf(event.target);
    if (!cell || event.isComposing) return;
    if (commanded(cell, event)) { event.preventDefault(); return; }
    if (event.ctrlKey && !["Home", "End"].includes(event.key)) return;
    if (event.altKey || event.metaKey) return;
    if (moved(cell, event)) event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    const cell = cellOf(event.target);
    if (!cell) return;
    editing = false;
    cell.input.select();
    bench.placeNote(cell);
    if (cell.point) bench.showPoint(cell.point);
  });
  document.addEventListener("pointerdown", (event) => { if (cellOf(event.target)) start = null; });
  document.addEventListener("focusout", (event) => {
    const cell = cellOf(event.target);
    if (cell) bench.commit(cell, event.relatedTarget);
  });
  document.addEventListener("contextmenu", (event) => {
    const cell = cellOf(event.target);
    if (cell) { event.preventDefault(); bench.ask.menu(cell); }
  });
  // The form's own way is for pages without scripts.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.sheet-form")) return;
    event.preventDefault();
    const cell = cellOf(document.activeElement);
    if (cell) bench.commit(cell);
  }, true);
})();
