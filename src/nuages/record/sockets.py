"""Hooks on mail, on sockets that no other hook knows the use of, and on other programs."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import calls
from nuages.record.outside import KIND, bounded, host
from nuages.record.patches import Patches


def hook_mail(module: ModuleType, patches: Patches) -> None:
    """Patch django.core.mail.backends.smtp: connecting, logging in and sending are one call."""
    backend = module.EmailBackend
    sending = calls.timing(backend.send_messages, KIND, _describe_mail)
    patches.replace(backend, "send_messages", sending)


def _describe_mail(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> calls.Description:
    return host("", args[0].host, args[0].port), "smtp", ()


def hook_outbox(module: ModuleType, patches: Patches) -> None:
    """Patch a backend that sends nothing, as tests and development have: who mails, and when."""
    backend = module.EmailBackend
    keeping = calls.timing(backend.send_messages, KIND, _describe_outbox)
    patches.replace(backend, "send_messages", keeping)


def _describe_outbox(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    return "mail", type(args[0]).__module__.rpartition(".")[2], ()


# Methods of smtplib.SMTP, with the names of what they do.
SMTP = {"connect": "connect", "starttls": "starttls", "login": "login", "sendmail": "smtp",
        "quit": "quit"}  # fmt: skip


def hook_smtp(module: ModuleType, patches: Patches) -> None:
    """Patch smtplib."""
    for name, operation in SMTP.items():
        method = getattr(module.SMTP, name)
        patches.replace(module.SMTP, name, calls.timing(method, KIND, _describing_smtp(operation)))


def _describing_smtp(operation: str) -> calls.Describe:
    def describe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> calls.Description:
        connection = args[0]
        name = getattr(connection, "_host", "") or "localhost"
        port: Any = getattr(connection, "default_port", 0)
        if operation == "connect":
            name = args[1] if len(args) > 1 else kwargs.get("host", name)
            port = (args[2] if len(args) > 2 else kwargs.get("port", 0)) or port
        elif getattr(connection, "sock", None) is not None:
            port = connection.sock.getpeername()[1]
        if isinstance(name, str) and name.count(":") == 1:
            name, _, port = name.partition(":")
        return host("", name, port), operation, ()

    return describe


def hook_socket(module: ModuleType, patches: Patches) -> None:
    """Patch socket: whatever else connects."""
    connect = _connecting(module.socket.connect, module.SOCK_STREAM)
    patches.replace(module.socket, "connect", connect)
    timed = calls.timing(module.create_connection, KIND, _describe_connection)
    patches.replace(module, "create_connection", timed)


def _connecting(original: Callable[..., Any], stream: int) -> Callable[..., Any]:
    timed = calls.timing(original, KIND, _describe_socket)

    @wraps(original)
    def connect(self: Any, address: Any, /) -> Any:
        # A datagram's socket only remembers the address; an event loop's returns at once.
        is_call = self.type == stream and self.gettimeout() != 0
        return (timed if is_call else original)(self, address)

    return connect


def _describe_socket(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    return _peer(args[1]), "connect", ()


def _describe_connection(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    return _peer(args[0] if args else kwargs.get("address")), "connect", ()


def _peer(address: Any) -> str:
    if isinstance(address, tuple) and len(address) > 1:
        return host("", address[0], address[1])
    return bounded("unix:" + os.path.basename(os.fsdecode(address)))


def hook_asyncio(module: ModuleType, patches: Patches) -> None:
    """Patch asyncio.base_events: what a loop in Python connects to, by host and port."""
    loop = module.BaseEventLoop
    patches.replace(loop, "create_connection", _connecting_async(loop.create_connection))


def _connecting_async(original: Callable[..., Any]) -> Callable[..., Any]:
    timed = calls.timing_async(original, KIND, _describe_asyncio)

    @wraps(original)
    async def create_connection(self: Any, *args: Any, **kwargs: Any) -> Any:
        is_call = kwargs.get("sock") is None  # else that was connected before
        return await (timed if is_call else original)(self, *args, **kwargs)

    return create_connection


def _describe_asyncio(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    name = args[2] if len(args) > 2 else kwargs.get("host")
    port = args[3] if len(args) > 3 else kwargs.get("port")
    return host("", name, port), "connect", ()
