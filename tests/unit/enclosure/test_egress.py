"""Addresses as the kernel gets them, and stacks as faulthandler writes them."""

from __future__ import annotations

import socket
import struct

import pytest

from nuages.enclosure import egress, traces


def internet(host: str, port: int) -> bytes:
    family = struct.pack("=H", socket.AF_INET)
    return family + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)


def internet6(host: str, port: int) -> bytes:
    family = struct.pack("=H", socket.AF_INET6)
    packed = socket.inet_pton(socket.AF_INET6, host)
    return family + struct.pack("!HI", port, 0) + packed + bytes(4)


def unix(path: bytes) -> bytes:
    return struct.pack("=H", socket.AF_UNIX) + path


@pytest.mark.parametrize(
    ("raw", "host", "port", "path"),
    [
        (internet("192.0.2.1", 443), "192.0.2.1", 443, ""),
        (internet6("2001:db8::1", 443), "2001:db8::1", 443, ""),
        (internet6("::ffff:192.0.2.1", 443), "192.0.2.1", 443, ""),
        (unix(b"/run/x.sock\0rubbish"), "", 0, "/run/x.sock"),
        (unix(b"\0abstract"), "", 0, "@abstract"),
        (unix(b""), "", 0, ""),
        (struct.pack("=H", socket.AF_NETLINK) + bytes(10), "", 0, ""),
    ],
)
def test_addresses_are_read(raw: bytes, host: str, port: int, path: str) -> None:
    address = egress.parse(raw)
    assert address
    assert (address.host, address.port, address.path) == (host, port, path)


@pytest.mark.parametrize("raw", [b"", b"\2"])
def test_what_is_too_short_is_no_address(raw: bytes) -> None:
    assert egress.parse(raw) is None


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        (b'  File "/app/views.py", line 12 in send', ("/app/views.py", 12, "send")),
        (b'  File "/app/a", line 3.py", line 4 in <module>', ('/app/a", line 3.py', 4, "<module>")),
        (rb'  File "/app/caf\xe9.py", line 1 in f', ("/app/caf\xe9.py", 1, "f")),
        (rb'  File "/app/\u0142.py", line 1 in f', ("/app/\u0142.py", 1, "f")),
        (b'  File "/app/views.py", line ??? in send', None),
        (b"Current thread 0x00007f2a (most recent call first):", None),
        (b"  ...", None),
    ],
)
def test_stacks_are_read(line: bytes, frame: traces.Frame | None) -> None:
    assert traces.parse(line) == frame
