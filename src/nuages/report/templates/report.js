"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const said = document.querySelector(".said");
  document.documentElement.classList.add("js");

  // A view of the page is in its address: #routes?sort=db&order=desc&filter=feed
  const address = () => {
    const [id, query] = location.hash.slice(1).split("?");
    return { id, view: new URLSearchParams(query || "") };
  };
  const remember = (id, values) => {
    const { id: now, view } = address();
    const next = now === id ? view : new URLSearchParams();
    for (const [key, value] of Object.entries(values)) {
      if (value) next.set(key, value); else next.delete(key);
    }
    history.replaceState(null, "", `#${id}${next.size ? `?${next}` : ""}`);
  };
  const sectionOf = (element) => element.closest("section").id;

  // Filters: every row or finding whose text holds all the words
  const items = (target) => target.tBodies ? [...target.tBodies[0].rows] : [...target.children];
  const filter = (id) => {
    const target = byId(id);
    const words = document.querySelector(`[data-filter="${id}"]`).value.toLowerCase().split(/\s+/);
    const changed = document.querySelector(`[data-changed="${id}"]`);
    let shown = 0;
    for (const item of items(target)) {
      const head = (item.querySelector("summary") || item).textContent.toLowerCase();
      item.hidden = !words.every((word) => head.includes(word))
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
      remember(sectionOf(field), { filter: field.value });
    });
  }
  for (const box of all("[data-changed]")) {
    box.addEventListener("change", () => {
      filter(box.dataset.changed);
      remember(sectionOf(box), { changed: box.checked && "1" });
    });
  }

  // Sorting: figures from the most, names from A
  const sort = (heading, order) => {
    const table = heading.closest("table");
    const column = heading.cellIndex;
    const text = "text" in heading.dataset;
    const key = ({ cells: { [column]: cell } }) => cell.dataset.v ?? cell.textContent;
    const sign = order === "asc" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].sort((a, b) => sign
      * (text ? key(a).localeCompare(key(b)) : Number(key(a)) - Number(key(b))));
    table.tBodies[0].append(...rows);
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
      remember(sectionOf(heading), { sort: heading.dataset.key, order });
    });
  }

  // Copying
  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  for (const button of all("[data-copy]")) {
    button.addEventListener("click", async () => {
      const code = button.closest("figure").querySelector("pre code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        said.textContent = button.textContent = "Copied";
      } catch {
        select(code);
        said.textContent = button.textContent =
          document.execCommand("copy") ? "Copied" : "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 2000);
    });
  }

  // Findings: open all, open what the address names, open everything on paper
  for (const button of all("[data-open-all]")) {
    button.addEventListener("click", () => {
      const details = all("details", byId(button.dataset.openAll));
      const open = !details.every((one) => one.open);
      for (const one of details) one.open = open;
      button.textContent = open ? "Close all" : "Open all";
    });
  }
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });

  const show = () => {
    const { id, view } = address();
    const target = id && byId(id);
    if (!target) return;
    if (target.tagName === "DETAILS") target.open = true;
    const heading = view.get("sort") && target.querySelector(
      `th[data-key="${CSS.escape(view.get("sort"))}"]`);
    if (heading) sort(heading, view.get("order") === "asc" ? "asc" : "desc");
    const field = target.querySelector("[data-filter]");
    const box = target.querySelector("[data-changed]");
    if (box) box.checked = view.has("changed");
    if (field) {
      field.value = view.get("filter") || "";
      filter(field.dataset.filter);
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", show);
  show();
})();
