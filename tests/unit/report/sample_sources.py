"""Source files of a plausible project, as a run of tune would quote them."""

SELECTORS = '''\
"""What a person gets to see, newest first."""

from django.db.models import Q

from chorus.feed.models import Post, Tag


def visible_posts(user):
    """Posts of the people that a user follows, and the user's own."""
    return (
        Post.objects.filter(Q(author__followers__follower=user) | Q(author=user))
        .exclude(hidden=True)
        .order_by("-created")
    )


def trending(limit=20):
    return Post.objects.filter(hidden=False).order_by("-score")[:limit]


def tags_for(posts):
    return Tag.objects.filter(posts__in=posts).distinct()
'''

FEED_VIEWS = '''\
"""The feed: JSON for the app, HTML for everyone else."""

from django.shortcuts import get_object_or_404, render
from rest_framework import generics
from rest_framework.response import Response
from rest_framework.views import APIView

from chorus.feed import selectors
from chorus.feed.models import Comment, Post
from chorus.feed.serializers import CommentSerializer, PostSerializer


class FeedView(APIView):
    """One page of the feed, as the app shows it."""

    page_size = 50

    def get(self, request):
        posts = selectors.visible_posts(request.user)[: self.page_size]
        items = []
        for post in posts:
            items.append(
                {
                    "id": post.pk,
                    "author": post.author.profile.display_name,
                    "liked": post.likes.filter(user=request.user).exists(),
                    "comments": post.comments.count(),
                }
            )
        return Response({"items": items})


class PostDetail(generics.RetrieveAPIView):
    queryset = Post.objects.all()
    serializer_class = PostSerializer


class CommentList(generics.ListAPIView):
    serializer_class = CommentSerializer

    def get_queryset(self):
        return Comment.objects.filter(post=self.kwargs["pk"]).order_by("created")


def trending_page(request):
    posts = selectors.trending()
    return render(request, "feed/trending.html", {"posts": posts})


def search(request):
    term = request.GET.get("q", "")
    found = Post.objects.filter(body__icontains=term).order_by("-created")[:100]
    return render(request, "feed/search.html", {"posts": found, "term": term})
'''

SERIALIZERS = '''\
"""Posts and comments as the app reads them."""

from rest_framework import serializers

from chorus.feed.models import Comment, Post


class CommentSerializer(serializers.ModelSerializer):
    author_name = serializers.CharField(source="author.profile.display_name")

    class Meta:
        model = Comment
        fields = ["id", "author_name", "body", "created"]


class PostSerializer(serializers.ModelSerializer):
    tags = serializers.SlugRelatedField(many=True, read_only=True, slug_field="name")
    media = serializers.SerializerMethodField()

    class Meta:
        model = Post
        fields = ["id", "author", "body", "tags", "media", "created"]

    def get_media(self, post):
        return [item.file.url for item in post.media.order_by("position")]
'''

NOTIFICATIONS = '''\
"""What happened to a person's posts while they were away."""

from django.http import JsonResponse

from chorus.notifications.models import Notification


def unread(request):
    entries = Notification.objects.filter(user=request.user, read=False)
    return JsonResponse({"entries": [describe(entry) for entry in entries]})


def describe(entry):
    return {"who": entry.actor.username, "what": entry.verb, "target": str(entry.target)}
'''

ADMIN = """\
from django.contrib import admin

from chorus.feed.models import Post


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ["id", "author_email", "created", "hidden"]

    @admin.display(description="Author")
    def author_email(self, post):
        return post.author.email
"""

TRENDING_HTML = """\
{% extends "base.html" %}
{% block main %}
<ol class="posts">
  {% for post in posts %}
    <li>
      <a href="{{ post.get_absolute_url }}">{{ post.title }}</a>
      by {{ post.author.username }}, in {{ post.topic.name }}
    </li>
  {% empty %}
    <li>Nothing is trending.</li>
  {% endfor %}
</ol>
{% endblock %}
"""

ACCOUNTS = '''\
"""Who follows whom."""

from django.shortcuts import get_object_or_404, render

from chorus.accounts.models import Follow, User


def followers(request, username):
    person = get_object_or_404(User, username=username)
    follows = Follow.objects.filter(followed=person).order_by("-since")
    people = [follow.follower for follow in follows]
    return render(request, "accounts/followers.html", {"person": person, "people": people})


def export(request):
    rows = User.objects.filter(is_active=True).values_list("username", "email")
    return render(request, "accounts/export.csv", {"rows": rows.iterator()})
'''

SOURCES = {
    ".:chorus/feed/selectors.py": SELECTORS,
    ".:chorus/feed/views.py": FEED_VIEWS,
    ".:chorus/feed/serializers.py": SERIALIZERS,
    ".:chorus/feed/admin.py": ADMIN,
    ".:chorus/notifications/views.py": NOTIFICATIONS,
    ".:chorus/accounts/views.py": ACCOUNTS,
    ".:templates/feed/trending.html": TRENDING_HTML,
}
