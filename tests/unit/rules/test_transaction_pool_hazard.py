"""What relies on its session, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.deployments import fleet, on_postgres, served
from tests.unit.rules.recordings import COMMAND, FEED, TEST, at, in_loop, recorded
from tests.unit.rules.sources import code as project

from nuages.cases import Case
from nuages.code import Code
from nuages.deployment import Deployment, Pooler
from nuages.model import Facts, Finding, QueryGroup, Scope, Statement
from nuages.rules import transaction_pool_hazard

BOUNCER = Pooler(source="pgbouncer.ini", mode="transaction")
POOLED = fleet(served(), pooler=BOUNCER)
LINE = at(9, "shop/locks.py", "lock")

CODE = """
    import pglock
    from django.db import connection, transaction
    from django.db.models.expressions import RawSQL
    LOCK = "SELECT pg_advisory_lock(1)"
    def work(order, name):
        with connection.cursor() as cursor:
            {line}
"""


def found(
    *groups: QueryGroup,
    code: Code | None = None,
    facts: Facts | None = None,
    deployment: Deployment = POOLED,
) -> list[Finding]:
    case = Case(recorded(*groups), facts or on_postgres(), code or Code(), deployment=deployment)
    return list(transaction_pool_hazard.find(case))


def ran(sql: str, *, vendor: str = "postgresql", scope: Scope = FEED, location=LINE) -> QueryGroup:
    statement = Statement(sql=sql, verb=sql.split()[0].upper(), vendor=vendor)
    return replace(in_loop(None, 2, scope=scope, location=location), statement=statement)


STATEMENTS = {
    "SET search_path TO tenant": "session setting",
    "set statement_timeout = 5000": "session setting",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY": "session setting",
    "SET ROLE auditor": "session setting",
    "SELECT set_config('app.user', %s, false)": "session setting",
    "SELECT pg_advisory_lock(%s)": "session lock",
    "SELECT pg_try_advisory_lock(%s, %s)": "session lock",
    "LISTEN orders": "listener",
    "CREATE TEMP TABLE picked AS SELECT 1": "temporary table",
    "CREATE TEMPORARY TABLE picked (id int)": "temporary table",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1": "cursor with hold",
    "PREPARE p (int) AS SELECT $1": "prepared statement",
}
HARMLESS = [
    "SET LOCAL search_path TO tenant", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "SET CONSTRAINTS ALL IMMEDIATE", "SET SESSION TRANSACTION READ ONLY",
    "SELECT set_config('app.user', %s, true)",
    "SELECT set_config(%s, %s, %s)", "SELECT pg_advisory_xact_lock(%s)",
    "SELECT pg_try_advisory_xact_lock(%s)", "NOTIFY orders", "SELECT pg_notify(%s, %s)",
    "CREATE TEMP TABLE picked ON COMMIT DROP AS SELECT 1", "UPDATE shop_order SET state = %s",
    "DECLARE c NO SCROLL CURSOR FOR SELECT 1", "PREPARE TRANSACTION 'x'", "CREATE TABLE t (id int)",
    'SELECT "listen" FROM t', "COMMENT ON TABLE t IS 'SET x'",
]  # fmt: skip


class TestFinds:
    @pytest.mark.parametrize(("sql", "kind"), STATEMENTS.items())
    def test_statements_that_were_recorded(self, sql, kind):
        (finding,) = found(ran(sql))
        assert finding.evidence.figures["left_behind"] == kind
        assert (finding.location, finding.routes) == (LINE, ("GET /api/feed/",))
        assert (finding.concern, finding.confidence) == ("hazard", 0.9)
        assert finding.evidence.calls == 2
        assert finding.message.endswith("(PgBouncer pools by transaction (pgbouncer.ini))")

    @pytest.mark.parametrize(
        "line",
        [
            'cursor.execute("SET search_path TO %s", [name])',
            'cursor.execute(f"SET search_path TO {name}")',
            'cursor.execute("SET search_path TO {}".format(name))',
            'cursor.execute("SET search_path TO " + name)',
            "cursor.execute(LOCK)",
            'sql = "LISTEN orders"; cursor.execute(sql)',
            'Order.objects.annotate(got=RawSQL("pg_try_advisory_lock(%s)", [1]))',
            'Order.objects.raw("SELECT pg_advisory_lock(1)")',
            'cursor.callproc("pg_advisory_lock", [1])',
            'pglock.advisory("orders")',
            'cursor.execute(SQL("SET ROLE {}").format(name))',
        ],
    )
    def test_statements_that_are_written(self, tmp_path, line):
        (finding,) = found(code=project(tmp_path, shop__work=CODE.format(line=line)))
        assert finding.location.line == 8
        assert finding.location.function == "work"
        assert finding.evidence.calls == 0

    def test_one_line_once_recorded_and_written(self, tmp_path):
        code = project(tmp_path, shop__work=CODE.format(line="cursor.execute(LOCK)"))
        (finding,) = found(
            ran("SELECT pg_advisory_lock(1)", location=at(8, "shop/work.py")), code=code
        )
        assert finding.evidence.calls == 2

    def test_the_statements_of_a_function_as_one(self, tmp_path):
        lines = "cursor.execute('SET a = 1'); cursor.execute('SET b = 2')"
        code = project(tmp_path, shop__work=CODE.format(line=lines))
        assert len(found(code=code)) == 1

    def test_less_surely_before_there_is_a_pooler(self):
        (finding,) = found(ran("LISTEN orders"), deployment=Deployment())
        assert finding.confidence == 0.3
        assert finding.hint.startswith("before you put a pooler in between: ")

    @pytest.mark.parametrize(
        ("settings", "confidence"),
        [({"PORT": "6432"}, 0.8), ({"DISABLE_SERVER_SIDE_CURSORS": True}, 0.6)],
    )
    def test_a_pooler_that_the_settings_show(self, settings, confidence):
        facts = on_postgres(**settings)
        (finding,) = found(ran("LISTEN orders"), facts=facts, deployment=Deployment())
        assert finding.confidence == pytest.approx(confidence)

    @pytest.mark.parametrize(
        "text",
        [
            'DATABASES = {"HOST": "pgbouncer"}',
            'DATABASES = {"HOST": env("H", default="pgbouncer")}',
            'DATABASES = dj_database_url.parse("postgres://u@pgbouncer:5432/n")',
        ],
    )
    def test_a_pooler_that_the_settings_name(self, tmp_path, text):
        code = project(tmp_path, config__settings=text)
        (finding,) = found(ran("LISTEN orders"), code=code, deployment=Deployment())
        assert finding.confidence == pytest.approx(0.8)

    @pytest.mark.parametrize(
        "line",
        [
            "list(Order.objects.iterator())",
            "list(Order.objects.filter(a=1).iterator(chunk_size=5))",
            "rows = Order.objects.all(); list(rows.iterator())",
        ],
    )
    def test_cursors_on_the_server(self, tmp_path, line):
        code = project(tmp_path, shop__work=CODE.format(line=line))
        (finding,) = found(code=code, facts=on_postgres(DISABLE_SERVER_SIDE_CURSORS=False))
        assert finding.remedy.path == "DISABLE_SERVER_SIDE_CURSORS"
        assert 'DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True' in finding.hint

    def test_all_cursors_as_one(self, tmp_path):
        lines = "a = Order.objects.iterator(); b = Order.objects.iterator()"
        code = project(tmp_path, shop__work=CODE.format(line=lines))
        (finding,) = found(code=code, facts=on_postgres(DISABLE_SERVER_SIDE_CURSORS=False))
        assert "and in 1 more place:" in finding.message

    @pytest.mark.parametrize(
        "option", [{"prepare_threshold": 5}, {"assume_role": None}, {"options": None}]
    )
    def test_options_of_connections(self, option):
        (finding,) = found(facts=on_postgres(options=option))
        assert f'OPTIONS["{next(iter(option))}"]' in finding.message
        assert finding.confidence == 0.7


class TestStaysSilent:
    @pytest.mark.parametrize("sql", HARMLESS)
    def test_on_what_ends_with_its_transaction(self, tmp_path, sql):
        line = f"cursor.execute({sql!r})"
        assert not found(ran(sql), code=project(tmp_path, shop__work=CODE.format(line=line)))

    def test_on_a_pooler_by_session(self, tmp_path):
        deployment = fleet(served(), pooler=replace(BOUNCER, mode="session"))
        assert not found(ran("LISTEN orders"), deployment=deployment)

    @pytest.mark.parametrize(
        "group",
        [
            ran("LISTEN orders", vendor="mysql"),
            ran("LISTEN orders", location=at(3, "tests/test_a.py")),
            ran("LISTEN orders", location=at(3, "shop/migrations/0001_a.py")),
            ran("SET x = 1", scope=TEST, location=at(3, "tests/test_a.py")),
            ran("SET x = 1", scope=replace(COMMAND, name="manage.py migrate")),
        ],
    )
    def test_on_what_is_not_the_product_s(self, group):
        assert not found(group)

    @pytest.mark.parametrize(
        "text",
        [
            "import psycopg\ndef listen():\n    c = psycopg.connect(DSN)\n"
            "    c.execute('LISTEN orders')\n",
            "from django.db.transaction import atomic\ndef work(cursor):\n    with atomic():\n"
            "        cursor.execute('SELECT pg_advisory_lock(1)')\n"
            "        cursor.execute('SELECT pg_advisory_unlock(1)')\n",
            "import pglock\ndef work():\n    pglock.advisory('a', xact=True)\n",
            "def work(app):\n    app.say('SET search_path TO x')\n    log('LISTEN orders')\n",
            "def work(cursor, sql):\n    cursor.execute(sql)\n    cursor.execute(7)\n# SET x\n",
        ],
    )
    def test_on_code_that_keeps_its_transaction(self, tmp_path, text):
        assert not found(code=project(tmp_path, shop__work=text))

    def test_on_what_was_recorded_of_such_code(self, tmp_path):
        text = """
            from django.db.transaction import atomic
            @atomic
            def work(cursor):
                cursor.execute('SELECT pg_advisory_lock(1)')
                cursor.execute('SELECT pg_advisory_unlock(1)')
        """
        lock = ran("SELECT pg_advisory_lock(1)", location=at(5, "shop/work.py"))
        assert not found(lock, code=project(tmp_path, shop__work=text))

    @pytest.mark.parametrize(
        "line",
        [
            "tree.iterator()",
            "Order.objects.using('replica').iterator()",
            "Order.objects.raw('SELECT 1').iterator()",
            "with transaction.atomic(): list(Order.objects.iterator())",
        ],
    )
    def test_on_other_iterators(self, tmp_path, line):
        inside = line.replace(": ", ":\n                ") if line.startswith("with") else line
        code = project(tmp_path, shop__work=CODE.format(line=inside))
        assert not found(code=code, facts=on_postgres(DISABLE_SERVER_SIDE_CURSORS=False))

    def test_on_cursors_where_they_are_off(self, tmp_path):
        line = "Order.objects.iterator()"
        code = project(tmp_path, shop__work=CODE.format(line=line))
        assert not found(code=code, facts=on_postgres(DISABLE_SERVER_SIDE_CURSORS=True))

    def test_less_surely_on_cursors_before_there_is_a_pooler(self, tmp_path):
        code = project(tmp_path, shop__work=CODE.format(line="Order.objects.iterator()"))
        facts = on_postgres(DISABLE_SERVER_SIDE_CURSORS=False)
        (finding,) = found(code=code, facts=facts, deployment=Deployment())
        assert finding.confidence == 0.3
        assert finding.hint.startswith("before you put a pooler in between: set DATABASES")

    def test_less_surely_on_sqlite_where_the_code_names_postgresql(self, tmp_path):
        engine = 'ENGINES = {"postgres": "django.db.backends.postgresql"}'
        work = CODE.format(line="cursor.execute(LOCK)")
        code = project(tmp_path, config__env=engine, shop__work=work)
        facts = on_postgres(engine="django.db.backends.sqlite3")
        (finding,) = found(code=code, facts=facts, deployment=Deployment())
        assert finding.confidence == 0.3
        code = project(tmp_path / "b", shop__work=work)
        assert not found(code=code, facts=facts, deployment=Deployment())

    def test_on_cursors_in_views_that_are_transactions(self, tmp_path):
        code = project(tmp_path, shop__work=CODE.format(line="Order.objects.iterator()"))
        facts = on_postgres(DISABLE_SERVER_SIDE_CURSORS=False, ATOMIC_REQUESTS=True)
        assert not found(code=code, facts=facts)

    @pytest.mark.parametrize(
        "option", [{"prepare_threshold": None}, {"server_side_binding": True}, {"pool": True}]
    )
    def test_on_options_that_prepare_nothing(self, option):
        assert not found(facts=on_postgres(options=option))


class TestRefuses:
    def test_without_facts(self):
        assert not found(ran("LISTEN orders"), facts=Facts())

    def test_other_databases(self):
        facts = on_postgres(engine="django.db.backends.mysql")
        assert not found(ran("LISTEN orders"), facts=facts)

    def test_cursors_where_the_setting_is_unknown(self, tmp_path):
        code = project(tmp_path, shop__work=CODE.format(line="Order.objects.iterator()"))
        assert not found(code=code)

    def test_a_library_s_statements_before_there_is_a_pooler(self):
        assert not found(ran("LISTEN orders", location=None), deployment=Deployment())
        (finding,) = found(ran("LISTEN orders", location=None))
        assert finding.location is None

    def test_names_that_have_several_values(self, tmp_path):
        line = "sql = 'LISTEN a'; sql = 'SELECT 1'; cursor.execute(sql)"
        assert not found(code=project(tmp_path, shop__work=CODE.format(line=line)))
