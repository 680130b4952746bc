"""Concrete requests become templates: what varies between the paths of a route is an argument."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from nuages.traffic.destructive import why_excluded
from nuages.traffic.mix import Excluded, Template

MOST_ROWS = 200  # of arguments, the most popular; the tail of a log is endless
MOST_TEMPLATES = 300
MOST_NAMES = 25  # in one folder; where there are more, they are rows of a table
_NAMED = re.compile(r"<(?:(?P<converter>[\w.]+):)?(?P<name>\w+)>|\(\?P<(?P<group>\w+)>")
_NUMBER = re.compile(r"\d+")
_OPAQUE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,}|[\w-]*\d[\w-]{15,}",
    re.IGNORECASE,
)
_ASSET = re.compile(r"\.(css|js|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|mp4|webm|pdf)$",
                    re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request that a source has, and how often."""

    path: str  # with the query
    method: str = "GET"
    actor: str = "anonymous"
    route: str = ""  # the Django route, "/posts/<int:pk>/", where it is known
    count: float = 1.0
    status: int | None = None  # that it was answered with
    form: Mapping[str, str] | None = None
    json: Any = None
    name: str = ""  # of the route


# Segments, None for an argument; the arguments' names; the query's keys.
Fixed = tuple[tuple[str | None, ...], tuple[str, ...], tuple[str, ...]]


@dataclass
class _Group:
    """Requests whose paths have the same fixed parts."""

    rows: Counter[tuple[str, ...]] = field(default_factory=Counter)
    actors: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    first: Seen | None = None
    fixed: Fixed = ((), (), ())
    weight: float = 0.0


def grouped(
    requests: Iterable[Seen], *, include: Sequence[str] = (), assets: bool = False
) -> tuple[tuple[Template, ...], tuple[Excluded, ...]]:
    """Templates, the heaviest first, and what was left out with the reason.

    `include` names routes (parts of them) that are sent although they look destructive.
    """
    groups: dict[tuple[Any, ...], _Group] = defaultdict(_Group)
    excluded: dict[str, str] = {}
    everything = list(requests)
    crowded = _crowded(everything)
    for seen in everything:
        if not assets and _ASSET.search(seen.path.partition("?")[0]):
            excluded.setdefault("static files", "served without the project; include with --assets")
            continue
        route = _name(seen, crowded)
        why = why_excluded(seen.method, seen.path, seen.name)
        if why and not any(part in route for part in include):
            excluded.setdefault(route, why)
            continue
        _add(groups, seen, crowded)
    templates = sorted(
        (_template(group) for group in groups.values() if group.first),
        key=lambda template: (-template.weight, template.route, template.path),
    )
    left_out = templates[MOST_TEMPLATES:]
    excluded |= {t.route: "rare: among the last of very many routes" for t in left_out}
    return (
        tuple(templates[:MOST_TEMPLATES]),
        tuple(Excluded(route=route, why=why) for route, why in sorted(excluded.items())),
    )


def _add(groups: dict[tuple[Any, ...], _Group], seen: Seen, crowded: frozenset[str]) -> None:
    fixed, row = _taken_apart(seen, crowded)
    body = tuple(sorted(seen.form)) if seen.form is not None else seen.json is not None
    group = groups[(seen.method, seen.route, fixed, body)]
    if group.first is None:
        group.first, group.fixed = seen, fixed
    group.rows[row] += round(seen.count * 1000)
    group.actors[seen.actor] += round(seen.count * 1000)
    if seen.status is not None:
        group.statuses[seen.status] += round(seen.count * 1000)
    group.weight += seen.count


def _crowded(requests: Iterable[Seen]) -> frozenset[str]:
    """Folders with so many different names in them that the names are arguments, such as slugs."""
    below: dict[str, set[str]] = defaultdict(set)
    for seen in requests:
        if not seen.route:
            parts = seen.path.partition("?")[0].split("/")
            for index in range(1, len(parts)):
                if parts[index]:
                    below["/".join(parts[:index])].add(parts[index])
    return frozenset(folder for folder, names in below.items() if len(names) > MOST_NAMES)


def _name(seen: Seen, crowded: frozenset[str]) -> str:
    fixed, _ = _taken_apart(seen, crowded)
    return f"{seen.method} {seen.route or _shown(fixed[0], fixed[1])}"


def _taken_apart(seen: Seen, crowded: frozenset[str]) -> tuple[Fixed, tuple[str, ...]]:
    """What is fixed of a path, and the values of its arguments and of its query."""
    path, _, query = seen.path.partition("?")
    parts = path.split("/")
    if seen.route:
        names_at = _arguments_of_route(seen.route, parts)
    else:
        names_at = _arguments_by_look(parts, crowded)
    segments = tuple(None if i in names_at else part for i, part in enumerate(parts))
    values = [parts[i] for i in sorted(names_at)]
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    values += [value for _, value in pairs]
    keys = tuple(name for name, _ in pairs)
    return (segments, tuple(names_at[i] for i in sorted(names_at)), keys), tuple(values)


def _arguments_of_route(route: str, parts: Sequence[str]) -> dict[int, str]:
    """Position → name, where route and path have as many segments; else by look."""
    pattern = route.split("/")
    if len(pattern) != len(parts) or "(" in route:
        return _arguments_by_look(parts)
    found = {}
    for index, (told, part) in enumerate(zip(pattern, parts, strict=True)):
        named = _NAMED.search(told)
        if named and told != part:
            found[index] = named["name"] or named["group"]
    return _each_once(found)


def _arguments_by_look(
    parts: Sequence[str], crowded: frozenset[str] = frozenset()
) -> dict[int, str]:
    found = {}
    for index, part in enumerate(parts):
        if _NUMBER.fullmatch(part):
            found[index] = "id"
        elif _OPAQUE.fullmatch(part):
            found[index] = "key"
        elif part and "/".join(parts[:index]) in crowded:
            found[index] = "slug"
    return _each_once(found)


def _each_once(names: dict[int, str]) -> dict[int, str]:
    taken: Counter[str] = Counter()
    made = {}
    for index, name in names.items():
        taken[name] += 1
        made[index] = name if taken[name] == 1 else f"{name}{taken[name]}"
    return made


def _shown(segments: Sequence[str | None], names: Sequence[str]) -> str:
    left = iter(names)
    return "/".join(f"{{{next(left)}}}" if part is None else part for part in segments)


def _template(group: _Group) -> Template:
    seen = group.first
    assert seen is not None
    segments, names, keys = group.fixed
    rows = [row for row, _ in group.rows.most_common(MOST_ROWS)]
    columns = list(zip(*rows, strict=True)) if rows and rows[0] else []
    query_names = _names_of_query(keys, names)
    path, varying = _shown(segments, names), dict(enumerate(names))
    pairs = []
    for offset, key in enumerate(keys):
        index = len(names) + offset
        if len(set(columns[index])) == 1:
            pairs.append(f"{quote(key)}={quote(columns[index][0])}")
        else:
            varying[index] = query_names[offset]
            pairs.append(f"{quote(key)}={{{query_names[offset]}}}")
    arguments = _distinct([{name: row[i] for i, name in varying.items()} for row in rows])
    return Template(
        route=f"{seen.method} {seen.route or path}",
        path=path + ("?" + "&".join(pairs) if pairs else ""),
        method=seen.method,
        weight=group.weight,
        actors=tuple(sorted(group.actors)),
        arguments=tuple(arguments) if varying else (),
        skew=skew_of([n for _, n in group.rows.most_common(MOST_ROWS)]) if varying else 0.0,
        form=seen.form,
        json=seen.json,
        expect=_usual_status(group.statuses),
    )


def _names_of_query(keys: Sequence[str], taken: Sequence[str]) -> list[str]:
    names: list[str] = []
    for key in keys:
        name = re.sub(r"\W", "_", key) or "value"
        while name in names or name in taken:
            name += "_"
        names.append(name)
    return names


def _distinct(rows: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    return list({tuple(row.items()): row for row in rows}.values())


def _usual_status(statuses: Counter[int]) -> int | None:
    """A status that is no success has to be expected, or it would count as an error."""
    if not statuses:
        return None
    status, times = statuses.most_common(1)[0]
    return status if status >= 400 and times > 0.5 * statuses.total() else None


def skew_of(counts: Sequence[float]) -> float:
    """Zipf's exponent of counts in descending order: the slope of log count over log rank."""
    points = [(math.log(rank), math.log(n)) for rank, n in enumerate(counts, 1) if n > 0]
    if len(points) < 3:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    return round(min(max(-slope, 0.0), 2.0), 2)
