from rest_framework import serializers

from accounts.serializers import UserBriefSerializer
from core.flags import flag_enabled

from .models import Comment, Media, Post, Tag


class TagSerializer(serializers.ModelSerializer):
    uses = serializers.IntegerField(read_only=True)

    class Meta:
        model = Tag
        fields = ["name", "slug", "uses"]


class MediaSerializer(serializers.ModelSerializer):
    class Meta:
        model = Media
        fields = ["id", "kind", "url", "alt"]


class PostSerializer(serializers.ModelSerializer):
    author = UserBriefSerializer(read_only=True)
    tags = serializers.SlugRelatedField(
        many=True, slug_field="name", queryset=Tag.objects.all(), required=False
    )
    media = MediaSerializer(many=True, read_only=True)
    minutes = serializers.IntegerField(source="reading_minutes", read_only=True)

    class Meta:
        model = Post
        fields = [
            "id",
            "author",
            "title",
            "body",
            "link",
            "tags",
            "media",
            "minutes",
            "view_count",
            "created_at",
        ]
        read_only_fields = ["view_count", "created_at"]


class PostDetailSerializer(PostSerializer):
    like_total = serializers.SerializerMethodField()
    can_comment = serializers.SerializerMethodField()

    class Meta(PostSerializer.Meta):
        fields = [*PostSerializer.Meta.fields, "like_total", "can_comment"]

    def get_like_total(self, post):
        return post.likes.count()

    def get_can_comment(self, post):
        return flag_enabled("comments", True)


class PostTitleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Post
        fields = ["id", "title", "created_at"]


class ThreadSerializer(serializers.ModelSerializer):
    comments = serializers.SerializerMethodField()

    class Meta:
        model = Post
        fields = ["id", "title", "comments"]

    def get_comments(self, post):
        return [comment.body for comment in post.comments.order_by("created_at", "pk")]


class CommentSerializer(serializers.ModelSerializer):
    author = UserBriefSerializer(read_only=True)
    answers = serializers.CharField(source="parent.author.username", default=None, read_only=True)
    reply_count = serializers.SerializerMethodField()

    class Meta:
        model = Comment
        fields = [
            "id",
            "post",
            "author",
            "parent",
            "answers",
            "body",
            "reply_count",
            "created_at",
        ]
        read_only_fields = ["created_at"]

    def get_reply_count(self, comment):
        return comment.replies.count()

    def validate(self, data):
        parent = data.get("parent")
        if parent and parent.post_id != data["post"].pk:
            raise serializers.ValidationError({"parent": "This comment belongs to another post."})
        return data
