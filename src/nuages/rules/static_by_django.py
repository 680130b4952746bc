"""Files that a worker of Django hands out, where a site is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.guards import depends_on, guarded
from nuages.grounds.settings_code import DEVELOPMENT
from nuages.grounds.written import Names, names_of
from nuages.model import Evidence, Finding, Fix, Location, Remedy, ScopeStats
from nuages.origins import in_tests
from nuages.wording import several

ID = "static-by-django"

SERVE = frozenset({"django.views.static.serve", "django.contrib.staticfiles.views.serve"})
IMPORTED = re.compile(
    r"django\.views\.static|django\.views import [^\n]*\bstatic\b|django\.contrib\.staticfiles"
)
ROUTES = frozenset({"path", "re_path", "url"})
WHITENOISE = re.compile(r"whitenoise|servestatic|dj_static", re.IGNORECASE)
FIXED = re.compile(r"[\w/-]{3,}")  # of a pattern: by which a recorded route is told to be its own

Kind = Literal["media", "static", ""]


@dataclass(frozen=True, kw_only=True)
class _Pattern:
    """A URL pattern that leads to the view that serves files."""

    text: str  # "^media/(?P<path>.*)$"
    kind: Kind
    depends: str  # as guards.depends_on() says
    is_guarded: bool  # by a decorator, such as login_required
    location: Location | None


def find(case: Case) -> Iterator[Finding]:
    """One finding per URL pattern that does not depend on DEBUG, or that was asked without it."""
    served = [s for s in case.recording.scopes if s.view in SERVE and s.scope.kind == "request"]
    if case.settings.get("DEBUG") is not False or "DEBUG" in case.facts.changed:
        served = []  # static() adds its patterns only there
    patterns = [p for p in _patterns(case) if not _is_never_asked(p.kind, case)]
    left = list(served)
    for pattern in patterns:
        own = [stats for stats in left if _is_of(stats, pattern)]
        left = [stats for stats in left if stats not in own]
        if own or pattern.depends in ("nothing", "no debug"):
            yield _finding(pattern, own, case)
    for stats in left:
        text = stats.scope.name.partition(" ")[2]
        unknown = _Pattern(text=text, kind="", depends="", is_guarded=False, location=None)
        yield _finding(unknown, [stats], case)


def _patterns(case: Case) -> Iterator[_Pattern]:
    for module in case.code.matching(IMPORTED):
        words = set(re.split(r"[^a-z0-9]+", module.file.removesuffix(".py").lower()))
        if words & DEVELOPMENT or in_tests(Location(file=module.file, line=1)):
            continue
        for call, tests in guarded(module, ast.Call):
            pattern = _pattern(call, module, depends_on(tests))
            if pattern is not None:
                yield pattern


def _pattern(call: ast.Call, module: Module, depends: str) -> _Pattern | None:
    names = names_of(module)
    name = names.dotted(call.func).rpartition(".")[2]
    if name not in ROUTES or len(call.args) < 2:
        return None
    view, is_guarded = _view(call.args[1], names)
    if view not in SERVE:
        return None
    first = call.args[0]
    text = str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)
    return _Pattern(
        text=text,
        kind=_kind(ast.unparse(call)),
        depends=depends,
        is_guarded=is_guarded,
        location=module.location(call),
    )


def _view(node: ast.expr, names: Names) -> tuple[str, bool]:
    """The view's dotted name, and whether it is wrapped."""
    is_wrapped = False
    while isinstance(node, ast.Call) and node.args:
        node, is_wrapped = node.args[0], True
    return names.dotted(node), is_wrapped


def _kind(text: str) -> Kind:
    if "media" in text.lower():
        return "media"
    return "static" if "static_root" in text.lower() or "static/" in text.lower() else ""


def _is_never_asked(kind: Kind, case: Case) -> bool:
    """Whether WhiteNoise answers before, or the files are on another host."""
    if kind == "media":
        return bool(case.settings.get("MEDIA_URL") == "remote")
    middleware = case.settings.get("MIDDLEWARE") or ()
    has_whitenoise = any(WHITENOISE.search(str(name)) for name in middleware)
    return kind == "static" and (has_whitenoise or case.settings.get("STATIC_URL") == "remote")


def _is_of(stats: ScopeStats, pattern: _Pattern) -> bool:
    parts = FIXED.findall(pattern.text)
    return not parts or max(parts, key=len) in stats.scope.name


def _finding(pattern: _Pattern, served: Sequence[ScopeStats], case: Case) -> Finding:
    requests = sum(stats.executions for stats in served)
    wall_ns = sum(stats.wall_ns for stats in served)
    files = {"media": "Uploaded files", "static": "Static files", "": "Files"}[pattern.kind]
    measured = f": {several(requests, 'request')} took {wall_ns / 1e6:,.0f} ms" if requests else ""
    return Finding(
        rule=ID,
        message=f"{files} of {pattern.text} are handed out by Django, also where DEBUG is off: "
        f"each keeps a worker busy until it is sent{measured}",
        hint=_hint(pattern),
        location=pattern.location,
        evidence=Evidence(
            requests=requests,
            wall_ms=wall_ns / 1e6,
            share=case.share(wall_ns),
            route_share=case.route_share((stats.scope, stats.wall_ns) for stats in served),
        ),
        confidence=0.9 if served else 0.7,
        remedy=Remedy(kind="move"),
        routes=tuple(sorted(stats.scope.name for stats in served)),
        fix=Fix(status="none", reason="what stands in front of Django is not known"),
        concern="time" if served else "hazard",
    )


def _hint(pattern: _Pattern) -> str:
    if pattern.is_guarded:
        return (
            "keep the check in a view, and let it answer with X-Accel-Redirect, X-Sendfile or a "
            "signed URL of the storage in place of serve()"
        )
    if pattern.kind == "static":
        return (
            "take the pattern out, and let WhiteNoise serve static files: "
            '"whitenoise.middleware.WhiteNoiseMiddleware" after SecurityMiddleware in MIDDLEWARE'
        )
    return (
        "take the pattern out, and let the web server, or a storage with URLs of its own, hand "
        "the files out"
    )
