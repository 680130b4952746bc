from __future__ import annotations

import os
import time

import pytest

from nuages.stack.outputs import LogFile, Outputs


@pytest.fixture
def outputs(tmp_path):
    reading = Outputs(folder=tmp_path)
    yield reading
    reading.close()


def print_to(outputs: Outputs, name: str, data: bytes) -> None:
    descriptor = outputs.pipe(name)
    os.write(descriptor, data)
    os.close(descriptor)


def test_what_is_printed_is_in_the_file(outputs, tmp_path):
    print_to(outputs, "web-1", b"one\ntwo\n")
    print_to(outputs, "web-2", b"three\n")
    outputs.close()
    assert (tmp_path / "web-1.log").read_text() == "one\ntwo\n"
    assert (tmp_path / "web-2.log").read_text() == "three\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="has no /dev/full")
def test_a_full_disk_stops_nobody_and_is_counted(outputs, tmp_path):
    (tmp_path / "web-1.log").symlink_to("/dev/full")
    descriptor = outputs.pipe("web-1")
    for _ in range(50):
        os.write(descriptor, b"x" * 10_000)  # more than a pipe holds
    os.close(descriptor)
    outputs.close()
    assert outputs.dropped == 500_000


def test_a_file_is_kept_small(tmp_path):
    log = LogFile(path=tmp_path / "web.log", largest=100)
    for number in range(40):
        log.write(f"line {number:3}\n".encode())
    log.close()
    kept = (tmp_path / "web.log.1").read_text() + (tmp_path / "web.log").read_text()
    assert kept.endswith("line  39\n")
    assert len(kept) < 300


def test_lines_are_told_as_they_come(tmp_path):
    heard = []
    outputs = Outputs(folder=tmp_path, echo=lambda name, line: heard.append((name, line)))
    print_to(outputs, "postgres", b"ready\n")
    deadline = time.monotonic() + 5
    while not heard and time.monotonic() < deadline:
        time.sleep(0.01)
    outputs.close()
    assert heard == [("postgres", b"ready")]
