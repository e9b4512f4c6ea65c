// Comfort for every page; each page also works without it.
"use strict";
(() => {
  // A mistake or the first field takes the focus; nothing else moves.
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();

  // Rows of a list open by a click anywhere and by Enter on the row's link.
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, select, textarea, label, summary")) return;
    if (String(window.getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
    else window.location.assign(row.dataset.href);
  });

  // On a narrow screen a list's row is a card: each cell then carries its column's words, and the table stays a table to
  // a screen reader. A value that is only a dash takes no room there.
  document.querySelectorAll("table.list, table.cards, table.rows").forEach((table) => {
    const heads = [...table.querySelectorAll(":scope > thead > tr:last-child > th")].map((head) => head.textContent.trim());
    table.setAttribute("role", "table");
    table.querySelectorAll(":scope > thead, :scope > tbody").forEach((group) => group.setAttribute("role", "rowgroup"));
    table.querySelectorAll(":scope > * > tr").forEach((row) => {
      row.setAttribute("role", "row");
      [...row.children].forEach((cell, place) => {
        const head = row.parentElement.tagName === "THEAD";
        cell.setAttribute("role", head ? "columnheader" : cell.tagName === "TH" ? "rowheader" : "cell");
        if (head || cell.colSpan > 1) return;
        if (heads[place]) cell.dataset.label = heads[place];
        if (place && ["", "–"].includes(cell.textContent.trim()) && !cell.children.length) cell.dataset.empty = "";
      });
    });
    table.classList.add("stacks");
  });

  // Up and down go from row to row while the focus is on a row's link; Enter opens it.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const row = step && event.target.closest("tr[data-href]");
    if (!row || event.target.closest("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey) return;
    const link = row[step] && row[step].querySelector("a[href]");
    if (link) { event.preventDefault(); link.focus(); }
  });

  // "/" goes to the search field; Escape closes an open menu.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
    }
  });
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  // Typed text is not lost by leaving a form unnoticed.
  let typed = false;
  let typedSince = 0;
  document.querySelectorAll("form[data-typed]").forEach((form) => {
    form.addEventListener("input", () => { if (!typed) typedSince = performance.now(); typed = true; });
    form.addEventListener("submit", () => { typed = false; });
  });
  document.addEventListener("scanned", (event) => { if (typedSince >= event.detail.since) typed = false; }); // by nobody
  window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

  // What was sent when the session had just ended stands in its form again after signing in; what was typed when the
  // language was switched, after the switch. Secrets are never kept.
  const DRAFT = "chuan.draft";
  const typedForms = [...document.querySelectorAll("form[data-typed]")];
  const draft = JSON.parse(window.sessionStorage.getItem(DRAFT) || "null");
  const signingIn = window.location.pathname === "/sign-in";
  const from = document.referrer ? new URL(document.referrer).pathname : "";
  const textsOf = (form) => {
    const secret = new Set([...form.querySelectorAll("[type=password], [name=csrf_token]")].map((field) => field.name));
    return [...new FormData(form)].filter(([name, text]) => typeof text === "string" && !secret.has(name));
  };
  const keep = (forms, awaited) => {
    const kept = forms.map((form) => ({ place: typedForms.indexOf(form), fields: textsOf(form) }));
    window.sessionStorage.setItem(DRAFT, JSON.stringify({ path: window.location.pathname, awaited, kept }));
  };
  const restore = (form, fields) => {
    for (const field of form.querySelectorAll("input:not([type=hidden], [type=password], [type=file]), select, textarea")) {
      const texts = fields.filter(([name]) => name === field.name).map(([, text]) => text);
      if (field.type === "checkbox" || field.type === "radio") field.checked = texts.includes(field.value);
      else if (texts.length) field.value = texts[0];
    }
    typed = true;
  };
  if (draft && !signingIn) {
    window.sessionStorage.removeItem(DRAFT);
    const here = draft.path === window.location.pathname;
    const wanted = draft.awaited === "language" ? here || from === draft.path : here && from === "/sign-in";
    for (const { place, fields } of (wanted && draft.kept) || []) if (typedForms[place]) restore(typedForms[place], fields);
  }
  typedForms.forEach((form) => { form.addEventListener("submit", () => { if (!signingIn) keep([form], "sign-in"); }); });
  document.querySelectorAll("form.language").forEach((form) => {
    form.addEventListener("submit", () => {
      if (signingIn) return;
      typed = false; // nothing is lost: no question on leaving
      keep(typedForms, "language");
    });
  });

  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
  });

  // A part of a page that waits for a task asks for itself again until it is done.
  const poll = async (part) => {
    const pause = Number(part.dataset.pollEvery || 2000);
    let answer;
    try {
      answer = await fetch(part.dataset.poll, { headers: { "X-Requested-With": "fetch", "X-Background": "1" }, credentials: "same-origin" });
    } catch { window.setTimeout(poll, pause * 2, part); return; }
    if (answer.status === 401) { window.location.reload(); return; }
    if (answer.ok) {
      part.innerHTML = await answer.text();
      if (part.querySelector("[data-poll-reload]")) { window.location.reload(); return; }
      if (part.querySelector("[data-poll-done]")) return;
    }
    window.setTimeout(poll, pause, part);
  };
  document.querySelectorAll("[data-poll]").forEach((part) => { window.setTimeout(poll, Number(part.dataset.pollEvery || 2000), part); });
})();
