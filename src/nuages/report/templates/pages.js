"use strict";
const nuages = {};
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const pages = all(".page");
  const title = document.title;
  const said = document.querySelector("body > .said");
  Object.assign(nuages, { all, byId, said });

  // What is shown is in the address: #routes?sort=db&order=desc&filter=feed
  nuages.address = () => {
    const [id, query] = location.hash.slice(1).split("?");
    return { id: id || "overview", view: new URLSearchParams(query || "") };
  };
  nuages.remember = (id, values) => {
    const { id: now, view } = nuages.address();
    const next = now === id ? view : new URLSearchParams();
    for (const [key, value] of Object.entries(values)) {
      if (value) next.set(key, value); else next.delete(key);
    }
    history.replaceState(null, "", `#${id}${next.size ? `?${next}` : ""}`);
  };
  nuages.page = () => document.querySelector(".page.shown");

  // Going back finds the place and the focus as they were left.
  const left = new Map();
  let here = null;
  let isNew = true;
  let depth = 0;
  const leave = () => {
    if (here !== null) left.set(here, { y: scrollY, focus: document.activeElement });
  };

  const show = () => {
    const { id } = nuages.address();
    const isAll = id === "all";
    const target = byId(id) || byId("overview");
    const page = isAll ? pages[0] : target.closest(".page") || pages[0];
    root.classList.toggle("all", isAll);
    for (const one of pages) one.classList.toggle("shown", one === page);
    const heading = page.querySelector("h1, h2");
    document.title = page === pages[0] ? title : `${heading.textContent} · ${title}`;
    for (const link of all("nav a")) {
      const own = link.hash.slice(1);
      if (own === page.id || own === page.dataset.up) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    dispatchEvent(new CustomEvent("shown", { detail: page }));
    const before = left.get(location.hash);
    if (before && !isNew) {
      before.focus.focus({ preventScroll: true });
      scrollTo(0, before.y);
    } else if (target === page || isAll) {
      scrollTo(0, 0);
      if (here !== null) heading.focus({ preventScroll: true });
    } else {
      target.scrollIntoView();
    }
    here = location.hash;
    isNew = false;
  };
  const go = (id) => {
    leave();
    isNew = true;
    depth += 1;
    location.hash = id;
  };
  nuages.go = go;
  addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.classList.contains("skip")) {
      event.preventDefault();
      nuages.page().querySelector("h1, h2").focus();
    } else {
      event.preventDefault();
      go(link.hash.slice(1));
    }
  });
  addEventListener("popstate", () => { if (!isNew) depth = Math.max(depth - 1, 0); });
  addEventListener("hashchange", show);
  nuages.back = () => {
    const up = nuages.page().dataset.up || "overview";
    if (depth) history.back(); else go(up);
  };
  nuages.start = show;

  // Colours: as the system has them, then the one, then the other
  const button = byId("theme");
  const told = { "": "as the system has them", light: "light", dark: "dark" };
  const name = () => {
    button.setAttribute("aria-label", `Colours: ${told[root.dataset.theme || ""]}`);
  };
  button.addEventListener("click", () => {
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const order = isDark ? ["", "light", "dark"] : ["", "dark", "light"];
    const next = order[(order.indexOf(root.dataset.theme || "") + 1) % 3];
    if (next) root.dataset.theme = next; else delete root.dataset.theme;
    try {
      if (next) localStorage.setItem("nuages-theme", next);
      else localStorage.removeItem("nuages-theme");
    } catch { /* A browser that keeps nothing for files. */ }
    name();
    said.textContent = button.getAttribute("aria-label");
  });
  name();

  // Copying
  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    const code = copy.closest("figure").querySelector("pre code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      said.textContent = copy.textContent = "Copied";
    } catch {
      select(code);
      said.textContent = copy.textContent =
        document.execCommand("copy") ? "Copied" : "Selected";
    }
    setTimeout(() => { copy.textContent = "Copy"; said.textContent = ""; }, 2000);
  });

  // On paper everything is open
  let closed = [];
  addEventListener("beforeprint", () => {
    const shown = root.classList.contains("all") ? document : nuages.page();
    closed = all("details:not([open])", shown);
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
})();
