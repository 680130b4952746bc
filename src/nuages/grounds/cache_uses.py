"""Caches that live in one process or on one host, and what a project does with them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.production import Stated, backends, texts, value
from nuages.grounds.reach import dotted, is_product
from nuages.model import CallGroup, Location
from nuages.origins import in_tests

Kind = Literal["process", "host", "nowhere"]
Purpose = Literal["counts", "forgets", "keeps"]  # the worst first

LOCAL: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\blocmem\b|LocMem"), "process"),
    (re.compile(r"\bfilebased\b|FileBased|\bdiskcache\b"), "host"),
    (re.compile(r"\bdummy\b|DummyCache"), "nowhere"),
)
SHARED = re.compile(
    r"redis|valkey|memcached|pymemcache|pylibmc|DatabaseCache|dynamodb|mongo|cache_url|env\b", re.I
)
CACHED_SESSIONS = frozenset({
    "django.contrib.sessions.backends.cache", "django.contrib.sessions.backends.cached_db",
})  # fmt: skip
PURPOSES: tuple[Purpose, ...] = ("counts", "forgets", "keeps")
OPERATIONS: dict[str, Purpose] = {
    "incr": "counts", "decr": "counts", "add": "counts", "lock": "counts",
    "delete": "forgets", "delete_many": "forgets", "clear": "forgets", "delete_pattern": "forgets",
    "incr_version": "forgets", "decr_version": "forgets",
    "get": "keeps", "set": "keeps", "get_many": "keeps", "set_many": "keeps", "touch": "keeps",
    "has_key": "keeps", "get_or_set": "keeps",
}  # fmt: skip
ASYNCHRONOUS = {f"a{name}": purpose for name, purpose in OPERATIONS.items()}
CACHE_IMPORTED = re.compile(r"django\.core\.cache\b|\bcache_page\b|\bratelimit\b|Throttle\b")
COUNTING_APPS = frozenset({"django_ratelimit", "ratelimit", "brutebuster"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """One place, or one kind of call, that uses a cache."""

    purpose: Purpose
    what: str  # "cache.incr()", "AnonRateThrottle", "django-ratelimit"
    location: Location | None
    routes: tuple[str, ...] = ()
    calls: int = 0
    requests: int = 0


def local_kind(backend: str) -> Kind | None:
    """Where a cache's entries are, when other hosts, or processes, do not see them."""
    return next((kind for pattern, kind in LOCAL if pattern.search(backend)), None)


def local_caches(case: Case) -> dict[str, tuple[Kind, Stated]]:
    """Alias → where it is and who says so; none where settings leave it open."""
    stated = backends(case, "CACHES")
    if any(SHARED.search(text) for text in texts(case, "CACHES")):
        # Of several that are given, production may well have the shared one.
        stated = {} if all(local_kind(each.value) for each in stated.values()) else stated
    kinds = ((alias, local_kind(each.value), each) for alias, each in stated.items())
    return {alias: (kind, each) for alias, kind, each in kinds if kind}


def session_cache(case: Case) -> str | None:
    """The alias that sessions are kept in; None where they are kept elsewhere."""
    engine = value(case, "SESSION_ENGINE")
    if engine is None or engine.value not in CACHED_SESSIONS:
        return None
    alias = value(case, "SESSION_CACHE_ALIAS")
    return alias.value if alias else "default"


def uses(case: Case, alias: str) -> tuple[Use, ...]:
    """What requests, tasks and the code do with a cache, the worst first."""
    found = [*_recorded(case, alias), *_in_code(case, alias)]
    if alias == "default":
        found += _in_settings(case)
    return tuple(sorted(found, key=lambda use: (PURPOSES.index(use.purpose), -use.calls)))


def _recorded(case: Case, alias: str) -> Iterator[Use]:
    is_sessions = session_cache(case) == alias
    for call in case.recording.calls:
        if call.kind != "cache" or call.name != alias or call.scope.kind in ("test", "process"):
            continue
        purpose = OPERATIONS.get(call.operation)
        of_sessions = is_sessions and call.operation not in ("incr", "decr")
        if purpose is None or of_sessions or _is_tests(call):
            continue
        routes = (call.scope.name,)
        what = f"cache.{call.operation}()"
        yield Use(
            purpose=purpose, what=what, location=call.location, routes=routes, calls=call.calls
        )


def _is_tests(call: CallGroup) -> bool:
    return call.location is not None and in_tests(call.location)


def _in_code(case: Case, alias: str) -> Iterator[Use]:
    for module in case.code.matching(CACHE_IMPORTED):
        if is_product(module):
            yield from _of_module(module, alias)


def _of_module(module: Module, alias: str) -> Iterator[Use]:
    names = set(_names_of(module, alias))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            owner, _, method = name.rpartition(".")
            purpose = OPERATIONS.get(method) or ASYNCHRONOUS.get(method)
            if purpose and (owner in names or _is_of_alias(node.func, alias)):
                what = f"{owner or 'cache'}.{method}()"
                yield Use(purpose=purpose, what=what, location=module.location(node))
            elif alias == "default" and name.endswith("cache_page"):
                yield Use(purpose="keeps", what="cache_page()", location=module.location(node))
            elif alias == "default" and name.rpartition(".")[2] == "ratelimit":
                yield Use(purpose="counts", what="ratelimit()", location=module.location(node))
        elif alias == "default" and isinstance(node, ast.Assign) and _throttles(node):
            yield Use(purpose="counts", what="a throttle", location=module.location(node))


def _names_of(module: Module, alias: str) -> Iterator[str]:
    """What a module calls this cache: an import of the default one, a name for caches["…"]."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.core.cache":
            yield from (
                each.asname or each.name
                for each in node.names
                if each.name == "cache" and alias == "default"
            )
        elif isinstance(node, ast.Assign) and _is_of_alias(node.value, alias):
            yield from (t.id for t in node.targets if isinstance(t, ast.Name))


def _is_of_alias(node: ast.expr, alias: str) -> bool:
    """`caches["alias"]`, or a method of it."""
    if isinstance(node, ast.Attribute):
        node = node.value
    if not isinstance(node, ast.Subscript) or dotted(node.value) != "caches":
        return False
    return isinstance(node.slice, ast.Constant) and node.slice.value == alias


def _throttles(node: ast.Assign) -> bool:
    names = {dotted(target) for target in node.targets if isinstance(target, ast.Name)}
    listed = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else []
    return "throttle_classes" in names and bool(listed)


def _in_settings(case: Case) -> Iterator[Use]:
    rest = case.settings.get("REST_FRAMEWORK") or {}
    for name in rest.get("DEFAULT_THROTTLE_CLASSES") or ():
        yield Use(purpose="counts", what=name.rpartition(".")[2], location=None)
    for app in sorted(COUNTING_APPS & set(case.facts.apps)):
        yield Use(purpose="counts", what=app, location=None)
