// Puts a variable where the cursor was last: in the text, the HTML or the subject of a template.
const form = document.querySelector("#template-form");
const fields = [...form.querySelectorAll("[data-template-text], input[name=subject]")];
let last = fields.find((field) => field.tagName === "TEXTAREA");

for (const field of fields) field.addEventListener("focus", () => { last = field; });

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  // A composer has a list of variables beside the texts of each channel.
  const near = fields.filter((field) => button.closest("section").contains(field));
  if (near.length && !near.includes(last)) last = near.find((field) => field.tagName === "TEXTAREA") ?? near[0];
  if (!last) return;
  last.focus();
  last.setRangeText(`{{ ${button.dataset.insert} }}`, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
});

// The preview of a composer offers the channels that are chosen, and begins with the first.
const shown = form.querySelector("#shown");
const places = [...form.querySelectorAll(".composer-channels select[name$=_channel]")];

function offerChosen() {
  const chosen = places.map((place) => place.value).filter(Boolean);
  for (const option of shown.options) option.hidden = option.disabled = !chosen.includes(option.value);
  if (!chosen.includes(shown.value)) shown.value = chosen[0] ?? "";
}

if (shown && places.length) {
  for (const place of places) place.addEventListener("change", offerChosen);
  offerChosen();
}
