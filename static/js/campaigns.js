// The campaign builder in the browser: one step at a time, parts that change in place, lists that are searched.
// Without this script the page is one long form whose buttons go to the server and back.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const form = document.getElementById("builder");

// --- Steps -------------------------------------------------------------------------------------------
const panels = all("[data-step-panel]", form);
const links = all("[data-step]", form).filter((link) => link.matches("a"));
const field = form.querySelector("[data-step-field]");
const order = panels.map((panel) => panel.dataset.stepPanel);

function show(step, focus) {
  const at = Math.max(order.indexOf(step), 0);
  panels.forEach((panel, place) => (panel.hidden = place !== at));
  links.forEach((link, place) => (place === at ? link.setAttribute("aria-current", "step") : link.removeAttribute("aria-current")));
  links[at].scrollIntoView({ block: "nearest", inline: "center" });
  field.value = order[at];
  form.querySelector("[data-step-back]").hidden = at === 0;
  form.querySelector("[data-step-next]").hidden = at === order.length - 1;
  // htmx listens; it may have to be loaded first.
  if (order[at] === "review") setTimeout(() => window.htmx?.trigger("#check", "review"), 0);
  if (focus) {
    scrollTo({ top: 0 });
    panels[at].querySelector("input:not([type=hidden]), select, textarea")?.focus({ preventScroll: true });
  }
}

if (panels.length) {
  show(location.hash.replace("#step-", "") || field.value);
  form.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-step]");
    if (link) {
      event.preventDefault();
      show(link.dataset.step, true);
    }
    // The step first: what is hidden cannot take the cursor.
    const problem = event.target.closest("a[data-problem]");
    const panel = problem && document.getElementById(problem.hash.slice(1))?.closest("[data-step-panel]");
    if (panel) show(panel.dataset.stepPanel);
    if (event.target.closest("[data-step-next]")) show(order[order.indexOf(field.value) + 1], true);
    if (event.target.closest("[data-step-back]")) show(order[order.indexOf(field.value) - 1], true);
  });
}

// --- The summary follows the typing ----------------------------------------------------------------------
const summary = document.querySelector("[data-summary]");
// The review step shows the same sentences.
const copy = document.querySelector("[data-summary-copy]");
const details = document.querySelector("[data-summary-details]");
// Folded where it would stand between the manager and the form.
if (details && matchMedia("(max-width: 40rem)").matches) details.open = false;

let running;
let waiting;
async function summarize() {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(summary.dataset.summary, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "HX-Request": "true" },
      signal: running.signal,
    });
    // A session that ended shows when the form is sent; nothing typed is lost until then.
    if (!answer.ok || answer.headers.has("HX-Redirect")) return;
    summary.innerHTML = await answer.text();
    if (copy) copy.innerHTML = summary.innerHTML;
  } catch (error) {
    // Typing goes on, a page is left, the network is away: the next change asks again.
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  }
}
if (summary) {
  for (const name of ["input", "change"]) {
    form.addEventListener(name, () => {
      clearTimeout(waiting);
      waiting = setTimeout(summarize, 250);
    });
  }
}

// --- Parts that are added and removed ------------------------------------------------------------------
form.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-part]");
  if (!button || !window.htmx) return;
  event.preventDefault();
  const selector = `#${CSS.escape(button.dataset.part)}`;
  htmx.ajax("POST", location.pathname, {
    source: form,
    target: selector,
    select: selector,
    swap: "outerHTML",
    values: { _action: button.value },
  });
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  // The answer to a change is no change.
  if (!form.contains(event.target) || event.target.closest("[data-result], #check")) return;
  enhance(event.target);
  form.dispatchEvent(new Event("change", { bubbles: true }));
});

// --- Lists that are searched ----------------------------------------------------------------------------
let numbers = 0;

function kindOf(control) {
  const kind = control.dataset.picker;
  if (!kind.startsWith("sibling:")) return kind;
  const name = control.name.replace(/[^-]+$/, kind.slice(8));
  const sibling = form.elements[name] ?? form.elements[kind.slice(8)];
  return sibling ? sibling.value : "";
}

const read = (control) => control.value.split(/[\n,;]/).map((word) => word.trim()).filter(Boolean);

function write(control, words) {
  control.value = [...new Set(words)].join("\n");
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

function makePicker(control) {
  const single = "pickerSingle" in control.dataset;
  const box = document.createElement("div");
  const input = single ? control : document.createElement("input");
  const list = document.createElement("div");
  list.className = "picker-list";
  list.id = `picker-${(numbers += 1)}`;
  list.hidden = true;
  box.className = single ? "picker-single" : "picker";
  control.after(box);
  if (single) {
    box.append(control);
  } else {
    input.type = "text";
    input.autocomplete = "off";
    input.id = control.id;
    control.removeAttribute("id");
    if (control.getAttribute("aria-describedby")) input.setAttribute("aria-describedby", control.getAttribute("aria-describedby"));
    if (control.getAttribute("aria-invalid")) input.setAttribute("aria-invalid", "true");
    control.hidden = true;
    box.append(input);
    box.addEventListener("click", () => input.focus());
  }
  box.append(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  const draw = () => {
    if (single) return;
    all(".picker-chip", box).forEach((chip) => chip.remove());
    for (const word of read(control)) {
      const chip = document.createElement("span");
      const remove = document.createElement("button");
      chip.className = "picker-chip";
      chip.append(word, remove);
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `× ${word}`);
      remove.addEventListener("click", (event) => {
        event.stopPropagation();
        write(control, read(control).filter((other) => other !== word));
        draw();
        input.focus();
      });
      input.before(chip);
    }
  };
  let timer;
  let asked = 0;
  const close = () => {
    // A search that is still on its way must not open the list again.
    clearTimeout(timer);
    asked += 1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  };
  const take = (words) => {
    if (single) {
      input.value = words[0];
      input.dispatchEvent(new Event("input", { bubbles: true }));
      close();
    } else {
      write(control, [...read(control), ...words]);
      input.value = "";
      draw();
      close();
    }
  };
  const search = async () => {
    const number = (asked += 1);
    const kind = kindOf(control);
    if (!kind || kind === "all") return close();
    const query = new URLSearchParams({ kind, q: input.value });
    const answer = await fetch(`${form.dataset.choicesUrl}?${query}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    const choices = await answer.text();
    // Asked only now: a choice may have been taken while the answer was still arriving.
    if (number !== asked || document.activeElement !== input) return;
    list.innerHTML = choices;
    const chosen = single ? [] : read(control);
    for (const choice of all(".picker-choice", list)) if (chosen.includes(choice.dataset.value)) choice.dataset.chosen = "";
    list.hidden = single && !list.querySelector(".picker-choice");
    input.setAttribute("aria-expanded", String(!list.hidden));
  };
  input.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    clearTimeout(timer);
    timer = setTimeout(search, 180);
  });
  input.addEventListener("focus", search);
  input.addEventListener("blur", () => {
    // A typed word counts, also without Enter.
    if (!single && input.value.trim()) take(input.value.split(/[\n,;]/).map((word) => word.trim()).filter(Boolean));
    setTimeout(close, 150);
  });
  input.addEventListener("paste", (event) => {
    if (single) return;
    const words = event.clipboardData.getData("text").split(/[\n\r\t,;]+/).map((word) => word.trim()).filter(Boolean);
    if (words.length < 2) return;
    event.preventDefault();
    take(words);
  });
  input.addEventListener("keydown", (event) => {
    const choices = all(".picker-choice", list);
    const current = choices.findIndex((choice) => choice.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = (current + (event.key === "ArrowDown" ? 1 : -1) + choices.length) % choices.length;
      choices.forEach((choice, place) => choice.setAttribute("aria-selected", String(place === next)));
      choices[next]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      if (current >= 0 && !list.hidden) {
        event.preventDefault();
        take([choices[current].dataset.value]);
      } else if (!single && input.value.trim()) {
        event.preventDefault();
        take([input.value.trim()]);
      }
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Backspace" && !single && !input.value) {
      const words = read(control);
      write(control, words.slice(0, -1));
      draw();
    }
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const choice = event.target.closest(".picker-choice");
    if (choice) take([choice.dataset.value]);
  });
  draw();
}

function enhance(root) {
  for (const control of all("[data-picker]:not([data-picker-ready])", root)) {
    control.dataset.pickerReady = "";
    makePicker(control);
  }
}
enhance(document);
