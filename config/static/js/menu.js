// Menus: a row's menu is fetched when it is opened, and all of them are walked with the arrow keys.

const items = (menu) => [...menu.querySelectorAll("[role^=menuitem]")].filter((item) => !item.disabled);

/** Listens once for the page's life. */
export function start() {
  document.addEventListener("click", opener, { capture: true });
  document.addEventListener("htmx:afterSwap", (event) => {
    const menu = event.detail.target;
    const link = menu?.id && document.querySelector(`[data-menu="${menu.id}"]`);
    if (link && menu.isConnected) show(menu, link);
  });
  document.addEventListener("toggle", toggled, { capture: true });
  document.addEventListener("keydown", walk);
  // What was chosen closes the menu; the request it makes goes on.
  document.addEventListener("click", (event) => {
    const item = event.target.closest("[role^=menuitem]");
    const menu = item?.closest(".menu:popover-open");
    if (menu) setTimeout(() => menu.hidePopover(), 0);
  });
}

/** A second press on the button of an open menu closes it, instead of fetching it again. */
function opener(event) {
  const link = event.target.closest("[data-menu]");
  if (!link || event.ctrlKey || event.metaKey) return;
  const menu = document.getElementById(link.dataset.menu);
  if (!menu?.matches(":popover-open")) return;
  event.preventDefault();
  event.stopPropagation();
  menu.hidePopover();
}

function show(menu, link) {
  if (!menu.matches(":popover-open")) menu.showPopover({ source: link });
}

function toggled(event) {
  const menu = event.target;
  if (!menu.matches?.(".menu[popover]")) return;
  const button = document.querySelector(`[popovertarget="${menu.id}"], [data-menu="${menu.id}"]`);
  button?.setAttribute("aria-expanded", String(event.newState === "open"));
  if (event.newState === "open") {
    for (const item of items(menu)) item.tabIndex = -1;
    items(menu)[0]?.focus();
  } else if (document.activeElement === document.body || menu.contains(document.activeElement)) {
    button?.focus();
  }
}

function walk(event) {
  const menu = event.target.closest?.(".menu:popover-open");
  if (!menu) return;
  const all = items(menu), at = all.indexOf(document.activeElement);
  const to = {
    ArrowDown: (at + 1) % all.length,
    ArrowUp: (at - 1 + all.length) % all.length,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    all[to]?.focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    // The browser closes it on Escape; on Tab it would leave it open behind the focus.
    menu.hidePopover();
  }
}
