// Returns what on this page a person with a keyboard, a screen reader or weak eyes would stumble over.
() => {
  const problems = [];
  const visible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(visible);
  const describe = (element) => `<${element.localName}${element.id ? ` id=${element.id}` : ""}> "${(element.textContent || element.placeholder || "").trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  const textOf = (ids) => (ids ?? "").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();

  function nameOf(element) {
    return textOf(element.getAttribute("aria-labelledby"))
      || element.getAttribute("aria-label")?.trim()
      || [...(element.labels ?? [])].map((label) => label.textContent).join(" ").trim()
      || (element.matches("button, a, summary, [role=button], [role=option]") ? element.textContent.trim() || element.querySelector("img")?.alt || "" : "")
      || element.title
      || (element.matches("input[type=submit], input[type=button]") ? element.value : "");
  }

  // --- Names, roles, structure
  for (const element of all("input:not([type=hidden]), select, textarea, button, a[href], summary, dialog[open]")) {
    if (!nameOf(element)) problems.push(`no name: ${describe(element)}`);
  }
  for (const image of all("img")) if (!image.hasAttribute("alt")) problems.push(`no alt: ${image.src}`);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) problems.push(`two elements with the id ${id}`);
  for (const attribute of ["for", "aria-labelledby", "aria-describedby"]) {
    for (const element of all(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (!document.getElementById(id)) problems.push(`${attribute} points at nothing (${id}): ${describe(element)}`);
      }
    }
  }
  if (!document.documentElement.lang) problems.push("the page has no language");
  if (!document.title.trim()) problems.push("the page has no title");
  if (all("main").length !== 1) problems.push(`${all("main").length} main landmarks`);
  const headings = all("h1, h2, h3, h4, h5, h6");
  if (headings.filter((heading) => heading.localName === "h1").length !== 1) problems.push("not exactly one h1");
  let level = 0;
  for (const heading of headings) {
    const next = Number(heading.localName[1]);
    if (next > level + 1) problems.push(`heading jumps from h${level} to h${next}: ${describe(heading)}`);
    level = next;
  }
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) problems.push(`tab order is forced: ${describe(element)}`);
  for (const table of all("table")) {
    for (const header of table.querySelectorAll("th")) if (!header.scope) problems.push(`th without scope: ${describe(header)}`);
  }

  // --- Size of what is touched (WCAG 2.5.8): 24 px, or a circle of that size around it that meets no other target
  const targets = all("button, a[href], summary, input:not([type=hidden]), select").filter((element) => !element.closest(".visually-hidden, .skip-link"));
  const boxes = new Map(targets.map((element) => [element, element.getBoundingClientRect()]));
  const small = ({ width, height }) => width < 23.5 || height < 23.5;
  for (const [element, box] of boxes) {
    const inText = element.matches("a, .link-button") && getComputedStyle(element).display === "inline";
    if (!small(box) || inText || element.matches("[type=checkbox], [type=radio]")) continue;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const crowded = [...boxes].some(([other, there]) => {
      if (other === element || other.contains(element) || element.contains(other)) return false;
      const nearest = [Math.min(Math.max(x, there.left), there.right), Math.min(Math.max(y, there.top), there.bottom)];
      return Math.hypot(nearest[0] - x, nearest[1] - y) < 12;
    });
    if (crowded) problems.push(`only ${Math.round(box.width)} x ${Math.round(box.height)} px and crowded: ${describe(element)}`);
  }

  // --- Contrast of text (WCAG 1.4.3)
  const painter = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  function rgba(color) {
    painter.clearRect(0, 0, 1, 1);
    painter.fillStyle = color;
    painter.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = painter.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  }
  const over = ([r, g, b, a], under) => [r * a + under[0] * (1 - a), g * a + under[1] * (1 - a), b * a + under[2] * (1 - a), 1];
  function groundOf(element) {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      if (style.backgroundImage !== "none" && !node.matches("select")) return null; // a gradient or picture: for the eye
      const color = rgba(style.backgroundColor);
      if (color[3] > 0) layers.push(color);
      if (color[3] >= 0.999) break;
    }
    const page = matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0, 1] : [255, 255, 255, 1];
    return layers.reduceRight((under, layer) => over(layer, under), page);
  }
  function luminance([red, green, blue]) {
    const [r, g, b] = [red, green, blue].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element) || !visible(element)) continue;
    seen.add(element);
    if (element.closest("script, style, noscript, [disabled], [aria-disabled=true], [aria-hidden=true], [aria-busy=true], .visually-hidden, svg, option")) continue;
    // What lies behind a modal dialog cannot be read and need not be.
    const modal = document.querySelector("dialog:modal");
    if (modal && !modal.contains(element)) continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    if (!ground) continue;
    const ink = over(rgba(style.color), ground);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5) - 0.02) problems.push(`contrast ${ratio.toFixed(2)}: ${describe(element)} ${style.color} on ${ground.slice(0, 3).map(Math.round)}`);
  }

  // --- A phone shows the page as wide as its screen
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) problems.push(`scrolls sideways: ${scrollWidth} px of content in ${clientWidth} px`);
  return problems;
}
