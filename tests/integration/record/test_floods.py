"""Floods of statements, names, scopes, code and text: tables stay bounded, and say what is cut."""

from __future__ import annotations

import json

import pytest

from nuages import store


@pytest.fixture(scope="module", params=["light", "deep"])
def flooded(request, library, run):
    output = library / f"flooded-{request.param}.json"
    run("rough/flooding.py", request.param, str(output))
    return json.loads(output.read_text())


@pytest.fixture(scope="module")
def recording(flooded):
    return store.recording_from([flooded["snapshot"]])


def test_memory_stays_bounded(flooded):
    assert flooded["grown"] < 250  # MB; 760 when every text was remembered


def test_what_was_cut_is_said(recording):
    assert recording.cut["statements"] > 5_000 - 100
    assert recording.cut["scopes"] > 3_000
    assert recording.cut["aggregates"] > 20_000
    assert recording.cut["sites"] > 2_000
    assert "recorder_faults" not in recording.meta


def test_tables_stay_bounded(flooded, recording):
    assert len(flooded["snapshot"]["statements"]) <= 5_002
    assert len(flooded["snapshot"]["locations"]) <= 10_002
    assert len([s for s in recording.scopes if s.scope.kind == "task"]) <= 2_001
    assert len(recording.groups) <= 20_000
    # What belongs to no scope, such as the loading of apps, is bounded by itself.
    assert len([c for c in recording.calls if c.scope.kind != "process"]) <= 20_000
    assert sum(c.calls for c in recording.calls if c.scope.name == "names") <= 20_000
    assert max(len(call.name) for call in recording.calls) == 200
    assert max(len(group.statement.sql) for group in recording.groups) <= 10_002


def test_what_a_full_table_has_no_room_for_still_counts(recording):
    queries = {s.scope.name: s.queries for s in recording.scopes}
    assert queries["statements"] == 10_000
    assert queries["sites"] == 12_000
    assert queries["queries"] == 20_000
    assert queries["long"] == 1_003
    executions = sum(s.executions for s in recording.scopes if s.scope.name.startswith("scope "))
    other = [s.executions for s in recording.scopes if s.scope.name == "(other)"]
    assert executions + sum(other) >= 5_000


def test_a_text_of_ten_megabytes_is_not_read_to_its_end(flooded):
    assert flooded["seconds"]["long_texts"] < 30  # 6 s a text when it was
