// The button that prints a page.
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
