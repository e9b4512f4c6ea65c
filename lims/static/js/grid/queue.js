// Readings on their way: sent one after the other, kept while the server is gone, never sent twice.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { root, words, byKey, setState, show } = bench;
  const NEEDING = ["conflict", "refused", "confirm"];
  const left = bench.adopt();
  let { queue } = left;
  let running = false;
  let pause = 1000;
  let waiting = 0;
  let trouble = "";

  const keep = () => bench.keepQueue(queue);
  const pending = (cell) => queue.some((entry) => entry.key === cell.key);
  const needing = () => [...byKey.values()].filter((cell) => NEEDING.includes(cell.state));
  const unitOf = (cell) => (cell.sheet.unit ? cell.sheet.unit.value.trim() : "");

  // The line at the foot: always there, always the same height.
  const line = document.getElementById("bench-state");
  function tell(message = "") {
    const asking = needing();
    line.hidden = false;
    line.dataset.tone = message || asking.length || trouble ? "doubt" : queue.length ? "info" : "good";
    let said = queue.length ? `${words.storing} ${queue.length}` : words.all_saved;
    if (asking.length) said = `${words.kept} ${asking.length} (F8) · ${asking[0].note}`;
    if (trouble) said = trouble === "signed_out" ? words.signed_out : `${words.one_queued} ${queue.length}`;
    line.textContent = message || said;
  }

  function bodyOf(entry, cell) {
    const body = new URLSearchParams({ key: entry.key, uuid: entry.uuid });
    if (entry.undo) {
      body.set("seen", entry.after ? cell.id : entry.seen);
      body.set("to", entry.to);
      if (entry.undo === "redo") body.set("redo", "1");
      return [root.dataset.undo, body];
    }
    body.set("text", entry.text);
    body.set("unit", entry.unit);
    body.set("seen", entry.after ? cell.id : entry.seen);
    body.set("reason", entry.reason);
    body.set("comment", entry.comment);
    body.set("source", entry.source);
    body.set("age", String(Math.max(0, Date.now() - entry.at)));
    return [root.dataset.cells, body];
  }

  // Puts an answer onto the page: the cell, the results it reaches, what still keeps the run back.
  function answer(cell, done) {
    cell.state = "";
    cell.note = "";
    for (const data of done.cells) bench.take(data, data.key === cell.key);
    bench.takePoints(done.points);
    bench.putHeld(done.held);
    if (done.totals) bench.putTotals(done.totals); else bench.countCells(cell.sheet);
  }

  function settle(entry, cell, done) {
    queue.shift();
    if (done.state === "saved") {
      const was = { id: cell.id, withdrawn: cell.excluded === "withdrawn" };
      const later = queue.findLast((other) => other.key === cell.key);
      answer(cell, done);
      bench.remember(entry, cell, was);
      if (later) {
        cell.shown = later.undo ? cell.shown : later.text;
        if (!later.undo && document.activeElement !== cell.input) cell.input.value = later.text;
        setState(cell, "saving");
      }
    } else if (done.state === "conflict") {
      cell.conflict = done;
      setState(cell, "conflict", `${done.message} (Enter)`);
    } else {
      cell.entry = entry;
      const asks = done.state === "confirm";
      setState(cell, asks ? "confirm" : "refused", asks ? `${done.message} (Enter)` : done.message);
      if (cell.input.value.trim() === entry.text) cell.shown = entry.text;
    }
    keep();
  }

  function wait(state) {
    trouble = state === "signed_out" ? "signed_out" : "gone";
    for (const entry of queue) { const cell = byKey.get(entry.key); if (cell) setState(cell, "queued"); }
    waiting = window.setTimeout(pump, pause);
    pause = Math.min(pause * 2, 10_000);
    running = false;
    tell();
  }

  async function pump() {
    if (running) return;
    running = true;
    window.clearTimeout(waiting);
    while (queue.length) {
      const entry = queue[0];
      const cell = byKey.get(entry.key);
      if (!cell) { queue.shift(); keep(); continue; }
      const [address, body] = bodyOf(entry, cell);
      entry.tried = true;
      bench.hush();
      const done = await bench.send(address, body);
      if (["gone", "signed_out", "token", "again"].includes(done.state)) { wait(done.state); return; }
      trouble = "";
      pause = 1000;
      settle(entry, cell, done);
      tell();
    }
    running = false;
    if (bench.undoWaiting()) return;
    tell();
    bench.refresh();
  }

  function enqueue(cell, values) {
    const last = queue.findLast((entry) => entry.key === cell.key && !entry.undo);
    if (last && !last.tried && !values.undo) Object.assign(last, { text: values.text, unit: values.unit, at: Date.now() });
    else {
      queue.push({
        key: cell.key, uuid: bench.uuid(), seen: cell.id, after: pending(cell), at: Date.now(), reason: "",
        comment: "", source: "typed", unit: "", text: "", group: "", ...values,
      });
    }
    if (!values.undo) { cell.shown = values.text; bench.forgetUndone(); }
    setState(cell, trouble ? "queued" : "saving");
    keep();
    tell();
    pump();
  }

  // Takes the last entry out again that nobody has tried to send; null where it is on its way or there is none.
  function recall() {
    const last = queue.findLast((entry) => !entry.undo);
    if (!last || last.tried) return last ? "sent" : null;
    const cell = byKey.get(last.key);
    queue = queue.filter((entry) => entry !== last);
    cell.shown = cell.text;
    cell.input.value = cell.text;
    setState(cell, "");
    keep();
    tell();
    cell.input.focus();
    return last;
  }

  // Whether what stands in a cell, or is on its way there for good, would be changed: that needs a reason.
  const changes = (cell) => (Boolean(cell.id) && cell.excluded !== "withdrawn")
    || queue.some((entry) => entry.key === cell.key && entry.tried && !entry.undo);

  function empty(cell) {
    if (changes(cell)) { cell.input.value = cell.shown; tell(words.emptied); return; }
    queue = queue.filter((entry) => entry.key !== cell.key || entry.tried);
    cell.shown = "";
    setState(cell, "");
    keep();
    tell();
  }

  async function commit(cell, next = null) {
    const text = cell.input.value.trim();
    bench.keepDraft("");
    if (text === cell.shown) { if (cell.input.value !== text) cell.input.value = text; return; }
    if (cell.asking) return;
    if (!text) { empty(cell); return; }
    let reason = cell.excluded === "withdrawn" ? words.undone : "";
    if (changes(cell)) {
      cell.asking = true;
      await null; // the focus first arrives where the key sent it
      reason = await bench.ask.reason(cell, bench.put(words.reason_of, cell.shown || cell.text));
      cell.asking = false;
      if (!reason) {
        cell.input.value = cell.shown;
        show(cell);
        cell.input.focus();
        return;
      }
      (next || cell.input).focus();
    }
    enqueue(cell, { text, unit: unitOf(cell), reason });
  }

  // A cell that needs somebody: a conflict is chosen, a doubtful number confirmed.
  async function resolve(cell) {
    if (cell.state === "conflict") {
      const chosen = await bench.ask.conflict(cell);
      if (!chosen) return;
      const there = cell.conflict;
      cell.id = String(there.present_id || "");
      if (chosen.startsWith("mine:")) {
        cell.state = "";
        enqueue(cell, { text: cell.input.value.trim(), unit: unitOf(cell), reason: chosen.slice(5) });
      } else {
        cell.text = cell.shown = cell.input.value = there.present;
        setState(cell, "");
        bench.refresh(true);
      }
    } else if (cell.state === "confirm") {
      const why = await bench.ask.reason(cell, words.confirm_reason, cell.note.replace(/ \(Enter\)$/, ""));
      if (!why) return;
      const { text, unit, reason, source, group } = cell.entry;
      cell.state = "";
      enqueue(cell, { text, unit, reason, source, group, comment: why });
    }
    cell.input.focus();
  }

  window.addEventListener("online", () => { pause = 1000; pump(); });
  window.addEventListener("focus", () => { if (queue.length) pump(); });
  window.setInterval(() => { if (queue.length) keep(); }, bench.BEAT);
  window.addEventListener("beforeunload", (event) => {
    const cell = bench.cellOf(document.activeElement);
    if (cell && bench.dirty(cell)) commit(cell); // kept with the others, whatever is answered
    if (queue.length || needing().length || (cell && bench.dirty(cell))) event.preventDefault();
  });

  for (const entry of queue) {
    const cell = byKey.get(entry.key);
    if (!cell) continue;
    if (!entry.undo) cell.input.value = cell.shown = entry.text;
    setState(cell, "queued");
  }
  // Half a number, typed when the page went: it stands in its cell again, and is stored when that is left.
  for (const { key, text } of left.drafts) {
    const cell = byKey.get(key);
    if (cell && cell.shown !== text.trim() && !pending(cell)) { cell.input.value = text; bench.keepDraft(key, text); bench.drafted = cell; }
  }
  document.addEventListener("input", (event) => {
    const cell = bench.cellOf(event.target);
    if (cell) bench.keepDraft(cell.key, cell.input.value);
  });
  const busy = () => queue.length > 0;
  Object.assign(bench, { tell, answer, commit, resolve, enqueue, pending, busy, recall, start: () => { if (queue.length) pump(); else tell(); } });
})();
