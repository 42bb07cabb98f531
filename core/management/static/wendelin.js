/* Small helps on top of pages that work without a script. */
"use strict";

// Menus close on Escape, on a click elsewhere, and when another one opens.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const items = [...menu.querySelectorAll(".panel a, .panel button")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    items.at((items.indexOf(document.activeElement) + step + items.length) % items.length)?.focus();
    event.preventDefault();
  }
});

// On a narrow screen the tab that is shown may be out of sight.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  tab.parentElement.scrollLeft = tab.offsetLeft + tab.offsetWidth - tab.parentElement.offsetLeft - tab.parentElement.clientWidth;
}

// Select all rows of a list.
for (const box of document.querySelectorAll("[data-select-all]")) {
  const rows = () => document.querySelectorAll(`input[name="${box.dataset.selectAll}"]`);
  const show = () => {
    const chosen = [...rows()].filter((row) => row.checked).length;
    box.checked = chosen > 0 && chosen === rows().length;
    box.indeterminate = chosen > 0 && !box.checked;
    for (const place of document.querySelectorAll("[data-selected-count]")) place.textContent = chosen ? `${chosen} selected` : "";
  };
  box.hidden = false;
  box.addEventListener("change", () => { for (const row of rows()) row.checked = box.checked; show(); });
  for (const row of rows()) row.addEventListener("change", show);
  show();
}

// A page with unsaved input warns before it is left.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let changed = form.dataset.guard === "changed";
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    const form = document.querySelector("form[data-guard]");
    if (form) { event.preventDefault(); form.requestSubmit(form.querySelector("button.primary")); }
  }
});

// Controls that submit their form at once, and parts that only make sense with a script.
for (const control of document.querySelectorAll("[data-submit-on-change]")) {
  control.addEventListener("change", () => control.form.requestSubmit());
}
for (const button of document.querySelectorAll("[data-toggle]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = document.querySelector(button.dataset.target).classList.toggle(button.dataset.toggle);
    button.setAttribute("aria-expanded", on);
  });
}

// In code, Tab indents; Escape, then Tab leaves the field.
for (const area of document.querySelectorAll("textarea.code:not([data-language])")) {
  let leave = false;
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave = true;
    else if (event.key === "Tab" && !event.shiftKey && !leave) {
      event.preventDefault();
      area.setRangeText("    ", area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (event.key !== "Shift") leave = false;
  });
}

// Relation fields suggest documents while one types.
for (const field of document.querySelectorAll("[data-relation]")) {
  const input = field.querySelector("[data-relation-search]");
  const list = field.querySelector(".suggestions");
  const chips = field.querySelector(".chips");
  let timer = 0;
  const hide = () => { list.hidden = true; list.replaceChildren(); };
  const choose = (item) => {
    if (field.dataset.relation === "one") chips.replaceChildren();
    const chip = document.createElement("li");
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, name: field.dataset.name, value: item.value });
    label.className = "check";
    label.append(box, item.title);
    chip.append(label);
    chips.append(chip);
    input.value = "";
    hide();
    input.focus();
  };
  const search = async () => {
    const address = new URL(field.dataset.url, location.href);
    address.searchParams.set("text", input.value);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return hide();
    const { items } = await answer.json();
    list.replaceChildren(...items.map((item) => {
      const entry = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: item.label });
      button.addEventListener("click", () => choose(item));
      entry.append(button);
      return entry;
    }));
    if (!items.length) list.append(Object.assign(document.createElement("li"), { className: "soft", textContent: "Nothing found" }));
    list.hidden = false;
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 200); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    if (event.key === "ArrowDown") list.querySelector("button")?.focus();
    if (event.key === "Enter" && input.value) { event.preventDefault(); list.querySelector("button")?.click(); }
  });
  field.addEventListener("focusout", (event) => { if (!field.contains(event.relatedTarget)) hide(); });
}

// Progress of long work (server-sent events).
for (const place of document.querySelectorAll("[data-progress]")) {
  const source = new EventSource(place.dataset.progress);
  const bar = place.querySelector("progress");
  const text = place.querySelector("[data-progress-text]");
  source.addEventListener("progress", (event) => {
    const { percent, message } = JSON.parse(event.data);
    if (bar && percent !== undefined) bar.value = percent;
    if (text && message) text.textContent = message;
  });
  source.addEventListener("done", () => { source.close(); if (place.dataset.then) location.assign(place.dataset.then); });
  source.addEventListener("failed", (event) => {
    source.close();
    if (text) { text.textContent = JSON.parse(event.data).message; text.classList.add("error"); }
  });
}
