"""What an edit uncovers is tried in the next round; what was refused is not tried twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.unit.rules.recordings import accessed, at, in_loop, joined, once, recorded

from nuages.answers import Answer, Request
from nuages.budget import TimeBudget
from nuages.code import Code
from nuages.diagnose import diagnose
from nuages.fix import ALL, RunOutcome
from nuages.fix.remembered import Remembered, subject_of
from nuages.model import Finding, Load, Location, Recording
from nuages.rounds import Fixed, Rounds, original_line

VIEWS = """\
def feed(request):
    posts = Post.objects.filter(live=True)
    return respond(posts)
"""
FILE = "blog/views.py"
QUERYSET = "Post.objects.filter(live=True)"
UNTRACED = Load(model="blog.Profile", created_at=at(12, "blog/models.py"))


def posts(source: str) -> Load:
    line, row = next((i, r) for i, r in enumerate(source.splitlines(), 1) if QUERYSET in r)
    column = row.index(QUERYSET)
    place = Location(
        file=FILE, line=line, column=column, end_line=line, end_column=column + len(QUERYSET),
        function="feed", kind="call",
    )  # fmt: skip
    return Load(model="blog.Post", created_at=place)


class Site:
    """A site whose profiles are seen to hang on the posts only once the authors are joined."""

    def __init__(self, body: Callable[[str], object] = lambda source: [1, 2]) -> None:
        self.runs: list[str] = []
        self._body = body

    def run(self, edits: Mapping[str, str], tests: frozenset[str] = ALL) -> RunOutcome:
        source = edits.get(f".:{FILE}", VIEWS)
        self.runs.append(source)
        return RunOutcome(recording=self.recording(source), answers=(self._answer(source),))

    def run_varied(self, edits: Mapping[str, str]) -> RunOutcome | None:
        return None

    def recording(self, source: str) -> Recording:
        listed = posts(source)
        author = accessed(listed, "author", "fk", created_at=at(9, "blog/models.py"))
        known = '"author"' in source
        profile = accessed(listed, "profile", "fk", "blog.Profile") if known else UNTRACED
        queries = [once(listed), once(joined(listed, "author")) if known else in_loop(author)]
        if '"profile"' not in source:
            queries.append(in_loop(profile))
        return recorded(*queries)

    def _answer(self, source: str) -> Answer:
        return Answer(
            request=Request(path="/api/feed/"),
            route="GET /api/feed/",
            status=200,
            headers={"content-type": "application/json"},
            body=json.dumps(self._body(source)).encode(),
        )


def judge(recording: Recording, edits: Mapping[str, str]) -> tuple[Finding, ...]:
    return diagnose(recording, project="blog").findings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "blog").mkdir()
    (tmp_path / FILE).write_text(VIEWS, "utf-8")
    return tmp_path


def run(
    root: Path,
    site: Site,
    *,
    budget: TimeBudget | None = None,
    remembered: Remembered | None = None,
) -> Fixed:
    rounds = Rounds(
        roots={".": root},
        door=site,
        judge=judge,
        budget=budget or TimeBudget(),
        remembered=remembered or Remembered(None, ""),
    )
    seen = site.run({})
    return rounds.run(judge(seen.recording, {}), seen)


def by_path(fixed: Fixed) -> dict[str | None, Finding]:
    return {finding.remedy.path: finding for finding in fixed.findings}


def paths(fixed: Fixed) -> dict[str | None, str]:
    return {path: finding.fix.status for path, finding in by_path(fixed).items()}


class TestRounds:
    def test_what_an_edit_uncovers_is_fixed_upon_it(self, root: Path) -> None:
        fixed = run(root, Site())
        assert paths(fixed) == {"author": "verified", "profile": "verified"}
        text = fixed.edits[f".:{FILE}"]
        assert '"author"' in text
        assert '"profile"' in text
        assert fixed.rounds == 2

    def test_one_round_is_enough_where_nothing_is_uncovered(self, root: Path) -> None:
        site = Site()
        site.recording = lambda source: recorded(once(posts(source)))  # type: ignore[method-assign]
        fixed = run(root, site)
        assert fixed.rounds == 1
        assert fixed.edits == {}
        assert len(site.runs) == 1

    def test_an_edit_that_changes_answers_in_the_second_round_is_left_out(self, root: Path) -> None:
        fixed = run(root, Site(body=lambda source: [1, '"profile"' in source]))
        assert paths(fixed) == {"author": "verified", None: "refused"}
        assert '"profile"' not in fixed.edits[f".:{FILE}"]

    def test_no_round_is_begun_when_the_time_is_over(self, root: Path) -> None:
        fixed = run(root, Site(), budget=TimeBudget(seconds=0))
        assert paths(fixed) == {"author": "proposed", None: "refused"}
        assert "no time left" in by_path(fixed)["author"].fix.reason
        assert fixed.edits == {}

    def test_the_last_run_is_not_repeated_for_the_next_diagnosis(self, root: Path) -> None:
        site = Site()
        run(root, site)
        joined_alone = [
            text
            for text in site.runs
            if 'select_related("author")' in text and "profile" not in text
        ]
        assert len(joined_alone) <= 2  # tried, and replayed as the base of the second round


class TestRemembered:
    def refusing(self) -> Site:
        return Site(body=lambda source: [1, '"author"' in source])

    def test_what_was_refused_is_not_tried_again(self, root: Path, tmp_path: Path) -> None:
        path = tmp_path / ".nuages" / "refused.json"
        first = run(root, self.refusing(), remembered=Remembered(path, "this"))
        assert paths(first)["author"] == "refused"
        again = self.refusing()
        fixed = run(root, again, remembered=Remembered(path, "this"))
        assert paths(fixed)["author"] == "refused"
        assert "an earlier run" in by_path(fixed)["author"].fix.reason
        assert again.runs == [VIEWS]

    def test_it_is_tried_again_on_other_code(self, root: Path, tmp_path: Path) -> None:
        path = tmp_path / "refused.json"
        run(root, self.refusing(), remembered=Remembered(path, "this"))
        assert (
            paths(run(root, Site(), remembered=Remembered(path, "other")))["author"] == "verified"
        )

    def test_a_broken_file_is_none(self, root: Path, tmp_path: Path) -> None:
        path = tmp_path / "refused.json"
        path.write_text('{"schema": 1, "subject": "this", "refused": 3}', "utf-8")
        assert paths(run(root, Site(), remembered=Remembered(path, "this")))["author"] == "verified"

    def test_the_subject_is_the_code_and_what_was_told(self, root: Path) -> None:
        first = subject_of(Code({".": str(root)}), {"rows": 300})
        assert subject_of(Code({".": str(root)}), {"rows": 300}) == first
        assert subject_of(Code({".": str(root)}), {"rows": 500}) != first
        (root / FILE).write_text(VIEWS + "\n", "utf-8")
        assert subject_of(Code({".": str(root)}), {"rows": 300}) != first


@pytest.mark.parametrize(
    ("new", "line", "old"),
    [
        ("import a\none\ntwo\nthree\n", 3, 2),
        ("one\ntwo and more\nthree\n", 2, 2),
        ("one\ntwo\nthree\n", 3, 3),
        ("one\ntwo\nadded\nthree\n", 3, 2),
    ],
)
def test_lines_are_told_as_they_are_in_the_file_that_stands(new: str, line: int, old: int) -> None:
    assert original_line("one\ntwo\nthree\n", new, line) == old
