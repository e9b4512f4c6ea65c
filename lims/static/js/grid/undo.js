// Undo and redo of one's own entries in this session: each step is written into the record, nothing is taken out of it.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { root, words, byKey } = bench;
  const STORE = `chuan.undo.${root.dataset.run}.${root.dataset.person}`;
  const MOST = 200;
  const kept = JSON.parse(window.sessionStorage.getItem(STORE) || "{}");
  const done = kept.done || []; // { key, id, to, group }: the reading written, and the one that stood there before
  const undone = kept.undone || []; // { key, to, group }: the reading to be written again; or { key, text, unit }
  const wanted = []; // asked for while the last entry was on its way

  const keep = () => window.sessionStorage.setItem(STORE, JSON.stringify({ done: done.slice(-MOST), undone: undone.slice(-MOST) }));

  // After an answer: what may be undone, or done again, from now on.
  function remember(entry, cell, was) {
    if (entry.undo === "undo") {
      const before = done.findLast((step) => step.key === cell.key && step.id === entry.to);
      if (before) before.id = cell.id; // what stood there stands there again, as a new reading
      undone.push({ key: cell.key, to: was.id, group: entry.group });
    } else if (cell.id !== was.id) {
      done.push({ key: cell.key, id: cell.id, to: was.withdrawn ? "" : was.id, group: entry.group });
    } else if (!entry.key) {
      done.push({ key: cell.key, said: true }); // left out or taken back in: that is undone where it was said
    }
    keep();
  }

  function forgetUndone() {
    undone.length = 0;
    keep();
  }

  const saidOf = () => done.at(-1)?.said && done.pop();

  function together(steps) {
    const found = [steps.pop()];
    while (found[0].group && steps.at(-1)?.group === found[0].group) found.push(steps.pop());
    return found;
  }

  function send(steps, kind) {
    for (const step of steps) {
      const cell = byKey.get(step.key);
      if (!cell) continue;
      bench.enqueue(cell, { undo: kind, seen: kind === "undo" ? step.id : cell.id, to: step.to, group: step.group });
      cell.input.focus();
    }
    keep();
  }

  // Takes the last entry back; several that came together go together.
  function undo() {
    const last = bench.recall();
    if (last === "sent") { wanted.push("undo"); return; } // it is on its way: its answer first
    if (last) { undone.push({ key: last.key, text: last.text, unit: last.unit }); keep(); return; }
    const said = saidOf();
    if (said) { bench.byKey.get(said.key)?.input.focus(); bench.tell(words.undo_in_menu); keep(); return; }
    if (!done.length) { bench.tell(words.nothing_to_undo); return; }
    send(together(done), "undo");
  }

  function redo() {
    if (bench.busy()) { wanted.push("redo"); return; }
    if (!undone.length) { bench.tell(words.nothing_to_redo); return; }
    const steps = together(undone);
    if (steps[0].to) { send(steps, "redo"); return; }
    const cell = byKey.get(steps[0].key);
    const rest = [...undone];
    cell.input.value = steps[0].text;
    bench.enqueue(cell, { text: steps[0].text, unit: steps[0].unit });
    undone.push(...rest);
    cell.input.focus();
    keep();
  }

  function undoWaiting() {
    const asked = wanted.shift();
    if (asked) (asked === "undo" ? undo : redo)();
    return Boolean(asked);
  }

  Object.assign(bench, { undo, redo, remember, forgetUndone, undoWaiting });
})();
