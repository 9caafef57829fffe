// Puts a variable where the cursor was last: in the text, the HTML or the subject of a template.
const fields = document.querySelectorAll("#template-form textarea, #template-form input[name=subject]");
let last = document.querySelector("#template-form textarea");

for (const field of fields) field.addEventListener("focus", () => { last = field; });

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button || !last) return;
  last.focus();
  last.setRangeText(`{{ ${button.dataset.insert} }}`, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
});
