"""Which lists of REST framework nothing paginates, as far as settings and classes tell."""

from __future__ import annotations

import pytest
from tests.unit.rules.sources import code

from nuages.grounds.lists import bare_lists
from nuages.model import Catalog, Facts, ModelFacts, Table

REST = {"rest_framework": "rest_framework"}
IMPORTS = "from rest_framework import generics, mixins, pagination, viewsets\n"


def facts(rest=None, **more):
    settings = {"DEBUG": False} | ({} if rest is None else {"REST_FRAMEWORK": rest})
    return Facts(settings=settings, explicit=frozenset(settings), apps=REST, **more)


def bare(folder, text, known=None):
    return [found.name for found in bare_lists(known or facts(), code(folder, api=IMPORTS + text))]


POSTS = "class Posts(viewsets.ModelViewSet):\n    queryset = Post.objects.all()\n"


@pytest.mark.parametrize(
    "bases",
    [
        "viewsets.ModelViewSet",
        "viewsets.ReadOnlyModelViewSet",
        "generics.ListAPIView",
        "generics.ListCreateAPIView",
        "mixins.ListModelMixin, viewsets.GenericViewSet",
    ],
)
def test_a_list_of_a_plain_queryset_is_bare(tmp_path, bases):
    assert bare(tmp_path, POSTS.replace("viewsets.ModelViewSet", bases)) == ["Posts"]


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"PAGE_SIZE": 10},
        {"DEFAULT_PAGINATION_CLASS": None, "PAGE_SIZE": 10},
        {"DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination"},
    ],
)
def test_settings_that_paginate_nothing(tmp_path, rest):
    assert bare(tmp_path, POSTS, facts(rest)) == ["Posts"]


@pytest.mark.parametrize(
    "known",
    [
        facts({
            "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
            "PAGE_SIZE": 20,
        }),
        facts({"DEFAULT_PAGINATION_CLASS": "shop.pages.Pages"}),
        facts("unreadable"),
        Facts(),
        Facts(apps=REST),
        Facts(settings={"DEBUG": True}, apps=REST),  # nobody knows what else it gives
        Facts(settings={"DEBUG": True}, explicit=frozenset({"DEBUG"})),
    ],
)  # fmt: skip
def test_settings_that_paginate_or_are_not_known(tmp_path, known):
    assert bare(tmp_path, POSTS, known) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{POSTS}    pagination_class = pagination.CursorPagination\n",
        f"{POSTS}    http_method_names = ['post']\n",
        f"{POSTS}    def get_queryset(self):\n        return self.request.user.posts.all()\n",
        f"{POSTS}    def list(self, request):\n        return 1\n",
        "class Posts(viewsets.ModelViewSet):\n    queryset = Post.objects.all()[:50]\n",
        "class Posts(viewsets.ModelViewSet):\n    pass\n",
        "class Posts(Base, viewsets.ModelViewSet):\n    queryset = Post.objects.all()\n",
        "class Posts(generics.RetrieveAPIView):\n    queryset = Post.objects.all()\n",
        "class Posts(mixins.CreateModelMixin, viewsets.GenericViewSet):\n"
        "    queryset = Post.objects.all()\n",
        "class Posts(View):\n    queryset = Post.objects.all()\n",
    ],
)
def test_classes_that_paginate_or_list_otherwise(tmp_path, text):
    assert bare(tmp_path, text) == []


@pytest.mark.parametrize(("rows", "names"), [(40, []), (40_000, ["Posts"])])
def test_tables_that_are_known_to_be_short(tmp_path, rows, names):
    tables = {"blog_post": Table(name="blog_post", rows=rows)}
    catalogs = {"default": Catalog(vendor="postgresql", tables=tables, is_production=True)}
    models = (ModelFacts(label="blog.Post", table="blog_post"),)
    assert bare(tmp_path, POSTS, facts({}, models=models, catalogs=catalogs)) == names


def test_tests_are_left_alone(tmp_path):
    assert bare_lists(facts(), code(tmp_path, tests__views=IMPORTS + POSTS)) == []
