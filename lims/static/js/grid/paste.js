// A block from a spreadsheet: shown first as it would be stored, then sent like typed readings, undone in one step.
"use strict";
(() => {
  const bench = globalThis.bench;
  if (!bench) return;
  const { words, put, root, dialog } = bench;
  const { element, buttons, cancel, open, reasonField } = bench.ask;

  const ask = (text, mark) => bench.post(root.dataset.block, new URLSearchParams({ text, mark })).catch(() => null);

  // Lays the block onto the sheet from the cell where it was pasted.
  function place(cell, rows) {
    const found = { ready: [], over: [], left: [], ambiguous: "" };
    rows.forEach((row, down) => row.forEach((pasted, right) => {
      const target = cell.sheet.rows[cell.row + down]?.[cell.column + right];
      if (pasted.kind === "blank") return;
      if (pasted.kind === "ambiguous" && target) { found.ambiguous ||= pasted.raw; return; }
      if (pasted.kind !== "number" || !target) { found.left.push(pasted); return; }
      if (target.shown === pasted.text) return;
      found.ready.push({ target, pasted });
      if (target.id && target.excluded !== "withdrawn") found.over.push(target);
    }));
    return found;
  }

  function picture(cell, rows) {
    const table = element("table", { class: "grid paste-preview" });
    rows.forEach((row, down) => {
      const line = element("tr");
      row.forEach((pasted, right) => {
        const inside = Boolean(cell.sheet.rows[cell.row + down]?.[cell.column + right]);
        const kind = inside || pasted.kind === "blank" ? pasted.kind : "unreadable";
        const shown = element("td", { class: `number paste-${kind}`, text: pasted.text || pasted.raw });
        if (pasted.unit) shown.append(element("span", { class: "small muted", text: ` ${pasted.unit}` }));
        if (kind === "unreadable" || kind === "ambiguous") shown.prepend(element("span", { text: kind === "ambiguous" ? "▲ " : "■ " }));
        line.append(shown);
      });
      table.append(line);
    });
    return element("div", { class: "table-scroll paste-scroll" }, table);
  }

  function choice(mark, label, chosen) {
    const field = element("input", { class: "form-check-input", type: "radio", name: "mark", value: mark });
    field.checked = chosen;
    return element("label", { class: "paste-mark" }, field, ` ${label}`);
  }

  function store(found, reason) {
    const group = bench.uuid();
    for (const { target, pasted } of found.ready) {
      const changes = target.id && target.excluded !== "withdrawn";
      const unit = pasted.unit || (target.sheet.unit ? target.sheet.unit.value.trim() : "");
      const raw = pasted.unit ? `${pasted.text} ${pasted.unit}` : pasted.text;
      target.input.value = pasted.text;
      bench.enqueue(target, {
        text: pasted.text, unit, source: "pasted", group, reason: changes ? reason : target.excluded ? words.undone : "",
        comment: raw === pasted.raw ? "" : put(words.pasted_as, pasted.raw),
      });
    }
  }

  // Resolves when the dialog was closed; asks the server again when the decimal mark was chosen.
  async function preview(cell, text, read) {
    const found = place(cell, read.rows);
    const form = element("form", { method: "dialog" },
      element("h2", { class: "dialog-title", text: words.paste_title }), picture(cell, read.rows));
    if (read.asks) {
      const raw = found.ambiguous || read.rows.flat().find((one) => /^\S*\d[,.]\d{3}\b/.test(one.raw))?.raw || "";
      form.append(element("p", { text: put(words.paste_asks, raw) }),
        choice(",", words.paste_comma, read.mark === ","), choice(".", words.paste_point, read.mark === "."));
    }
    form.append(element("p", { text: put(words.paste_count, String(found.ready.length)) }));
    if (found.left.length) form.append(element("p", { class: "field-error", text: put(words.paste_left_out, found.left.map((one) => one.raw).join(" · ")) }));
    const fields = found.over.length ? reasonField(`${put(words.paste_over, String(found.over.length))}. ${words.reason}`) : [];
    form.append(...fields);
    const send = element("button", { class: "btn btn-primary", type: "submit", text: words.save });
    send.disabled = Boolean(found.ambiguous) || !found.ready.length;
    form.append(buttons(send, cancel()));
    form.addEventListener("change", (event) => { if (event.target.name === "mark") dialog.close(`mark:${event.target.value}`); });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const reason = fields.length ? form.querySelector("#dialog-reason").value.trim() : "";
      if (fields.length && !reason) return;
      dialog.close(`store:${reason}`);
    });
    const closed = await open(cell, form);
    if (closed?.startsWith("store:")) store(found, closed.slice(6));
    else if (closed?.startsWith("mark:")) {
      const again = await ask(text, closed.slice(5));
      if (again?.state === "read") await preview(cell, text, again);
    }
    cell.input.focus();
  }

  document.addEventListener("paste", async (event) => {
    const cell = bench.cellOf(event.target);
    const text = event.clipboardData?.getData("text/plain") || "";
    if (!cell || !/[\t\n\r]|\d[,.]\d{3}$/.test(text.trim())) return;
    event.preventDefault();
    const read = await ask(text, "");
    if (!read || read.state !== "read") { bench.tell(read?.message || words.queued); return; }
    await preview(cell, text, read);
  });
})();
