"""Which relation the code names, where a light recording has only the query."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.unit.rules.recordings import at, in_loop, recorded
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.code import Code
from nuages.model import Facts, FieldFacts, Finding, Location, ModelFacts, OriginKind
from nuages.rules import n_plus_one


def field(name: str, column: str = "", to: str = "", *, is_primary: bool = False) -> FieldFacts:
    return FieldFacts(
        name=name, column=column or name, kind="ForeignKey", to=to, is_primary=is_primary
    )


KEY = field("id", is_primary=True)
USER = ModelFacts(label="accounts.User", table="accounts_user", fields=(KEY, field("bio")))
PROFILE = ModelFacts(
    label="accounts.Profile",
    table="accounts_profile",
    fields=(KEY, field("user", "user_id", "accounts.User")),
)
POST = ModelFacts(
    label="blog.Post",
    table="blog_post",
    file="blog/models.py",
    fields=(KEY, field("author", "author_id", "accounts.User")),
)


def found(
    folder: Path,
    access: str,
    table: str,
    column: str = "id",
    kind: OriginKind = "attribute",
    models: tuple[ModelFacts, ...] = (USER, PROFILE, POST),
    source: Code | None = None,
    trigger: Location | None = None,
) -> Finding:
    """What is found of a light recording of an access in a loop."""
    source = source or code(folder, blog__views=f"for post in posts:\n    {access}\n")
    place = replace(at(2, kind=kind), column=4, end_column=4 + len(access))
    sql = f'SELECT "{table}"."id" FROM "{table}" WHERE "{table}"."{column}" = %s LIMIT 21'
    recording = replace(
        recorded(in_loop(None, 8, location=place, sql=sql, trigger=trigger)), mode="light"
    )
    (finding,) = n_plus_one.find(Case(recording, Facts(models=models), source))
    return finding


class TestFinds:
    def test_a_foreign_key(self, tmp_path):
        finding = found(tmp_path, "post.author", "accounts_user")
        assert (finding.remedy.kind, finding.remedy.path) == ("select_related", "author")
        assert finding.message.startswith(
            "User is fetched one row at a time, by .author: 8 queries"
        )
        assert finding.confidence < 0.8
        assert "record with --deep" in finding.fix.reason

    def test_what_a_one_to_one_relation_leads_back_to(self, tmp_path):
        finding = found(tmp_path, "user.profile", "accounts_profile", "user_id")
        assert (finding.remedy.kind, finding.remedy.path) == ("select_related", "profile")

    def test_a_generic_foreign_key(self, tmp_path):
        finding = found(tmp_path, "like.target", "blog_post")
        assert (finding.remedy.kind, finding.remedy.path) == ("prefetch_related", "target")


LINE = at(7, "templates/feed.html", function="", kind="template")


class TestWhatATemplateFollows:
    def test_by_the_only_foreign_key_that_leads_there(self, tmp_path):
        asked = "accounts_user", "id", "call"
        finding = found(tmp_path, "render(request, posts)", *asked, trigger=LINE)
        assert (finding.remedy.kind, finding.remedy.path) == ("select_related", "author")
        assert finding.message.startswith(
            "User is fetched one row at a time, by templates/feed.html:7: 8 queries"
        )

    def test_without_a_name_where_several_do(self, tmp_path):
        editor = replace(POST, fields=(*POST.fields, field("editor", to="accounts.User")))
        asked = "accounts_user", "id", "call", (USER, editor)
        finding = found(tmp_path, "render(request, posts)", *asked, trigger=LINE)
        assert (finding.remedy.kind, finding.remedy.path) == ("select_related", None)
        assert "select_related() of that relation" in finding.hint

    def test_but_not_what_a_method_looks_up_that_it_calls(self, tmp_path):
        asked = "accounts_user", "id", "call"
        finding = found(tmp_path, "User.objects.get(pk=key)", *asked, trigger=LINE)
        assert finding.remedy.kind == "in_bulk"
        assert "User.objects.in_bulk(keys)" in finding.hint


class TestStaysWithTheLookup:
    def assert_lookup(self, finding: Finding) -> None:
        assert (finding.remedy.kind, finding.remedy.path) == ("in_bulk", None)

    def test_of_a_call(self, tmp_path):
        self.assert_lookup(found(tmp_path, "get(post)", "accounts_user", kind="call"))

    def test_of_a_deferred_field(self, tmp_path):
        self.assert_lookup(found(tmp_path, "user.bio", "accounts_user"))

    def test_where_the_models_are_not_known(self, tmp_path):
        self.assert_lookup(found(tmp_path, "post.author", "accounts_user", models=()))

    def test_where_the_code_is_not_at_hand(self, tmp_path):
        self.assert_lookup(found(tmp_path, "post.author", "accounts_user", source=Code({})))
