// What was typed and is not stored yet is kept in this browser, for the person who typed it and for nobody else.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { root } = bench;
  const OWN = `chuan.queue.${root.dataset.run}.${root.dataset.person}.`;
  const TAB = `${OWN}tab`;
  const ORPHAN = 45_000; // a page that lives writes again sooner than this
  const BEAT = 15_000;

  // Also where the laboratory's network has no TLS, and so no crypto.randomUUID.
  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  const before = window.sessionStorage.getItem(TAB);
  const name = OWN + uuid();
  window.sessionStorage.setItem(TAB, name);

  let waiting = [];
  let draft = null; // what stands in the cell that is being typed into
  function write() {
    if (waiting.length || draft) window.localStorage.setItem(name, JSON.stringify({ at: Date.now(), queue: waiting, draft }));
    else window.localStorage.removeItem(name);
  }
  const keepQueue = (queue) => { waiting = queue; write(); };
  const keepDraft = (key, text) => { if (key || draft) { draft = key ? { key, text } : null; write(); } };

  // What this tab left behind when it was reloaded, and what a tab that was closed or that crashed could not send.
  // A reading that another tab sends too is stored once: it carries its own number.
  function adopt() {
    const found = { queue: [], drafts: [] };
    for (const key of Object.keys(window.localStorage).filter((one) => one.startsWith(OWN) && one !== name)) {
      const left = JSON.parse(window.localStorage.getItem(key));
      if (key !== before && Date.now() - left.at < ORPHAN) continue;
      found.queue.push(...left.queue);
      if (left.draft) found.drafts.push(left.draft);
      window.localStorage.removeItem(key);
    }
    found.queue.sort((one, other) => one.at - other.at);
    keepQueue(found.queue);
    return found;
  }

  Object.assign(bench, { uuid, keepQueue, keepDraft, adopt, BEAT });
})();
