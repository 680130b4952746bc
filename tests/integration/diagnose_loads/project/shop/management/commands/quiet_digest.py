"""Goes through tables in chunks."""

from django.core.management import BaseCommand

from shop.models import Comment, Line


class Command(BaseCommand):
    def handle(self, *args, **options):
        writers = {comment.writer for comment in Comment.objects.only("writer")}
        lines = [line.text for line in Line.objects.iterator(chunk_size=1_000)]
        texts, last = [], 0
        while rows := list(Line.objects.filter(pk__gt=last).order_by("pk")[:4_000]):
            texts += [line.text for line in rows]
            last = rows[-1].pk
        return f"{len(writers)} {len(lines)} {len(texts)}"
