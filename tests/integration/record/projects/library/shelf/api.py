"""REST views without a line of their own."""

from rest_framework import filters, pagination, serializers, viewsets

from shelf.models import Book


class AuthorField(serializers.StringRelatedField):
    pass


class BookSerializer(serializers.ModelSerializer):
    author = AuthorField()
    reviews = serializers.PrimaryKeyRelatedField(many=True, read_only=True, source="review_set")

    class Meta:
        model = Book
        fields = ["title", "author", "reviews"]


class BookViewSet(viewsets.ModelViewSet):
    queryset = Book.objects.all()
    serializer_class = BookSerializer


class Pages(pagination.PageNumberPagination):
    page_size = 2


class ByTitle(filters.SearchFilter):
    pass


class PagedBookViewSet(BookViewSet):
    queryset = Book.objects.order_by("title")
    pagination_class = Pages
    filter_backends = [ByTitle]
    search_fields = ["title"]
