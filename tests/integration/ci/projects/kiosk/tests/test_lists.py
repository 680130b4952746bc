"""As pytest writes them."""

import pytest
from press.models import Author, Paper


@pytest.fixture
def library(db):
    for number in range(5):
        author = Author.objects.create(name=f"Ann {number}")
        Paper.objects.create(title=f"Paper {number}", author=author)


def test_papers(client, library):
    assert len(client.get("/papers/").json()["papers"]) == 5


def test_authors(client, library):
    assert len(client.get("/authors/").json()["authors"]) == 5


def test_nothing_asked():
    assert True
