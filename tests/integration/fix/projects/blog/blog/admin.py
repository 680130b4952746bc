"""Lists that follow relations."""

from django.contrib import admin

from blog.models import Comment, Post


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ["title", "nick"]

    def nick(self, obj):
        return obj.author.profile.nick


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ["text", "blog_name"]

    @admin.display
    def blog_name(self, obj):
        return obj.post.blog.name
