// Readings on their way: sent one after the other, kept in this tab while the server is gone, never sent twice.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { root, words, byKey, setState, show } = bench;
  const STORE = `chuan.queue.${root.dataset.run}`;
  const UNDO = `chuan.undo.${root.dataset.run}`;
  const PATIENCE = 10_000;
  const kept = (name) => JSON.parse(window.sessionStorage.getItem(name) || "[]");
  let queue = kept(STORE);
  let undone = kept(UNDO);
  let csrf = root.dataset.csrf;
  let marker = root.dataset.marker;
  let running = false;
  let pause = 1000;
  let waiting = 0;
  let trouble = "";
  let wanted = 0; // undos asked for while their reading was on its way

  const keep = () => {
    window.sessionStorage.setItem(STORE, JSON.stringify(queue));
    window.sessionStorage.setItem(UNDO, JSON.stringify(undone.slice(-200)));
  };
  const pending = (cell) => queue.some((entry) => entry.key === cell.key);

  // The line at the foot: always there, always the same height.
  const line = document.getElementById("bench-state");
  function tell(message = "") {
    const needing = [...byKey.values()].filter((cell) => ["conflict", "refused", "confirm"].includes(cell.state));
    line.hidden = false;
    line.dataset.tone = message || needing.length || trouble ? "doubt" : queue.length ? "info" : "good";
    if (message) line.textContent = message;
    else if (trouble === "signed_out") line.textContent = words.signed_out;
    else if (trouble) line.textContent = `${words.one_queued} ${queue.length}`;
    else if (needing.length) line.textContent = `${words.kept} ${needing.length} (F8) · ${needing[0].note}`;
    else line.textContent = queue.length ? `${words.storing} ${queue.length}` : words.all_saved;
  }

  async function post(address, body) {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(address, {
        method: "POST", body, signal: stop.signal, credentials: "same-origin",
        headers: { "X-Requested-With": "fetch", "X-CSRFToken": csrf },
      });
      if (answer.status === 401) return { state: "signed_out" };
      if (answer.status >= 500) return { state: "gone" };
      const plain = (answer.headers.get("content-type") || "").includes("json");
      if (plain) return await answer.json();
      return answer.status === 400 ? { state: "token" } : { state: "refused", message: words.refused };
    } finally {
      window.clearTimeout(timer);
    }
  }

  function bodyOf(entry, cell) {
    const body = new URLSearchParams({ key: entry.key, uuid: entry.uuid });
    if (entry.undo) {
      body.set("seen", entry.seen);
      body.set("to", entry.to);
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

  // Puts an answer onto the page: the cell, the results it reaches.
  function answer(cell, done) {
    cell.state = "";
    cell.note = "";
    for (const data of done.cells) bench.take(data, data.key === cell.key);
    bench.takePoints(done.points);
  }

  function settle(entry, cell, done) {
    queue.shift();
    if (done.state === "saved") {
      const [before, withdrawn] = [cell.id, cell.excluded === "withdrawn"];
      const later = queue.findLast((other) => other.key === cell.key);
      answer(cell, done);
      if (!entry.undo && cell.id !== before) {
        undone.push({ key: cell.key, id: cell.id, to: withdrawn ? "" : before, group: entry.group || "" });
      }
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
      keep();
      let done = await post(address, body).catch(() => ({ state: "gone" }));
      if (done.state === "token" && await renew()) done = await post(address, body).catch(() => ({ state: "gone" }));
      if (["gone", "signed_out", "token", "again"].includes(done.state)) {
        trouble = done.state === "signed_out" ? "signed_out" : "gone";
        for (const other of queue) { const its = byKey.get(other.key); if (its) setState(its, "queued"); }
        waiting = window.setTimeout(pump, pause);
        pause = Math.min(pause * 2, 10_000);
        running = false;
        tell();
        return;
      }
      trouble = "";
      pause = 1000;
      settle(entry, cell, done);
      tell();
    }
    running = false;
    if (wanted) { wanted -= 1; undo(); return; }
    tell();
    refresh();
  }

  // A new session has a new token; the news carry it.
  async function renew() {
    const found = await news("", false).catch(() => null);
    return Boolean(found);
  }

  function enqueue(cell, values) {
    const last = queue.findLast((entry) => entry.key === cell.key && !entry.undo);
    if (last && !last.tried && !values.undo) Object.assign(last, { text: values.text, unit: values.unit, at: Date.now() });
    else {
      queue.push({
        key: cell.key, uuid: crypto.randomUUID(), seen: cell.id, after: pending(cell), at: Date.now(), reason: "",
        comment: "", source: "typed", unit: "", text: "", group: "", ...values,
      });
    }
    if (!values.undo) cell.shown = values.text;
    setState(cell, trouble ? "queued" : "saving");
    keep();
    tell();
    pump();
  }

  // Whether what stands in a cell, or is on its way there for good, would be changed: that needs a reason.
  const changes = (cell) => (Boolean(cell.id) && cell.excluded !== "withdrawn")
    || queue.some((entry) => entry.key === cell.key && entry.tried && !entry.undo);

  async function commit(cell, next = null) {
    const text = cell.input.value.trim();
    if (text === cell.shown) { if (cell.input.value !== text) cell.input.value = text; return; }
    if (cell.asking) return;
    const unit = cell.sheet.unit ? cell.sheet.unit.value.trim() : "";
    if (!text) {
      if (changes(cell)) { cell.input.value = cell.shown; tell(words.emptied); }
      else {
        queue = queue.filter((entry) => entry.key !== cell.key || entry.tried);
        cell.shown = "";
        setState(cell, "");
        keep();
        tell();
      }
      return;
    }
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
    enqueue(cell, { text, unit, reason });
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
        enqueue(cell, { text: cell.input.value.trim(), unit: cell.sheet.unit ? cell.sheet.unit.value.trim() : "", reason: chosen.slice(5) });
      } else {
        cell.text = cell.shown = cell.input.value = there.present;
        setState(cell, "");
        marker = "";
        refresh();
      }
    } else if (cell.state === "confirm") {
      const why = await bench.ask.reason(cell, `${cell.note} ${words.confirm_reason}`);
      if (!why) return;
      const { text, unit, reason, source, group } = cell.entry;
      cell.state = "";
      enqueue(cell, { text, unit, reason, source, group, comment: why });
    }
    cell.input.focus();
  }

  // Takes the last entry of this session back; several that came together go together.
  function undo() {
    const last = queue.findLast((entry) => !entry.undo);
    if (last && last.tried) { wanted += 1; return; } // it is on its way: its answer first
    if (last) {
      const cell = byKey.get(last.key);
      queue = queue.filter((entry) => entry !== last);
      cell.shown = cell.text;
      cell.input.value = cell.text;
      setState(cell, "");
      keep();
      cell.input.focus();
      return;
    }
    const step = undone.pop();
    if (!step) { tell(words.nothing_to_undo); return; }
    const steps = [step];
    while (step.group && undone.at(-1)?.group === step.group) steps.push(undone.pop());
    for (const { key, id, to } of steps) {
      const cell = byKey.get(key);
      if (!cell) continue;
      enqueue(cell, { undo: true, seen: id, to });
      cell.input.focus();
    }
    keep();
  }

  async function news(seen, background) {
    const headers = { "X-Requested-With": "fetch" };
    if (background) headers["X-Background"] = "1";
    const found = await fetch(`${root.dataset.live}?${new URLSearchParams({ seen })}`, { headers, credentials: "same-origin" });
    if (found.status !== 200) return null;
    const said = await found.json();
    csrf = said.csrf;
    marker = said.marker;
    for (const data of said.cells) { const cell = byKey.get(data.key); if (cell && !pending(cell)) bench.take(data); }
    bench.takePoints(said.points);
    const standing = document.getElementById("standing");
    if (standing.innerHTML !== said.standing) standing.innerHTML = said.standing;
    for (const [quantity, piece] of Object.entries(said.ranges)) {
      document.querySelectorAll("[data-range]").forEach((place) => { if (place.dataset.range === quantity) place.innerHTML = piece; });
    }
    document.querySelectorAll("[data-total]").forEach((place) => { place.textContent = said.totals[place.dataset.total] || ""; });
    if (said.state !== "draft") tell(words.changed_state);
    return said;
  }

  let fresh = 0;
  function refresh() {
    window.clearTimeout(fresh);
    fresh = window.setTimeout(() => { if (!queue.length) news(marker, false).catch(() => {}); }, 120);
  }
  window.setInterval(() => { if (!document.hidden && !queue.length) news(marker, true).catch(() => {}); }, 4000);
  window.addEventListener("online", () => { pause = 1000; pump(); });
  window.addEventListener("focus", () => { if (queue.length) pump(); });
  window.addEventListener("beforeunload", (event) => {
    const asking = [...byKey.values()].some((cell) => ["conflict", "refused", "confirm"].includes(cell.state));
    if (queue.length || asking) event.preventDefault();
  });

  for (const entry of queue) {
    const cell = byKey.get(entry.key);
    if (!cell) continue;
    if (!entry.undo) cell.input.value = cell.shown = entry.text;
    setState(cell, "queued");
  }
  if (queue.length) pump(); else tell();
  Object.assign(bench, { tell, post, answer, commit, resolve, undo, refresh, enqueue, pending });
})();
