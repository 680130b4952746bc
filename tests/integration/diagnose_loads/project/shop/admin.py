"""Pages of the admin with more than they show."""

from django.contrib import admin

from shop.models import Comment, Country, Flag, Post


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ["title", "author"]


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ["writer", "text"]


@admin.register(Flag)
class FlagAdmin(admin.ModelAdmin):
    list_filter = ["line"]


@admin.register(Country)
class CountryAdmin(admin.ModelAdmin):
    list_display = ["code"]
