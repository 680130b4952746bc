"""Edits are proposed, tried together, and only kept when a run shows that they hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from tests.unit.rules.recordings import (
    FEED,
    HOME,
    TEST,
    accessed,
    at,
    in_loop,
    joined,
    once,
    prefetched,
    recorded,
)

from nuages import fix
from nuages.answers import Answer, Request, Verdict
from nuages.codemod import text
from nuages.diagnose import diagnose
from nuages.errors import NuagesError
from nuages.fix import RunOutcome, combine, propose, verify
from nuages.fix.edited import Edited, moved
from nuages.fix.judging import judge_replay, succeeded
from nuages.fix.varied import Replay, VariedData
from nuages.model import Finding, Fix, Load, Location, Recording, Scope, ScopeStats

VIEWS = """\
def feed(request):
    posts = Post.objects.filter(live=True)
    return respond(posts)


def home(request):
    posts = Post.objects.all()
    return respond(posts)
"""
SOURCES = {".:blog/views.py": VIEWS}


def creation(expression: str, function: str, source: str = VIEWS) -> Location:
    """The span of an expression in the view."""
    line = next(i for i, row in enumerate(source.splitlines(), 1) if expression in row)
    column = source.splitlines()[line - 1].index(expression)
    return Location(
        file="blog/views.py",
        line=line,
        column=column,
        end_line=line,
        end_column=column + len(expression),
        function=function,
        kind="call",
    )


FEED_POSTS = Load(model="blog.Post", created_at=creation("Post.objects.filter(live=True)", "feed"))
HOME_POSTS = Load(model="blog.Post", created_at=creation("Post.objects.all()", "home"))
FEED_AUTHOR = accessed(FEED_POSTS, "author", "fk", created_at=at(9, "blog/models.py"))
HOME_AUTHOR = accessed(HOME_POSTS, "author", "fk", created_at=at(9, "blog/models.py"))
FEED_PROFILE = accessed(FEED_AUTHOR, "profile", "reverse_o2o", "accounts.Profile")
FEED_TAGS = accessed(FEED_POSTS, "tags", "m2m", "blog.Tag")

BEFORE = recorded(
    once(FEED_POSTS),
    in_loop(FEED_AUTHOR),
    in_loop(FEED_PROFILE),
    in_loop(FEED_TAGS, shape="all"),
    once(HOME_POSTS, scope=HOME),
    in_loop(HOME_AUTHOR, scope=HOME),
)


def findings(recording: Recording = BEFORE) -> tuple[Finding, ...]:
    return diagnose(recording, project="blog").findings


def by_path(found: tuple[Finding, ...]) -> dict[str | None, Finding]:
    return {f"{finding.routes[0]} {finding.remedy.path}": finding for finding in found}


def proposed(recording: Recording = BEFORE, sources: Mapping[str, str] = SOURCES):
    return propose(findings(recording), sources)


class Site:
    """A site whose queries follow from what its querysets say, as Django's would."""

    def __init__(self, answers: Callable[[str, str], object] | None = None) -> None:
        self.runs: list[dict[str, str]] = []
        self._answers = answers or (lambda route, source: {"posts": [1, 2, 3]})

    def __call__(self, edits: Mapping[str, str], tests: frozenset[str] = fix.ALL) -> RunOutcome:
        self.runs.append(dict(edits))
        source = edits.get(".:blog/views.py", VIEWS)
        feed, _, home = source.partition("def home")
        recording = recorded(
            *self._page(feed, FEED_POSTS, FEED_AUTHOR, FEED),
            *self._profile(feed),
            *self._tags(feed),
            *self._page(home, HOME_POSTS, HOME_AUTHOR, HOME),
        )
        return RunOutcome(
            recording=recording,
            answers=tuple(
                Answer(
                    request=Request(path=path),
                    route=f"GET {path}",
                    status=200,
                    headers={"content-type": "application/json"},
                    body=json.dumps(self._answers(path, part)).encode(),
                )
                for path, part in (("/api/feed/", feed), ("/", home))
            ),
        )

    @staticmethod
    def _page(source, posts, author, scope):
        if '"author' not in source:
            return [once(posts, scope=scope), in_loop(author, scope=scope)]
        if "prefetch_related(" in source and "select_related(" not in source:
            return [once(posts, scope=scope), once(prefetched(posts, "author", "fk"), scope=scope)]
        return [once(posts, scope=scope), once(joined(posts, "author"), scope=scope)]

    @staticmethod
    def _profile(source):
        return [] if "author__profile" in source else [in_loop(FEED_PROFILE)]

    @staticmethod
    def _tags(source):
        if '"tags"' in source:
            return [once(prefetched(FEED_POSTS, "tags", "m2m", "blog.Tag"))]
        return [in_loop(FEED_TAGS, shape="all")]


class SlowJoin(Site):
    """A site whose home page lists posts that are dear to join."""

    def __init__(self, join_ms: float, prefetch_ms: float) -> None:
        super().__init__()
        self._ms = {True: join_ms, False: prefetch_ms}

    def _page(self, source, posts, author, scope):
        groups = super()._page(source, posts, author, scope)
        if scope != HOME or '"author' not in source:
            return groups
        wall_ns = int(self._ms["select_related(" in source] * 1e6 / len(groups))
        return [replace(group, wall_ns=wall_ns) for group in groups]


def verified(site: Site, **options: int) -> dict[str | None, Finding]:
    return by_path(verify(proposed(), SOURCES, site({}), site, **options))


def doubted(site: Site, varied: Replay) -> tuple[Finding, ...]:
    """What is left once it was tried on varied data, too."""

    def doubts(*known):
        return [VariedData(varied, *known)]

    return verify(proposed(), SOURCES, site({}), site, doubts=doubts)


def statuses(found: dict[str | None, Finding]) -> dict[str | None, str]:
    return {path: finding.fix.status for path, finding in found.items()}


class TestPropose:
    def test_an_edit_and_its_diff(self):
        finding = by_path(proposed())["GET / author"]
        assert finding.fix.status == "proposed"
        assert finding.fix.reason == "not verified: it has not been run"
        assert finding.fix.diff == (
            "--- a/blog/views.py\n+++ b/blog/views.py\n@@ -4,5 +4,5 @@\n \n \n"
            " def home(request):\n"
            "-    posts = Post.objects.all()\n"
            '+    posts = Post.objects.all().select_related("author")\n'
            "     return respond(posts)\n"
        )

    def test_nothing_where_the_rule_says_why(self):
        counted = in_loop(accessed(FEED_POSTS, "comments", "reverse_fk"), shape="count")
        (finding,) = proposed(recorded(once(FEED_POSTS), counted))
        assert finding.fix.status == "none"
        assert finding.fix.reason == "the access to comments has to change as well"

    def test_the_reason_of_a_refusal(self):
        source = VIEWS.replace("filter(live=True)", 'filter(live=True).values("pk")')
        (finding,) = proposed(
            recorded(once(FEED_POSTS), in_loop(FEED_AUTHOR)), {".:blog/views.py": source}
        )
        assert finding.fix == Fix(
            status="refused",
            reason=".values() returns no instances, so nothing can be fetched with them",
        )

    def test_a_prefetch_where_a_join_is_refused(self):
        source = VIEWS.replace("filter(live=True)", "filter(live=True).select_for_update()")
        (finding,) = proposed(
            recorded(once(FEED_POSTS), in_loop(FEED_AUTHOR)), {".:blog/views.py": source}
        )
        assert finding.remedy.kind == "prefetch_related"
        assert finding.hint.startswith('add .prefetch_related("author")')
        assert '+    posts = Post.objects.filter(live=True).prefetch_related("author")' in (
            finding.fix.diff
        )

    def test_a_refusal_for_what_is_said_already(self):
        source = VIEWS.replace("filter(live=True)", 'filter(live=True).select_related("author")')
        (finding,) = proposed(
            recorded(once(FEED_POSTS), in_loop(FEED_AUTHOR)), {".:blog/views.py": source}
        )
        assert finding.fix.reason == 'the queryset says select_related("author") already'

    def test_a_refusal_for_test_code_and_for_files_of_others(self):
        posts = Load(model="blog.Post", created_at=at(3, "tests/views.py"))
        recording = recorded(once(posts), in_loop(accessed(posts, "author", "fk")))
        (finding,) = proposed(recording, {".:tests/views.py": VIEWS})
        assert finding.fix.reason == "the expression is in test code"
        (finding,) = proposed(recording, {})
        assert finding.fix.reason == "tests/views.py is not the project's"

    def test_a_refusal_for_a_file_that_has_changed(self):
        (finding, *_) = propose(findings(), SOURCES, {".:blog/views.py": "another hash"})
        assert finding.fix.reason == "blog/views.py has changed since it was recorded"
        (finding, *_) = propose(findings(), SOURCES, {".:blog/views.py": text.sha256(VIEWS)})
        assert finding.fix.status == "proposed"


class TestCombine:
    def test_all_edits_of_one_queryset_and_of_one_file(self):
        assert combine(proposed(), SOURCES) == {
            ".:blog/views.py": VIEWS.replace(
                "filter(live=True)",
                'filter(live=True).select_related("author__profile").prefetch_related("tags")',
            ).replace("all()", 'all().select_related("author")')
        }

    def test_findings_without_an_edit_add_nothing(self):
        assert combine(findings(), SOURCES) == {}

    def test_any_order_gives_the_same_text(self):
        found = proposed()
        assert combine(found, SOURCES) == combine(found[::-1], SOURCES)


class TestVerify:
    def test_keeps_what_a_run_shows_to_hold(self):
        site = Site()
        found = verified(site)
        assert set(statuses(found).values()) == {"verified"}
        home = found["GET / author"]
        assert home.fix.reason == "51 → 2 queries a request, 1 answer the same"
        assert (home.fix.queries_before, home.fix.queries_after) == (51, 2)
        assert home.fix.diff
        assert len(site.runs) == 3  # the recording, the baseline, all edits together

    def test_refuses_what_changes_an_answer_and_keeps_the_rest(self):
        site = Site(lambda route, source: "tags" if '"tags"' in source else "")
        found = verified(site)
        assert statuses(found) == {
            "GET / author": "verified",
            "GET /api/feed/ author": "verified",
            "GET /api/feed/ author__profile": "verified",
            "GET /api/feed/ tags": "refused",
        }
        assert found["GET /api/feed/ tags"].fix.reason.startswith("the answer to GET /api/feed/")

    def test_prefetches_where_a_join_changes_an_answer(self):
        site = Site(lambda route, source: route == "/" and "select_related(" in source)
        found = verified(site)
        assert found["GET / author"].fix.status == "verified"
        assert found["GET / author"].remedy.kind == "prefetch_related"

    def test_looks_for_what_breaks_the_run(self):
        class Fragile(Site):
            def __call__(self, edits, tests=fix.ALL):
                if "tags" in edits.get(".:blog/views.py", ""):
                    self.runs.append(dict(edits))
                    raise NuagesError("The site does not start.")
                return super().__call__(edits)

        found = verified(Fragile())
        assert found["GET /api/feed/ tags"].fix == Fix(
            status="refused", reason="the run failed: The site does not start."
        )
        assert found["GET / author"].fix.status == "verified"

    def test_is_bounded(self):
        def run(edits, tests):
            site.runs.append(dict(edits))
            raise NuagesError("no")

        site = Site()
        before = site({})
        site.runs.clear()
        found = verify(proposed(), SOURCES, before, run, most_runs=5)
        assert len(site.runs) <= 5
        assert not [finding for finding in found if finding.fix.status == "verified"]

    def test_what_is_verified_was_run_together(self):
        site = Site(lambda route, source: '"tags"' in source)
        before = site({})
        found = verify(proposed(), SOURCES, before, site)
        kept = [finding for finding in found if finding.fix.status == "verified"]
        assert combine(kept, SOURCES) in site.runs

    def test_refuses_what_takes_no_query_away(self):
        class Stubborn(Site):
            @staticmethod
            def _tags(source):
                return [in_loop(FEED_TAGS, shape="all")]

        tags = verified(Stubborn())["GET /api/feed/ tags"]
        assert tags.fix.status == "refused"
        assert tags.fix.reason == "50 of its queries are left in one execution"

    def test_refuses_what_makes_another_page_fetch_more(self):
        tags = prefetched(FEED_POSTS, "tags", "m2m", "blog.Tag")
        elsewhere = in_loop(FEED_POSTS, 20, scope=HOME, shape="filtered")
        before = recorded(once(FEED_POSTS), in_loop(FEED_TAGS, shape="all"), elsewhere)
        after = recorded(once(FEED_POSTS), once(tags), elsewhere, in_loop(tags, 20, scope=HOME))
        finding = by_path(proposed(before))["GET /api/feed/ tags"]
        same = Verdict(request=Request(path="/api/feed/"), route=FEED.name, result="same")
        edited = Edited(old=SOURCES, new=finding.fix.edits)
        judged = judge_replay(finding, before, after, [same], edited)
        assert judged.status == "refused"
        assert judged.reason == (
            "GET / does not need the rows, and would fetch them: 20 → 40 queries a request"
        )

    def test_only_proposes_what_can_not_be_compared(self):
        counter = iter(range(100))
        site = Site(lambda route, source: next(counter))
        found = verified(site)
        assert set(statuses(found).values()) == {"proposed"}
        reason = found["GET / author"].fix.reason
        assert reason.startswith("not verified: the answers could not be compared")

    def test_only_proposes_what_did_not_run_in_a_successful_request(self):
        class Failing(Site):
            def __call__(self, edits, tests=fix.ALL):
                outcome = super().__call__(edits)
                scopes = tuple(replace(s, statuses={"404": 1}) for s in outcome.recording.scopes)
                return replace(outcome, recording=replace(outcome.recording, scopes=scopes))

        fixed = verified(Failing())["GET / author"].fix
        assert (fixed.status, fixed.reason) == (
            "proposed",
            "not verified: the edited expression did not run in a successful request",
        )

    @pytest.mark.parametrize(
        ("route", "status", "good"),
        [
            ("GET /posts/", "200", True),
            ("GET /posts/", "302", False),
            ("POST /posts/", "302", True),
            ("POST /posts/", "400", False),
        ],
    )
    def test_a_redirect_is_a_good_end_of_a_form_only(self, route, status, good):
        scope = Scope(kind="request", name=route)
        assert succeeded(ScopeStats(scope=scope, executions=1, statuses={status: 1})) is good

    def test_one_bad_edit_takes_no_good_one_of_its_route_with_it(self):
        site = Site(lambda route, source: '"tags"' in source)
        found = verified(site)
        kinds = {path: finding.remedy.kind for path, finding in found.items()}
        assert found["GET /api/feed/ tags"].fix.status == "refused"
        assert kinds["GET /api/feed/ author"] == "select_related"
        assert kinds["GET /api/feed/ author__profile"] == "select_related"
        assert found["GET /api/feed/ author__profile"].fix.status == "verified"

    def test_what_changes_by_itself_may_show_late(self):
        class Ageing(Site):
            def __call__(self, edits, tests=fix.ALL):
                outcome = super().__call__(edits)
                late = len(self.runs) > 2  # "2 minutes ago", where it was "now" so far
                ages = {"posts": [*range(20)], "age": late}
                body = json.dumps(ages).encode()
                answers = tuple(replace(answer, body=body) for answer in outcome.answers)
                return replace(outcome, answers=answers)

        site = Ageing()
        assert set(statuses(verified(site)).values()) == {"verified"}
        assert len(site.runs) == 4  # the unedited version once more than otherwise

    def test_blames_no_edit_for_a_route_that_runs_none_of_the_edited_querysets(self):
        class Clock(Site):
            def __call__(self, edits, tests=fix.ALL):
                outcome = super().__call__(edits)
                now = Answer(
                    request=Request(path="/now/"),
                    route="GET /now/",
                    status=200,
                    body=b"edited" if edits else b"not",
                )
                return replace(outcome, answers=(*outcome.answers, now))

        assert set(statuses(verified(Clock())).values()) == {"verified"}

    def test_prefetches_where_a_join_takes_longer(self):
        site = SlowJoin(join_ms=40, prefetch_ms=4)
        author = verified(site)["GET / author"]
        assert author.remedy.kind == "prefetch_related"
        assert author.fix.status == "verified"
        (alternative,) = author.fix.alternatives
        assert alternative.startswith("prefetch_related: ")
        assert 'prefetch_related("author")' in site.runs[-1][".:blog/views.py"]

    def test_joins_where_a_prefetch_is_not_clearly_faster(self):
        author = verified(SlowJoin(join_ms=40, prefetch_ms=35))["GET / author"]
        assert author.remedy.kind == "select_related"
        assert len(author.fix.alternatives) == 1

    def test_tries_no_prefetch_where_the_join_costs_next_to_nothing(self):
        author = verified(SlowJoin(join_ms=0.1, prefetch_ms=0.01))["GET / author"]
        assert author.remedy.kind == "select_related"
        assert author.fix.alternatives == ()

    def test_refuses_what_changes_an_answer_on_varied_data_only(self):
        site, varied = Site(), Site(lambda route, source: '"tags"' in source)
        found = by_path(doubted(site, varied))
        assert statuses(found) == {
            "GET / author": "verified",
            "GET /api/feed/ author": "verified",
            "GET /api/feed/ author__profile": "verified",
            "GET /api/feed/ tags": "refused",
        }
        tags, author = found["GET /api/feed/ tags"], found["GET /api/feed/ author"]
        assert tags.fix.reason.startswith("on more varied data the answer to GET /api/feed/")
        assert author.fix.reason.endswith("1 answer the same, on varied data too")
        kept = [finding for finding in found.values() if finding.fix.status == "verified"]
        assert varied.runs[-1] == combine(kept, SOURCES)

    def test_refuses_all_that_only_together_change_an_answer_on_varied_data(self):
        both = Site(lambda route, source: '"tags"' in source and "author__profile" in source)
        site = Site()
        found = by_path(doubted(site, both))
        assert found["GET / author"].fix.status == "verified"
        assert found["GET /api/feed/ tags"].fix.status == "refused"
        assert found["GET /api/feed/ author__profile"].fix.status == "refused"

    def test_what_varies_by_itself_on_varied_data_is_no_change(self):
        class Counting(Site):
            def __call__(self, edits, tests=fix.ALL):
                outcome = super().__call__(edits)
                body = json.dumps({"posts": [*range(20)], "run": len(self.runs)}).encode()
                answers = tuple(replace(answer, body=body) for answer in outcome.answers)
                return replace(outcome, answers=answers)

        site = Site()
        found = by_path(doubted(site, Counting()))
        assert set(statuses(found).values()) == {"verified"}

    def test_without_varied_data_nothing_is_said_of_them(self):
        site = Site()
        found = doubted(site, lambda edits: None)
        assert {finding.fix.status for finding in found} == {"verified"}
        assert not [finding for finding in found if "varied" in finding.fix.reason]

    def test_refuses_what_does_not_run_on_varied_data(self):
        def broken(edits):
            if edits:
                raise NuagesError("The site does not start.")
            return Site()({})

        site = Site()
        found = doubted(site, broken)
        assert {finding.fix.status for finding in found} == {"refused"}

    def test_runs_nothing_without_a_proposal(self):
        site = Site()
        assert verify(findings(), SOURCES, site({}), site) == findings()
        assert len(site.runs) == 1


class TestVerifyByTests:
    RECORDING = recorded(once(FEED_POSTS), in_loop(FEED_AUTHOR, tests=("t.py::test_feed",)))
    AFTER = recorded(once(FEED_POSTS), once(joined(FEED_POSTS, "author")))

    def verify(self, before: dict[str, bool], after: dict[str, bool]) -> Finding:
        def run(edits: Mapping[str, str], tests: frozenset[str]) -> RunOutcome:
            results = after if edits else before
            return RunOutcome(
                recording=self.AFTER if edits else self.RECORDING,
                tests={t: passed for t, passed in results.items() if not tests or t in tests},
            )

        outcome = RunOutcome(recording=self.RECORDING, tests=before)
        (finding,) = verify(proposed(self.RECORDING), SOURCES, outcome, run)
        return finding

    def test_keeps_what_passes(self):
        passing = {"t.py::test_feed": True, "t.py::test_other": True}
        finding = self.verify(passing, passing)
        assert finding.fix.status == "verified"
        assert finding.fix.tests == "2 of 2 run"
        assert finding.fix.reason == "51 → 2 queries a request, its 1 test passes"

    def test_does_not_mind_a_test_that_failed_before(self):
        results = {"t.py::test_feed": True, "t.py::test_other": False}
        assert self.verify(results, results).fix.status == "verified"

    def test_only_proposes_what_no_passing_test_reaches(self):
        results = {"t.py::test_feed": False, "t.py::test_other": True}
        fixed = self.verify(results, results).fix
        assert fixed.status == "proposed"
        assert fixed.reason == "not verified: no test that reaches the line passes"

    def test_refuses_what_breaks_a_test(self):
        finding = self.verify({"t.py::test_feed": True}, {"t.py::test_feed": False})
        assert finding.fix.reason == "t.py::test_feed passes before and fails after"

    def test_refuses_what_breaks_another_test(self):
        finding = self.verify(
            {"t.py::test_feed": True, "t.py::test_other": True},
            {"t.py::test_feed": True, "t.py::test_other": False},
        )
        assert finding.fix.reason == "t.py::test_other passes before and fails after"

    def test_only_proposes_without_a_passing_test(self):
        assert self.verify({}, {}).fix.status == "proposed"

    def test_a_test_that_calls_the_code_itself(self):
        before = recorded(once(FEED_POSTS, scope=TEST), in_loop(FEED_AUTHOR, scope=TEST))
        after = recorded(
            once(FEED_POSTS, scope=TEST), once(joined(FEED_POSTS, "author"), scope=TEST)
        )
        outcome = RunOutcome(recording=before, tests={TEST.name: True})
        (finding,) = verify(
            proposed(before), SOURCES, outcome, lambda *_: replace(outcome, recording=after)
        )
        assert finding.fix.status == "verified"


class Suite:
    """Ten tests of which one reaches the loop; `fails` says which fail with or without edits."""

    REACHES = "t.py::test_feed"
    NAMES = (REACHES, *(f"t.py::test_{number}" for number in range(9)))

    def __init__(
        self,
        fails: Callable[[str, bool, int], bool] = lambda *_: False,
        recording: Recording | None = None,
    ) -> None:
        self.recording = recording or TestVerifyByTests.RECORDING
        self.runs: list[tuple[bool, int]] = []  # with edits?, number of tests
        self._fails = fails

    def __call__(self, edits: Mapping[str, str], tests: frozenset[str] = fix.ALL) -> RunOutcome:
        names = [name for name in self.NAMES if not tests or name in tests]
        self.runs.append((bool(edits), len(names)))
        return RunOutcome(
            recording=TestVerifyByTests.AFTER if edits else self.recording,
            tests={name: not self._fails(name, bool(edits), len(names)) for name in names},
        )

    def verified(self, seconds: float = 1.0, **options: int) -> Fix:
        before = replace(self({}), seconds=seconds)
        (finding,) = verify(proposed(self.recording), SOURCES, before, self, **options)
        return finding.fix


class TestSelectedTests:
    def test_first_those_that_reach_the_line_then_all_of_them_once(self):
        suite = Suite()
        fixed = suite.verified()
        assert (fixed.status, fixed.tests) == ("verified", "10 of 10 run")
        assert suite.runs == [(False, 10), (False, 1), (True, 1), (True, 10)]

    def test_a_long_command_is_not_run_whole_again(self):
        suite = Suite()
        fixed = suite.verified(seconds=3600)
        assert (fixed.status, fixed.tests) == ("verified", "1 of 10 run")
        assert suite.runs[-1] == (True, 1)

    def test_what_breaks_another_test_is_refused(self):
        fixed = Suite(lambda name, edited, _: edited and name == "t.py::test_3").verified()
        assert fixed.status == "refused"
        assert fixed.reason == "t.py::test_3 passes before and fails after"

    def test_a_test_that_fails_now_and_then_is_not_held_against_a_fix(self):
        failures = iter([False, True, True])  # when recorded, in all with edits, once more without

        def fails(name: str, edited: bool, count: int) -> bool:
            return name == "t.py::test_3" and next(failures)

        assert Suite(fails).verified().status == "verified"

    def test_a_reaching_test_that_fails_by_itself_is_left_out(self):
        def fails(name: str, edited: bool, count: int) -> bool:
            return name == Suite.REACHES and len(suite.runs) > 2

        suite = Suite(fails)
        assert suite.verified().status != "refused"

    def test_tests_that_need_one_another_are_run_together(self):
        suite = Suite(lambda name, _, count: name == Suite.REACHES and count < 10)
        fixed = suite.verified()
        assert (fixed.status, fixed.tests) == ("verified", "10 of 10 run")
        assert suite.runs == [(False, 10), (False, 1), (True, 10)]

    @pytest.mark.parametrize(
        ("tests", "missing"),
        [
            ((), "no test reaches the line"),
            (("t.py::test_renamed",), "no test that reaches the line passes"),
        ],
    )
    def test_all_are_run_where_it_is_not_known_which_reach_the_line(self, tests, missing):
        suite = Suite(recording=recorded(once(FEED_POSTS), in_loop(FEED_AUTHOR, tests=tests)))
        fixed = suite.verified()
        assert (fixed.status, fixed.reason) == ("proposed", f"not verified: {missing}")
        assert suite.runs == [(False, 10), (True, 10)]

    def test_without_runs_left_it_stays_a_proposal(self):
        suite = Suite(lambda name, edited, count: edited and count == 10 and name == "t.py::test_3")
        fixed = suite.verified(most_runs=2)
        assert fixed.status == "proposed"
        assert fixed.reason == "not verified: in the whole command t.py::test_3 fails with it"


class TestApply:
    def apply(self, tmp_path, recorded_as: str | None = None) -> str:
        (tmp_path / "blog").mkdir()
        path = tmp_path / "blog/views.py"
        path.write_bytes(VIEWS.encode())
        path.chmod(0o640)
        files = {".:blog/views.py": recorded_as or text.sha256(VIEWS)}
        fix.apply(combine(proposed(), SOURCES), {".": tmp_path}, files)
        assert path.stat().st_mode & 0o777 == 0o640
        assert [p.name for p in path.parent.iterdir()] == ["views.py"]
        return path.read_text()

    def test_writes_the_new_text(self, tmp_path):
        assert self.apply(tmp_path) == combine(proposed(), SOURCES)[".:blog/views.py"]

    def test_writes_nothing_over_a_file_that_has_changed(self, tmp_path):
        with pytest.raises(NuagesError, match="has changed since it was recorded"):
            self.apply(tmp_path, "another hash")
        assert (tmp_path / "blog/views.py").read_text() == VIEWS

    def test_writes_nothing_when_one_file_is_missing(self, tmp_path):
        (tmp_path / "a.py").write_text("x = 1\n")
        with pytest.raises(NuagesError, match="is not there"):
            fix.apply({".:a.py": "x = 2\n", ".:b.py": "y\n"}, {".": tmp_path})
        assert (tmp_path / "a.py").read_text() == "x = 1\n"

    def test_writes_nothing_outside_of_its_root(self, tmp_path):
        (tmp_path / "root").mkdir()
        (tmp_path / "a.py").write_text("x = 1\n")
        with pytest.raises(NuagesError, match="outside of its source root"):
            fix.apply({".:../a.py": "x = 2\n"}, {".": tmp_path / "root"})

    def test_follows_a_symbolic_link_inside_the_root(self, tmp_path):
        (tmp_path / "a.py").write_text("x = 1\n")
        (tmp_path / "b.py").symlink_to("a.py")
        fix.apply({".:b.py": "x = 2\n"}, {".": tmp_path})
        assert (tmp_path / "b.py").is_symlink()
        assert (tmp_path / "a.py").read_text() == "x = 2\n"


@pytest.mark.parametrize(
    ("new", "lines", "expected"),
    [
        ("a\nb\nc\nd", (2, 2), range(2, 3)),
        ("new\na\nb\nc\nd", (2, 2), range(3, 4)),
        ("a\nB\nc\nd", (2, 2), range(2, 3)),
        ("a\nb\nnew\nc\nd", (2, 2), range(2, 4)),
        ("a\nb\nnew\nc\nd", (3, 3), range(3, 5)),
        ("a\nb\nnew\nc\nd", (4, 4), range(5, 6)),
        ("a\nb\nc\nd", (1, 4), range(1, 5)),
    ],
)
def test_a_place_is_found_again_in_the_new_text(new, lines, expected):
    assert moved("a\nb\nc\nd", new, *lines) == expected
