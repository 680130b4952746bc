"""Two revisions of a small site: with what was planted in the second, and without anything."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nuages.answers import Request
from nuages.cli.mixes import crawled
from nuages.lab import Lab, open_lab
from nuages.loading import LoadOptions, compare_loaded
from nuages.populate import prepare_databases
from nuages.progress import Progress
from nuages.project import discover
from nuages.prove import Proof, ProveOptions, Version, prove, version_of
from nuages.traffic.access_log import mix_of_logs
from nuages.traffic.crawl import send
from nuages.traffic.fitting import fitted

PROJECT = Path(__file__).with_name("project")
PLANTED = (
    ('Book.objects.select_related("author")', "Book.objects"),  # a query for each book
    ('"price": found.price', '"price": found.price + 1'),  # another answer
    ("stars=1", "stars=2"),  # another effect
)

pytestmark = pytest.mark.xdist_group("load")


def git(folder: Path, *words: str) -> None:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the release v1, and worse things in the work tree."""
    root = tmp_path_factory.mktemp("proved") / "site"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    git(root, "tag", "v1")
    views = root / "shelf" / "views.py"
    text = views.read_text("utf-8")
    for before, after in PLANTED:
        assert before in text
        text = text.replace(before, after)
    views.write_text(text, "utf-8")
    return root


@pytest.fixture(scope="module")
def planted(site: Path) -> dict[str, Any]:
    """What `nuages prove --since v1` prints, and the page that it writes."""
    words = ("prove", "--since", "v1", "--project", str(site), "--no-load", "--pairs", "2")
    further = ("--seconds", "0.2", "--rows", "60", "--json", "--html", str(site / "proof.html"))
    done = subprocess.run(
        [sys.executable, "-m", "nuages", *words, *further],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_what_was_planted_is_found(planted: dict[str, Any]) -> None:
    assert planted["verdict"] == "different answers"
    assert {each["route"] for each in planted["answers"]["different"]} == {"GET /books/<int:pk>/"}
    assert planted["answers"]["different"][0]["reason"] == "body/price differs"
    assert planted["effects"] == [{"table": "shelf_note", "what": "other values in stars"}]
    front = planted["routes"]["GET /"]
    assert front["verdict"] == "worse"
    books = front["a"]["rows"]
    assert books > 10
    assert front["b"]["queries"] - front["a"]["queries"] == pytest.approx(books)
    assert planted["routes"]["GET /authors/"]["verdict"] == "no difference shown"


def test_the_page_shows_it(planted: dict[str, Any], site: Path) -> None:
    page = (site / "proof.html").read_text("utf-8")
    assert "body/price" in page
    assert page.count("<svg") == len(planted["routes"])


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with open_lab(discover(PROJECT), progress=Progress()) as lab:
        prepare_databases(lab, rows=60)
        yield lab


def test_a_version_beside_itself_under_load(lab: Lab, tmp_path: Path) -> None:
    mix = crawled(lab, Progress())
    same = version_of(str(PROJECT), lab.project, tmp_path)
    options = LoadOptions(rate=5.0, turns=2, seconds=1.0, knee_seconds=0.5)
    proof: Proof = prove(
        lab, same, same, mix, ProveOptions(pairs=2, seconds=0.2, varied=False),
        progress=Progress(),
        load=lambda sides: compare_loaded(sides, mix, options),
    )  # fmt: skip
    assert not proof.different
    assert not proof.effects
    assert all(route.a.queries == route.b.queries for route in proof.routes)
    assert proof.load is not None
    assert proof.load.rate == 5.0
    assert proof.load.a.rate == pytest.approx(5.0, abs=3.0)
    assert len(proof.load.a.latencies) == 99
    assert set(proof.load.ratios) == {"p50", "p95", "p99"}


def test_what_the_usual_data_can_not_tell(lab: Lab) -> None:
    """No book that was filled in has a negative price: varied data have."""
    views = (PROJECT / "shelf" / "views.py").read_text("utf-8")
    filtered = views.replace("Book.objects.select", "Book.objects.exclude(price__lt=0).select")
    a = Version(name="a", project=lab.project)
    b = replace(a, name="b", edits={".:shelf/views.py": filtered})
    options = ProveOptions(pairs=2, seconds=0.1)
    proof = prove(lab, a, b, crawled(lab, Progress()), options, progress=Progress())
    assert proof.judgement == "different answers"
    assert {verdict.route for verdict in proof.different} == {"GET /"}
    assert all(verdict.reason.endswith(", on varied data") for verdict in proof.different)
    assert not proof.effects


def test_copies_of_the_data_go_with_their_runs(lab: Lab) -> None:
    with lab.session(mode=None), lab.clones() as names:
        assert all(map(lab.databases.exists, names.values()))
    copies = range(lab.runs + 1)
    assert [n for n in copies if lab.databases.exists(f"nuages_r{n}_default")] == []


def test_traffic_of_elsewhere_is_made_to_fit(lab: Lab, tmp_path: Path) -> None:
    """A log of production has rows that scratch data have not."""
    lines = [
        f'1.2.3.4 - - [23/Nov/2026:10:00:0{n % 9} +0000] "GET {path} HTTP/1.1" 200 1 "-" "-"\n'
        for n, path in enumerate(["/books/900001/", "/books/900002/", "/authors/", "/gone/"] * 5)
    ]
    (tmp_path / "access.log").write_text("".join(lines))
    mix = mix_of_logs([tmp_path / "access.log"])
    with lab.session(mode=None) as session:
        actors = session.call("actors", functions={})
        found = fitted(session, mix, actors=actors)
        sent = {template.route: template for template in found.mix.templates}
        assert set(sent) == {"GET /books/{id}/", "GET /authors/"}
        for row in sent["GET /books/{id}/"].arguments:
            path = sent["GET /books/{id}/"].filled(row).path
            assert send(session, Request(path=path)).status == 200
    assert [each.route for each in found.left_out] == ["GET /gone/"]
    assert found.share == pytest.approx(0.25)
