"""The filter's program, run by an interpreter of classic BPF."""

from __future__ import annotations

import errno
import struct

import pytest

from nuages.enclosure import seccomp

ALLOW, NOTIFY, ABSENT = 0x7FFF0000, 0x7FC00000, 0x00050000 | errno.ENOSYS
CALLS = seccomp._CALLS
WRITE = {"x86_64": 1, "aarch64": 64, "riscv64": 64}


def verdict(numbers: seccomp.Calls, call: int, *args: int, arch: int | None = None) -> int:
    padded = (*args, *[0] * 6)[:6]
    data = struct.pack("=IIQ6Q", call, arch or numbers.audit, 0, *padded)
    code = list(struct.iter_unpack("=HBBI", seccomp.program(numbers)))
    at, accumulator = 0, 0
    while True:
        opcode, if_true, if_false, value = code[at]
        at += 1
        if opcode == 0x06:
            return value
        if opcode == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        else:
            holds = accumulator == value if opcode == 0x15 else accumulator >= value
            at += if_true if holds else if_false


@pytest.mark.parametrize("machine", CALLS)
class TestProgram:
    def test_calls_with_an_address_are_shown(self, machine: str) -> None:
        numbers = CALLS[machine]
        for call in (numbers.connect, numbers.sendmsg, numbers.sendmmsg):
            assert verdict(numbers, call) == NOTIFY

    @pytest.mark.parametrize("address", [1 << 4, 1 << 32, 0x7FFF12345678])
    def test_sendto_with_an_address_is_shown(self, machine: str, address: int) -> None:
        numbers = CALLS[machine]
        assert verdict(numbers, numbers.sendto, 3, 4096, 5, 0, address, 16) == NOTIFY

    def test_send_is_not(self, machine: str) -> None:
        numbers = CALLS[machine]
        assert verdict(numbers, numbers.sendto, 3, 4096, 5, 0, 0, 0) == ALLOW

    def test_other_calls_are_not(self, machine: str) -> None:
        assert verdict(CALLS[machine], WRITE[machine], 1) == ALLOW

    def test_ways_around_do_not_exist(self, machine: str) -> None:
        numbers = CALLS[machine]
        assert verdict(numbers, 425) == ABSENT  # io_uring_setup
        assert verdict(numbers, 0x40000000 | numbers.connect) == ABSENT  # x32
        assert verdict(numbers, 102, arch=0x40000003) == ABSENT  # socketcall of i386
