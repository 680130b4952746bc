from django.core.management.base import BaseCommand

from shop.models import Book, Option


class Command(BaseCommand):
    """Quiet: what it writes, it writes at once."""

    def handle(self, **options):
        books = list(Book.objects.select_related("author").only("sold", "author__name"))
        for book in books:
            book.sold = len(book.author.name)
        Book.objects.bulk_update(books, ["sold"], batch_size=4)
        Option.objects.filter(key__startswith="gone").delete()
