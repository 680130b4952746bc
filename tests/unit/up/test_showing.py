from __future__ import annotations

import io

import pytest
from rich.console import Console

from nuages.stack.home import Home, StackError
from nuages.up import showing

ROW = {
    "name": "web-1", "service": "web", "state": "ready", "pid": 7, "uptime_s": 200.0,
    "restarts": 1, "rps": 61.5, "p50_ms": 8.0, "p95_ms": 21.0, "p99_ms": 60.0,
    "errors": 0, "in_flight": 2, "connections": 4, "cpu_percent": 31.0, "rss_mb": 92.4,
}  # fmt: skip


@pytest.fixture
def home(tmp_path):
    place = Home(path=tmp_path)
    place.logs.mkdir()
    (place.logs / "web-1.log").write_text("one\ntwo\nthree\n")
    (place.logs / "web-2.log").write_text("four\n")
    (place.logs / "webhooks-1.log").write_text("five\n")
    return place


def test_a_process_has_a_line_with_its_figures():
    out = io.StringIO()
    told = {"url": "http://localhost:8000/", "uptime_s": 400.0, "processes": [ROW]}
    showing.processes(told, Console(file=out, width=160))
    line = out.getvalue().splitlines()[2]
    assert line.split() == [
        "web-1", "ready", "3", "min", "1", "61.5", "8", "ms", "21", "ms", "60", "ms", "0", "2", "4",
        "31", "%", "92", "MB",
    ]  # fmt: skip


def test_logs_that_could_not_be_written_are_said():
    out = io.StringIO()
    told = {"url": "", "uptime_s": 1.0, "processes": [], "dropped_log_bytes": 5000}
    showing.processes(told, Console(file=out, width=160))
    assert "5,000 bytes of logs could not be written" in out.getvalue()


@pytest.mark.parametrize(
    ("names", "lines", "expected"),
    [
        (["web"], 2, ["web-1 | two", "web-1 | three", "web-2 | four"]),
        (["web-2"], 50, ["web-2 | four"]),
    ],
)
def test_logs_of_a_service_are_those_of_its_replicas(home, capsys, names, lines, expected):
    showing.print_logs(home, names, lines=lines, follow=False)
    assert capsys.readouterr().out.splitlines() == expected


def test_logs_of_nobody(home):
    with pytest.raises(StackError, match="no logs of till"):
        showing.print_logs(home, ["till"], lines=1, follow=False)
