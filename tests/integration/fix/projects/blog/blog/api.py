"""Endpoints with nested serializers."""

from django.contrib.auth.models import User
from rest_framework import serializers, viewsets

from blog.models import Post, Tag


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["name"]


class UserSerializer(serializers.ModelSerializer):
    nick = serializers.CharField(source="profile.nick")

    class Meta:
        model = User
        fields = ["username", "nick"]


class PostSerializer(serializers.ModelSerializer):
    author = UserSerializer()
    tags = TagSerializer(many=True)
    blog_owner = serializers.SerializerMethodField()

    def get_blog_owner(self, obj):
        return obj.blog.owner.username if obj.blog.owner else None

    class Meta:
        model = Post
        fields = ["title", "author", "tags", "blog_owner"]


class PostViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Post.objects.all()
    serializer_class = PostSerializer


class DraftViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = PostSerializer

    def get_queryset(self):
        return (
            Post.objects.filter(live=True)
            # newest first
            .order_by("-id")
        )
