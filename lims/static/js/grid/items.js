// On the page of a batch: what came out of the point that is read, for the item in whose column it stands.
"use strict";
(() => {
  const bench = globalThis.bench; // none where the page is only read
  const aside = document.querySelector("[data-results]");
  if (!aside) return;
  const names = document.querySelectorAll("[data-item-name]");
  const card = aside.querySelector("[data-item-card]");
  const budget = document.querySelector("[data-item-budget]");
  const PAUSE = 150; // who hurries through the cells is not asked for each
  let shown = "";
  let timer = 0;
  let stop = new AbortController();

  async function load() {
    stop.abort();
    stop = new AbortController();
    const address = `${aside.dataset.results}?${new URLSearchParams({ key: shown })}`;
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin", signal: stop.signal });
    if (!answer.ok) return;
    const found = await answer.json();
    if (found.key !== shown) return;
    names.forEach((name) => { name.textContent = found.item; });
    card.innerHTML = found.card;
    budget.innerHTML = found.budget;
  }
  function soon(wait) {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => { if (bench?.busy()) soon(PAUSE); else load().catch(() => {}); }, wait);
  }

  // A shared cell enters the results of all items: its point is shown for the one that is shown already.
  function keyOf(cell) {
    if (cell.point) return cell.point;
    const [section, point, , , , , phase] = cell.key.split("|");
    const here = [...document.querySelectorAll("td.batch-result")].map((place) => place.dataset.point)
      .filter((key) => key.endsWith(`@${section}|${point}|${phase}`));
    return here.find((key) => key.split("@")[0] === shown.split("@")[0]) || here[0] || "";
  }

  function mark(key) {
    document.querySelectorAll("td[data-point]").forEach((place) => place.classList.toggle("point-read", place.dataset.point === key));
  }

  function choose(key) {
    if (!key) return;
    if (bench) bench.showPoint(key); else mark(key);
    if (key === shown) return;
    shown = key;
    soon(PAUSE);
  }

  if (bench) document.addEventListener("focusin", (event) => { const cell = bench.cellOf(event.target); if (cell) choose(keyOf(cell)); });
  aside.addEventListener("click", (event) => { if (event.target.matches("a[href='#budget']")) budget.closest("details").open = true; });
  document.addEventListener("click", (event) => choose(event.target.closest?.(bench ? "td.batch-result" : "td[data-point]")?.dataset.point));
  if (!bench) return;
  const { takePoints } = bench;
  bench.takePoints = (found) => { takePoints(found); if (found.some((point) => point.key === shown)) soon(0); };
})();
