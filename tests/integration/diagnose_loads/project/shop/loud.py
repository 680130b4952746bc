"""Views that load what they don't need; each function is one place."""

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.forms import Form, ModelChoiceField
from django.http import JsonResponse
from django.shortcuts import render
from rest_framework import generics, serializers, viewsets

from shop.models import Author, Comment, Line, Post, Sheet


def told(values):
    return JsonResponse(list(values), safe=False)


def body_unread(request):
    return told(post.title for post in Post.objects.all())


def body_unread_in_template(request):
    return render(request, "titles.html", {"posts": Post.objects.filter(is_live=True)})


def biography_joined(request):
    posts = Post.objects.defer("body").select_related("author")
    return told(post.author.name for post in posts)


def biography_joined_in_template(request):
    posts = Post.objects.only("title", "author").select_related("author")
    return render(request, "authors.html", {"posts": posts})


def text_prefetched(request):
    posts = Post.objects.only("title").prefetch_related("comments")
    return told(comment.writer for post in posts for comment in post.comments.all())


def text_of_own_prefetch(request):
    comments = Prefetch("comments", queryset=Comment.objects.order_by("id"))
    posts = Post.objects.only("title").prefetch_related(comments)
    return told(comment.writer for post in posts for comment in post.comments.all())


def comments_of_one(request):
    post = Post.objects.get(pk=1)
    return told([post.body, *(c.writer for c in Comment.objects.filter(post_id__lte=20))])


def sheet_titles(request):
    return told(sheet.title for sheet in Sheet.objects.all())


async def body_unread_async(request):
    return told([post.title async for post in Post.objects.order_by("title")])


def author_joined_for_nothing(request):
    posts = Post.objects.only("title", "author").select_related("author")
    return told(post.title for post in posts)


def author_joined_for_its_key(request):
    posts = Post.objects.only("title", "author").select_related("author")
    return told(post.author_id for post in posts)


def two_joined_for_nothing(request):
    posts = Post.objects.select_related("author", "editor")
    return told([post.title, post.body[:9]] for post in posts)


def tags_prefetched_for_nothing(request):
    posts = Post.objects.only("title").prefetch_related("tags")
    return told(post.title for post in posts)


def likes_prefetched_for_nothing(request):
    posts = Post.objects.only("title").prefetch_related("comments__likes")
    return told([post.title, [c.text for c in post.comments.all()]] for post in posts)


def both_levels_for_nothing(request):
    posts = Post.objects.only("title").prefetch_related("comments__likes")
    return told(post.title for post in posts)


def joined_for_nothing_in_template(request):
    posts = Post.objects.select_related("editor")
    return render(request, "bodies.html", {"posts": posts})


def joined_by_the_manager(request):
    return told([post.title, post.body] for post in Post.with_author.all())


def counted_by_len(request):
    posts = Post.objects.filter(is_live=True)
    number = len(posts)
    return told([number])


def counted_by_len_at_once(request):
    return told([len(Post.objects.filter(is_live=True))])


def counted_in_template(request):
    return render(request, "number.html", {"posts": Post.objects.all()})


def counted_at_the_end(request):
    return told(["comments", len(Comment.objects.all())])


def tested_by_truth(request):
    posts = Post.objects.filter(is_live=True)
    if posts:
        return told(["some"])
    return told(["none"])


def tested_by_truth_at_once(request):
    return told(["some"] if Post.objects.filter(is_live=True) else [])


def tested_in_template(request):
    return render(request, "any.html", {"posts": Post.objects.all()})


def tested_by_count(request):
    if Comment.objects.filter(writer="me").count() > 0:
        return told(["some"])
    return told([])


def looked_for(request):
    author = Author.objects.get(pk=1)
    everybody = Author.objects.order_by("name")
    return told([author in everybody])


def all_lines(request):
    return told(line.text for line in Line.objects.all())


def all_texts(request):
    return told(Line.objects.values_list("text", flat=True))


class LineForm(Form):
    line = ModelChoiceField(Line.objects.all())


def choices_of_lines(request):
    return render(request, "form.html", {"form": LineForm()})


def far_page(request):
    page = Paginator(Line.objects.order_by("pk"), 20).page(580)
    return told(line.text for line in page)


class TitleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Post
        fields = ["title"]


class TitleList(generics.ListAPIView):
    queryset = Post.objects.order_by("-title")
    serializer_class = TitleSerializer


class KeySerializer(serializers.ModelSerializer):
    class Meta:
        model = Post
        fields = ["title", "body", "author"]


class KeyViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Post.objects.select_related("author")
    serializer_class = KeySerializer


class LineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Line
        fields = ["text"]


class LineList(generics.ListAPIView):
    queryset = Line.objects.all()
    serializer_class = LineSerializer
