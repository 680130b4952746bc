from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.static import serve

from accounts import views as accounts
from feed import views as feed
from moderation import views as moderation
from posts import export
from posts import views as posts
from search import views as search

urlpatterns = [
    path("", posts.HomeView.as_view(), name="home"),
    path("posts/export.csv", export.posts_csv, name="posts-csv"),
    path("posts/archive/", export.ArchiveView.as_view(), name="archive"),
    path("posts/archive/<str:name>/", export.archive_file, name="archive-file"),
    path("posts/<int:pk>/", posts.post_detail, name="post"),
    path("posts/<int:pk>/preview/", posts.link_preview, name="link-preview"),
    path("tags/<slug:slug>/", posts.TagView.as_view(), name="tag"),
    path("discussions/", posts.discussions, name="discussions"),
    path("members/", accounts.members, name="members"),
    path("@<str:username>/", accounts.profile, name="profile"),
    path("feed/", feed.feed, name="feed"),
    path("search/", search.search, name="search"),
    path("moderation/", moderation.queue, name="moderation"),
    path("api/", include("config.api")),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
    re_path(r"^static/(?P<path>.*)$", serve, {"document_root": settings.STATIC_ROOT}),
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
]
