from django.contrib import admin
from django.db.models import Count

from .models import Comment, Like, Media, Post, Tag


class MediaInline(admin.TabularInline):
    model = Media
    extra = 0


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ("title", "author_email", "tag_list", "status", "created_at")
    list_filter = ("status",)
    raw_id_fields = ("author",)
    autocomplete_fields = ("tags",)
    inlines = [MediaInline]
    ordering = ("-created_at", "-pk")

    def get_queryset(self, request):
        posts = super().get_queryset(request)
        return posts if request.user.is_superuser else posts.exclude(status=Post.Status.REMOVED)

    @admin.display(ordering="author__email")
    def author_email(self, post):
        return post.author.email

    @admin.display(description="tags")
    def tag_list(self, post):
        return ", ".join(tag.name for tag in post.tags.all())


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ("__str__", "is_hidden", "created_at")
    list_filter = ("is_hidden",)
    raw_id_fields = ("post", "author", "parent")
    ordering = ("-created_at", "-pk")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body")


@admin.register(Like)
class LikeAdmin(admin.ModelAdmin):
    list_display = ("pk", "user", "post", "created_at")
    raw_id_fields = ("user", "post")


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "uses")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(post_total=Count("posts"))

    @admin.display(ordering="post_total")
    def uses(self, tag):
        return tag.post_total
