// Pieces of HTML from the server: asked for, parsed, and handed to htmx before they are put on the page.

/** The elements of a piece of HTML. */
export function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children];
}

/** Fetches a fragment as an element that holds it; `target` says which piece is wanted. Throws when not answered 200. */
export async function fetchFragment(url, { target = "", signal } = {}) {
  const headers = { "HX-Request": "true", "HX-Target": target };
  const response = await fetch(url, { headers, signal, credentials: "same-origin" });
  // A redirect leads to the login page: that is a page, and no piece of this one.
  if (!response.ok || response.redirected) throw new Error(`${response.status} for ${url}`);
  const holder = document.createElement("div");
  holder.innerHTML = await response.text();
  return holder;
}

/** Wakes htmx's attributes in an element that came from here. */
export const awaken = (element) => window.htmx?.process(element);

/** The CSRF token of the page. */
export const csrfToken = () =>
  document.body.dataset.csrf || document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";

/** Posts to a URL without changing the page. */
export function post(url) {
  return fetch(url, { method: "POST", headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" }, keepalive: true });
}
