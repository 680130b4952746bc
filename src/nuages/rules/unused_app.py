"""Apps that take their time at each start and were not touched by anything."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from nuages.cases import Case
from nuages.grounds.production import SETTINGS_FILE
from nuages.grounds.route_groups import is_route
from nuages.grounds.settings_code import locate
from nuages.model import Evidence, Finding, Fix, Remedy
from nuages.statements import tables
from nuages.wording import several

ID = "unused-app"

ENOUGH_ROUTES = 10  # without such a recording "not touched" says nothing
ENOUGH_REQUESTS = 100
COSTS_MS = 100  # at each start of a process
# What works without a trace in a recording or in the code: tags, commands, checks, static files.
WORKING_QUIETLY = re.compile(
    r"^(django\.|nuages|rest_framework|crispy|widget_tweaks|django_extensions|whitenoise|"
    r"channels|daphne|storages|corsheaders|import_export|jazzmin|unfold|grappelli|suit|"
    r"modeltranslation|polymorphic|rosetta|compressor|sass_processor|debug_toolbar|"
    r"django_cleanup|django_celery|django_filters|drf_|health_check|admin)"
)


def find(case: Case) -> Iterator[Finding]:
    """One finding per app; only where the recording covers the site and starts were measured."""
    if not _is_covered(case):
        return
    for name, wall_ms in _loading_ms(case).items():
        if wall_ms >= COSTS_MS and not WORKING_QUIETLY.match(name) and not _is_touched(name, case):
            yield _finding(name, wall_ms, case)


def _is_covered(case: Case) -> bool:
    routes = [stats for stats in case.recording.scopes if is_route(stats)]
    requests = sum(stats.executions for stats in routes)
    return len(routes) >= ENOUGH_ROUTES and requests >= ENOUGH_REQUESTS and bool(case.code.modules)


def _loading_ms(case: Case) -> Mapping[str, float]:
    """Milliseconds by app, at one start."""
    found: dict[str, float] = defaultdict(float)
    for call in case.recording.calls:
        if call.kind == "app" and call.calls and call.name in case.facts.apps:
            found[call.name] += call.wall_ns / call.calls / 1e6
    return found


def _is_touched(name: str, case: Case) -> bool:
    return (
        _is_in_code(name, case)
        or _is_in_settings(name, case)
        or _is_in_recording(name, case)
        or _is_related(name, case)
    )


def _is_in_code(name: str, case: Case) -> bool:
    """Whether anything besides the settings, and outside of the app itself, names it."""
    own = f"{name.replace('.', '/')}/"
    named = re.compile(rf"\b{re.escape(name)}\b")
    return any(
        not SETTINGS_FILE.search(module.file) and not f"/{module.file}".count(f"/{own}")
        for module in case.code.matching(named)
    )


def _is_in_settings(name: str, case: Case) -> bool:
    told = {key: value for key, value in case.settings.items() if key != "INSTALLED_APPS"}
    if re.search(rf"['\"]{re.escape(name)}\.", str(told)):
        return True
    prefix = re.compile(
        rf"^[ \t]*{re.escape(name.rpartition('.')[2].upper())}_\w+\s*=", re.MULTILINE
    )
    return any(SETTINGS_FILE.search(module.file) for module in case.code.matching(prefix))


def _is_in_recording(name: str, case: Case) -> bool:
    label = case.facts.apps[name]
    own = {m.table for m in case.facts.models if m.label.partition(".")[0] == label}
    folder = f"{name.replace('.', '/')}/"
    places = (
        place.file
        for group in case.recording.groups
        for place in (group.location, group.created_at, group.trigger)
        if place is not None
    )
    return (
        any(stats.view.startswith(f"{name}.") for stats in case.recording.scopes)
        or any(tables(group.statement.sql) & own for group in case.recording.groups)
        or any(call.name.startswith(f"{name}.") for call in case.recording.calls)
        or any(folder in f"/{file}" or file.startswith(folder) for file in places)
    )


def _is_related(name: str, case: Case) -> bool:
    """Whether models of others lead to its own, or it listens to their signals."""
    label = case.facts.apps[name]
    own = [m for m in case.facts.models if m.label.partition(".")[0] == label]
    labels = {model.label for model in own}
    listens = not own and any(model.signals for model in case.facts.models)
    return listens or any(
        field.to in labels
        for model in case.facts.models
        if model.label not in labels
        for field in model.fields
    )


def _finding(name: str, wall_ms: float, case: Case) -> Finding:
    routes = [stats for stats in case.recording.scopes if is_route(stats)]
    requests = sum(stats.executions for stats in routes)
    return Finding(
        rule=ID,
        message=f"Nothing touched the app {name} in {several(requests, 'request')} to "
        f"{several(len(routes), 'route')}, "
        f"and it takes {wall_ms:,.0f} ms of each start",
        hint=f'take "{name}" out of INSTALLED_APPS, once its tables are not needed any more: see '
        f"that no template loads its tags and nobody runs its commands",
        location=locate(case, "INSTALLED_APPS", name),
        evidence=Evidence(requests=requests, figures={"load_ms": round(wall_ms, 1)}),
        confidence=0.35,
        remedy=Remedy(kind="remove", path=name),
        fix=Fix(status="none", reason="templates and commands were not looked at"),
    )
