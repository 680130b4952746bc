"""A recording of a real project, diagnosed, silenced, and told in every format."""

from __future__ import annotations

import json

import pytest

LINE = 'paper.author.name}" for paper in found]})'


@pytest.fixture
def recorded(kiosk):
    kiosk.loop()
    kiosk.pytest("--nuages")
    return kiosk


def rules(kiosk, *args: str, code: int) -> list[str]:
    return [f["rule"] for f in diagnosis(kiosk, *args, code=code)["findings"]]


def diagnosis(kiosk, *args: str, code: int) -> dict:
    said = kiosk.run("nuages", "diagnose", "--json", *args, code=code)
    return json.JSONDecoder().raw_decode(said[said.index("{\n") :])[0]


def test_a_comment_silences_and_gets_stale(recorded):
    assert "n-plus-one" in rules(recorded, code=1)
    recorded.edit("press/views.py", LINE, f"{LINE}  # nuages: ignore[n-plus-one]")
    told = diagnosis(recorded, "--rule", "n-plus-one", code=0)
    assert (told["silenced"]["comment"], told["stale"]) == (1, [])
    recorded.edit("press/views.py", "Paper.objects.", 'Paper.objects.select_related("author").')
    recorded.pytest("--nuages")
    told = diagnosis(recorded, "--rule", "n-plus-one", code=0)
    assert told["silenced"] == {}
    assert [stale["text"] for stale in told["stale"]] == ["nuages: ignore[n-plus-one]"]
    assert told["stale"][0]["where"] == "press/views.py:10"


def test_a_baseline_silences_all_that_is_there(recorded):
    # A busy machine would break budgets of the second run that the first has held.
    budgets = ("response_ms", "query_ms", "slow_query_ms", "middleware_ms")
    recorded.configure("[tool.nuages.budgets]\n" + "".join(f"{n} = 60000\n" for n in budgets))
    found = rules(recorded, code=1)
    said = recorded.run("nuages", "diagnose", "--write-baseline", code=0)
    assert f"nuages: {len(found)} finding(s) are known now: " in said
    assert f"{len(found)} by the baseline" in said
    assert rules(recorded, code=0) == []
    recorded.edit("press/views.py", "def papers(request):", "def papers(request):\n    x = 1")
    recorded.pytest("--nuages")
    assert rules(recorded, code=0) == []


def test_the_configuration_silences_and_is_checked(recorded):
    recorded.configure('[tool.nuages]\nignore = ["n-plus-one:GET /papers/"]')
    assert "n-plus-one" not in rules(recorded, "--rule", "n-plus-one", code=0)
    recorded.edit("pyproject.toml", "n-plus-one:", "n-plus-on:")
    said = recorded.run("nuages", "diagnose", code=2)
    assert "tool.nuages.ignore[0]: there is no rule 'n-plus-on'." in said
    assert "did you mean n-plus-one?" in said
    assert said in recorded.run("nuages", "tune", code=2)  # before anything is set up


def test_sarif_and_annotations_name_the_line(recorded):
    (recorded.root.parent / ".git").mkdir()
    said = recorded.run(
        "nuages", "diagnose", "--github", "--sarif", "out.sarif", "--rule", "n-plus-one", code=1
    )
    assert "::warning file=kiosk/press/views.py,line=10,endLine=10,col=" in said
    run = json.loads((recorded.root / "out.sarif").read_text())["runs"][0]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "kiosk/press/views.py"
    source = (recorded.root / "press" / "views.py").read_text().splitlines()[9]
    region = place["region"]
    assert source[region["startColumn"] - 1 : region["endColumn"] - 1] == "paper.author"


def test_rules_are_listed_and_explained(kiosk):
    assert "n-plus-one" in kiosk.run("nuages", "rules")
    assert kiosk.run("nuages", "explain", "n-plus-one").startswith("# n-plus-one\n")
    assert "did you mean n-plus-one?" in kiosk.run("nuages", "explain", "n-plus-on", code=2)
    assert "--rule: there is no rule" in kiosk.run("nuages", "diagnose", "--rule", "x", code=2)


def test_check_silences_too(kiosk):
    counted = "    number = len(Paper.objects.all())"
    kiosk.edit("press/views.py", "def papers(request):", f"def papers(request):\n{counted}")
    check = ("nuages", "check", "--unenclosed", "--rule", "count-by-len")
    assert "press/views.py:9" in kiosk.run(*check, code=1)
    kiosk.edit("press/views.py", counted, f"{counted}  # nuages: ignore[count-by-len]")
    assert "1 finding silenced: 1 by comments." in kiosk.run(*check)
    kiosk.edit("press/views.py", "  # nuages: ignore[count-by-len]", "")
    kiosk.run(*check, "--write-baseline")
    assert "1 by the baseline." in kiosk.run(*check)
