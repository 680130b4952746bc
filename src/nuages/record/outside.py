"""Hooks on HTTP clients: the time until the head of each answer, without what was asked."""

from __future__ import annotations

from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from nuages.record import calls
from nuages.record.patches import Patches

KIND = "outside"
HOSTS = 1_000  # told apart by a process: some projects call whatever their users enter
OTHER = "(other)"
PORTS = {"http": 80, "https": 443}

_hosts: set[str] = set()


def host(scheme: str, name: Any, port: Any) -> str:
    """ "https://host", "http://host:8000", "host:25" for what has no scheme."""
    text = f"[{name}]" if ":" in str(name) else str(name).lower()
    if port and int(port) != PORTS.get(scheme):
        text = f"{text}:{port}"
    return bounded(f"{scheme}://{text}" if scheme else text)


def bounded(name: str) -> str:
    """The name, unless there are too many."""
    if name not in _hosts:
        if len(_hosts) >= HOSTS:
            return OTHER
        _hosts.add(name)
    return name


def status(code: Any) -> tuple[str, ...]:
    """The class of an HTTP status, "2xx"."""
    return (f"{int(code) // 100}xx",) if code else ()


def hook_http(module: ModuleType, patches: Patches) -> None:
    """Patch http.client, which urllib and, beneath urllib3, requests use."""
    connection = module.HTTPConnection
    sending = calls.first_half(connection.endheaders, KIND, _describe_http)
    patches.replace(connection, "endheaders", sending)
    receiving = calls.second_half(connection.getresponse, KIND, _describe_http)
    patches.replace(connection, "getresponse", receiving)


def _describe_http(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> calls.Description:
    connection = args[0]
    scheme = "https" if hasattr(connection, "_context") else "http"
    tunnelled = getattr(connection, "_tunnel_host", None)
    name = tunnelled or connection.host
    port = getattr(connection, "_tunnel_port", None) if tunnelled else connection.port
    method = str(getattr(connection, "_method", None) or "")
    return host(scheme, name, port), method, status(getattr(result, "status", None))


def hook_urllib3(module: ModuleType, patches: Patches) -> None:
    """Patch urllib3.connectionpool: opening a connection, redirects and retries are part of it."""
    pool = module.HTTPConnectionPool
    patches.replace(pool, "urlopen", calls.timing(pool.urlopen, KIND, _describe_urllib3))


def _describe_urllib3(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    pool = args[0]
    method = args[1] if len(args) > 1 else kwargs.get("method", "")
    url = str(args[2] if len(args) > 2 else kwargs.get("url", ""))
    parts = urlsplit(url) if "://" in url else None  # a proxy is given the whole of it
    if parts is not None and parts.hostname:
        name = host(parts.scheme, parts.hostname, parts.port)
    else:
        name = host(pool.scheme, pool.host, pool.port)
    return name, str(method), status(getattr(result, "status", None))


def hook_httpcore(module: ModuleType, patches: Patches) -> None:
    """Patch httpcore, which httpx stands on."""
    pool, asynchronous = module.ConnectionPool, module.AsyncConnectionPool
    handle = calls.timing(pool.handle_request, KIND, _describe_httpcore)
    patches.replace(pool, "handle_request", handle)
    handle = calls.timing_async(asynchronous.handle_async_request, KIND, _describe_httpcore)
    patches.replace(asynchronous, "handle_async_request", handle)


def _describe_httpcore(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    request = args[1] if len(args) > 1 else kwargs["request"]
    url = request.url
    name = host(_text(url.scheme), _text(url.host), url.port)
    return name, _text(request.method), status(getattr(result, "status", None))


def _text(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def hook_aiohttp(module: ModuleType, patches: Patches) -> None:
    """Patch aiohttp.client."""
    session = module.ClientSession
    patches.replace(
        session, "_request", calls.timing_async(session._request, KIND, _describe_aiohttp)
    )


def _describe_aiohttp(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    method = args[1] if len(args) > 1 else kwargs.get("method", "")
    url = args[2] if len(args) > 2 else kwargs.get("str_or_url", "")
    parts = urlsplit(str(getattr(result, "url", None) or url))
    if not parts.hostname:  # relative to the session's
        parts = urlsplit(str(getattr(args[0], "_base_url", "") or ""))
    name = host(parts.scheme, parts.hostname, parts.port)
    return name, str(method).upper(), status(getattr(result, "status", None))
