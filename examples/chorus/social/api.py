from django.shortcuts import get_object_or_404
from rest_framework import permissions, status
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from notifications.models import Notification

from .models import Follow


def describe(follow):
    profile = getattr(follow.followed, "profile", None)
    return {
        "who": follow.follower.username,
        "whom": follow.followed.username,
        "name": profile.display_name if profile else "",
        "at": follow.created_at,
    }


class ActivityView(APIView):
    """Who started to follow whom; the app's endless list."""

    size = 40

    def get(self, request):
        offset = self.offset(request)
        follows = Follow.objects.order_by("-created_at", "-pk")[offset : offset + self.size]
        return Response({"next": offset + self.size, "results": [describe(f) for f in follows]})

    def offset(self, request):
        try:
            return max(0, int(request.query_params.get("offset", 0)))
        except ValueError:
            return 0


class FollowView(APIView):
    permission_classes = [permissions.IsAuthenticated]

    def get(self, request, username):
        member = get_object_or_404(User, username=username)
        return Response(
            {
                "follows": request.user.following.filter(followed=member).exists(),
                "followed_by": member.following.filter(followed=request.user).exists(),
            }
        )

    def post(self, request, username):
        member = get_object_or_404(User, username=username)
        follow, created = Follow.objects.get_or_create(follower=request.user, followed=member)
        if created:
            Notification.objects.create(
                recipient=member, actor=request.user, verb="follow", target=request.user
            )
        return Response(status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)

    def delete(self, request, username):
        Follow.objects.filter(follower=request.user, followed__username=username).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
