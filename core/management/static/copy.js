// Buttons <button data-copy="ID" hidden>: copy the text of the element with that id. Without a script there are none.
"use strict";

function selectText(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copyText(element) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  }
  selectText(element); // over plain HTTP browsers have no clipboard, except on localhost
  return document.execCommand("copy");
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const target = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    let done = false;
    try {
      done = await copyText(target);
    } catch (error) {
      console.warn(error);
    }
    if (!done) {
      selectText(target);
    }
    button.textContent = done ? "Copied" : "Selected: press Ctrl-C";
    window.setTimeout(() => { button.textContent = label; }, 2000);
  });
}
