"use strict";
const KEPT = 300; // looks, a second apart
const past = []; // of each look: at, rps, failed a second, p50, p95, p99
const root = document.documentElement;
const $ = (id) => document.getElementById(id);

// -- small parts

function element(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

function drawn(tag, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

const number = (value, digits = 0) => value == null ? "" :
  value.toLocaleString("en", { maximumFractionDigits: digits });
const ms = (value) => value == null ? "" :
  value >= 1000 ? `${number(value / 1000, 1)} s`
    : `${number(value, value < 1 ? 2 : value < 10 ? 1 : 0)} ms`;
const percent = (value, digits = 0) => value == null ? "" : `${number(value, digits)} %`;
const megabytes = (value) => value == null ? "" : `${number(value)} MB`;

function span(seconds) {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

const over = (value, budget) => value != null && value > budget ? "bad" : "";

// Cells are a text, or [text, class], or a node; a row is a list of them.
function table(id, heads, rows, textual = 1) {
  const head = element("tr");
  heads.forEach((text, at) => head.append(element("th", text, at < textual ? "text" : "")));
  const body = rows.map(({ cells, name = "" }) => {
    const row = element("tr", "", name);
    cells.forEach((cell, at) => {
      const [text, kind] = Array.isArray(cell) ? cell : [cell, ""];
      const made = element("td", text instanceof Node ? "" : text,
        `${at < textual ? "text " : ""}${kind ?? ""}`.trim());
      if (text instanceof Node) made.append(text);
      row.append(made);
    });
    return row;
  });
  if (!body.length) body.push(element("tr", "", "none"));
  $(id).replaceChildren(head, ...body);
}

// -- charts

const WIDTH = 600, HEIGHT = 200, LEFT = 44, BOTTOM = 22, TOP = 8;

function frame(chart, ticks, y) {
  for (const [value, name] of ticks) {
    chart.append(
      drawn("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
      drawn("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, name));
  }
  for (const minutes of [5, 4, 3, 2, 1]) {
    const x = WIDTH - (WIDTH - LEFT) * minutes * 60 / KEPT;
    chart.append(drawn("text", { x: x + 3, y: HEIGHT - 6 }, `−${minutes} min`));
  }
}

function line(points, key, y, name, closed = false) {
  const now = past.at(-1)?.at ?? 0;
  const x = (at) => WIDTH - (WIDTH - LEFT) * (now - at) / KEPT;
  let path = "", open = false;
  for (const point of points) {
    if (point[key] == null || now - point.at > KEPT) { open = false; continue; }
    path += `${open ? "L" : "M"}${x(point.at).toFixed(1)} ${y(point[key]).toFixed(1)}`;
    open = true;
  }
  if (closed && points.length > 1) {
    const first = Math.max(LEFT, x(points[0].at));
    return drawn("path", { class: `area of-${name}`, d: `${path}L${WIDTH} ${y(0)}L${first} ${y(0)}Z` });
  }
  return drawn("path", { class: `of-${name}`, d: path });
}

function drawRate() {
  const most = Math.max(10, ...past.map((each) => each.rps ?? 0));
  const step = 10 ** Math.floor(Math.log10(most));
  const top = Math.ceil(most / step) * step;
  const y = (value) => TOP + (HEIGHT - BOTTOM - TOP) * (1 - value / top);
  const chart = $("rate");
  chart.replaceChildren();
  frame(chart, [0, top / 2, top].map((value) => [value, number(value, 1)]), y);
  chart.append(line(past, "rps", y, "rate", true), line(past, "rps", y, "rate"),
    line(past, "failed", y, "errors"));
}

function drawTimes(budgets) {
  const least = 1, top = Math.max(1000, ...past.map((each) => each.p99 ?? 0));
  const share = (value) => Math.log(Math.max(value, least) / least) / Math.log(top / least);
  const y = (value) => TOP + (HEIGHT - BOTTOM - TOP) * (1 - share(value));
  const chart = $("times");
  chart.replaceChildren();
  frame(chart, [1, 10, 100, 1000, 10000].filter((value) => value <= top)
    .map((value) => [value, ms(value)]), y);
  for (const [value, what] of [[budgets.response_ms, "a response"], [budgets.query_ms, "a query"]]) {
    chart.append(
      drawn("line", { class: "budget", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
      drawn("text", { class: "budget-name", x: LEFT + 4, y: y(value) - 4 },
        `${what}: ${ms(value)}`));
  }
  for (const key of ["p50", "p95", "p99"]) chart.append(line(past, key, y, key));
}

function key(id, names) {
  $(id).replaceChildren(...names.map(([text, name]) => {
    const entry = element("span");
    entry.append(element("i", "", `of-${name}`), text);
    return entry;
  }));
}

// -- the page

function showNow(told) {
  const all = told.all, budget = told.budgets.response_ms;
  const figures = [
    ["requests/s", number(all.rps, 1)], ["p50", ms(all.p50_ms), over(all.p50_ms, budget)],
    ["p95", ms(all.p95_ms), over(all.p95_ms, budget)],
    ["p99", ms(all.p99_ms), over(all.p99_ms, budget)],
    ["errors", number(all.errors + told.balancer.errors), all.failed ? "bad" : ""],
    ["in flight", number(told.balancer.in_flight)],
    ["cache hits", all.hit_rate == null ? "–" : percent(100 * all.hit_rate)],
    ["CPU", percent(all.cpu_percent)], ["memory", megabytes(all.rss_mb)],
  ];
  $("now").replaceChildren(...figures.map(([name, value, kind = ""]) => {
    const box = element("div");
    box.append(element("dt", name), element("dd", value || "–", kind));
    return box;
  }));
}

const state = (name) => [name, name === "ready" ? "good" : "bad"];

function replicaCells(row, budget) {
  return [row.name, state(row.state), span(row.uptime_s), number(row.restarts), number(row.rps, 1),
    ms(row.p50_ms), [ms(row.p95_ms), over(row.p95_ms, budget)],
    [ms(row.p99_ms), over(row.p99_ms, budget)], [number(row.errors), row.errors ? "bad" : ""],
    number(row.in_flight), number(row.connections), percent(row.cpu_percent),
    megabytes(row.rss_mb)];
}

function showReplicas(told) {
  const rows = [], budget = told.budgets.response_ms;
  for (const service of told.services) {
    const [, , , ...figures] = replicaCells({ ...service, uptime_s: 0 }, budget);
    const few = service.ready < service.wanted ? "bad" : "soft";
    rows.push({ name: "sum", cells: [service.name, [`${service.ready} of ${service.wanted}`, few],
      "", ...figures] });
    for (const each of told.processes.filter((row) => row.service === service.name)) {
      rows.push({ name: "part", cells: replicaCells(each, budget) });
    }
  }
  table("replicas", ["service", "state", "up", "restarts", "req/s", "p50", "p95", "p99", "5xx",
    "in flight", "conns", "CPU", "memory"], rows, 2);
}

function showServers(told) {
  table("servers", ["server", "state", "up", "restarts", "CPU", "memory"],
    told.processes.filter((row) => !row.service).map((row) => ({ cells: [row.name,
      state(row.state), span(row.uptime_s), number(row.restarts), percent(row.cpu_percent),
      megabytes(row.rss_mb)] })), 2);
}

const silent = (row, columns) => ({ cells: [row.name, ["does not answer", "bad"],
  ...Array(columns - 2).fill("")] });

function showPools(told) {
  const heads = ["pool", "clients", "waiting", "longest", "wait/query", "busy", "idle", "of",
    "queries/s"];
  table("pools", heads, told.pools.map((row) => row.answers ? { cells: [row.name,
    number(row.clients), [number(row.waiting), row.waiting ? "warn" : ""], ms(row.longest_wait_ms),
    [ms(row.wait_ms), row.wait_ms > 1 ? "warn" : ""], number(row.busy), number(row.idle),
    number(row.size), number(row.queries_per_s, 1)] } : silent(row, heads.length)));
}

function showCaches(told) {
  const heads = ["cache", "hit rate", "hits", "misses", "evicted", "used", "of", "clients"];
  table("caches", heads, told.caches.map((row) => row.answers ? { cells: [row.name,
    row.hit_rate == null ? "" : percent(100 * row.hit_rate), number(row.hits), number(row.misses),
    [number(row.evicted), row.evicted ? "warn" : ""], `${number(row.used_mb, 1)} MB`,
    megabytes(row.limit_mb), number(row.clients)] } : silent(row, heads.length)));
}

function showDatabases(told) {
  const heads = ["database", "active", "idle", "in transaction", "locked", "of", "rolled back",
    "behind"];
  table("databases", heads, told.databases.map((row) => row.answers ? { cells: [row.name,
    number(row.active), number(row.idle), [number(row.in_transaction),
      row.in_transaction ? "warn" : ""], [number(row.locked), row.locked ? "bad" : ""],
    number(row.max_connections), number(row.rollbacks),
    row.lag_bytes == null ? "" : `${number(row.lag_bytes)} B`] } : silent(row, heads.length)));
}

function bar(value, budget, most) {
  const whole = element("span", "", "bar");
  const part = element("i", "", value > budget ? "over" : "");
  const mark = element("b");
  part.style.width = `${100 * value / most}%`;
  mark.style.width = `${100 * budget / most}%`;
  whole.append(part, mark);
  return whole;
}

function showStatements(told) {
  const budget = told.budgets.query_ms;
  const known = told.databases.filter((row) => row.statements);
  const all = known.flatMap((row) => row.statements.map((each) => ({ ...each, where: row.name })));
  all.sort((a, b) => (b.mean_ms > budget) - (a.mean_ms > budget) || b.total_ms - a.total_ms);
  $("statements-say").textContent = known.length
    ? `What took most of the databases' time since they started; above ${ms(budget)} first.`
    : "No database here keeps the times of statements.";
  const most = Math.max(2 * budget, ...all.map((each) => each.mean_ms));
  table("statements", ["statement", "where", "calls", "mean", "", "longest", "in all"],
    all.slice(0, 12).map((each) => ({ cells: [[each.sql, "sql"], each.where, number(each.calls),
      [ms(each.mean_ms), over(each.mean_ms, budget)], bar(each.mean_ms, budget, most),
      ms(each.max_ms), ms(each.total_ms)] })), 2);
}

function showNews(told) {
  $("news").replaceChildren(...told.news.toReversed().slice(0, 20).map(({ at, text }) => {
    const entry = element("li");
    entry.append(element("time", new Date(1000 * at).toLocaleTimeString()), text);
    return entry;
  }));
  if (!told.news.length) $("news").append(element("li", "Nothing but requests.", "soft"));
}

function show(told) {
  const all = told.all, last = past.at(-1), unanswered = told.balancer.errors;
  const missed = last ? Math.max(0, unanswered - last.unanswered) : 0;
  const failed = (all.failed + missed) / (last && told.at > last.at ? told.at - last.at : 1);
  past.push({ at: told.at, rps: all.rps, failed, unanswered, p50: all.p50_ms, p95: all.p95_ms,
    p99: all.p99_ms });
  if (past.length > KEPT + 10) past.shift();
  document.title = `${told.project}: nuages up`;
  $("project").textContent = told.project;
  $("url").textContent = $("url").href = told.url;
  $("since").textContent = `up ${span(told.uptime_s)}`;
  for (const part of [showNow, showReplicas, showServers, showPools, showCaches, showDatabases,
    showStatements, showNews]) part(told);
  drawRate();
  drawTimes(told.budgets);
}

function say(text, kind) {
  $("live").textContent = text;
  $("live").className = kind;
}

async function look() {
  try {
    const answer = await fetch("/status.json", { signal: AbortSignal.timeout(8000) });
    show(await answer.json());
    say("● live", "good");
  } catch {
    say("○ the stack does not answer", "bad");
  }
  setTimeout(look, document.hidden ? 5000 : 1000);
}

// -- light and dark

function theme(name) {
  if (name) root.dataset.theme = name;
}
try { theme(localStorage.getItem("nuages-theme")); } catch { /* A browser that keeps nothing. */ }
$("theme").addEventListener("click", () => {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  theme(dark ? "light" : "dark");
  try { localStorage.setItem("nuages-theme", root.dataset.theme); } catch { /* likewise */ }
});

key("rate-key", [["answered", "rate"], ["5xx", "errors"]]);
key("times-key", [["p50", "p50"], ["p95", "p95"], ["p99", "p99"]]);
look();
