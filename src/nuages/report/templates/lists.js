"use strict";
(() => {
  const { all, byId, said } = nuages;
  const pageOf = (element) => element.closest(".page").id;

  // Filters: every row or finding whose text holds all the words
  const items = (target) => target.tBodies ? [...target.tBodies[0].rows] : all("li", target);
  const filter = (id) => {
    const target = byId(id);
    const words = document.querySelector(`[data-filter="${id}"]`).value.toLowerCase().split(/\s+/);
    const changed = document.querySelector(`[data-changed="${id}"]`);
    let shown = 0;
    for (const item of items(target)) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word))
        || Boolean(changed && changed.checked && !("isChanged" in item.dataset));
      shown += !item.hidden;
    }
    const total = items(target).length;
    document.querySelector(`[data-count="${id}"]`).textContent =
      shown === total ? "" : `${shown} of ${total}`;
  };
  for (const field of all("[data-filter]")) {
    field.addEventListener("input", () => {
      filter(field.dataset.filter);
      nuages.remember(pageOf(field), { filter: field.value });
    });
  }
  for (const box of all("[data-changed]")) {
    box.addEventListener("change", () => {
      filter(box.dataset.changed);
      nuages.remember(pageOf(box), { changed: box.checked && "1" });
    });
  }

  // Sorting: figures from the most, names from A
  const figure = (text) => {
    const found = Number(text.replaceAll(",", ""));
    return text.trim() === "" || Number.isNaN(found) ? -Infinity : found;
  };
  const sort = (heading, order) => {
    const table = heading.closest("table");
    const column = heading.cellIndex;
    const text = "text" in heading.dataset;
    const key = ({ cells: { [column]: cell } }) => cell.dataset.v ?? cell.textContent;
    const sign = order === "asc" ? 1 : -1;
    const keyed = [...table.tBodies[0].rows].map((row) => [row, text ? key(row) : figure(key(row))]);
    keyed.sort(([, a], [, b]) => sign
      * (text ? a.localeCompare(b) : a === b ? 0 : a < b ? -1 : 1));
    table.tBodies[0].append(...keyed.map(([row]) => row));
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order === "asc" ? "ascending" : "descending");
  };
  for (const button of all("th[data-key] > button")) {
    const heading = button.parentElement;
    button.addEventListener("click", () => {
      const first = "text" in heading.dataset ? "asc" : "desc";
      const now = { ascending: "asc", descending: "desc" }[heading.getAttribute("aria-sort")];
      const order = now ? (now === "asc" ? "desc" : "asc") : first;
      sort(heading, order);
      nuages.remember(pageOf(heading), { sort: heading.dataset.key, order });
    });
  }

  // A page as its address says
  addEventListener("shown", ({ detail: page }) => {
    const { view } = nuages.address();
    const heading = view.get("sort")
      && page.querySelector(`th[data-key="${CSS.escape(view.get("sort"))}"]`);
    if (heading) sort(heading, view.get("order") === "asc" ? "asc" : "desc");
    const box = page.querySelector("[data-changed]");
    if (box) box.checked = view.has("changed");
    const field = page.querySelector("[data-filter]");
    if (field) {
      field.value = view.get("filter") || "";
      filter(field.dataset.filter);
    }
  });

  // Search: everything that has a page
  const find = byId("find");
  const found = byId("found");
  const kinds = { findings: "finding", routes: "route", statements: "statement" };
  let index;
  const entries = () => index ??= all(".page[data-up]").map((page) => {
    const text = page.querySelector("h2").textContent;
    const under = page.querySelector(".under")?.textContent.trim() ?? "";
    return { id: page.id, kind: kinds[page.dataset.up], text,
      key: `${text} ${under} ${page.id}`.toLowerCase() };
  });
  const close = () => { found.hidden = true; find.setAttribute("aria-expanded", "false"); };
  const search = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) { close(); return; }
    const hits = entries().filter(({ key }) => words.every((word) => key.includes(word)));
    found.replaceChildren(...hits.slice(0, 12).map(({ id, kind, text }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const small = document.createElement("small");
      link.href = `#${id}`;
      small.textContent = kind;
      link.append(text, small);
      item.append(link);
      return item;
    }));
    if (!hits.length) {
      const none = document.createElement("p");
      none.textContent = "Nothing has these words in its name.";
      found.replaceChildren(none);
    }
    found.hidden = false;
    find.setAttribute("aria-expanded", "true");
    said.textContent = `${hits.length} found`;
  };
  find.addEventListener("input", search);
  find.addEventListener("focus", search);
  found.addEventListener("click", close);
  addEventListener("focusin", ({ target }) => { if (!target.closest(".find")) close(); });

  // Keys
  const dialog = byId("keys");
  const letters = byId("letters");
  try {
    letters.checked = localStorage.getItem("nuages-letters") !== "off";
    letters.addEventListener("change", () => {
      localStorage.setItem("nuages-letters", letters.checked ? "on" : "off");
    });
  } catch { /* A browser that keeps nothing for files. */ }
  byId("show-keys").addEventListener("click", () => dialog.showModal());

  const step = (links, by) => {
    const now = links.indexOf(document.activeElement);
    const next = now < 0 ? (by > 0 ? 0 : links.length - 1) : now + by;
    if (links[next]) {
      links[next].focus();
      links[next].scrollIntoView({ block: "nearest" });
    }
  };
  const inPage = () => all("a.go[href]", nuages.page()).filter((link) => link.offsetParent);
  const move = (by) => {
    const other = nuages.page().querySelector(by > 0 ? 'a[rel="next"]' : 'a[rel="prev"]');
    if (nuages.page().classList.contains("finding")) other?.click();
    else step(inPage(), by);
  };
  const arrows = { ArrowDown: 1, ArrowUp: -1 };
  const typed = {
    "/": () => { find.focus(); find.select(); },
    "?": () => dialog.showModal(),
    j: () => move(1),
    k: () => move(-1),
  };
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const isField = target.matches("input[type=search]");
    if (arrows[key] && target.closest(".find")) {
      step([find, ...all("a", found)], arrows[key]);
    } else if (arrows[key] && target.matches("a.go")) {
      step(inPage(), arrows[key]);
    } else if (key === "Enter" && target === find && !found.hidden) {
      found.querySelector("a")?.click();
    } else if (key === "Escape" && (isField || target.closest(".find"))) {
      close();
      if (target.value) return; // the browser empties the field
      nuages.page().querySelector("h1, h2").focus({ preventScroll: true });
    } else if (key === "Escape") {
      nuages.back();
    } else if (typed[key] && letters.checked && !isField) {
      typed[key]();
    } else {
      return;
    }
    event.preventDefault();
  });

  nuages.start();
})();
