// A scanner's burst of keys becomes one request. It types like nobody can, and ends with Enter: what it typed into a
// field is taken out again, a reading cell keeps what stood there, and the code opens its item's run.
"use strict";
(() => {
  const address = document.querySelector("[data-scan]")?.dataset.scan;
  if (!address) return;
  const GAP = 50; // ms between two keys, at most
  const PACE = 30; // and on average
  const SHORTEST = 8;
  // The end of an item's address; what stands before it a Vietnamese keyboard may have altered on the way.
  const CODE = /\/i\/[A-Za-z0-9_-]{20,64}\/?$/i;
  const READING = /^[-+−]?\d{0,9}(?:[.,]\d{0,9})?\s?[^\d\s]{0,6}$/;
  const SILENT = new Set(["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"]);
  let keys = "";
  let since = 0;
  let began = 0;
  let last = 0;
  let place = null;
  let before = "";
  let going = false;

  function fieldOf(element) {
    if (element instanceof HTMLInputElement) return SILENT.has(element.type) ? null : element;
    return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ? element : null;
  }

  function start(event) {
    keys = "";
    since = event.timeStamp;
    began = performance.now();
    place = fieldOf(event.target);
    before = place ? place.value : "";
  }

  const forget = () => { keys = ""; };

  // Into a field of a form anything may be scanned that belongs there; only an item's code never does. A reading cell
  // takes nothing but what reads like a reading.
  function isScan(event) {
    if (keys.length < SHORTEST || event.timeStamp - last > 2 * GAP) return false;
    if ((last - since) / (keys.length - 1) > PACE) return false;
    if (CODE.test(keys) || !place) return true;
    return Boolean(place.closest("[data-cell]")) && !READING.test(keys);
  }

  function putBack() {
    if (!place) return;
    place.value = before;
    place.dispatchEvent(new Event("input", { bubbles: true }));
    document.dispatchEvent(new CustomEvent("scanned", { detail: { since: began } }));
  }

  // What a person typed before the scan is stored first.
  async function go(code) {
    going = true;
    if (place) place.blur();
    const storing = () => document.querySelector("[data-state=saving]");
    for (let waited = 0; waited < 3000 && storing(); waited += 50) await new Promise((done) => { setTimeout(done, 50); });
    window.location.assign(`${address}?${new URLSearchParams({ code: CODE.exec(code)?.[0] || code })}`);
    going = false;
  }

  window.addEventListener("keydown", (event) => {
    if (event.key === "Shift") return;
    if (event.isComposing || event.repeat || event.ctrlKey || event.altKey || event.metaKey) { forget(); return; }
    if (event.key === "Enter") {
      if (isScan(event)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        const code = keys;
        putBack();
        if (!going) go(code);
      }
      forget();
      return;
    }
    if (event.key === "Backspace" && keys && event.timeStamp - last <= GAP) {
      keys = keys.slice(0, -1); // a keyboard program that puts one letter in place of another
      last = event.timeStamp;
      return;
    }
    if (event.key.length !== 1) { forget(); return; }
    if (!keys || event.timeStamp - last > GAP || fieldOf(event.target) !== place) start(event);
    keys += event.key;
    last = event.timeStamp;
    // Outside a field the keys of a burst mean nothing to the page: no shortcut, no scrolling.
    if (!place && keys.length > 2) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
})();
