// Where typing starts: the first empty cell, unless the address or a mistake names another place. Where a cure is.
"use strict";
(() => {
  const bench = globalThis.bench;
  const CONTROL = "input:not([type=hidden]), select, textarea, button, a[href], summary";

  // A line of what keeps the run back leads to its cure: the cell takes the focus, the form is opened.
  function cure(link) {
    const [, name] = link.getAttribute("href").split("#");
    const wanted = document.getElementById(decodeURIComponent(name));
    if (!wanted) return false;
    const within = wanted.matches("details") ? wanted : wanted.querySelector("details[data-cure]");
    for (let place = within || wanted; place; place = place.parentElement?.closest("details")) if (place.matches("details")) place.open = true;
    const subject = link.dataset.subject;
    const choice = subject && wanted.querySelector("select[name=subject]");
    if (choice) choice.value = subject;
    const fields = (within || wanted).querySelectorAll("input:not([type=hidden]), textarea, select");
    const first = choice ? wanted.querySelector("textarea") : [...fields].find((field) => !field.value) || fields[0];
    const target = wanted.matches(CONTROL) ? wanted : first || wanted.querySelector(CONTROL) || wanted;
    if (!target.matches(CONTROL)) target.tabIndex = -1;
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
    return true;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-cure]");
    if (link && cure(link)) event.preventDefault();
  });

  // A page opened at a cure (from another page's list) goes there; one where equipment was just chosen to what is
  // still missing of it.
  function led() {
    const { hash } = window.location;
    const cures = /^#(field|slot|use|condition)-|^#(justify|people)$/;
    const wanted = cures.test(hash) ? { getAttribute: () => hash, dataset: {} }
      : hash === "#equipment" && document.querySelector(".problem-list a[href^='#slot-']");
    return Boolean(wanted) && cure(wanted);
  }

  // The cells of a sheet as they are read: by rows, and column by column where pressure rises and falls.
  function read(sheet) {
    if (!sheet.upward.size) return sheet.rows.flat();
    const columns = [...Array(Math.max(...sheet.rows.map((row) => row.length))).keys()];
    return columns.flatMap((column) => {
      const cells = sheet.rows.map((row) => row[column]);
      return sheet.upward.has(column) ? cells.reverse() : cells;
    });
  }

  function begin() {
    if (led() || !bench || document.querySelector("[data-focus], [aria-invalid=true]")) return;
    const ready = bench.sheets.filter((sheet) => !sheet.name.startsWith("conditions"));
    const conditions = bench.sheets.find((sheet) => sheet.name.startsWith("conditions"));
    const started = conditions?.rows.every((row) => row[0].text);
    const order = conditions && !started ? [conditions, ...ready] : ready;
    const open = (cell) => cell && !cell.text && !cell.shown && (!cell.excluded || cell.excluded === "withdrawn");
    const empty = bench.drafted || order.flatMap(read).find(open);
    if (!empty) return;
    empty.input.focus({ preventScroll: true });
    const [box, foot] = [empty.input, document.querySelector(".bench-foot")].map((part) => part.getBoundingClientRect());
    const told = document.querySelector("#content > .notice"); // what was just done is read first
    if (box.bottom > foot.top - 48 && !told) empty.input.scrollIntoView({ block: "center" });
  }

  bench?.start();
  // The browser goes to a fragment when all is loaded, and takes the focus away with it: after that.
  if (window.location.hash) window.addEventListener("load", () => window.setTimeout(begin)); else begin();
})();
