from django.db.models import Count

from posts.models import Tag

from .flags import flag_enabled


def sidebar(request):
    if request.path.startswith("/admin/"):
        return {}
    trending = Tag.objects.annotate(uses=Count("posts")).order_by("-uses", "name")[:12]
    return {"trending_tags": trending, "comments_open": flag_enabled("comments", True)}
