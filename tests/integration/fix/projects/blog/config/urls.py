"""Routes of a small site."""

from blog import api, views
from django.contrib import admin
from django.urls import include, path
from rest_framework.routers import DefaultRouter

router = DefaultRouter()
router.register("posts", api.PostViewSet)
router.register("drafts", api.DraftViewSet, basename="draft")

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include(router.urls)),
    path("feed/", views.feed),
    path("list/", views.PostList.as_view()),
    path("newest/", views.NewestPosts.as_view()),
    path("mine/", views.MyPosts.as_view()),
    path("post/<int:pk>/", views.detail),
    path("detail/<int:pk>/", views.PostDetail.as_view()),
    path("user/<int:pk>/", views.user),
    path("pages/", views.pages),
    path("counts/", views.counts),
    path("defeated/", views.defeated),
    path("narrow/", views.narrow),
    path("export/", views.export),
    path("titles/", views.titles),
    path("inner/", views.inner),
    path("activity/", views.activity),
    path("recent/", views.recent),
    path("blogs/", views.blogs),
    path("joined/", views.joined),
    path("chunks/", views.chunks),
    path("import/", views.import_tags),
    path("nicks/", views.nicks),
]
