// Requests of the grid: with the session's token, with patience, told apart by what may be done about them.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { root, words } = bench;
  const PATIENCE = 10_000;
  let csrf = root.dataset.csrf;

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

  // The same, where no answer at all is an answer too, and a new session's token is fetched first.
  async function send(address, body) {
    const gone = () => ({ state: "gone" });
    const done = await post(address, body).catch(gone);
    if (done.state !== "token" || !(await bench.news("", false).catch(() => null))) return done;
    return post(address, body).catch(gone);
  }

  const renewed = (token) => { csrf = token; };
  Object.assign(bench, { post, send, renewed });
})();
