from django.core.mail import send_mail
from django.db.models import Count, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat
from rest_framework import generics, permissions, viewsets
from rest_framework.authtoken.models import Token
from rest_framework.decorators import action
from rest_framework.response import Response

from core.throttling import DeviceThrottle
from posts.models import Comment

from .models import User
from .serializers import (
    LeaderSerializer,
    MeSerializer,
    RegisterSerializer,
    UserBriefSerializer,
    UserSerializer,
)


class UserViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = UserSerializer

    def get_queryset(self):
        users = User.objects.filter(is_active=True)
        return users.annotate(follower_count=Count("followers")).order_by("username")

    @action(
        detail=False, methods=["get", "patch"], permission_classes=[permissions.IsAuthenticated]
    )
    def me(self, request):
        if request.method == "GET":
            return Response(MeSerializer(request.user, context=self.get_serializer_context()).data)
        serializer = MeSerializer(
            request.user, data=request.data, partial=True, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    @action(detail=True)
    def followers(self, request, pk=None):
        follows = self.get_object().followers.select_related("follower__profile")
        people = [follow.follower for follow in follows.order_by("-pk")[:100]]
        return Response(UserBriefSerializer(people, many=True).data)

    @action(detail=False)
    def leaderboard(self, request):
        leaders = (
            User.objects.filter(is_active=True)
            .annotate(
                follower_total=Count("followers", distinct=True),
                post_total=Count("posts", distinct=True),
                like_total=Count("posts__likes", distinct=True),
            )
            .order_by("-like_total", "-follower_total", "username")
        )
        return Response(LeaderSerializer(leaders[:25], many=True).data)

    @action(detail=False)
    def mentioned(self, request):
        """Which verified members are talked about."""
        mentions = (
            Comment.objects.filter(body__contains=Concat(Value("@"), OuterRef("username")))
            .order_by()
            .values(total=Value(1))
            .annotate(mentions=Count("pk"))
            .values("mentions")
        )
        people = (
            User.objects.filter(is_verified=True)
            .annotate(mentions=Coalesce(Subquery(mentions), 0))
            .order_by("-mentions", "username")
            .values("username", "mentions", name=F("profile__display_name"))
        )
        return Response(list(people[:25]))


class RegisterView(generics.CreateAPIView):
    serializer_class = RegisterSerializer
    permission_classes = [permissions.AllowAny]
    throttle_classes = [DeviceThrottle]

    def create(self, request, *args, **kwargs):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = serializer.save()
        send_mail(
            "Welcome to Chorus",
            f"Hello {user.username}, good to have you here.",
            None,
            [user.email],
        )
        token, _ = Token.objects.get_or_create(user=user)
        return Response({"id": user.pk, "username": user.username, "token": token.key}, status=201)
