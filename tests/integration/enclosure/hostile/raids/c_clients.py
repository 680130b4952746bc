"""Escapes that no audit event tells of: calls from C."""

import ctypes
import ctypes.util
import os
import socket
import struct

from raids.outside import DATAGRAM, PORT, STREAM, UDP, VICTIMS

RAIDS = []  # the supervisor must name their origin
SILENT = []  # nobody sees these, they must only fail
libc = ctypes.CDLL(None, use_errno=True)


def escape(function):
    RAIDS.append(function)
    return function


def silent(function):
    SILENT.append(function)
    return function


def address(port, host="127.0.0.1"):
    return (
        struct.pack("=H", socket.AF_INET)
        + struct.pack("!H", port)
        + socket.inet_aton(host)
        + bytes(8)
    )


@escape
def c_connect():
    out = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    return libc.connect(out, address(PORT), 16), os.strerror(ctypes.get_errno())


@escape
def c_connect_with_the_interpreter_locked():
    """As extension modules do that never let go of the lock."""
    locked = ctypes.PyDLL(None)
    out = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    return locked.connect(out, address(PORT, "192.0.2.7"), 16)


@escape
def c_sendto():
    out = libc.socket(socket.AF_INET, socket.SOCK_DGRAM, 0)
    return libc.sendto(out, b"metric", 6, 0, address(UDP), 16)


@escape
def c_unix():
    out = libc.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0)
    raw = struct.pack("=H", socket.AF_UNIX) + os.fsencode(STREAM) + b"\0"
    return libc.connect(out, raw, len(raw))


@escape
def c_unix_sendmsg():
    out = libc.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0)
    raw = struct.pack("=H", socket.AF_UNIX) + os.fsencode(DATAGRAM) + b"\0"
    name = ctypes.create_string_buffer(raw, len(raw))
    data = ctypes.create_string_buffer(b"hello", 5)
    vector = struct.pack("=QQ", ctypes.addressof(data), 5)
    vector = ctypes.create_string_buffer(vector, len(vector))
    header = struct.pack(
        "=QIxxxxQQQQixxxx", ctypes.addressof(name), len(raw), ctypes.addressof(vector), 1, 0, 0, 0
    )
    return libc.sendmsg(out, ctypes.create_string_buffer(header, len(header)), 0)


@escape
def libpq_over_tcp():
    return libpq(f"host=127.0.0.1 port={PORT} connect_timeout=3 dbname=x")


@escape
def libpq_over_unix():
    return libpq(f"host={os.path.dirname(STREAM)} port=5432 connect_timeout=3 dbname=x")


def libpq(conninfo):
    pq = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
    pq.PQconnectdb.restype = ctypes.c_void_p
    pq.PQerrorMessage.restype = ctypes.c_char_p
    return pq.PQerrorMessage(ctypes.c_void_p(pq.PQconnectdb(conninfo.encode())))


@silent
def c_unlink():
    assert libc.unlink(os.fsencode(os.path.join(VICTIMS, "removed"))) == -1


@silent
def c_mount():
    """Make the machine's files writable again."""
    assert libc.mount(None, b"/", None, 0x20 | 0x1000, None) == -1
    assert libc.unshare(0x00020000) == -1  # CLONE_NEWNS


@silent
def read_write_through_a_user_namespace():
    if libc.unshare(0x10000000 | 0x00020000) == 0:  # CLONE_NEWUSER | CLONE_NEWNS
        libc.mount(None, b"/", None, 0x20 | 0x1000, None)
    c_unlink()


@silent
def disks():
    assert not [name for name in os.listdir("/dev") if name.startswith(("vd", "sd", "nvme", "mem"))]


@silent
def kernel_settings():
    try:
        with open("/proc/sys/kernel/hostname", "w") as file:
            file.write("owned")
    except OSError:
        return
    raise AssertionError


@silent
def processes_outside():
    assert len([name for name in os.listdir("/proc") if name.isdigit()]) < 10
