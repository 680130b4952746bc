"""Which indexes are lacking: as they were tried, and as catalog or models tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.rules.databases import case, index, model, post
from tests.unit.rules.recordings import COMMAND, FEED, HOME, MS, POSTS, at, in_loop, recorded

from nuages.cases import Case
from nuages.code import Code
from nuages.model import (
    Facts,
    Finding,
    IndexCondition,
    IndexIdea,
    IndexKey,
    IndexTrial,
    Measured,
    QueryGroup,
    Statement,
)
from nuages.rules import missing_index, slow_query

BY_STATE = 'SELECT "post"."id" FROM "post" WHERE "post"."state" = %s ORDER BY "post"."created" DESC'
IDEA = IndexIdea(
    table="post",
    keys=(IndexKey(column="state"), IndexKey(column="created", is_descending=True)),
)


def asked(sql: str = BY_STATE, ms: float = 90, calls: int = 20, **told: Any) -> QueryGroup:
    """A statement that took so long each time."""
    group = in_loop(POSTS, 1, executions=calls, sql=sql, ms=ms, **told)
    bucket = int(ms * 1000).bit_length() - 1
    return replace(group, histogram=(0,) * bucket + (calls,), max_ns=int(ms * MS), rows=calls)


def tried(group: QueryGroup, idea: IndexIdea | None = IDEA, **told: Any) -> IndexTrial:
    measured = Measured(
        statement=group.statement,
        before_ms=90,
        after_ms=0.3,
        before_buffers=1500,
        after_buffers=9,
        before_plan="Seq Scan on post",
        after_plan="Index Scan using x",
    )
    return IndexTrial(**{"outcome": "faster", "measured": (measured,), "idea": idea, **told})


def judged(*groups: QueryGroup, trials: tuple[IndexTrial, ...] = (), **told: Any) -> Case:
    made = case(recording=recorded(*groups), **told)
    return replace(made, index_trials=trials)


def found(*groups: QueryGroup, **told: Any) -> list[Finding]:
    return list(missing_index.find(judged(*groups, **told)))


class TestFindsWhatWasTried:
    def test_with_the_times_and_the_line_to_write(self):
        group = asked()
        trial = tried(group, bytes=2_000_000, insert_ratio=1.2, rows=50_000, tried=3)
        (finding,) = found(group, trials=(trial,))
        assert finding.message == (
            "post lacks an index, post(state, created DESC): a SELECT takes 90 ms → 0.3 ms with it"
        )
        assert 'models.Index(fields=["state", "-created"], name="post_state_' in finding.hint
        assert "Meta.indexes of blog.Post (blog/models.py:12)" in finding.hint
        assert "AddIndexConcurrently" in finding.hint
        assert finding.remedy.path == "post(state, created DESC)"
        assert finding.confidence == 0.95
        assert finding.evidence.figures["times_faster"] == 300
        assert finding.evidence.figures["insert_times_slower"] == 1.2
        assert finding.evidence.figures["index_mb"] == 2.0
        assert finding.evidence.sql == BY_STATE

    def test_one_index_for_several_statements_is_one_finding(self):
        first, second = asked(), asked(f"{BY_STATE} LIMIT 5", scope=HOME)
        trial = tried(first)
        both = replace(trial, measured=(*trial.measured, *tried(second).measured))
        (finding,) = found(first, second, trials=(both,))
        assert finding.routes == (HOME.name, FEED.name)
        assert finding.message.endswith("with it; 1 more statement as well")

    def test_a_quick_statement_too(self):
        assert found(asked(ms=6), trials=(tried(asked(ms=6)),))

    def test_an_estimate_says_that_it_is_one(self):
        group = asked()
        cost = Measured(statement=group.statement, before_cost=4000, after_cost=8)
        trial = tried(group, measured=(cost,), is_estimate=True)
        (finding,) = found(group, trials=(trial,))
        assert "the planner's cost of a SELECT is 4,000 → 8 with it" in finding.message
        assert finding.confidence == 0.6

    def test_where_no_line_of_the_project_asks_the_model_is_named(self):
        group = replace(asked(), location=None)
        (finding,) = found(group, trials=(tried(group),))
        assert finding.location
        assert (finding.location.file, finding.location.function) == ("blog/models.py", "Post")

    def test_a_librarys_table_gets_a_migration_of_ones_own(self):
        group = asked()
        (finding,) = found(group, trials=(tried(group),), models=(model(file=""),))
        assert "RunSQL('CREATE INDEX CONCURRENTLY \"post_state_" in finding.hint

    def test_a_trigram_index_and_a_condition(self):
        key = IndexKey(column="title", function="Upper", opclass="gin_trgm_ops")
        group = asked()
        trigram = IndexIdea(table="post", keys=(key,), method="gin")
        (finding,) = found(group, trials=(tried(group, trigram),))
        assert 'GinIndex(OpClass(Upper("title"), name="gin_trgm_ops")' in finding.hint
        assert "TrigramExtension()" in finding.hint
        made = replace(
            case(recording=recorded(group), apps={"blog": "blog"}),
            index_trials=(tried(group, trigram),),
        )
        assert (
            '"django.contrib.postgres", which OpClass needs' in next(missing_index.find(made)).hint
        )
        part = replace(IDEA, conditions=(IndexCondition(column="closed", test="IS NULL"),))
        (finding,) = found(group, trials=(tried(group, part),))
        assert "condition=Q(closed__isnull=True)" in finding.hint


class TestFindsUntried:
    def test_for_a_slow_statement_by_the_catalog(self):
        (finding,) = _by_catalog(post())
        assert finding.message == (
            "post lacks an index, post(state, created DESC): a SELECT takes up to 90 ms (not tried)"
        )
        assert finding.confidence == 0.5
        assert finding.fix.reason == "nobody has tried the index"

    def test_for_a_slow_statement_by_the_models(self, tmp_path: Path):
        (finding,) = _by_models(tmp_path, "class Post: ...")
        assert finding.confidence == 0.35

    def test_what_the_time_did_not_suffice_for(self):
        group = asked()
        late = tried(group, None, outcome="not tried")
        made = replace(case(post(), recording=recorded(group)), index_trials=(late,))
        assert len(list(missing_index.find(made))) == 1


def _by_catalog(table: Any, group: QueryGroup | None = None) -> list[Finding]:
    return list(missing_index.find(case(table, recording=recorded(group or asked()))))


def _by_models(folder: Path, text: str, group: QueryGroup | None = None) -> list[Finding]:
    (folder / "blog").mkdir()
    (folder / "blog" / "models.py").write_text(text)
    facts = Facts(models=(model(),))
    made = Case(recorded(group or asked()), facts, Code({".": str(folder)}))
    return list(missing_index.find(made))


class TestStaysSilent:
    @pytest.mark.parametrize("outcome", ["not used", "not faster", "writes", "no candidate"])
    def test_on_what_no_index_made_faster(self, outcome):
        group = asked()
        trial = tried(group, None, outcome=outcome)
        made = replace(case(post(), recording=recorded(group)), index_trials=(trial,))
        assert not list(missing_index.find(made))

    @pytest.mark.parametrize(
        "table",
        [
            post(index("a", "state", "created DESC")),
            post(index("a", "state")),
            post(index("a", "state", "title", "created")),
            post(rows=300),
            post(columns={"id": "integer", "state": "jsonb", "created": "date"}),
        ],
    )
    def test_untried_where_an_index_begins_like_it_or_the_table_is_small(self, table):
        assert not [
            finding for finding in _by_catalog(table) if "state" in (finding.remedy.path or "")
        ]

    def test_untried_where_the_only_key_has_two_values(self):
        sql = 'SELECT "post"."id" FROM "post" WHERE "post"."is_open" LIMIT 25'
        assert not _by_catalog(post(), asked(sql))
        by_date = sql.replace("LIMIT 25", 'ORDER BY "post"."created" DESC LIMIT 25')
        assert _by_catalog(post(), asked(by_date))

    def test_untried_on_quick_statements(self):
        assert not _by_catalog(post(), asked(ms=5))

    def test_untried_on_statements_that_read_most_of_the_table(self):
        assert not _by_catalog(post(), replace(asked(), rows=20 * 40_000))

    @pytest.mark.parametrize(
        "sql",
        [
            'SELECT "post"."id" FROM "post" WHERE "post"."id" = %s',
            'SELECT "post"."id" FROM "post"',
            'SELECT "post"."id" FROM "post" WHERE ("post"."state" = %s OR "post"."title" = %s)',
            'SELECT "post"."id" FROM "post" WHERE NOT ("post"."state" = %s)',
            'INSERT INTO "post" ("state") VALUES (%s)',
            "SELECT nonsense FROM WHERE (",
        ],
    )
    def test_untried_where_no_index_would_serve(self, sql):
        assert not _by_catalog(post(), asked(sql, verb=sql.split()[0]))

    @pytest.mark.parametrize(
        "text",
        [
            'class Post:\n class Meta:\n  indexes = [models.Index(fields=["state", "created"])]',
            "class Post:\n class Meta:\n  unique_together = [('state', 'title')]",
            'class Post:\n class Meta:\n  indexes = [models.Index(F("state"), name="x")]',
        ],
    )
    def test_untried_where_the_model_declares_it(self, text, tmp_path):
        assert not _by_models(tmp_path, text)

    def test_on_the_set_up_of_a_database(self):
        group = asked(scope=replace(COMMAND, name="manage.py migrate"))
        assert not found(group, trials=(tried(group),))
        migration = asked(location=at(3, "blog/migrations/0002_fill.py"))
        assert not found(migration, trials=(tried(migration),))


class TestRefuses:
    def test_without_catalog_and_models(self):
        made = Case(recorded(asked()))
        assert not list(missing_index.find(made))
        assert len(list(slow_query.find(made))) == 1

    def test_another_vendors_catalog(self):
        assert not list(
            missing_index.find(case(post(), vendor="sqlite", recording=recorded(asked())))
        )


class TestSlowQueryBesideIt:
    def test_one_place_is_not_reported_twice(self):
        group = asked()
        made = judged(group, trials=(tried(group),))
        assert list(missing_index.find(made))
        assert not list(slow_query.find(made))

    def test_what_no_index_helps_stays_slow(self):
        group = asked()
        trial = tried(group, None, outcome="not faster", tried=4)
        made = replace(case(post(), recording=recorded(group)), index_trials=(trial,))
        (finding,) = slow_query.find(made)
        assert finding.remedy.kind == "none"
        assert finding.fix.reason == "4 indexes were tried, and none made it clearly faster"

    def test_the_plan_is_shown_where_it_was_run_again(self):
        group = asked()
        plan = "Limit\n  Seq Scan on post"
        run = Measured(statement=group.statement, before_ms=80, before_plan=plan)
        trial = IndexTrial(outcome="not used", measured=(run,), tried=1)
        made = replace(case(post(), recording=recorded(group)), index_trials=(trial,))
        (finding,) = slow_query.find(made)
        assert finding.evidence.figures == {"plan": plan}
        assert finding.fix.reason.startswith("1 index was tried")

    def test_silent_on_what_is_quick_by_itself(self):
        group = asked()  # 90 ms
        run = Measured(statement=group.statement, before_ms=0.8, before_plan="Index Scan")
        trial = IndexTrial(outcome="not faster", measured=(run,))
        made = replace(case(post(), recording=recorded(group)), index_trials=(trial,))
        assert not list(slow_query.find(made))
        assert not list(missing_index.find(made))

    def test_the_text_alone_gives_a_hint(self):
        (finding,) = slow_query.find(Case(recorded(asked())))
        assert finding.hint.endswith("and try an index on post(state, created DESC)")


def test_statements_are_told_by_their_database():
    group = asked()
    other = replace(group, statement=Statement(sql=BY_STATE, verb="SELECT", alias="archive"))
    (finding,) = found(group, other, trials=(tried(group),))
    assert finding.evidence.calls == 20
