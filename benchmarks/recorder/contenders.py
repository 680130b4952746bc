"""Who is measured: nuages, its peers as their documentation installs them, and two floors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Contender:
    """What a process of the site is given beyond the bare project."""

    name: str
    mode: Literal["light", "deep"] | None = None  # attached as `nuages record` does it
    is_nuages: bool = False  # gets the agent's half on its path
    is_floor: bool = False
    names_line: bool = False  # records the line of the project that made a query
    needs: tuple[str, ...] = ()  # modules; left out where one can't be imported
    folder: str = ""  # of packages that only this contender sees
    apps: tuple[str, ...] = ()
    outer: tuple[str, ...] = ()  # middleware before all others
    inner: tuple[str, ...] = ()  # and after them
    settings: Mapping[str, Any] = field(default_factory=dict)
    engine: str = ""  # a database engine, its last part left to fill in
    prepare: str = ""  # "module:function", called when Django is set up


BARE = Contender(name="bare")
AGAIN = Contender(name="bare again")  # the noise of the run: it should cost nothing
LIGHT = Contender(name="nuages light", mode="light", is_nuages=True, names_line=True)
DEEP = Contender(name="nuages deep", mode="deep", is_nuages=True, names_line=True)
APP = Contender(
    name="nuages app", is_nuages=True, names_line=True, needs=("nuages.django",),
    apps=("nuages.django",),
)  # fmt: skip


def _toolbar(name: str, **settings: Any) -> Contender:
    shown = {"SHOW_TOOLBAR_CALLBACK": "config.settings.always"}
    return Contender(
        name=name, names_line=True, needs=("debug_toolbar",), apps=("debug_toolbar",),
        outer=("debug_toolbar.middleware.DebugToolbarMiddleware",),
        settings={"DEBUG_TOOLBAR_CONFIG": shown, **settings},
    )  # fmt: skip


def _nplusone(name: str, folder: str = "", apps: tuple[str, ...] = ()) -> Contender:
    return Contender(
        name=name, names_line=True, needs=("nplusone",), folder=folder, apps=apps,
        outer=("nplusone.ext.django.NPlusOneMiddleware",),
    )  # fmt: skip


FLOORS = (
    Contender(name="floor: time, SQL", is_floor=True, inner=("floors.time_and_sql",)),
    Contender(name="floor: + call site", is_floor=True, inner=("floors.call_site",)),
)
PEERS = (
    Contender(
        name="zeal", names_line=True, needs=("zeal",), apps=("zeal",),
        inner=("zeal.middleware.zeal_middleware",), settings={"ZEAL_RAISE": False},
    ),
    _nplusone("nplusone", folder="nplusone", apps=("nplusone.ext.django",)),
    _nplusone("nplus1"),
    Contender(
        name="django-nplus1", names_line=True, needs=("django_nplus1",), apps=("django_nplus1",),
        inner=("django_nplus1.middleware.NPlus1Middleware",), settings={"NPLUS1_RAISE": False},
    ),
    Contender(
        name="query-doctor", names_line=True, needs=("query_doctor",), apps=("query_doctor",),
        inner=("query_doctor.middleware.QueryDoctorMiddleware",),
        settings={"QUERY_DOCTOR": {"REPORTERS": ["log"]}},
    ),
    _toolbar("toolbar, SQL", DEBUG_TOOLBAR_PANELS=["debug_toolbar.panels.sql.SQLPanel"]),
    _toolbar("toolbar, full"),
    Contender(
        name="silk", names_line=True, needs=("silk",), apps=("silk",),
        outer=("silk.middleware.SilkyMiddleware",),
    ),
    Contender(
        name="prometheus", needs=("django_prometheus",), apps=("django_prometheus",),
        outer=("django_prometheus.middleware.PrometheusBeforeMiddleware",),
        inner=("django_prometheus.middleware.PrometheusAfterMiddleware",),
        settings={"PROMETHEUS_EXPORT_MIGRATIONS": False},
        engine="django_prometheus.db.backends",
    ),
    Contender(
        name="OpenTelemetry, 0 %", needs=("opentelemetry.instrumentation.django",),
        prepare="tracing:instrument",
    ),
)  # fmt: skip
ALL = (BARE, LIGHT, DEEP, APP, AGAIN, *FLOORS, *PEERS)


def named(name: str) -> Contender:
    """The contender of this name; "light" and "deep" are nuages's."""
    wanted = {contender.name: contender for contender in ALL}
    wanted |= {contender.name.split()[-1]: contender for contender in (LIGHT, DEEP, APP)}
    if name not in wanted:
        raise SystemExit(f"No contender {name!r}; there are: {', '.join(wanted)}.")
    return wanted[name]
