from django.urls import include, path
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import DefaultRouter

from accounts.api import RegisterView, UserViewSet
from feed.api import FeedView
from feed.live import live
from moderation.api import ReportViewSet
from notifications.api import DeviceViewSet, NotificationViewSet
from posts.api import CommentViewSet, PostViewSet, TagViewSet, ThreadViewSet
from search.api import PopularView, SearchView, SuggestView
from social.api import ActivityView, FollowView

router = DefaultRouter()
router.register("posts", PostViewSet, basename="post")
router.register("threads", ThreadViewSet, basename="thread")
router.register("comments", CommentViewSet, basename="comment")
router.register("tags", TagViewSet, basename="tag")
router.register("users", UserViewSet, basename="user")
router.register("notifications", NotificationViewSet, basename="notification")
router.register("devices", DeviceViewSet, basename="device")
router.register("reports", ReportViewSet, basename="report")

urlpatterns = [
    path("auth/token/", obtain_auth_token, name="token"),
    path("auth/register/", RegisterView.as_view(), name="register"),
    path("feed/", FeedView.as_view(), name="api-feed"),
    path("live/", live, name="live"),
    path("activity/", ActivityView.as_view(), name="activity"),
    path("follows/<str:username>/", FollowView.as_view(), name="follow"),
    path("search/", SearchView.as_view(), name="api-search"),
    path("search/suggest/", SuggestView.as_view(), name="suggest"),
    path("search/popular/", PopularView.as_view(), name="popular"),
    path("", include(router.urls)),
]
