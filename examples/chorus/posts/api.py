from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Count, F
from rest_framework import mixins, permissions, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from accounts.models import User
from accounts.serializers import UserBriefSerializer
from core.flags import flag_enabled
from core.outside import deliver_webhook
from core.pagination import Newest
from notifications.models import Notification

from .models import Comment, Like, Post, Tag
from .permissions import IsAuthorOrReadOnly
from .serializers import (
    CommentSerializer,
    PostDetailSerializer,
    PostSerializer,
    PostTitleSerializer,
    TagSerializer,
    ThreadSerializer,
)


class PostViewSet(viewsets.ModelViewSet):
    queryset = (
        Post.objects.filter(status=Post.Status.PUBLISHED)
        .select_related("author")
        .order_by("-created_at", "-pk")
    )
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, IsAuthorOrReadOnly]

    def get_serializer_class(self):
        return PostDetailSerializer if self.action == "retrieve" else PostSerializer

    def retrieve(self, request, *args, **kwargs):
        Post.objects.filter(pk=kwargs["pk"]).update(view_count=F("view_count") + 1)
        return super().retrieve(request, *args, **kwargs)

    def perform_create(self, serializer):
        serializer.save(author=self.request.user)

    @action(
        detail=True, methods=["post", "delete"], permission_classes=[permissions.IsAuthenticated]
    )
    def like(self, request, pk=None):
        post = self.get_object()
        if request.method == "DELETE":
            Like.objects.filter(user=request.user, post=post).delete()
            return Response(status=204)
        _, created = Like.objects.get_or_create(user=request.user, post=post)
        if created and post.author_id != request.user.pk:
            Notification.objects.create(
                recipient=post.author, actor=request.user, verb="like", target=post
            )
        return Response({"likes": post.likes.count()}, status=201 if created else 200)

    @action(detail=True)
    def likers(self, request, pk=None):
        ids = list(self.get_object().likes.order_by("-pk").values_list("user_id", flat=True)[:100])
        people = User.objects.select_related("profile").in_bulk(ids)
        return Response(UserBriefSerializer([people[pk] for pk in ids], many=True).data)

    @action(detail=False)
    def trending(self, request):
        top = Like.objects.values("post").annotate(total=Count("pk")).order_by("-total", "-post")
        results = []
        for row in top[:20]:
            post = Post.objects.get(pk=row["post"])
            results.append({**PostTitleSerializer(post).data, "likes": row["total"]})
        return Response(results)


class ThreadViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = ThreadSerializer

    def get_queryset(self):
        return Post.objects.published().prefetch_related("comments")


class CommentViewSet(
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet,
):
    serializer_class = CommentSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, IsAuthorOrReadOnly]

    def get_queryset(self):
        comments = Comment.objects.filter(is_hidden=False).order_by("-created_at", "-pk")
        if "post" in self.request.query_params:
            comments = comments.filter(post=self.request.query_params["post"])
        return comments

    @transaction.atomic
    def perform_create(self, serializer):
        if not flag_enabled("comments", True):
            raise PermissionDenied("Comments are closed.")
        comment = serializer.save(author=self.request.user)
        author = comment.post.author
        if author != self.request.user:
            Notification.objects.create(
                recipient=author, actor=self.request.user, verb="comment", target=comment
            )
            send_mail(
                f"{self.request.user} commented on {comment.post}",
                comment.body,
                None,
                [author.email],
            )
        deliver_webhook("comment.created", {"id": comment.pk, "post": comment.post_id})

    @action(detail=False)
    def latest(self, request):
        """The latest comments, for the widget on partners' pages."""
        comments = Comment.objects.visible().newest_first().with_answered()
        comments = comments.select_related("author__profile", "post")
        page = Newest()
        rows = [
            {
                "post": comment.post.title,
                "author": UserBriefSerializer(comment.author).data,
                "body": comment.body[:200],
                "answered": comment.answered,
            }
            for comment in page.paginate_queryset(comments, request, view=self)
        ]
        return page.get_paginated_response(rows)


class TagViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = TagSerializer
    pagination_class = None
    lookup_field = "slug"

    def get_queryset(self):
        return Tag.objects.annotate(uses=Count("posts")).order_by("name")

    @action(detail=False)
    def trending(self, request):
        tags = self.get_queryset().order_by("-uses", "name")[:20]
        return Response(TagSerializer(tags, many=True).data)
