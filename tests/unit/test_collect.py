"""`collect`: spools of any number of hosts, and recordings, added up once each."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from nuages import store
from nuages.collect import collect
from nuages.django.places import spool_of
from nuages.errors import NuagesError
from nuages.model import Recording, Scope, ScopeStats
from nuages.record.snapshots import encode
from nuages.record.spools import Spool

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"

SCOPE = {
    "kind": "request", "name": "GET /", "queries": 0, "rows": 0, "wall_ns": 1, "cpu_ns": 1,
    "db_ns": 0, "statuses": {}, "histogram": [3], "view": "v",
}  # fmt: skip


def wrote(folder, process, *, host="web1", sequence=1, executions=3):
    """A process's file, as the app writes it."""
    snapshot = {
        "key": {"host": host, "pid": process, "start": 2, "random": "r"},
        "sequence": sequence,
        "mode": "light",
        "roots": {".": "/srv/shop"},
        "meta": {"python": "3.12", "argv": "gunicorn --secret shop.wsgi"},
        "locations": [None], "statements": [["(other)", "", "", ""]], "loads": [None],
        "scopes": [{**SCOPE, "executions": executions}],
        "groups": [], "calls": [], "exemplars": [], "uses": [], "reuse": [], "files": {}, "cut": {},
    }  # fmt: skip
    Spool(str(folder)).put(f"{host}-{process}", encode(snapshot))


@pytest.fixture
def shop(tmp_path):
    """A checkout of the project."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "manage.py").write_text("")
    return root


def executions(recording):
    return sum(stats.executions for stats in recording.scopes)


def test_processes_and_hosts_add_up(tmp_path, shop):
    wrote(tmp_path / "one", 1)
    wrote(tmp_path / "one", 2)
    wrote(tmp_path / "two", 1, host="web2")
    recording = collect([tmp_path / "one", tmp_path / "two"], here=shop)
    assert (recording.processes, executions(recording), recording.mode) == (3, 9, "light")


def test_a_copy_of_a_spool_changes_nothing_and_the_latest_counts(tmp_path, shop):
    wrote(tmp_path / "spool", 1, executions=3)
    shutil.copytree(tmp_path / "spool", tmp_path / "copy")
    wrote(tmp_path / "spool", 1, sequence=2, executions=7)
    for sources in (["spool", "copy"], ["copy", "spool"]):
        recording = collect([tmp_path / name for name in sources], here=shop)
        assert (recording.processes, executions(recording)) == (1, 7)


def test_recordings_are_added(tmp_path, shop):
    wrote(tmp_path / "spool", 1)
    earlier = ScopeStats(scope=Scope(kind="request", name="GET /"), executions=4)
    store.write(Recording(mode="light", scopes=(earlier,), processes=2), tmp_path / "old.sqlite")
    recording = collect([tmp_path / "spool", tmp_path / "old.sqlite"], here=shop)
    assert (recording.processes, executions(recording)) == (3, 7)


def test_a_root_that_only_the_servers_have_is_the_checkout(tmp_path, shop):
    wrote(tmp_path / "spool", 1)
    assert collect([tmp_path / "spool"], here=shop).roots == {".": str(shop)}


def test_a_root_that_is_here_stays(tmp_path, shop):
    there = tmp_path / "there"
    there.mkdir()
    wrote(tmp_path / "spool", 1)
    recording = replace(store.fold(tmp_path / "spool"), roots={".": str(there)})
    store.write(recording, tmp_path / "r.sqlite")
    assert collect([tmp_path / "r.sqlite"], here=shop).roots == {".": str(there)}


def test_command_lines_of_servers_are_not_taken_along(tmp_path, shop):
    wrote(tmp_path / "spool", 1)
    assert collect([tmp_path / "spool"], here=shop).meta.keys() == {"python", "created"}


def test_without_sources_it_is_the_projects_own_spool(tmp_path, shop, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    wrote(spool_of(str(shop)), 1)
    (shop / "orders").mkdir()
    assert executions(collect([], here=shop / "orders")) == 3


@pytest.mark.parametrize("sources", [[], ["empty"]])
def test_nothing_to_collect_is_said(tmp_path, shop, monkeypatch, sources):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NuagesError) as raised:
        collect([tmp_path / name for name in sources], here=shop)
    assert raised.value.slug == "nothing-collected"
    assert (sources[0] if sources else str(shop)) in raised.value.message


def test_the_command_writes_what_diagnose_reads(tmp_path, shop):
    wrote(tmp_path / "spool", 1)
    command = [sys.executable, "-c", "from nuages.cli import main; main()"]
    done = subprocess.run([*command, "collect", tmp_path / "spool", "--json"], cwd=shop,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    output = shop / ".nuages" / "recording.sqlite"
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((REFERENCE / "collect.schema.json").read_text()))
    assert document == {
        "schema": 1, "processes": 1, "requests": 3, "routes": 1, "jobs": 0, "output": str(output),
    }  # fmt: skip
    assert "3 requests to 1 route of 1 process collected. Next: nuages diagnose" in done.stderr
    diagnosed = subprocess.run([*command, "diagnose"], cwd=shop, capture_output=True, check=False)
    assert diagnosed.returncode == 0
