from django.contrib import admin

from shop.models import Author, Book, Option, Publisher, Review


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ("title", "publishers_city")
    list_select_related = ("publisher",)

    @admin.display
    def publishers_city(self, book):
        return (
            book.publisher.city.name
        )  # <- @admin_column n-plus-one select_related publisher__city


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    pass


@admin.register(Publisher)
class PublisherAdmin(admin.ModelAdmin):
    list_display = ("name", "city")
    list_select_related = ("city",)


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    list_display = ("name", "email")
    search_fields = ("name",)


@admin.register(Option)
class OptionAdmin(admin.ModelAdmin):
    list_display = ("key", "value")
