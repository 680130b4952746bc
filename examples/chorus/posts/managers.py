from django.db import models
from django.db.models import Count, Exists, OuterRef


class PostManager(models.Manager):
    def published(self):
        return self.filter(status="published").order_by("-created_at", "-pk")

    def with_counts(self):
        posts = self.published().select_related("author__profile").prefetch_related("tags")
        return posts.annotate(comment_total=Count("comments"))


class CommentQuerySet(models.QuerySet):
    def visible(self):
        return self.filter(is_hidden=False)

    def newest_first(self):
        return self.order_by("-created_at", "-pk")

    def with_answered(self):
        replies = self.model.objects.filter(parent=OuterRef("pk"))
        return self.annotate(answered=Exists(replies))
