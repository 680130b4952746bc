"""A list endpoint of Django REST framework with nested relations, prefetched."""

from rest_framework import generics, serializers

from blog.models import Author, Comment, Post


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ("id", "name", "email")


class CommentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Comment
        fields = ("id", "text", "created")


class PostSerializer(serializers.ModelSerializer):
    author = AuthorSerializer()
    comments = CommentSerializer(many=True)

    class Meta:
        model = Post
        fields = ("id", "title", "body", "published", "author", "comments")


class PostList(generics.ListAPIView):
    queryset = Post.objects.order_by("pk").prefetch_related("author", "comments")
    serializer_class = PostSerializer
