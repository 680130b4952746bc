"""What a baseline knows is silent until it gets worse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nuages.code import Code
from nuages.errors import NuagesError
from nuages.model import Evidence
from nuages.silencing import baseline, known_now, silence
from nuages.silencing.baseline import Baseline

from .findings import at, diagnosed, found, reached

FINDING = found(at(3))
OTHER = found(at(9, function="page"), path="tags")


def known(folder: Path, *findings) -> Baseline:
    """A baseline of these findings, from its file."""
    path = folder / baseline.FILE
    baseline.write(path, known_now(diagnosed(*findings), code=Code()))
    return baseline.load(path)


def left(finding, by: Baseline):
    return silence(diagnosed(finding), code=Code(), baseline=by).findings


class TestSilences:
    @pytest.mark.parametrize(
        "now",
        [
            FINDING,
            found(at(300)),
            replace(FINDING, message="Post.author is fetched 51 times"),
            replace(FINDING, routes=("GET /other/",)),
            found(at(3), evidence=Evidence(requests=90, calls=4_500, per_request_max=52)),
        ],
        ids=["the same", "moved", "other words", "other routes", "more traffic"],
    )
    def test_what_it_knows(self, tmp_path, now):
        assert left(now, known(tmp_path, FINDING)) == ()

    def test_statements_whatever_their_columns(self, tmp_path):
        def slow(columns: str):
            sql = f'SELECT {columns} FROM "post" WHERE "post"."state" = %s'
            return found(at(3), "slow-query", path=None, evidence=Evidence(sql=sql))

        by = known(tmp_path, slow('"post"."id", "post"."title"'))
        assert left(slow('"post"."id", "post"."title", "post"."body"'), by) == ()
        assert left(slow("COUNT(*)"), by)

    def test_what_only_words_tell_apart_by_its_function(self, tmp_path):
        call = found(at(3), "outside-call-in-request", path=None)
        by = known(tmp_path, replace(call, message="waits 20 ms for a.com in GET /posts/"))
        assert left(replace(call, message="waits 31 ms for a.com in GET /"), by) == ()

    def test_settings_by_their_words(self, tmp_path):
        app = replace(found(at(3, function=""), "unused-app", path=None), message="one is unused")
        by = known(tmp_path, app)
        assert left(app, by) == ()
        assert left(replace(app, message="two is unused"), by)

    def test_one_more_of_the_same_in_a_function_is_new(self, tmp_path):
        by = known(tmp_path, FINDING)
        result = silence(diagnosed(FINDING, found(at(7))), code=Code(), baseline=by)
        assert [f.location.line for f in result.findings] == [7]
        assert result.silenced == {"baseline": 1}


class TestSpeaksAgain:
    @pytest.mark.parametrize(
        "now",
        [
            found(at(3), "over-fetch"),
            found(at(3), path="author__profile"),
            found(at(3, "shop/other.py")),
            found(at(3, function="other")),
        ],
        ids=["another rule", "another path", "another file", "another function"],
    )
    def test_what_is_new(self, tmp_path, now):
        assert left(now, known(tmp_path, FINDING)) == (now,)

    @pytest.mark.parametrize(
        ("evidence", "words"),
        [
            (Evidence(requests=1, per_request_max=120, wall_ms=20), "50 calls in one request bef"),
            (Evidence(requests=1, per_request_max=50, wall_ms=90), "20 ms a request before, 90 ms"),
        ],
    )
    def test_what_got_worse(self, tmp_path, evidence, words):
        (finding,) = left(found(at(3), evidence=evidence), known(tmp_path, FINDING))
        assert words in finding.message
        assert "worse than known" in finding.message

    def test_not_what_got_a_little_worse(self, tmp_path):
        evidence = Evidence(requests=1, per_request_max=60, wall_ms=29)
        assert left(found(at(3), evidence=evidence), known(tmp_path, FINDING)) == ()


class TestIsWritten:
    def test_a_line_a_finding_in_a_stable_order(self, tmp_path):
        one = known(tmp_path, FINDING, OTHER).path.read_text()
        assert known(tmp_path, OTHER, FINDING).path.read_text() == one
        assert len(one.splitlines()) == 5 + 2
        assert json.loads(one)["findings"][0]["about"] == "author"

    def test_without_what_was_repaired_and_with_what_was_not_reached(self, tmp_path):
        before = known(tmp_path, FINDING, OTHER)
        now = known_now(diagnosed(), code=Code(), recording=reached(at(3)), baseline=before)
        assert [one.function for one in now] == ["page"]

    def test_without_what_a_comment_or_the_configuration_silences(self):
        assert known_now(diagnosed(FINDING), code=Code(), ignore=("n-plus-one",)) == []


class TestStale:
    def test_what_is_repaired(self, tmp_path):
        by = known(tmp_path, FINDING, OTHER)
        result = silence(diagnosed(), code=Code(), baseline=by, recording=reached(at(3)))
        (stale,) = result.stale
        assert (stale.by, stale.text) == ("baseline", "n-plus-one in feed: author")
        assert stale.where == baseline.FILE


class TestRefuses:
    @pytest.mark.parametrize("text", ["", "[]", '{"schema": 1}', '{"schema": 1, "findings": [1]}'])
    def test_another_file(self, tmp_path, text):
        path = tmp_path / "x.json"
        path.write_text(text)
        with pytest.raises(NuagesError, match="is not a baseline"):
            baseline.load(path)

    def test_a_newer_one(self, tmp_path):
        path = tmp_path / "x.json"
        path.write_text('{"schema": 2, "findings": []}')
        with pytest.raises(NuagesError, match="has schema 2"):
            baseline.load(path)

    def test_one_that_was_named_and_is_not_there(self, tmp_path):
        assert baseline.of_project(tmp_path) is None
        with pytest.raises(NuagesError):
            baseline.of_project(tmp_path, tmp_path / "x.json")
