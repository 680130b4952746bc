"""Template files read and compiled anew each time they are rendered."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.production import is_production, site_modules
from nuages.grounds.settings_code import assignments, is_development, locate
from nuages.grounds.settings_code import find as find_place
from nuages.model import CallGroup, Evidence, Finding, Fix, Location, Remedy
from nuages.record.settings_values import templates
from nuages.wording import several

ID = "uncached-templates"

ENGINE = "django.template.backends.django.DjangoTemplates"
CACHED = "django.template.loaders.cached.Loader"
OF_FILES = frozenset({
    "django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader",
})  # fmt: skip
STRING = "(string)"  # a template that is no file
MOST_ENGINES = 4  # looked for in a settings module
AGAIN = 3  # compilations of one template, from which on it was not kept
TEMPLATES = 5  # named in the figures


def find(case: Case) -> Iterator[Finding]:
    """One finding per engine whose own list of loaders leaves the caching one out.

    Django caches where no list is given; and a list of its own may be meant, where DEBUG is on.
    """
    if case.settings.get("DEBUG") is False and not is_development(case):
        engines = case.settings.get("TEMPLATES")
        for number, engine in enumerate(engines if isinstance(engines, list) else ()):
            loaders = engine.get("OPTIONS", {}).get("loaders")
            if engine.get("BACKEND") == ENGINE and loaders and _is_uncached(loaders):
                path = ("TEMPLATES", number, "OPTIONS", "loaders")
                yield _finding(locate(case, *path), case)
        return
    for module in site_modules(case):
        if is_production(module):
            places = list(_written(module, case))
            yield from (_finding(place, case) for place in places)
            if places:
                return  # the others share what it is written in


def _written(module: Module, case: Case) -> Iterator[Location]:
    """Lists of production's settings, where these leave no doubt about them."""
    given = assignments(case, "TEMPLATES", entry=module)
    if any(each.conditions or each.in_class or each.adds for each in given):
        return
    for number in range(MOST_ENGINES):
        path = ("TEMPLATES", number, "OPTIONS", "loaders")
        place = find_place(case, *path, entry=module)
        if place is None or not place.is_whole:
            continue
        try:
            loaders = templates([{"OPTIONS": {"loaders": ast.literal_eval(place.spot.value)}}])
        except ValueError:  # of names, or of what is called
            continue
        if _is_uncached(loaders[0]["OPTIONS"]["loaders"]):
            yield place.location


def _is_uncached(loaders: list[Any]) -> bool:
    names = [loader[0] if isinstance(loader, list) and loader else loader for loader in loaders]
    return CACHED not in names and bool(OF_FILES.intersection(filter(_is_text, names)))


def _is_text(name: object) -> bool:
    return isinstance(name, str)


def _finding(location: Location | None, case: Case) -> Finding:
    compiled = _compiled(case)
    wall_ns = sum(group.wall_ns for group in compiled)
    calls = sum(group.calls for group in compiled)
    measured = f": {several(calls, 'compilation')} took {wall_ns / 1e6:,.0f} ms" if calls else ""
    return Finding(
        rule=ID,
        message=f"Templates are read and compiled again for each rendering{measured}",
        hint='take "loaders" out of the OPTIONS of TEMPLATES and set APP_DIRS = True, or put the '
        f'loaders into ("{CACHED}", […])',
        location=location,
        evidence=Evidence(
            requests=sum(group.executions for group in compiled),
            calls=calls,
            per_request_max=max((group.per_execution_max for group in compiled), default=0),
            wall_ms=wall_ns / 1e6,
            share=case.share(wall_ns),
            route_share=case.route_share((group.scope, group.wall_ns) for group in compiled),
            figures=_figures(compiled),
        ),
        confidence=0.95 if compiled else 0.85,
        remedy=Remedy(kind="setting", path="TEMPLATES", code="loaders" if compiled else ""),
        routes=tuple(sorted({g.scope.name for g in compiled if g.scope.kind != "test"})),
        fix=Fix(
            status="none", reason="" if compiled else "no run with these settings was recorded"
        ),
    )


def _compiled(case: Case) -> list[CallGroup]:
    """The compilations of templates that were compiled again and again."""
    groups = [
        group
        for group in case.recording.calls
        if (group.kind, group.operation) == ("template", "compile") and group.name != STRING
    ]
    totals = _totals(groups)
    return [group for group in groups if totals[group.name] >= AGAIN]


def _totals(groups: list[CallGroup]) -> Mapping[str, int]:
    totals: dict[str, int] = {}
    for group in groups:
        totals[group.name] = totals.get(group.name, 0) + group.calls
    return totals


def _figures(compiled: list[CallGroup]) -> dict[str, float | str]:
    if not compiled:
        return {}
    totals = _totals(compiled)
    most = sorted(totals, key=lambda name: (-totals[name], name))[:TEMPLATES]
    return {"templates": len(totals), "most_often": ", ".join(most)}
