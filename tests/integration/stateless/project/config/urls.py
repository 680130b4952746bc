from django.urls import path
from notes import views

urlpatterns = [
    path("", views.home),
    path("note/new/", views.new),
    path("note/<int:pk>/", views.note),
    path("me/", views.me),
    path("cart/", views.cart),
    path("seen/", views.seen),
    path("draft/", views.draft),
    path("hits/", views.hits),
    path("photo/", views.photo),
]
