// Where typing starts: the first empty cell, unless the address or a mistake names another place.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  // A line of what keeps the run back leads to its cure; a cell named there takes the focus.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#field-']");
    if (!link) return;
    const wanted = document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1)));
    if (wanted) { event.preventDefault(); wanted.focus(); wanted.scrollIntoView({ block: "center" }); }
  });
  if (window.location.hash || document.querySelector("[data-focus], [aria-invalid=true]")) return;
  const ready = bench.sheets.filter((sheet) => !sheet.name.startsWith("conditions"));
  const conditions = bench.sheets.find((sheet) => sheet.name.startsWith("conditions"));
  const started = conditions?.rows.every((row) => row[0].text);
  const order = conditions && !started ? [conditions, ...ready] : ready;
  const empty = order.flatMap((sheet) => sheet.rows.flat()).find((cell) => !cell.text && !cell.shown);
  if (empty) empty.input.focus({ preventScroll: true });
})();
