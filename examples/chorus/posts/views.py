from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.generic import ListView

from core.flags import flag_enabled
from core.outside import fetch_preview

from .models import Post, Tag


class HomeView(ListView):
    template_name = "posts/home.html"
    context_object_name = "posts"
    paginate_by = 20

    def get_queryset(self):
        return Post.objects.published()


class TagView(ListView):
    template_name = "posts/tag.html"
    context_object_name = "posts"
    paginate_by = 20

    def get_queryset(self):
        self.tag = get_object_or_404(Tag, slug=self.kwargs["slug"])
        return Post.objects.with_counts().filter(tags=self.tag)

    def get_context_data(self, **kwargs):
        return super().get_context_data(tag=self.tag, **kwargs)


def post_detail(request, pk):
    posts = Post.objects.select_related("author__profile")
    post = get_object_or_404(posts, pk=pk, status=Post.Status.PUBLISHED)
    post.view_count += 1
    post.save()
    comments = post.comments.filter(is_hidden=False).order_by("created_at", "pk")
    context = {
        "post": post,
        "comments": comments,
        "can_comment": request.user.is_authenticated and flag_enabled("comments", True),
        "liked": request.user.is_authenticated and post.likes.filter(user=request.user).exists(),
    }
    return render(request, "posts/detail.html", context)


def link_preview(request, pk):
    post = get_object_or_404(Post, pk=pk, status=Post.Status.PUBLISHED)
    if not post.link:
        return JsonResponse({"preview": None})
    preview = fetch_preview(post.link)
    return JsonResponse({"preview": {"url": post.link, "title": preview.get("title", post.link)}})


def discussions(request):
    posts = (
        Post.objects.filter(status=Post.Status.PUBLISHED, comments__isnull=False)
        .distinct()
        .prefetch_related("comments")
        .order_by("-created_at", "-pk")
    )
    return render(request, "posts/discussions.html", {"posts": posts[:20]})
