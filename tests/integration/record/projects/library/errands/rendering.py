"""Cases of what renders: Jinja2's templates, and responses of REST framework."""

from jinja2 import DictLoader, Environment
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from shelf.models import Author, Book

PAGES = Environment(
    loader=DictLoader({
        "books.html": "{% for book in books %}\n{{ book.author.name }}\n{% endfor %}",
        "outer.html": "<title>Books</title>\n{% include 'books.html' %}",
    })
)  # fmt: skip


def fill():
    author = Author.objects.create(name="Rendered")
    Book.objects.bulk_create([Book(title=f"Book {n}", author=author) for n in range(4)])


def jinja():
    PAGES.get_template("outer.html").render(books=Book.objects.all())


def rest():
    response = Response({"names": [author.name for author in Author.objects.all()]})
    response.accepted_renderer = JSONRenderer()
    response.accepted_media_type = "application/json"
    response.renderer_context = {}
    response.render()


CASES = (jinja, rest)
