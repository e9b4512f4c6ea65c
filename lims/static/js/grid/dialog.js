// The one dialog of the grid: asks for a reason, shows both sides of a conflict, holds the menu of a cell.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { words } = bench;
  const dialog = document.getElementById("cell-dialog");
  const LAST = "chuan.reason";

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "text") made.textContent = value; else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };

  function near(cell) {
    const box = cell.input.getBoundingClientRect();
    const width = Math.min(440, window.innerWidth - 16);
    dialog.style.width = `${width}px`;
    dialog.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - width - 8))}px`;
    dialog.style.top = `${Math.max(8, Math.min(box.bottom + 8, window.innerHeight - dialog.offsetHeight - 12))}px`;
  }

  let nearest = null;
  window.addEventListener("resize", () => { if (dialog.open && nearest) near(nearest); });

  // Opens the dialog and answers with what its form was closed with, or null.
  function open(cell, content) {
    return new Promise((resolve) => {
      dialog.replaceChildren(content);
      dialog.setAttribute("aria-label", cell.input.getAttribute("aria-label") || words.unit);
      dialog.returnValue = "";
      dialog.onclose = () => resolve(dialog.returnValue || null);
      dialog.showModal();
      nearest = cell;
      near(cell);
      const first = dialog.querySelector("[autofocus]") || dialog.querySelector("input:not([type=hidden]), button");
      if (first) { first.focus(); if (first.select) first.select(); }
    });
  }

  function reasonField(label) {
    const known = [words.typing_slip, words.misread, words.read_again];
    const list = element("datalist", { id: "reasons" }, ...known.map((text) => element("option", { value: text })));
    const field = element("input", {
      class: "form-control", id: "dialog-reason", maxlength: "500", required: "", list: "reasons", autocomplete: "off", autofocus: "",
    });
    field.value = window.sessionStorage.getItem(LAST) || "";
    return [element("label", { class: "form-label", for: "dialog-reason", text: label }), field, list];
  }

  const buttons = (...made) => element("p", { class: "dialog-end" }, ...made);
  const cancel = () => {
    const button = element("button", { class: "btn btn-quiet", type: "button", text: words.cancel });
    button.addEventListener("click", () => dialog.close(""));
    return button;
  };

  async function reason(cell, label, said = "") {
    const form = element("form", { method: "dialog" }, ...(said ? [element("p", { text: said })] : []), ...reasonField(label),
      buttons(element("button", { class: "btn btn-primary", type: "submit", text: words.save }), cancel()));
    const field = form.querySelector("input");
    form.addEventListener("submit", (event) => { event.preventDefault(); if (field.value.trim()) dialog.close(field.value.trim()); });
    const given = await open(cell, form);
    if (given) window.sessionStorage.setItem(LAST, given);
    return given;
  }

  // Both values, to choose from; taking one's own is a correction of what stands there and needs a reason.
  async function conflict(cell) {
    const there = cell.conflict;
    const mine = element("button", { class: "btn btn-primary", type: "submit", text: words.mine });
    const theirs = element("button", { class: "btn btn-quiet", type: "button", text: words.theirs });
    const form = element("form", { method: "dialog" },
      element("h2", { class: "dialog-title", text: words.conflict_title }),
      element("dl", { class: "both" },
        element("dt", { text: words.yours }), element("dd", { class: "figure", text: cell.input.value }),
        element("dt", { text: `${words.there} (${there.present_by})` }), element("dd", { class: "figure", text: there.present })),
      ...reasonField(words.reason), buttons(mine, theirs));
    const field = form.querySelector("input");
    form.addEventListener("submit", (event) => { event.preventDefault(); if (field.value.trim()) dialog.close(`mine:${field.value.trim()}`); });
    theirs.addEventListener("click", () => dialog.close("theirs:"));
    return open(cell, form);
  }

  // The menu comes from the server; its forms are sent from here and answered like a stored cell.
  async function menu(cell) {
    const answer = await fetch(`${bench.root.dataset.menu}?${new URLSearchParams({ key: cell.key })}`, {
      headers: { "X-Requested-With": "fetch" }, credentials: "same-origin",
    }).catch(() => null);
    if (!answer || !answer.ok) { bench.tell(words.queued); return; }
    const content = document.createElement("div");
    content.innerHTML = await answer.text();
    content.querySelector(".dialog-title").textContent = cell.input.getAttribute("aria-label");
    content.querySelector("[data-close]").addEventListener("click", () => dialog.close(""));
    for (const form of content.querySelectorAll("[data-cell-form]")) {
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        event.stopPropagation();
        const body = new URLSearchParams(new FormData(form));
        body.set("uuid", bench.uuid());
        body.delete("csrf_token");
        const done = await bench.post(form.action, body).catch(() => ({ state: "queued" }));
        if (done.state === "saved") {
          dialog.close("done");
          const was = { id: cell.id, withdrawn: cell.excluded === "withdrawn" };
          bench.answer(cell, done);
          bench.remember({}, cell, was);
          bench.refresh();
          return;
        }
        let line = form.querySelector(".field-error");
        if (!line) { line = element("p", { class: "field-error", role: "alert" }); form.append(line); }
        line.textContent = done.message || words[done.state] || words.refused;
      });
    }
    const closed = await open(cell, content);
    cell.input.focus();
    return closed;
  }

  Object.assign(bench, { ask: { reason, conflict, menu, open, element, buttons, cancel, reasonField }, dialog });
})();
