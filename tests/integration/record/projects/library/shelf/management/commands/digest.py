"""A command that asks per row."""

from django.core.management.base import BaseCommand, CommandError

from shelf.models import Book


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--fail", action="store_true")

    def handle(self, **options):
        for book in Book.objects.all():
            self.stdout.write(book.author.name)
        if options["fail"]:
            raise CommandError("failed", returncode=3)
