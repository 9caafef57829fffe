// Views build plain elements with `h`; `patch` makes a part of the page look like them without disturbing what has
// the focus. Events are delegated (actions.js), so an element carries data attributes and never a listener.

// h("button", {class: "button", data: {action: "line.remove", line: 3}}, "Remove")
export function h(tag, attributes = {}, ...children) {
  const element = tag === "svg" || tag === "use" || tag === "path"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") {
      for (const [key, item] of Object.entries(value)) if (item !== null && item !== undefined) element.dataset[key] = item;
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// The key tells apart what may move among its siblings; without one, position and tag decide.
const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || null : null);

export function patch(target, nodes) {
  const wanted = [nodes].flat(Infinity).filter((node) => node !== null && node !== undefined && node !== false)
    .map((node) => (typeof node === "string" ? document.createTextNode(node) : node));
  const keyed = new Map();
  for (const child of target.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  let current = target.firstChild;
  for (const node of wanted) {
    const key = keyOf(node);
    const match = key ? keyed.get(key) : current;
    if (match && alike(match, node)) {
      if (match === current) current = current.nextSibling;
      else target.insertBefore(match, current);
      morph(match, node);
    } else {
      target.insertBefore(node, current);
    }
    keyed.delete(key);
  }
  while (current) {
    const next = current.nextSibling;
    current.remove();
    current = next;
  }
}

function alike(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);
}

function morph(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // Whether a <details> is open is the reader's business.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  patch(old, [...fresh.childNodes]);
  // A field with a data-input shows the state, always. Any other keeps what was typed until its form is sent: its
  // value attribute is only where it begins.
  if (old.dataset.input && old.value !== fresh.value) old.value = fresh.value;
}

// A text field that says what is wrong with it right below, for the eye and for a screen reader.
export function field({ id, label, error = "", hint = "", ...attributes }) {
  const describedBy = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ") || null;
  return h("div", { class: "field", data: { key: `field-${id}` } },
    h("label", { for: id }, label),
    h("input", {
      id,
      autocomplete: "off",
      "aria-invalid": error ? "true" : null,
      "aria-describedby": describedBy,
      ...attributes,
    }),
    hint && h("p", { class: "field-help", id: `${id}-hint` }, hint),
    error && h("p", { class: "field-error", id: `${id}-error` }, error),
  );
}

// Icons are symbols of static/till/icons.svg, served beside this file.
export function icon(name) {
  return h("svg", { class: "icon", "aria-hidden": "true", focusable: "false" },
    h("use", { href: `${document.documentElement.dataset.icons}#${name}` }));
}
