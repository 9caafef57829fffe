// What the back-office does in the browser beyond HTML. Each part looks for its own data- attribute; pages work without it.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

document.documentElement.classList.add("scripted");

// --- Theme: no trip to the server, remembered for a year ---------------------------------------------
for (const form of all("[data-theme-switch]")) {
  form.addEventListener("submit", (event) => {
    const theme = event.submitter?.value;
    if (!theme) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `fiel_theme=${theme}; path=/; max-age=31536000; SameSite=Lax${secure}`;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const button of all("[data-theme-switch] button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  });
}

// --- Navigation on small screens -----------------------------------------------------------------------
const navigation = document.getElementById("navigation");
const opener = document.querySelector("[data-nav-open]");

function closeNavigation() {
  if (!document.body.classList.contains("nav-open")) return false;
  document.body.classList.remove("nav-open");
  opener.focus();
  return true;
}

opener?.addEventListener("click", (event) => {
  event.preventDefault();
  document.body.classList.add("nav-open");
  navigation.querySelector("[data-nav-close]").focus();
});
document.querySelector("[data-nav-close]")?.addEventListener("click", (event) => {
  event.preventDefault();
  closeNavigation();
});

// --- Menus and dialogs -----------------------------------------------------------------------------------
function closeMenus(except) {
  let closed = false;
  for (const menu of all("details[data-menu][open]")) {
    if (menu === except) continue;
    menu.open = false;
    closed = true;
  }
  return closed;
}

document.addEventListener("click", (event) => {
  const target = event.target;
  closeMenus(target.closest("details[data-menu]"));
  if (document.body.classList.contains("nav-open") && !target.closest("#navigation, [data-nav-open]")) closeNavigation();

  const opens = target.closest("[data-dialog-open]");
  const dialog = opens && document.getElementById(opens.dataset.dialogOpen);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
  }
  if (target.closest("[data-dialog-close]") || target.matches("dialog.dialog")) target.closest("dialog").close();

  const close = target.closest("[data-toast-close]");
  if (close) leave(close.closest("[data-toast]"));

  const copy = target.closest("[data-copy]");
  if (copy) copyText(copy);

  // The list may have been narrowed since the page was drawn.
  const file = target.closest("a[data-export]");
  if (file) {
    const query = new URLSearchParams(location.search);
    query.delete("page");
    query.set("export", file.dataset.export);
    file.href = `?${query}`;
  }
});

for (const dialog of all("dialog[data-dialog-reopen]")) dialog.showModal();

// --- Keys: "/" searches, Esc closes ------------------------------------------------------------------------
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details[data-menu][open]");
    if (closeMenus()) menu.querySelector("summary").focus();
    else closeNavigation();
    return;
  }
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("[data-list-search]") ?? document.querySelector("[data-search-key]");
  if (field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

// --- Toasts ---------------------------------------------------------------------------------------------------
function leave(toast) {
  toast.classList.add("toast-leaving");
  setTimeout(() => toast.remove(), 250);
}

function watchToasts(root) {
  for (const toast of all("[data-toast]:not([data-toast=error]):not([data-toast=warning])", root)) {
    let timer = setTimeout(() => leave(toast), 6000);
    // Whoever reads or reaches for it is not hurried.
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => (timer = setTimeout(() => leave(toast), 3000)));
  }
}
watchToasts(document);

// --- Copying ----------------------------------------------------------------------------------------------------
async function copyText(button) {
  const source = button.parentElement.querySelector("[data-copy-source]");
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // Plain HTTP has no clipboard: select the text, the user presses Ctrl+C.
    getSelection().selectAllChildren(source);
    return;
  }
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = button.dataset.copied;
  setTimeout(() => (label.textContent = before), 2000);
}

// --- Forms ------------------------------------------------------------------------------------------------------
document.querySelector("[data-focus]")?.focus();

/** Go to the field that a link of the list of problems names: into view, unfolded, with the cursor in it. */
function goToProblem(link) {
  const target = document.getElementById(link.hash.slice(1));
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const field = target.closest(".field") ?? target;
  const control = [target, ...all("input, select, textarea, button", field)].find((one) => one.matches("input, select, textarea, button") && one.offsetParent);
  field.scrollIntoView({ block: "center" });
  control?.focus({ preventScroll: true });
}

// Also for links that come later, with a part of the page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-problem]");
  if (!link) return;
  event.preventDefault();
  goToProblem(link);
});
// Only now have the scripts of the page put their own inputs in the place of plain ones.
addEventListener("load", () => {
  const first = document.querySelector("a[data-problem]");
  if (first && !document.querySelector("[data-focus]")) goToProblem(first);
});

for (const form of all("form[data-unsaved]")) {
  let changed = false;
  form.addEventListener("input", () => (changed = true));
  form.addEventListener("submit", (event) => {
    changed = false;
    // A second click must not send it twice; the name of the pressed button still travels.
    const buttons = all("button:not([type=button])", form);
    setTimeout(() => !event.defaultPrevented && buttons.forEach((button) => (button.disabled = true)));
  });
  addEventListener("beforeunload", (event) => changed && event.preventDefault());
}
// Going back shows the page as it was left: with its buttons alive.
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of all("form[data-unsaved] button")) button.disabled = false;
});

for (const control of all("[data-submit-on-change]")) {
  control.addEventListener("change", () => control.form.requestSubmit());
}

for (const toggle of all("[data-filters-toggle]")) {
  toggle.addEventListener("click", () => {
    toggle.setAttribute("aria-expanded", String(toggle.form.classList.toggle("filters-open")));
  });
}

// --- htmx ---------------------------------------------------------------------------------------------------------
document.body.addEventListener("htmx:configRequest", (event) => {
  // Addresses of lists name only what narrows them.
  const { parameters, elt } = event.detail;
  if (!elt.matches(".filters")) return;
  for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
});
document.body.addEventListener("htmx:responseError", (event) => {
  // A session that ended, or a server in trouble: the whole page says it better than a silent list.
  if (event.detail.xhr.status >= 400) location.assign(event.detail.pathInfo.finalRequestPath);
});
