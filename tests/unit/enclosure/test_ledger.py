"""Two witnesses, one entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nuages.enclosure import ledger
from nuages.model import LedgerEntry

ORIGIN = {"root": ".", "file": "shop/mail.py", "line": 7, "column": 4, "function": "send"}


class Book:
    """Writes a ledger's lines and reads it back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write({"roots": {".": "/app"}})

    def _write(self, line: dict[str, Any]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def audit(self, kind: str, target: str, *, n: int = 1, **values: Any) -> None:
        line = {"verdict": "denied", "via": "audit", "run": "r", "pid": 2, "origin": ORIGIN}
        self._write(line | {"kind": kind, "target": target, "n": n} | values)

    def kernel(self, kind: str, target: str, *, line: int | None = 7, **values: Any) -> None:
        trace = [["/lib/smtplib.py", 5, "x"], ["/app/shop/mail.py", line, "send"]] if line else []
        entry = {"verdict": "denied", "via": "kernel", "run": "r", "pid": 2, "above": [1]}
        self._write(entry | {"kind": kind, "target": target, "trace": trace} | values)

    def tear(self) -> None:
        with self._path.open("a") as file:
            file.write('{"kind": "conn')

    def read(self) -> tuple[LedgerEntry, ...]:
        return ledger(self._path)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "ledger.jsonl")


def test_no_file_is_an_empty_ledger(tmp_path: Path) -> None:
    assert ledger(tmp_path / "none.jsonl") == ()


def test_a_torn_line_is_left_out(book: Book) -> None:
    book.audit("connect", "192.0.2.1:25")
    book.tear()
    assert len(book.read()) == 1


def test_what_both_saw_counts_once_with_the_finer_origin(book: Book) -> None:
    book.audit("connect", "192.0.2.1:25")
    book.kernel("connect", "192.0.2.1:25")
    (entry,) = book.read()
    assert (entry.count, entry.via) == (1, "audit")
    assert entry.origin
    assert entry.origin.column == 4


def test_a_c_client_beside_a_python_one_is_another_entry(book: Book) -> None:
    book.audit("connect", "192.0.2.1:25")
    book.kernel("connect", "192.0.2.1:25", line=99)
    assert [entry.via for entry in book.read()] == ["audit", "kernel"]


def test_counts_of_a_process_are_cumulative_and_of_processes_add_up(book: Book) -> None:
    for n in (1, 2, 4):
        book.audit("connect", "192.0.2.1:25", n=n)
    book.audit("connect", "192.0.2.1:25", n=3, pid=9)
    book.audit("connect", "192.0.2.1:25", n=3, run="another")
    (entry,) = book.read()
    assert entry.count == 10


def test_the_kernels_lines_are_counted(book: Book) -> None:
    for _ in range(3):
        book.kernel("connect", "192.0.2.1:25")
    (entry,) = book.read()
    assert entry.count == 3
    assert entry.origin
    assert (entry.origin.file, entry.origin.line) == ("shop/mail.py", 7)


def test_the_name_server_is_not_told_of_beside_the_name(book: Book) -> None:
    book.audit("resolve", "mail.example.com")
    book.kernel("resolve", "10.0.0.53:53")
    assert [entry.target for entry in book.read()] == ["mail.example.com"]


def test_the_probe_before_a_connect_is_not_told_of(book: Book) -> None:
    book.kernel("connect", "192.0.2.1:25/udp")
    book.audit("connect", "192.0.2.1:25")
    assert [entry.target for entry in book.read()] == ["192.0.2.1:25"]


def test_a_childs_attempt_has_the_origin_of_its_command(book: Book) -> None:
    book.audit("subprocess", "curl example.com", verdict="contained")
    book.kernel("connect", "192.0.2.1:80", line=None, pid=30, above=[29, 2, 1])
    attempt = book.read()[1]
    assert attempt.origin
    assert attempt.origin.file == "shop/mail.py"


def test_a_worker_threads_attempt_yields_to_the_named_one(book: Book) -> None:
    book.audit("connect", "192.0.2.1:80", origin=None)
    book.audit("connect", "192.0.2.1:80")
    assert len(book.read()) == 1


def test_an_attempt_without_any_origin_is_kept(book: Book) -> None:
    book.kernel("connect", "192.0.2.1:80", line=None)
    (entry,) = book.read()
    assert entry.origin is None


def test_installed_packages_are_not_blamed(book: Book) -> None:
    trace = [["/app/.venv/lib/python3.12/site-packages/requests/api.py", 1, "get"],
             ["/app/shop/mail.py", 7, "send"]]  # fmt: skip
    book.kernel("connect", "192.0.2.1:80", trace=trace)
    (entry,) = book.read()
    assert entry.origin
    assert entry.origin.file == "shop/mail.py"
