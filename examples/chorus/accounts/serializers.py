from django.contrib.auth.password_validation import validate_password
from rest_framework import serializers

from .models import Profile, User


class UserBriefSerializer(serializers.ModelSerializer):
    display_name = serializers.CharField(source="profile.display_name", default="")

    class Meta:
        model = User
        fields = ["id", "username", "display_name"]
        read_only_fields = fields


class ProfileSerializer(serializers.ModelSerializer):
    city = serializers.CharField(source="city.name", default=None, read_only=True)

    class Meta:
        model = Profile
        fields = ["display_name", "bio", "website", "avatar", "city"]


class UserSerializer(serializers.ModelSerializer):
    profile = ProfileSerializer(read_only=True)
    follower_count = serializers.IntegerField(read_only=True)
    is_followed = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "is_verified", "profile", "follower_count", "is_followed"]

    def get_is_followed(self, user):
        viewer = self.context["request"].user
        if not viewer.is_authenticated:
            return False
        return viewer.following.filter(followed=user).exists()


class LeaderSerializer(serializers.ModelSerializer):
    display_name = serializers.SerializerMethodField()
    follower_total = serializers.IntegerField(read_only=True)
    post_total = serializers.IntegerField(read_only=True)
    like_total = serializers.IntegerField(read_only=True)

    class Meta:
        model = User
        fields = ["username", "display_name", "follower_total", "post_total", "like_total"]

    def get_display_name(self, user):
        profile = getattr(user, "profile", None)
        return profile.display_name if profile else ""


class MeSerializer(serializers.ModelSerializer):
    profile = ProfileSerializer()

    class Meta:
        model = User
        fields = ["id", "username", "email", "is_verified", "profile"]
        read_only_fields = ["id", "username", "is_verified"]

    def update(self, user, validated):
        profile = validated.pop("profile", {})
        for name, value in profile.items():
            setattr(user.profile, name, value)
        user.profile.save(update_fields=[*profile] or None)
        return super().update(user, validated)


class RegisterSerializer(serializers.ModelSerializer):
    password = serializers.CharField(write_only=True, validators=[validate_password])

    class Meta:
        model = User
        fields = ["username", "email", "password"]

    def create(self, validated):
        return User.objects.create_user(**validated)
