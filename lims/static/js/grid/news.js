// What others wrote, and what keeps the run back now: asked for after a pause in typing, and every few seconds.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { root, words, byKey } = bench;
  const PAUSE = 400;
  const EVERY = 4000;
  let marker = root.dataset.marker;
  let fresh = 0;
  let stop = new AbortController();

  // What comes next is in sight wherever the sheet is read: how many things keep it back, or the button that submits.
  const next = document.getElementById("bench-next");
  function putNext() {
    const [held, submit] = ["#standing .problem-list li", "#standing .submit-form button"].map((what) => document.querySelectorAll(what));
    const made = document.createElement(held.length ? "a" : "button");
    if (held.length) {
      made.href = "#standing";
      made.textContent = bench.put(words.holding, String(held.length));
    } else if (submit.length) {
      made.type = "button";
      made.className = "btn btn-primary btn-small";
      made.textContent = submit[0].textContent.trim();
      made.addEventListener("click", () => submit[0].click());
    }
    next.replaceChildren(...(made.textContent ? [made] : []));
  }
  putNext();

  // The list above the sheet may grow and shrink; the cell that is typed into stays where it is.
  function putStanding(piece) {
    const standing = document.getElementById("standing");
    if (!standing || piece === undefined || standing.innerHTML === piece) return;
    standing.style.minHeight = bench.cellOf(document.activeElement) ? `${standing.offsetHeight}px` : "";
    bench.steady(() => { standing.innerHTML = piece; });
    putNext();
  }

  // With each answer comes the list alone, while it has entries; its first and its end are news of the whole run.
  function putHeld(piece) {
    const [standing, list] = [document.getElementById("standing"), document.getElementById("held")];
    if (!standing || !list || !piece || list.outerHTML === piece) return;
    standing.style.minHeight = bench.cellOf(document.activeElement) ? `${standing.offsetHeight}px` : "";
    bench.steady(() => { list.outerHTML = piece; });
    putNext();
  }

  function putTotals(totals) {
    document.querySelectorAll("[data-total]").forEach((place) => { if (totals[place.dataset.total]) place.textContent = totals[place.dataset.total]; });
  }

  // A batch's answers do not count its cells: the page adds to what was counted when it was made.
  const stored = (sheet) => sheet.rows.flat().filter((cell) => cell?.id && cell.excluded !== "withdrawn").length;
  const counters = new Map();
  for (const sheet of bench.sheets) {
    const place = document.querySelector(`[data-filled][data-total="${sheet.name.split("|")[0]}"]`);
    if (place) counters.set(sheet, { place, others: Number(place.dataset.filled) - stored(sheet) });
  }
  function countCells(sheet) {
    const found = counters.get(sheet);
    if (found) found.place.textContent = found.place.dataset.words.replace("#", found.others + stored(sheet));
  }

  async function news(seen, background) {
    const headers = { "X-Requested-With": "fetch" };
    if (background) headers["X-Background"] = "1";
    stop.abort();
    stop = new AbortController();
    const found = await fetch(`${root.dataset.live}?${new URLSearchParams({ seen })}`, { headers, credentials: "same-origin", signal: stop.signal });
    if (found.status !== 200) return null;
    const said = await found.json();
    bench.renewed(said.csrf);
    marker = said.marker;
    for (const data of said.cells) { const cell = byKey.get(data.key); if (cell && !bench.pending(cell)) bench.take(data); }
    bench.takePoints(said.points);
    putStanding(said.standing);
    for (const [quantity, piece] of Object.entries(said.ranges)) {
      document.querySelectorAll("[data-range]").forEach((place) => { if (place.dataset.range === quantity) place.innerHTML = piece; });
    }
    putTotals(said.totals);
    if (said.ready) document.querySelectorAll("[data-ready]").forEach((form) => { form.hidden = !said.ready.includes(Number(form.dataset.ready)); });
    bench.sheets.forEach(countCells);
    if (said.state !== "draft") bench.tell(words.changed_state);
    return said;
  }

  // A reading that is about to be sent shall not wait for news.
  const hush = () => { window.clearTimeout(fresh); stop.abort(); };
  const quietly = (background) => { if (!bench.busy()) news(marker, background).catch(() => {}); };
  function refresh(again = false) {
    window.clearTimeout(fresh);
    if (again) marker = "";
    fresh = window.setTimeout(() => quietly(false), PAUSE);
  }
  window.setInterval(() => { if (!document.hidden) quietly(true); }, EVERY);
  document.addEventListener("focusout", (event) => {
    if (!bench.cellOf(event.relatedTarget)) { const standing = document.getElementById("standing"); if (standing) standing.style.minHeight = ""; }
  });

  Object.assign(bench, { news, refresh, hush, putHeld, putTotals, countCells });
})();
