"""Views with the usual loops, and some that are right."""

import csv

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.generic import DetailView, ListView

from blog.models import Activity, Blog, Comment, Post, Tag


def feed(request):
    posts = Post.objects.filter(live=True)
    return render(request, "feed.html", {"posts": posts})


class PostList(ListView):
    model = Post
    template_name = "feed.html"
    context_object_name = "posts"


class NewestPosts(ListView):
    queryset = Post.objects.order_by("-pk")
    template_name = "feed.html"
    context_object_name = "posts"
    paginate_by = 10


class MyPosts(ListView):
    model = Post
    template_name = "feed.html"
    context_object_name = "posts"

    def get_queryset(self):
        qs = super().get_queryset()
        if self.request.GET.get("live"):
            qs = qs.filter(live=True)
        return qs


def detail(request, pk):
    post = get_object_or_404(Post, pk=pk)
    return render(request, "detail.html", {"post": post})


class PostDetail(DetailView):
    model = Post
    template_name = "detail.html"


def user(request, pk):
    person = User.objects.get(pk=pk)
    lines = [f"{post.blog.name}: {post.title}" for post in person.posts.all()]
    return HttpResponse("\n".join(lines), content_type="text/plain")


def pages(request):
    paginator = Paginator(Post.objects.all(), 20)
    page = paginator.get_page(request.GET.get("page"))
    return HttpResponse("\n".join(post.byline() for post in page), content_type="text/plain")


def counts(request):
    rows = []
    for post in Post.objects.all():
        rows.append((post.title, post.comments.count(), post.tags.exists()))
    return JsonResponse({"rows": rows})


def defeated(request):
    rows = []
    for post in Post.objects.prefetch_related("comments"):
        rows.append([comment.text for comment in post.comments.order_by("-id")])
    return JsonResponse({"rows": rows})


def narrow(request):
    rows = [(post.title, post.body, post.author.username) for post in Post.objects.only("title")]
    return JsonResponse({"rows": rows})


class Echo:
    def write(self, value):
        return value


def export(request):
    writer = csv.writer(Echo())

    def rows():
        for post in Post.objects.iterator(chunk_size=20):
            yield writer.writerow([post.title, post.author.username])

    return StreamingHttpResponse(rows(), content_type="text/csv")


async def titles(request):
    names = []
    async for comment in Comment.objects.filter(text__startswith="t").order_by("id"):
        post = await Post.objects.aget(pk=comment.post_id)
        names.append(post.title)
    return JsonResponse({"names": names})


def inner(request):
    recent = Comment.objects.order_by("-id")
    rows = []
    for post in Post.objects.prefetch_related(Prefetch("comments", queryset=recent)):
        rows.append([comment.author.username for comment in post.comments.all()])
    return JsonResponse({"rows": rows})


def activity(request):
    return JsonResponse({"rows": [str(item.target) for item in Activity.objects.order_by("id")]})


def chunks(request):
    found = []
    for start in range(0, 30, 5):
        found += Post.objects.in_bulk(range(start, start + 5)).values()
    return JsonResponse({"titles": [post.title for post in found]})


def import_tags(request):
    for name in ("new", "newer", "newest"):
        Tag.objects.get_or_create(name=name)
    Tag.objects.filter(name__startswith="new").delete()
    return HttpResponse("done")


def recent(request):
    posts = Post.objects.recent()[:15]
    return JsonResponse({"rows": [post.byline() for post in posts]})


def blogs(request):
    data = []
    for blog in Blog.objects.order_by("name"):
        for post in blog.post_set.all():
            data.append((blog.name, post.author.username, [tag.name for tag in post.tags.all()]))
    return JsonResponse({"data": data})


def joined(request):
    posts = Post.objects.select_related("author__profile", "blog").prefetch_related("tags")
    return render(request, "feed.html", {"posts": posts})


def nicks(request):
    posts = Post.objects.select_related("author")
    return JsonResponse({"rows": [p.author.profile.nick for p in posts]})
