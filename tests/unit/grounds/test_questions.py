"""Which expressions ask a queryset for less than they fetch, and what to write in their place."""

from __future__ import annotations

import pytest
from tests.unit.rules.sources import code

from nuages.grounds.questions import questions


def asked(folder, expression, **files):
    text = f"from blog.models import Post\n\n\ndef view(request):\n    {expression}\n"
    return [(q.kind, q.answer) for q in questions(code(folder, blog__views=text, **files))]


LIVE = "Post.objects.filter(live=True)"
ANSWERS = {
    f"return len({LIVE})": ("count", f"{LIVE}.count()"),
    "return len(Post.objects.all())": ("count", "Post.objects.all().count()"),
    f"return len(list({LIVE}))": ("count", f"{LIVE}.count()"),
    "return len(models.Post.objects.all()) + 1": ("count", "models.Post.objects.all().count()"),
    "return len(Post._default_manager.order_by('pk'))": (
        "count", "Post._default_manager.order_by('pk').count()"
    ),
    "n = len(Post.objects\n        .all())": ("count", "Post.objects\n        .all().count()"),
    f"if {LIVE}: pass": ("exists", f"{LIVE}.exists()"),
    f"if not {LIVE}: pass": ("exists", f"{LIVE}.exists()"),
    f"if request.user and {LIVE}: pass": ("exists", f"{LIVE}.exists()"),
    f"if not (request.user or {LIVE}): pass": ("exists", f"{LIVE}.exists()"),
    f"while {LIVE}: pass": ("exists", f"{LIVE}.exists()"),
    f"assert {LIVE}": ("exists", f"{LIVE}.exists()"),
    f"return 1 if {LIVE} else 2": ("exists", f"{LIVE}.exists()"),
    f"return [x for x in y if {LIVE}]": ("exists", f"{LIVE}.exists()"),
    f"return bool({LIVE})": ("exists", f"{LIVE}.exists()"),
    f"return any({LIVE})": ("exists", f"{LIVE}.exists()"),
    f"return {LIVE}.count() > 0": ("exists", f"{LIVE}.exists()"),
    f"return 0 < {LIVE}.count()": ("exists", f"{LIVE}.exists()"),
    f"return {LIVE}.count() != 0": ("exists", f"{LIVE}.exists()"),
    f"return {LIVE}.count() >= 1": ("exists", f"{LIVE}.exists()"),
    f"return {LIVE}.count() == 0": ("exists", f"not {LIVE}.exists()"),
    f"return {LIVE}.count() < 1": ("exists", f"not {LIVE}.exists()"),
    f"if {LIVE}.count(): pass": ("exists", f"{LIVE}.exists()"),
    f"if len({LIVE}): pass": ("exists", f"{LIVE}.exists()"),
    f"if len({LIVE}) > 0: pass": ("exists", f"{LIVE}.exists()"),
    "return Post.objects.count() > 0": ("exists", "Post.objects.exists()"),
    f"return post in {LIVE}": ("exists", f"{LIVE}.contains(post)"),
    f"return post not in {LIVE}": ("exists", f"not {LIVE}.contains(post)"),
    "return pk in Post.objects.values_list('pk', flat=True)": (
        "exists", "Post.objects.filter(pk=pk).exists()"
    ),
}  # fmt: skip

SILENT = [
    f"posts = {LIVE}\n    return len(posts), [p.title for p in posts]",
    f"return len({LIVE}[:5])",
    "return len(Post.objects.published())",
    "return len(request.user.posts.all())",
    "return len(post.tags.all())",
    "return len(Post.objects.select_for_update().filter(pk=1))",
    "return len(set(Post.objects.values_list('title', flat=True)))",
    "return len(settings.objects.all())",
    f"for post in {LIVE}: print(post)",
    f"return {LIVE} or None",
    f"return list({LIVE})",
    f"if (posts := {LIVE}): return posts",
    f"return {LIVE}.count()",
    f"return {LIVE}.count() > 1",
    f"return {LIVE}.count() == 1",
    f"return {LIVE}.exists()",
    f"if {LIVE}.exists(): pass",
    "return any(Post.objects.values_list('live', flat=True))",
    "return ('a', 1) in Post.objects.values_list('title', 'pk')",
    "return [pk for pk in pks if pk in Post.objects.values_list('pk', flat=True)]",
    "for post in posts:\n        if post in Post.objects.filter(live=True): print(post)",
    "if Post.objects.first(): pass",
    "if Post.objects: pass",
    "return df.count() > 0",
]


@pytest.mark.parametrize("expression", ANSWERS)
def test_an_expression_that_nobody_else_holds_is_answered(tmp_path, expression):
    assert asked(tmp_path, expression) == [ANSWERS[expression]]


@pytest.mark.parametrize("expression", SILENT)
def test_what_may_need_its_rows_is_left_alone(tmp_path, expression):
    assert asked(tmp_path, expression) == []


def test_tests_migrations_and_other_databases_are_left_alone(tmp_path):
    text = "from blog.models import Post\nprint(len(Post.objects.all()))\n"
    found = questions(
        code(
            tmp_path,
            tests__test_posts=text,
            blog__migrations__0001_initial=text,
            mongo=f"import mongoengine\n{text}",
        )
    )
    assert found == ()


def test_a_place_is_the_whole_expression(tmp_path):
    (question,) = questions(
        code(tmp_path, views="def f():\n    return len(Post.objects.all()) > 0")
    )
    place = question.location
    assert (place.file, place.line, place.column, place.function) == ("views.py", 2, 11, "f")
    assert place.end_column == len("    return len(Post.objects.all()) > 0")
