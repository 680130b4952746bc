"""Views and admins that declare their queryset in the class body."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from nuages.codemod import Refusal
from nuages.codemod.queryset import Method, add_method
from nuages.model import Location


def edited(source: str, name: str, kind: Method = "select_related", path: str = "author") -> str:
    source = dedent(source)
    line = next(i for i, row in enumerate(source.splitlines(), 1) if f"class {name}" in row)
    place = Location(file="blog/views.py", line=line, column=0, function=name, kind="class")
    return add_method(source, place, kind, path)


def last_class(source: str) -> str:
    return re.findall(r"^ *class (\w+)\(", source, re.MULTILINE)[-1]


CASES = {
    "a view whose base says the model": (
        """\
        class Posts(generic.ListView):
            model = Post

        class NamedPosts(Posts):
            template_name = "names.html"

            def get_context_data(self, **kwargs):
                return {}
        """,
        """\
        class Posts(generic.ListView):
            model = Post

        class NamedPosts(Posts):
            template_name = "names.html"

            def get_queryset(self):
                return super().get_queryset().select_related("author")

            def get_context_data(self, **kwargs):
                return {}
        """,
    ),
    "a view of nothing": (
        """\
        class NamedPosts(PostsView):
            pass
        """,
        """\
        class NamedPosts(PostsView):
            def get_queryset(self):
                return super().get_queryset().select_related("author")
        """,
    ),
    "an inline": (
        """\
        class PostInline(admin.TabularInline):
            model = Post
            # the newest is enough
            @property
            def max_num(self):
                return 1
        """,
        """\
        class PostInline(admin.TabularInline):
            model = Post

            def get_queryset(self, request):
                return super().get_queryset(request).select_related("author")

            # the newest is enough
            @property
            def max_num(self):
                return 1
        """,
    ),
    "an inline of methods": (
        """\
        class PostInline(StackedInline):
        \t@property
        \tdef model(self):
        \t\treturn Post
        """,
        """\
        class PostInline(StackedInline):
        \tdef get_queryset(self, request):
        \t\treturn super().get_queryset(request).select_related("author")

        \t@property
        \tdef model(self):
        \t\treturn Post
        """,
    ),
    "an inline that adds to the queryset": (
        """\
        class PostInline(StackedInline):
            def get_queryset(self, request):
                return super().get_queryset(request).select_related("blog")
        """,
        """\
        class PostInline(StackedInline):
            def get_queryset(self, request):
                return super().get_queryset(request).select_related("blog", "author")
        """,
    ),
    "a viewset's queryset": (
        """\
        class PostViewSet(viewsets.ModelViewSet):
            queryset = Post.objects.all()
            serializer_class = PostSerializer
        """,
        """\
        class PostViewSet(viewsets.ModelViewSet):
            queryset = Post.objects.all().select_related("author")
            serializer_class = PostSerializer
        """,
    ),
    "a queryset in lines": (
        """\
        class PostList(ListAPIView):
            queryset = (
                Post.objects.filter(live=True)
                .order_by("-created")
            )
        """,
        """\
        class PostList(ListAPIView):
            queryset = (
                Post.objects.filter(live=True)
                .order_by("-created")
                .select_related("author")
            )
        """,
    ),
    "a queryset that joins already": (
        """\
        class PostList(ListAPIView):
            queryset = Post.objects.select_related("blog").order_by("-created")
        """,
        """\
        class PostList(ListAPIView):
            queryset = Post.objects.select_related("blog", "author").order_by("-created")
        """,
    ),
    "an annotated queryset, a manager": (
        """\
        class PostList(ListView):
            queryset: QuerySet[Post] = Post.published
        """,
        """\
        class PostList(ListView):
            queryset: QuerySet[Post] = Post.published.select_related("author")
        """,
    ),
    "a queryset made elsewhere": (
        """\
        class PostList(ListView):
            queryset = live_posts
        """,
        """\
        class PostList(ListView):
            queryset = live_posts.select_related("author")
        """,
    ),
    "a model alone": (
        """\
        class PostList(LoginRequiredMixin, generic.ListView):
            model = models.Post  # newest first
            paginate_by = 20
        """,
        """\
        class PostList(LoginRequiredMixin, generic.ListView):
            model = models.Post  # newest first
            queryset = models.Post._default_manager.select_related("author")
            paginate_by = 20
        """,
    ),
    "an admin": (
        """\
        @admin.register(Post)
        class PostAdmin(admin.ModelAdmin):
            list_display = (
                "title",
                "author_name",
            )
            search_fields = ["title"]
        """,
        """\
        @admin.register(Post)
        class PostAdmin(admin.ModelAdmin):
            list_display = (
                "title",
                "author_name",
            )
            list_select_related = ("author",)
            search_fields = ["title"]
        """,
    ),
    "an admin that joins already": (
        """\
        class PostAdmin(ModelAdmin):
            list_select_related = ["blog"]
        """,
        """\
        class PostAdmin(ModelAdmin):
            list_select_related = ["blog", "author"]
        """,
    ),
    "an admin that joins one relation already": (
        """\
        class PostAdmin(ModelAdmin):
            list_select_related = ("blog",)
        """,
        """\
        class PostAdmin(ModelAdmin):
            list_select_related = ("blog", "author",)
        """,
    ),
    "an admin that joins this already": (
        """\
        class PostAdmin(ModelAdmin):
            list_select_related = ("author__profile",)
        """,
        """\
        class PostAdmin(ModelAdmin):
            list_select_related = ("author__profile",)
        """,
    ),
    "an admin that joins nothing": (
        """\
        class PostAdmin(ModelAdmin):
            list_select_related = ()
        """,
        """\
        class PostAdmin(ModelAdmin):
            list_select_related = ("author",)
        """,
    ),
    "an admin without list_display": (
        '''\
        class PostAdmin(ModelAdmin):
            """Posts."""

            def get_list_display(self, request):
                return ["author"]
        ''',
        '''\
        class PostAdmin(ModelAdmin):
            """Posts."""
            list_select_related = ("author",)

            def get_list_display(self, request):
                return ["author"]
        ''',
    ),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES.keys())
def test_edits_the_declaration(source, expected):
    name = last_class(source)
    assert edited(source, name) == dedent(expected)


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES.keys())
def test_a_second_time_changes_nothing(source, expected):
    name = last_class(source)
    assert edited(expected, name) == dedent(expected)


def test_finds_a_nested_class_by_its_qualified_name():
    source = """\
        class Outer:
            class List(ListView):
                queryset = Post.objects.all()

        class List(ListView):
            queryset = Post.objects.all()
        """
    place = Location(file="v.py", line=2, column=4, function="Outer.List", kind="class")
    new = add_method(dedent(source), place, "select_related", "author")
    assert new.splitlines()[2].endswith('.select_related("author")')
    assert new.splitlines()[5].endswith(".all()")


@pytest.mark.parametrize(
    ("source", "kind", "reason"),
    [
        (
            "class PostSerializer(serializers.ModelSerializer):\n    model = Post\n",
            "select_related",
            "the queryset is created in library code",
        ),
        (
            "class PostAdmin(ModelAdmin):\n    def get_queryset(self, request):\n"
            "        rows = super().get_queryset(request)\n        return rows\n",
            "prefetch_related",
            "the queryset comes from get_queryset() of PostAdmin",
        ),
        (
            "class PostAdmin(ModelAdmin):\n    def get_queryset(self, request):\n"
            "        return narrowed(super().get_queryset(request))\n",
            "prefetch_related",
            "the queryset comes from get_queryset() of PostAdmin",
        ),
        (
            "class PostAdmin(ModelAdmin):\n    list_select_related = True\n",
            "select_related",
            "list_select_related of PostAdmin is True, not a list of names",
        ),
        (
            "class PostAdmin(ModelAdmin):\n    list_select_related = (*JOINS,) + ('a',)\n",
            "select_related",
            "not a list of names",
        ),
        (
            "class PostAdmin(ModelAdmin):\n    def f(self):\n        pass\n",
            "select_related",
            "PostAdmin has no line to put list_select_related after",
        ),
        (
            "class CommentInline(admin.TabularInline): model = Comment\n",
            "select_related",
            "CommentInline stands on one line",
        ),
        (
            "class PostList(ListView):\n    model = Post\n    def get_queryset(self): ...\n",
            "select_related",
            "the queryset comes from get_queryset() of PostList",
        ),
        (
            "class PostList(BasePostList):\n    paginate_by = 5\n",
            "select_related",
            "PostList declares neither queryset nor model",
        ),
        (
            "class PostForm(ModelForm):\n    queryset = None\n    model = None\n",
            "select_related",
            "PostForm declares neither queryset nor model",
        ),
        (
            "class PostList(ListView): model = Post\n",
            "select_related",
            "PostList stands on one line",
        ),
        (
            'class PostList(ListView):\n    queryset = Post.objects.values("a")\n',
            "select_related",
            ".values() returns no instances",
        ),
    ],
)
def test_refuses(source, kind, reason):
    name = source.split("class ")[1].split("(")[0]
    with pytest.raises(Refusal) as refusal:
        edited(source, name, kind)
    assert reason in refusal.value.reason


def test_refuses_a_class_that_is_not_there():
    place = Location(file="v.py", line=1, column=0, function="Gone", kind="class")
    with pytest.raises(Refusal, match=r"no class starts at v\.py:1"):
        add_method("x = 1\n", place, "select_related", "author")
