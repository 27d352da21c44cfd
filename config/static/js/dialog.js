// Dialogs that htmx puts on the page open as such, and leave it when they are closed. Toasts pass by themselves.

const TOAST = 6000; // ms; an error stays until it is dismissed

/** Listens once for the page's life. */
export function start() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    if (event.target.closest(".toast__close")) event.target.closest(".toast").remove();
    const copy = event.target.closest("[data-copy]");
    if (copy) void navigator.clipboard?.writeText(copy.dataset.copy).then(() => thank(copy));
  });
  // close does not bubble
  document.addEventListener("close", (event) => {
    if (event.target.matches("dialog[data-modal]")) event.target.remove();
  }, { capture: true });
  document.addEventListener("htmx:load", enter);
  enter();
}

function enter() {
  for (const dialog of document.querySelectorAll("dialog[data-modal]:not([open])")) dialog.showModal();
  for (const toast of document.querySelectorAll(".toast:not(.toast--danger, [data-passing])")) {
    toast.dataset.passing = "1";
    setTimeout(() => { if (!toast.matches(":hover, :focus-within")) toast.remove(); }, TOAST);
  }
}

function thank(button) {
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
}
