"""Endpoints whose querysets know what their serializers read."""

from loud.rest import (
    KeysSerializer,
    ManySerializer,
    MethodSerializer,
    NestedSerializer,
    ReviewSerializer,
    SourceSerializer,
)
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import APIView
from shop.models import Author, Book, Review


class Pages(PageNumberPagination):
    page_size = 4


class QuietNested(ListAPIView):
    queryset = Book.objects.select_related("author").order_by("pk")
    serializer_class = NestedSerializer


class QuietSource(ListAPIView):
    queryset = (
        Book.objects.select_related("publisher__city").only("publisher__city__name").order_by("pk")
    )
    serializer_class = SourceSerializer


class QuietMethodField(ListAPIView):
    queryset = Book.objects.prefetch_related("reviews").order_by("pk")
    serializer_class = MethodSerializer


class QuietMany(ListAPIView):
    queryset = Book.objects.prefetch_related("tags").order_by("pk")
    serializer_class = ManySerializer


class QuietSlug(ListAPIView):
    queryset = Review.objects.select_related("reviewer").order_by("pk")
    serializer_class = ReviewSerializer
    pagination_class = Pages


class QuietKeys(APIView):
    def get(self, request):
        authors = Author.objects.prefetch_related("books")
        return Response(KeysSerializer(authors, many=True).data)


class QuietOne(RetrieveAPIView):
    queryset = Book.objects.all()
    serializer_class = NestedSerializer

    def get_object(self):
        return self.get_queryset().get(pk=1)
