"""An admin whose list shows a relation."""

from django.contrib import admin

from shelf.models import Book, Review


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ["title", "author_name"]

    def author_name(self, book):
        return book.author.name


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    list_display = ["stars"]
    list_select_related = False
