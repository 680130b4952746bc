"""Views that need what they load, or load little; each function is one place."""

import pickle

from django.core.paginator import Paginator
from django.core.serializers import serialize
from django.db.models import Count, Prefetch, prefetch_related_objects
from django.forms import Form, ModelChoiceField, model_to_dict
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from rest_framework import generics, pagination, serializers

from shop.models import Author, Country, Line, Post, Profile, Tag

KEPT = []


def told(values):
    return JsonResponse(list(values), safe=False)


def body_read(request):
    return told(post.body[:10] for post in Post.objects.all())


def body_read_of_one(request):
    posts = list(Post.objects.all())
    return told([posts[0].body, *(post.title for post in posts)])


def body_deferred(request):
    return told(post.title for post in Post.objects.defer("body"))


def only_titles(request):
    return told(post.title for post in Post.objects.only("title"))


def values_of_titles(request):
    return told(Post.objects.values_list("title", flat=True))


def rows_pickled(request):
    posts = list(Post.objects.all())
    KEPT.append(pickle.dumps(posts))
    return told(post.title for post in posts)


def rows_saved(request):
    for post in Post.objects.all():
        post.title = post.title.strip()
        post.save()
    return told([])


def one_row(request):
    return told([get_object_or_404(Post, pk=1).title])


def two_rows(request):
    return told(post.title for post in Post.objects.filter(pk__lte=2))


def narrow_rows(request):
    return told(tag.pk for tag in Tag.objects.all())


def rows_serialised(request):
    return HttpResponse(serialize("json", Post.objects.all()))


def rows_as_forms(request):
    return told(model_to_dict(post, ["title", "body"]) for post in Post.objects.all())


def body_read_in_template(request):
    return render(request, "bodies.html", {"posts": Post.objects.all()})


def body_streamed(request):
    rows = Post.objects.iterator()
    return StreamingHttpResponse(post.body for post in rows)


async def body_read_async(request):
    return told([post.body async for post in Post.objects.order_by("title")])


def failed_before_use(request):
    posts = list(Post.objects.select_related("author"))
    return HttpResponse(posts[0].title, status=400)


def gone_elsewhere(request):
    KEPT.append([post.title for post in Post.objects.prefetch_related("tags")])
    return redirect("/")


def author_used(request):
    posts = Post.objects.only("title", "author__name").select_related("author")
    return told(post.author.name for post in posts)


def author_used_by_key(request):
    posts = Post.objects.only("title", "author__name").select_related("author")
    return told(post.author.pk for post in posts)


def editor_tested(request):
    posts = Post.objects.only("title", "editor__name").select_related("editor")
    return told(bool(post.editor) for post in posts)


def editor_tested_in_template(request):
    posts = Post.objects.only("title", "editor__name").select_related("editor")
    return render(request, "edited.html", {"posts": posts})


def profile_looked_for(request):
    authors = Author.objects.only("name", "profile__motto").select_related("profile")
    return told(hasattr(author, "profile") for author in authors)


def author_compared(request):
    posts = Post.objects.only("title", "author__name").select_related("author")
    return told(post.author == post.author for post in posts)


def tags_listed(request):
    return told([t.name for t in post.tags.all()] for post in few())


def tags_counted(request):
    return told(len(post.tags.all()) for post in few())


def tags_counted_by_count(request):
    return told(post.tags.count() for post in few())


def tags_looked_for(request):
    return told(post.tags.exists() for post in few())


def tags_tested(request):
    return told(bool(post.tags.all()) for post in few())


def tags_counted_in_template(request):
    return render(request, "tags.html", {"posts": few()})


def tag_contained(request):
    tag = Tag.objects.get(pk=1)
    return told(tag in post.tags.all() for post in few())


def first_tag(request):
    return told(str(post.tags.all()[0]) for post in few())


def tags_in_an_attribute(request):
    chosen = Prefetch("tags", to_attr="chosen")
    return told(len(p.chosen) for p in Post.objects.only("title").prefetch_related(chosen))


def tags_by_hand(request):
    posts = list(Post.objects.only("title"))
    prefetch_related_objects(posts, "tags")
    return told([t.name for t in post.tags.all()] for post in posts)


def few():
    return Post.objects.only("title").prefetch_related("tags")


def profiles_prefetched(request):
    profiles = Profile.objects.prefetch_related("author")
    return told(profile.author is not None for profile in profiles)


def counted_and_listed(request):
    posts = Post.objects.only("title")
    return told([len(posts), *(post.title for post in posts)])


def counted_and_listed_in_template(request):
    return render(request, "counted.html", {"posts": Post.objects.only("title")})


def counted_in_the_database(request):
    return told([Post.objects.count()])


def tested_and_listed(request):
    posts = Post.objects.only("title")
    if posts:
        return told(post.title for post in posts)
    return told([])


def looked_for_in_the_database(request):
    return told([Post.objects.filter(is_live=True).exists()])


def looked_for_and_listed(request):
    author = Author.objects.get(pk=1)
    everybody = Author.objects.only("name")
    return told([author in everybody, *(one.name for one in everybody)])


def page_of_lines(request):
    page = Paginator(Line.objects.order_by("pk"), 20).page(3)
    return told(line.text for line in page)


def lines_by_key(request):
    return told(line.text for line in Line.objects.filter(pk__gt=11_000).order_by("pk")[:20])


def lines_streamed(request):
    return StreamingHttpResponse(line.text for line in Line.objects.iterator(chunk_size=500))


def texts_streamed(request):
    texts = Line.objects.values_list("text", flat=True).iterator(chunk_size=500)
    return StreamingHttpResponse(text for text in texts)


def lines_grouped(request):
    return told(row["n"] for row in Line.objects.values("text").annotate(n=Count("pk")))


def lines_counted(request):
    return told([Line.objects.filter(text__startswith="line").count()])


def countries(request):
    return told(country.code for country in Country.objects.all())


class CountryForm(Form):
    country = ModelChoiceField(Country.objects.all())


def choices_of_countries(request):
    return render(request, "form.html", {"form": CountryForm()})


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["name"]


class PostSerializer(serializers.ModelSerializer):
    tags = TagSerializer(many=True)
    writer = serializers.CharField(source="author.name")

    class Meta:
        model = Post
        fields = ["title", "body", "tags", "writer"]


class PostList(generics.ListAPIView):
    queryset = (
        Post.objects.select_related("author").defer("author__biography").prefetch_related("tags")
    )
    serializer_class = PostSerializer


class LineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Line
        fields = ["text"]


class LinePages(generics.ListAPIView):
    queryset = Line.objects.order_by("pk")
    serializer_class = LineSerializer
    pagination_class = type("Pages", (pagination.PageNumberPagination,), {"page_size": 20})


def comments_of_a_page(request):
    posts = Post.objects.only("title").prefetch_related("comments")[:5]
    return told(c.text for post in posts for c in post.comments.all())


def comments_of_each(request):
    """A loop, which is another rule's."""
    return told(len(post.comments.all()) for post in Post.objects.only("title"))


def if_some_comments(request):
    return told(["x" for post in Post.objects.only("title") if post.comments.all()])
