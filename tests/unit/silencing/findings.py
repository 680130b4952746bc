"""Findings and recordings in a few words, and the project that they are of."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from nuages.code import Code
from nuages.model import (
    Coverage,
    Diagnosis,
    Evidence,
    Finding,
    Location,
    QueryGroup,
    Recording,
    Remedy,
    Scope,
    ScopeStats,
    Statement,
)

ROUTE = "GET /posts/"
SCOPE = Scope(kind="request", name=ROUTE)


def written(folder: Path, **files: str) -> Code:
    """The code of a project: `shop__views="…"` is shop/views.py, `page_html="…"` page.html."""
    for name, text in files.items():
        stem, _, suffix = name.replace("__", "/").rpartition("_")
        path = folder / (
            f"{stem}.{suffix}" if suffix == "html" else f"{name}.py".replace("__", "/")
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), "utf-8")
    return Code({".": str(folder)})


def at(line: int, file: str = "shop/views.py", end: int | None = None, **more: object) -> Location:
    values = {"function": "feed", **more}
    return Location(file=file, line=line, end_line=end or line, **values)  # type: ignore[arg-type]


def found(
    location: Location | None,
    rule: str = "n-plus-one",
    *,
    path: str | None = "author",
    routes: tuple[str, ...] = (ROUTE,),
    evidence: Evidence | None = None,
    **more: object,
) -> Finding:
    return Finding(
        rule=rule,
        message="Post.author is fetched 50 times",
        hint="",
        location=location,
        evidence=evidence or Evidence(requests=1, calls=50, per_request_max=50, wall_ms=20),
        confidence=0.9,
        remedy=Remedy(kind="select_related" if path else "none", path=path),
        routes=routes,
        **more,  # type: ignore[arg-type]
    )


def diagnosed(*findings: Finding) -> Diagnosis:
    return Diagnosis(project="shop", coverage=Coverage(), findings=findings)


def reached(*places: Location, mode: str = "deep", **more: object) -> Recording:
    """A recording of one request that made a query at each of these places."""
    groups = tuple(
        QueryGroup(scope=SCOPE, statement=Statement(sql="SELECT 1", verb="SELECT"), location=place)
        for place in places
    )
    scopes = (ScopeStats(scope=SCOPE, executions=1),)
    return Recording(mode=mode, scopes=scopes, groups=groups, **more)  # type: ignore[arg-type]
