from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.serializers import UserBriefSerializer
from posts.models import Post
from posts.serializers import PostSerializer

from .popular import popular, remember
from .selectors import find_people, find_posts


class SearchView(APIView):
    def get(self, request):
        term = request.query_params.get("q", "").strip()[:120]
        ids = list(find_posts(term).values_list("pk", flat=True)[:20])
        posts = (
            Post.objects.select_related("author__profile")
            .prefetch_related("tags", "media")
            .in_bulk(set(ids))
        )
        if term:
            remember(term)
        return Response(
            {
                "posts": PostSerializer([posts[pk] for pk in ids], many=True).data,
                "people": UserBriefSerializer(find_people(term)[:10], many=True).data,
            }
        )


class SuggestView(APIView):
    def get(self, request):
        term = request.query_params.get("q", "").strip()[:40]
        posts = Post.objects.published().filter(title__istartswith=term)[:25]
        return Response([post.title for post in posts])


class PopularView(APIView):
    def get(self, request):
        return Response(popular())
