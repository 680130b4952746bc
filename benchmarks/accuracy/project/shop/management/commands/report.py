from django.core.management.base import BaseCommand

from shop.models import Book


class Command(BaseCommand):
    def handle(self, **options):
        for book in Book.objects.all():
            print(
                book.title, book.author.name, file=self.stdout
            )  # <- @report n-plus-one select_related author
