import csv
import re

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.utils import timezone
from rest_framework import permissions
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Post

HEADER = ["id", "author", "title", "tags", "views", "created"]


class Echo:
    """A file that returns what is written to it."""

    def write(self, value):
        return value


def export_rows():
    yield HEADER
    for post in Post.objects.order_by("pk").iterator(chunk_size=500):
        tags = ", ".join(tag.name for tag in post.tags.all())
        created = post.created_at.isoformat()
        yield [post.pk, post.author.username, post.title, tags, post.view_count, created]


@staff_member_required
def posts_csv(request):
    writer = csv.writer(Echo())
    response = StreamingHttpResponse(
        (writer.writerow(row) for row in export_rows()), content_type="text/csv"
    )
    response["Content-Disposition"] = 'attachment; filename="posts.csv"'
    return response


class ArchiveView(APIView):
    """Writes one's own posts to a file, to be fetched later."""

    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        names = sorted(path.name for path in settings.EXPORT_ROOT.glob(f"{request.user.pk}-*.csv"))
        return Response({"archives": names})

    def post(self, request):
        settings.EXPORT_ROOT.mkdir(parents=True, exist_ok=True)
        name = f"{request.user.pk}-{timezone.now():%Y%m%d%H%M%S}.csv"
        posts = request.user.posts.order_by("pk").prefetch_related("tags")
        with open(settings.EXPORT_ROOT / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["title", "body", "tags"])
            for post in posts.iterator(chunk_size=500):
                writer.writerow([post.title, post.body, ", ".join(t.name for t in post.tags.all())])
        return Response({"name": name}, status=201)


def archive_file(request, name):
    owner = re.fullmatch(r"(\d+)-\d+\.csv", name)
    if not owner or int(owner[1]) != request.user.pk:
        raise Http404
    path = settings.EXPORT_ROOT / name
    if not path.exists():
        raise Http404
    return FileResponse(path.open("rb"), content_type="text/csv")
