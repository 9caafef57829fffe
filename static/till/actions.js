// One table of what can be done. Elements name their action in data attributes; modules register what it does:
//   data-action  a click          data-input  every keystroke          data-submit  a form that was sent
// A handler gets the element's dataset, and for fields the value.

const clicks = {};
const inputs = {};
const submits = {};

export const onClick = (table) => Object.assign(clicks, table);
export const onInput = (table) => Object.assign(inputs, table);
export const onSubmit = (table) => Object.assign(submits, table);

export function run(name, data = {}) {
  return clicks[name]?.(data);
}

export function listen(root) {
  root.addEventListener("click", (event) => {
    const element = event.target.closest("[data-action]");
    if (!element || element.disabled || element.getAttribute("aria-disabled") === "true") return;
    event.preventDefault();
    clicks[element.dataset.action](element.dataset, element);
  });
  root.addEventListener("input", (event) => {
    const { input } = event.target.dataset;
    if (input) inputs[input](event.target.value, event.target.dataset, event.target);
  });
  root.addEventListener("submit", (event) => {
    const { submit } = event.target.dataset;
    if (!submit) return;
    event.preventDefault();
    submits[submit](Object.fromEntries(new FormData(event.target)), event.target.dataset, event.target);
  });
}
