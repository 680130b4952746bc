"""What select_related and prefetch_related look like once inserted, and when they are refused."""

from textwrap import dedent

import pytest

ONE_LINE = [
    # QuerySet methods: right after the call that created the queryset
    ("«Post.objects.all()»", 'Post.objects.all().select_related("author")'),
    (
        "«Post.objects.filter(a=1)».order_by('-b')",
        "Post.objects.filter(a=1).select_related('author').order_by('-b')",
    ),
    ("«Post.published.recent()»[:10]", 'Post.published.recent().select_related("author")[:10]'),
    ("«user.posts.all()»", 'user.posts.all().select_related("author")'),
    ("«post.comment_set.exclude(spam=True)»",
     'post.comment_set.exclude(spam=True).select_related("author")'),
    ("qs = «self.get_queryset()»", 'qs = self.get_queryset().select_related("author")'),
    ("return «super().get_queryset()».filter(a=1)",
     'return super().get_queryset().select_related("author").filter(a=1)'),
    ("«super(A, self).get_queryset(request)»",
     'super(A, self).get_queryset(request).select_related("author")'),
    ("«page.get_children()».live()", 'page.get_children().select_related("author").live()'),
    ("«self.filter(live=True)»", 'self.filter(live=True).select_related("author")'),
    ("Paginator(«Post.objects.all()», 20)",
     'Paginator(Post.objects.all().select_related("author"), 20)'),
    ("[p.author for p in «Post.objects.all()»]",
     '[p.author for p in Post.objects.all().select_related("author")]'),
    ("x = len(«Post.objects.filter(a=f(b))») + 1",
     'x = len(Post.objects.filter(a=f(b)).select_related("author")) + 1'),
    ("«Post.objects.using('replica')».filter(a='b')",
     "Post.objects.using('replica').select_related('author').filter(a='b')"),
    ("«Post.objects.filter(a=1)».distinct().union",
     'Post.objects.filter(a=1).select_related("author").distinct().union'),
    # methods that end a chain: just before them
    ("«Post.objects.get(pk=1)»", 'Post.objects.select_related("author").get(pk=1)'),
    ("«Post.objects.get(Q(a=1))»", 'Post.objects.select_related("author").get(Q(a=1))'),
    ("«Post.objects.filter(a=1).first()»",
     'Post.objects.filter(a=1).select_related("author").first()'),
    ("«user.posts.latest()».title", 'user.posts.select_related("author").latest().title'),
    ("«Post.objects.in_bulk(ids)».values()",
     'Post.objects.select_related("author").in_bulk(ids).values()'),
    ("«Post.objects.iterator()»", 'Post.objects.select_related("author").iterator()'),
    ("«Post.objects.get(pk=1)».delete()",
     'Post.objects.select_related("author").get(pk=1).delete()'),
    ("post, _ = «Post.objects.get_or_create(a=1)»",
     'post, _ = Post.objects.select_related("author").get_or_create(a=1)'),
    ("await «Post.objects.aget(pk=1)»", 'await Post.objects.select_related("author").aget(pk=1)'),
    ("await «user.posts.afirst()»", 'await user.posts.select_related("author").afirst()'),
    ("«models.Post.published.get(slug=s)»",
     'models.Post.published.select_related("author").get(slug=s)'),
    ("«Page.objects.get(pk=1).get_children()»",
     'Page.objects.get(pk=1).get_children().select_related("author")'),
    # shortcuts
    ("«get_object_or_404(Post, pk=1)»",
     'get_object_or_404(Post._default_manager.select_related("author"), pk=1)'),
    ("«get_list_or_404(models.Post)»",
     'get_list_or_404(models.Post._default_manager.select_related("author"))'),
    ("await «aget_object_or_404(klass=Post, pk=1)»",
     'await aget_object_or_404(klass=Post._default_manager.select_related("author"), pk=1)'),
    ("«shortcuts.get_object_or_404(Post.published, pk=1)»",
     'shortcuts.get_object_or_404(Post.published.select_related("author"), pk=1)'),
    ("«get_object_or_404(Post.objects.filter(a=1), pk=1)»",
     'get_object_or_404(Post.objects.filter(a=1).select_related("author"), pk=1)'),
    ("«get_object_or_404(get_user_model(), pk=1)»",
     'get_object_or_404(get_user_model()._default_manager.select_related("author"), pk=1)'),
    # merged into what the chain says already
    ("«Post.objects.select_related('blog')»", "Post.objects.select_related('blog', 'author')"),
    ("«Post.objects.filter(a=1)».select_related('blog')",
     "Post.objects.filter(a=1).select_related('blog', 'author')"),
    ("«Post.objects.select_related('blog',)».all()",
     "Post.objects.select_related('blog', 'author',).all()"),
    ("«Post.objects.select_related(*JOINS)»", 'Post.objects.select_related(*JOINS, "author")'),
    ('«get_object_or_404(Post.objects.select_related("blog"), pk=1)»',
     'get_object_or_404(Post.objects.select_related("blog", "author"), pk=1)'),
    ('«Post.objects.prefetch_related("tags")»',
     'Post.objects.prefetch_related("tags").select_related("author")'),
    # harmless beside a join
    ('«Post.objects.only("title", "author")»',
     'Post.objects.only("title", "author").select_related("author")'),
    ('«Post.objects.defer("body")»', 'Post.objects.defer("body").select_related("author")'),
    ('«Post.objects.select_for_update(of=("self",))»',
     'Post.objects.select_for_update(of=("self",)).select_related("author")'),
    # odd but valid
    ("(«Post.objects.all()»)", '(Post.objects.all().select_related("author"))'),
    ("«Post . objects . get (pk=1)»", 'Post . objects .select_related("author"). get (pk=1)'),
    ("é = «Post.objects.filter(titre='été')»",
     "é = Post.objects.filter(titre='été').select_related('author')"),
]  # fmt: skip


@pytest.mark.parametrize(("marked", "expected"), ONE_LINE)
def test_joins_on_one_line(joined, marked, expected):
    assert joined(marked + "\n") == expected + "\n"


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("«Post.objects.all()»", 'Post.objects.all().prefetch_related("tags")'),
        ("«Post.objects.get(pk=1)»", 'Post.objects.prefetch_related("tags").get(pk=1)'),
        (
            "«Post.objects.prefetch_related('comments')»",
            "Post.objects.prefetch_related('comments', 'tags')",
        ),
        (
            '«Post.objects.prefetch_related(Prefetch("comments", queryset=qs))»',
            'Post.objects.prefetch_related(Prefetch("comments", queryset=qs), "tags")',
        ),
        (
            "«Post.objects.iterator(chunk_size=100)»",
            'Post.objects.prefetch_related("tags").iterator(chunk_size=100)',
        ),
        (
            "«Post.objects.select_for_update()»",
            'Post.objects.select_for_update().prefetch_related("tags")',
        ),
        (
            '«Post.objects.only("title")»',
            'Post.objects.only("title").prefetch_related("tags")',
        ),
    ],
)
def test_prefetches_on_one_line(prefetched, marked, expected):
    assert prefetched(marked + "\n") == expected + "\n"


@pytest.mark.parametrize(
    ("marked", "kind", "expected"),
    [
        ("Paginator(«Post.objects», 20)", "attribute", 'Post.objects.select_related("author"), 20'),
        (
            "«Post.objects.all()[:5]»",
            "subscript",
            'Post.objects.all().select_related("author")[:5]',
        ),
        ("«await Post.objects.aget(pk=1)»", "await", 'select_related("author").aget(pk=1)'),
        ("for p in «posts»:\n    p", "iterate", 'for p in posts.select_related("author"):'),
        ("«for p in Post.mine():\n    p»", "iterate", 'Post.mine().select_related("author"):'),
        ("«[p for p in Post.mine()]»", "iterate", 'Post.mine().select_related("author")]'),
        ("list(«posts»)", "iterate", 'list(posts.select_related("author"))'),
        ("if «Post.objects.all()»:\n    p", "truth", 'all().select_related("author"):'),
        ("«if posts:\n    p»", "truth", 'if posts.select_related("author"):'),
        ("«not posts»", "truth", 'not posts.select_related("author")'),
        ("«p in Post.mine()»", "comparison", 'p in Post.mine().select_related("author")'),
    ],
)
def test_joins_where_a_queryset_is_evaluated(joined, marked, kind, expected):
    assert expected in joined(marked + "\n", kind=kind)


def test_joins_in_an_asynchronous_loop(joined):
    marked = """\
        async def feed():
            async for post in «Post.objects.filter(live=True)»:
                yield post
        """
    assert 'filter(live=True).select_related("author"):' in joined(marked)


@pytest.mark.parametrize(
    ("marked", "path"),
    [
        ('«Post.objects.select_related("author")»', "author"),
        ('«Post.objects.filter(a=1)».select_related("author")', "author"),
        ('«Post.objects.select_related("author__profile")»', "author"),
        ('«Post.objects.select_related("blog", "author__profile")».get(a=1)', "author__profile"),
        ('«Post.objects.select_related("auth" "or")»', "author"),
        ('«get_object_or_404(Post.objects.select_related("author"), pk=1)»', "author"),
    ],
)
def test_leaves_alone_what_is_joined_already(joined, marked, path):
    assert joined(marked, path) == marked.replace("«", "").replace("»", "")


@pytest.mark.parametrize(
    "marked",
    [
        '«Post.objects.prefetch_related("tags")»',
        '«Post.objects.prefetch_related("tags__owner")»',
        '«Post.objects.filter(a=1)».prefetch_related("comments", "tags").first()',
    ],
)
def test_leaves_alone_what_is_prefetched_already(prefetched, marked):
    assert prefetched(marked) == marked.replace("«", "").replace("»", "")


def test_a_longer_path_is_added_beside_a_shorter_one(joined):
    marked = '«Post.objects.select_related("author")»'
    expected = 'Post.objects.select_related("author", "author__profile")'
    assert joined(marked, "author__profile") == expected


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ('«Post.objects.values("title")»', ".values() returns no instances"),
        ('«Post.objects.filter(a=1)».values_list("pk", flat=True)', ".values_list() returns no"),
        ('«Post.objects.filter(a=1)».dates("at", "day")', ".dates() returns no instances"),
        ("«Post.objects.filter(a=1)».union(other)", ".union() combines several queries"),
        ("«a.posts.intersection(b)»", ".intersection() combines several queries"),
        ("«Post.objects.raw('SELECT 1')»", ".raw() is written SQL"),
        ("«Post.objects.create(a=1)»", ".create() returns rows just written"),
        ("«Post.objects.bulk_create(posts)»", ".bulk_create() returns rows just written"),
        ("«Post.objects.update_or_create(a=1)»", ".update_or_create() returns rows just written"),
        ("await «Post.objects.acreate(a=1)»", ".acreate() returns rows just written"),
        ('«Post.objects.filter(a=1)».only("title")', ".only() leaves out author"),
        ('«Post.objects.only(*FIELDS)»', ".only() leaves out author"),
        ('«Post.objects.defer("author")»', ".defer() leaves out author"),
        ("«Post.objects.defer(*FIELDS)»", ".defer() leaves out author"),
        ("«Post.objects.select_for_update()».filter(a=1)", "would lock the joined rows"),
        ("«Post.objects.select_related()»", ".select_related() without naming relations"),
        ("«Post.objects.all()».select_related(None)", ".select_related() without naming relations"),
        ("«get_object_or_404(self.model, pk=1)»", "whether self.model is a model or a queryset"),
        ("«get_object_or_404(klass, pk=1)»", "whether klass is a model or a queryset"),
        ("«get_object_or_404()»", "created in library code"),
        ('«render(request, "feed.html", context)»', "created in library code"),
        ("«serializer.is_valid()»", "created in library code"),
        ("«super().list(request)»", "created in library code"),
        ("«self.get_object()»", "created in library code"),
        ("«self.render_to_response(context)»", "created in library code"),
        ("«super().get(request)»", "created in library code"),
        ("«client.get(url)»", "created in library code"),
        ("«mapping.get(key, default)»", "created in library code"),
        ("«form.save()»", "created in library code"),
        ("«paginate_queryset(qs)»", "created in library code"),
        ("«views[name](request)»", "created in library code"),
    ],
)  # fmt: skip
def test_refuses_to_join(refused, marked, reason):
    assert reason in refused(marked)


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ('«Post.objects.values("title")»', ".values() returns no instances"),
        ("«Post.objects.filter(a=1)».union(other)", ".union() combines several queries"),
        ("«Post.objects.iterator()»", ".iterator() without chunk_size ignores prefetches"),
        ("«Post.objects.prefetch_related(None)»", ".prefetch_related() without naming relations"),
        (
            '«Post.objects.prefetch_related(Prefetch("tags", queryset=live))»',
            'Prefetch("tags", …) is already there',
        ),
        (
            '«Post.objects.prefetch_related(models.Prefetch("tags", to_attr="t"))»',
            'Prefetch("tags", …) is already there',
        ),
    ],
)
def test_refuses_to_prefetch(refused, marked, reason):
    assert reason in refused(marked, path="tags", how="prefetch_related")


def test_refuses_a_path_through_rows_that_are_kept_in_another_attribute(refused):
    marked = '«Post.objects.prefetch_related(Prefetch("comments", to_attr="recent"))»'
    reason = refused(marked, path="comments__author", how="prefetch_related")
    assert reason == 'Prefetch("comments", to_attr=…) keeps these rows elsewhere'


@pytest.mark.parametrize(
    ("marked", "kind"),
    [
        ("«serializer.data»", "attribute"),
        ("«form.as_p»", "attribute"),
        ("«page.object_list»", "attribute"),
        ("for x in «lambda: 1»:\n    pass", "iterate"),
    ],
)
def test_refuses_what_is_not_a_manager(refused, marked, kind):
    assert "created" in refused(marked, kind=kind)


def test_a_view_that_calls_its_base_class_is_edited_where_it_declares_its_rows(joined):
    marked = """\
        class PostDetail(DetailView):
            queryset = Post.objects.all()

            def get(self, request, *args, **kwargs):
                post = «self.get_object()»
                return self.render(post)
        """
    expected = dedent(marked).replace("«", "").replace("»", "")
    expected = expected.replace(".all()", '.all().select_related("author")')
    assert joined(marked) == expected


def test_refuses_a_queryset_that_a_metaclass_makes(refused):
    marked = """\
        «class PostForm(ModelForm):
            class Meta:
                model = Post»
        """
    assert refused(marked) == (
        "the queryset is created when the class at posts/views.py:1 is, by its base class"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("«Post.objects.all()»", 'Post.objects.all().defer("body", "notes")'),
        ("«Post.objects.defer('notes')».all()", "Post.objects.defer('notes', 'body').all()"),
        ("«Post.objects.defer('body', 'notes')»", "Post.objects.defer('body', 'notes')"),
        ("«Post.objects.select_related('author')»",
         "Post.objects.select_related('author').defer('body', 'notes')"),
        ("«Post.objects.get(pk=1)»", 'Post.objects.defer("body", "notes").get(pk=1)'),
    ],
)  # fmt: skip
def test_columns_are_left_out(deferred, before, after):
    assert deferred(before, "body, notes") == after


@pytest.mark.parametrize(
    ("before", "kind", "reason"),
    [
        ("«Post.objects.only('title')»", "defer", "chooses the columns already"),
        ("«Post.objects.only('title')»", "only", "names other fields"),
        ("«Post.objects.select_related('author')»", "only", "needs the keys"),
        ("«Post.objects.select_related('body')»", "defer", "needs the keys"),
        ("«Post.objects.select_related(*names)»", "defer", "needs the keys"),
        ("«Post.objects.values('title')»", "defer", "returns no instances"),
        ("«Post.objects.filter(a=1)».union(b)", "defer", "combines"),
        ("«Post.objects.create(a=1)»", "defer", "just written"),
    ],
)
def test_columns_that_the_chain_needs_are_refused(refused, before, kind, reason):
    assert reason in refused(before, path="body, notes", how=kind)
