// The test bench: the last call to the API as it went over the wire, and what can be pretended for a test.

import { onClick, onInput } from "./actions.js";
import { field, h, icon } from "./dom.js";
import { say, state, update } from "./state.js";

onClick({
  "drawer.toggle": () => update(() => { state.device.drawer = !state.device.drawer; }),
  "drawer.copy": async () => {
    try {
      await navigator.clipboard.writeText(asCurl(state.exchangeLog));
      say(gettext("Copied as a curl command, without the key"));
    } catch {
      // Plain http has no clipboard.
      say(gettext("Copying needs https, or this computer's own address."));
    }
  },
});

onInput({
  "bench.moment": (value) => update(() => { state.sale.moment = value; }),
  "bench.operation": (value) => update(() => { state.sale.operation = value; }),
});

function asCurl({ method, url, body, headers }) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ["curl", "-X", method, quote(location.origin + url), "-H", quote("Authorization: Api-Key $FIEL_KEY").replaceAll("'", '"')];
  for (const [name, value] of Object.entries(headers)) parts.push("-H", quote(`${name}: ${value}`));
  if (body) parts.push("-H", quote("Content-Type: application/json"), "-d", quote(JSON.stringify(body)));
  return parts.join(" ");
}

export function drawerView() {
  const log = state.exchangeLog;
  const { errors } = state.evaluation;
  return [
    h("header", { class: "panel-head" },
      h("h2", {}, gettext("Request and answer")),
      log && h("button", { class: "button button-quiet button-small", type: "button", data: { action: "drawer.copy" } }, icon("copy"), "curl"),
      h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": gettext("Close"), data: { action: "drawer.toggle" } }, icon("x"))),
    h("div", { class: "pair" },
      field({ id: "bench-moment", type: "datetime-local", label: gettext("As if it were, by the store's clock"), value: state.sale.moment, error: errors["bench-moment"], "data-input": "bench.moment" }),
      field({ id: "bench-operation", label: gettext("Operation"), placeholder: "sale", value: state.sale.operation, error: errors["bench-operation"], "data-input": "bench.operation" })),
    log ? exchangeView(log) : h("p", { class: "faint" }, gettext("Nothing has been asked yet.")),
  ];
}

function exchangeView({ method, url, body, headers, status, answer, milliseconds }) {
  const tone = status >= 200 && status < 300 ? "badge-success" : "badge-danger";
  return [
    h("p", { class: "cluster" }, h("span", { class: `badge ${tone}` }, status || gettext("no answer")), h("code", {}, `${method} ${url}`), h("span", { class: "faint" }, `${milliseconds} ms`)),
    Object.entries(headers).map(([name, value]) => h("p", {}, h("code", {}, `${name}: ${value}`))),
    body && h("section", {}, h("h3", {}, gettext("Request")), h("pre", { tabindex: "0", "aria-label": gettext("Request") }, JSON.stringify(body, null, 2))),
    h("section", {}, h("h3", {}, gettext("Answer")), h("pre", { tabindex: "0", "aria-label": gettext("Answer") }, typeof answer === "string" ? answer : JSON.stringify(answer, null, 2))),
  ];
}
