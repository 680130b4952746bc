"""A changelist as people write them: joined, filtered, searchable."""

from django.contrib import admin

from blog.models import Post


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "category", "published")
    list_select_related = ("author", "category")
    list_filter = ("category",)
    list_per_page = 50
    search_fields = ("title",)
