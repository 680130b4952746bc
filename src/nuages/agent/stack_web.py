"""Settings about requests that come through a balancer."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from nuages.agent.changes import Edit
from nuages.agent.stack_config import Secret, StackConfig

FORWARDED = ("HTTP_X_FORWARDED_PROTO", "https")
COOKIES = ("SESSION_COOKIE", "CSRF_COOKIE", "LANGUAGE_COOKIE")


def debug(edit: Edit, _: StackConfig) -> None:
    """DEBUG off: it keeps the SQL of every query, and shows a page of settings at an error."""
    if edit.get("DEBUG"):
        edit.set("DEBUG", False, "it keeps the SQL of every query in memory")


def hosts(edit: Edit, config: StackConfig) -> None:
    """The names that requests and probes come by."""
    allowed = list(edit.get("ALLOWED_HOSTS") or ())
    missing = [name for name in config.hosts if name not in allowed]
    if missing and "*" not in allowed:
        edit.set("ALLOWED_HOSTS", [*allowed, *missing], "requests come by these names")
    trusted = list(edit.get("CSRF_TRUSTED_ORIGINS") or ())
    if missing := [origin for origin in config.origins if origin not in trusted]:
        edit.set("CSRF_TRUSTED_ORIGINS", [*trusted, *missing], "forms are posted from there")


def proxy(edit: Edit, config: StackConfig) -> None:
    """Who asks, and whether by TLS: the balancer knows, the replica sees the balancer."""
    if config.forwarded:
        told = "the last address of X-Forwarded-For"  # see stack_endpoints.py
        if not edit.keeps("REMOTE_ADDR", "the balancer says who asks"):
            edit.note("REMOTE_ADDR", told, "the balancer says who asks", was="the balancer's")
        why = "the balancer says so, and takes the header from no client"
        if tuple(edit.get("SECURE_PROXY_SSL_HEADER") or ()) != FORWARDED:
            edit.set("SECURE_PROXY_SSL_HEADER", FORWARDED, why)
    elif edit.get("SECURE_PROXY_SSL_HEADER"):
        edit.set("SECURE_PROXY_SSL_HEADER", None, "nobody keeps clients from saying it themselves")
    if edit.get("USE_X_FORWARDED_HOST") and not config.forwarded:
        edit.set("USE_X_FORWARDED_HOST", False, "nobody keeps clients from saying it themselves")
    if not config.https:
        for name in ("SECURE_SSL_REDIRECT", "PREPEND_WWW"):
            if edit.get(name):
                edit.set(name, False, "browsers speak plain HTTP to this stack")


def cookies(edit: Edit, config: StackConfig) -> None:
    """Cookies that a browser would not send back to where this stack answers."""
    for prefix in COOKIES:
        if edit.get(f"{prefix}_SECURE") and not config.https:
            why = "browsers speak plain HTTP to this stack"
            edit.set(f"{prefix}_SECURE", False, why)
        domain = str(edit.get(f"{prefix}_DOMAIN") or "")
        if domain and not _covers(domain, config.hosts):
            edit.set(f"{prefix}_DOMAIN", None, "requests do not come by that name")
        if not config.https and str(edit.get(f"{prefix}_NAME") or "").startswith("__"):
            name = edit.get(f"{prefix}_NAME").removeprefix("__Host-").removeprefix("__Secure-")
            edit.set(f"{prefix}_NAME", name, "browsers take that prefix over TLS only")


def _covers(domain: str, names: Sequence[str]) -> bool:
    bare = domain.lstrip(".")
    return any(name == bare or name.endswith(f".{bare}") for name in names)


def secret(edit: Edit, config: StackConfig) -> None:
    """One SECRET_KEY for all: with a random one each replica refuses the others' cookies."""
    own = edit.get("SECRET_KEY")
    if config.secret is None:
        return
    if not own:
        edit.set("SECRET_KEY", config.secret.key, "it was empty")
    elif _is_random(own, config.secret):
        edit.set("SECRET_KEY", config.secret.key, "each process made another one")


def _is_random(own: Any, secret: Secret) -> bool:
    material = own if isinstance(own, bytes) else str(own).encode()
    digest = hmac.new(secret.key.encode(), material, hashlib.sha256).hexdigest()
    with suppress(FileExistsError):
        descriptor = os.open(secret.digest, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(digest)
        return False
    with open(secret.digest, encoding="utf-8") as file:
        return file.read() != digest
