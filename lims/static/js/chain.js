// The picture of a chain: larger, smaller, moved; by keys, wheel, two fingers and dragging. Without a script it scrolls.
"use strict";
(() => {
  const MOST = 6;
  const STEP = 1.25;

  document.querySelectorAll("[data-chain]").forEach((figure) => {
    const view = figure.querySelector("[data-chain-view]");
    const svg = view.querySelector("svg");
    const whole = svg.viewBox.baseVal;
    const full = { x: 0, y: 0, width: whole.width, height: whole.height };
    let box = { ...full };
    const fingers = new Map();
    let moved = false;

    figure.querySelector("[data-chain-tools]").hidden = false;
    view.classList.add("chain-zooming");

    const show = () => svg.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`);
    const fit = () => { box = { ...full }; show(); };

    // How many units of the picture a pixel of the screen stands for: it is shown whole inside its frame.
    const unit = () => Math.max(box.width / svg.clientWidth, box.height / svg.clientHeight);
    const inPicture = (x, y) => {
      const frame = svg.getBoundingClientRect();
      const size = unit();
      return {
        x: box.x + box.width / 2 + (x - frame.left - frame.width / 2) * size,
        y: box.y + box.height / 2 + (y - frame.top - frame.height / 2) * size,
      };
    };
    const zoom = (factor, at) => {
      const width = Math.min(full.width * 1.5, Math.max(full.width / MOST / 4, box.width / factor));
      const real = box.width / width;
      const centre = at || { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      box = {
        x: centre.x - (centre.x - box.x) / real,
        y: centre.y - (centre.y - box.y) / real,
        width,
        height: box.height / real,
      };
      show();
    };
    const move = (right, down) => { box = { ...box, x: box.x + right, y: box.y + down }; show(); };
    const natural = () => {
      // On a small screen the whole picture would be too small to read: begin where the question is.
      const size = unit();
      if (size <= 1.6) return;
      const start = svg.querySelector(".chain-start .chain-box");
      const wanted = svg.clientWidth * Math.min(1.3, Math.max(1, full.height / svg.clientHeight));
      zoom(box.width / Math.min(full.width, wanted));
      if (!start) return;
      const at = start.getBBox();
      const seen = unit() * svg.clientHeight;
      const foot = at.y + at.height / 2 > full.height / 2;
      const middle = foot ? at.y + at.height + 24 - seen / 2 : at.y - 24 + seen / 2;
      box = { ...box, x: at.x + at.width / 2 - box.width / 2, y: middle - box.height / 2 };
      show();
    };

    figure.addEventListener("click", (event) => {
      const wanted = event.target.closest("[data-zoom]");
      if (!wanted) return;
      if (wanted.dataset.zoom === "fit") fit();
      else zoom(wanted.dataset.zoom === "in" ? STEP : 1 / STEP);
    });
    view.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const far = 60 * unit();
      const acts = {
        "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), "0": fit,
        ArrowLeft: () => move(-far, 0), ArrowRight: () => move(far, 0), ArrowUp: () => move(0, -far), ArrowDown: () => move(0, far),
      };
      if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
    });
    view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), inPicture(event.clientX, event.clientY));
    }, { passive: false });

    view.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 1) moved = false;
    });
    view.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const other = [...fingers].find(([id]) => id !== event.pointerId);
      if (other) {
        const [, still] = other;
        const was = Math.hypot(before.x - still.x, before.y - still.y);
        const is = Math.hypot(event.clientX - still.x, event.clientY - still.y);
        if (was > 0 && is > 0) zoom(is / was, inPicture((event.clientX + still.x) / 2, (event.clientY + still.y) / 2));
        moved = true;
      } else {
        const far = Math.hypot(event.clientX - before.x, event.clientY - before.y);
        if (!moved && far < 5) return;
        if (!moved) { moved = true; view.setPointerCapture(event.pointerId); view.classList.add("chain-moving"); }
        move((before.x - event.clientX) * unit(), (before.y - event.clientY) * unit());
      }
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    const lift = (event) => { fingers.delete(event.pointerId); view.classList.remove("chain-moving"); };
    view.addEventListener("pointerup", lift);
    view.addEventListener("pointercancel", lift);
    view.addEventListener("dragstart", (event) => event.preventDefault());
    // A box that was dragged by is not opened.
    view.addEventListener("click", (event) => { if (moved) { event.preventDefault(); moved = false; } }, true);
    // A box that gets the focus comes into view.
    view.addEventListener("focusin", (event) => {
      const node = event.target.closest("a.chain-node");
      if (!node || !node.matches(":focus-visible")) return;
      const at = node.getBBox();
      const size = unit();
      const frame = { x: box.x + box.width / 2, y: box.y + box.height / 2, w: size * svg.clientWidth / 2, h: size * svg.clientHeight / 2 };
      const right = at.x + at.width / 2 - frame.x;
      const down = at.y + at.height / 2 - frame.y;
      if (Math.abs(right) + at.width / 2 > frame.w || Math.abs(down) + at.height / 2 > frame.h) move(right, down);
    });
    let kept = null;
    window.addEventListener("beforeprint", () => { kept = { ...box }; fit(); });
    window.addEventListener("afterprint", () => { if (kept) { box = kept; show(); } });
    natural();
  });
})();
