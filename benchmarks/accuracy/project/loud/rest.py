"""List endpoints of REST framework."""

from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.response import Response
from rest_framework.views import APIView
from shop.models import Author, Book, Review


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ("name",)


class NestedSerializer(serializers.ModelSerializer):
    author = AuthorSerializer()  # <- @RestNested n-plus-one select_related author

    class Meta:
        model = Book
        fields = ("title", "author")


class RestNested(ListAPIView):
    queryset = Book.objects.order_by("pk")
    serializer_class = NestedSerializer


class SourceSerializer(serializers.Serializer):
    city = serializers.CharField(
        source="publisher.city.name"
    )  # <- @RestSource n-plus-one select_related publisher__city


class RestSource(ListAPIView):
    queryset = Book.objects.select_related("publisher").order_by("pk")
    serializer_class = SourceSerializer


class MethodSerializer(serializers.Serializer):
    best = serializers.SerializerMethodField()

    def get_best(self, book):
        return [
            review.text for review in book.reviews.all() if review.stars > 4
        ]  # <- @RestMethod n-plus-one prefetch_related reviews


class RestMethod(ListAPIView):
    queryset = Book.objects.order_by("pk")
    serializer_class = MethodSerializer


class ManySerializer(serializers.ModelSerializer):
    tags = serializers.StringRelatedField(
        many=True
    )  # <- @RestMany n-plus-one prefetch_related tags

    class Meta:
        model = Book
        fields = ("title", "tags")


class RestMany(ListAPIView):
    serializer_class = ManySerializer

    def get_queryset(self):
        return Book.objects.order_by("pk")


class KeysSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ("name", "books")


class RestKeys(APIView):
    def get(self, request):
        authors = Author.objects.all()
        return Response(
            KeysSerializer(authors, many=True).data
        )  # <- n-plus-one prefetch_related books


class ReviewSerializer(serializers.ModelSerializer):
    reviewer = serializers.SlugRelatedField(
        slug_field="name", read_only=True
    )  # <- @RestSlug n-plus-one select_related reviewer

    class Meta:
        model = Review
        fields = ("stars", "reviewer")


class RestSlug(ListAPIView):
    queryset = Review.objects.order_by("pk")
    serializer_class = ReviewSerializer
