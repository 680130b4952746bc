from rest_framework import permissions
from rest_framework.response import Response
from rest_framework.views import APIView

from .entries import render_feed
from .selectors import feed_posts, liked_ids


class FeedView(APIView):
    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        posts = list(feed_posts(request.user))
        return Response(render_feed(posts, liked_ids(request.user, posts)))
