/* Fields of code become CodeMirror editors; what they hold is always in the text area as well. */
"use strict";

for (const area of document.querySelectorAll("textarea[data-language]")) {
  const label = document.querySelector(`label[for="${area.id}"]`);
  const editor = CodeMirror.fromTextArea(area, {
    mode: area.dataset.language,
    lineNumbers: true,
    matchBrackets: true,
    indentUnit: 4,
    screenReaderLabel: label?.textContent.trim() ?? "",
    extraKeys: {
      Tab: (cm) => (cm.somethingSelected() ? cm.execCommand("indentMore") : cm.execCommand("insertSoftTab")),
      "Shift-Tab": "indentLess",
      Esc: (cm) => cm.addKeyMap(leaving),
    },
  });
  // Escape, then Tab leaves the editor: nobody who works by keyboard is caught in it.
  const leaving = { Tab: false, "Shift-Tab": false };
  editor.on("blur", () => editor.removeKeyMap(leaving));
  editor.on("change", () => {
    editor.save();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const input = editor.getInputField();
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (area.hasAttribute(name)) input.setAttribute(name, area.getAttribute(name));
  }
  if (area.getAttribute("aria-invalid") === "true") editor.getWrapperElement().classList.add("invalid");
  label?.addEventListener("click", (event) => { event.preventDefault(); editor.focus(); });
}
