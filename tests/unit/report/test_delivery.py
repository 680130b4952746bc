"""A diagnosis is printed, cut and filtered as it was asked for; its exit code is of all of it."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from nuages.code import Code
from nuages.errors import NuagesError
from nuages.model import Recording
from nuages.report.delivery import Asked, Told, asked_of, deliver, silenced
from nuages.report.text import render_diagnosis

from .samples import DIAGNOSED, FINDINGS


@pytest.fixture
def told(tmp_path):
    return Told(verb="diagnose", root=tmp_path, recording=Recording(), code=Code())


@pytest.fixture
def delivered(told, capsys):
    """→ (exit code, text on stdout, on stderr, in the report)."""

    def delivered(**asked):
        console = Console(file=io.StringIO(), width=100)
        wanted = Asked(**asked)
        diagnosis = silenced(DIAGNOSED, told, wanted)
        code = deliver(diagnosis, told, wanted, render=render_diagnosis, console=console)
        out, err = capsys.readouterr()
        return code, out, err, console.file.getvalue()

    return delivered


def test_only_the_rules_that_were_asked_for(delivered):
    code, out, _, _ = delivered(rules=("slow-query",), as_json=True)
    assert {finding["rule"] for finding in json.loads(out)["findings"]} == {"slow-query"}
    assert code == 1
    code, out, _, _ = delivered(rules=("over-fetch",), as_json=True)
    assert (code, json.loads(out)["findings"]) == (0, [])


def test_no_more_than_the_limit(delivered):
    code, out, _, _ = delivered(limit=2, as_json=True)
    assert (code, len(json.loads(out)["findings"])) == (1, 2)
    assert "… and 10 more findings" in delivered(limit=2)[3]


def test_annotations_go_where_they_leave_json_whole(delivered):
    _, out, err, report = delivered(github=True)
    assert out.count("::warning ") + out.count("::notice ") + out.count("::error ") == 12
    assert "Findings: 12" in report
    _, out, err, _ = delivered(github=True, as_json=True)
    assert len(json.loads(out)["findings"]) == len(FINDINGS)
    assert "::warning " in err


def test_sarif_has_all_that_was_found(delivered, tmp_path):
    delivered(sarif=tmp_path / "x.sarif", limit=1)
    (run,) = json.loads((tmp_path / "x.sarif").read_text())["runs"]
    assert len(run["results"]) == len(FINDINGS)


def test_a_written_baseline_knows_all_rules_whichever_are_shown(delivered, tmp_path):
    code, _, err, _ = delivered(write_baseline=True, rules=("slow-query",))
    assert (code, "12 finding(s) are known now" in err) == (0, True)
    assert delivered(as_json=True)[0] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": ("slow-qury",)}, "--rule: there is no rule 'slow-qury'."),
        ({"sarif": "nowhere/x.sarif"}, "x.sarif cannot be written"),
    ],
)
def test_what_would_fail_later_fails_before(options, message, tmp_path):
    if "sarif" in options:
        options = {"sarif": tmp_path / options["sarif"]}
    with pytest.raises(NuagesError, match=message):
        asked_of({**vars(Asked()), **options})
