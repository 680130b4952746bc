"""A bookshop: every kind of relation, and one wide column."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class City(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Author(models.Model):
    name = models.CharField(max_length=50)
    email = models.EmailField(blank=True)

    def __str__(self):
        return self.name


class Profile(models.Model):
    author = models.OneToOneField(Author, models.CASCADE)
    city = models.ForeignKey(City, models.CASCADE)
    bio = models.TextField(blank=True)


class Publisher(models.Model):
    name = models.CharField(max_length=50)
    city = models.ForeignKey(City, models.CASCADE)

    def __str__(self):
        return f"{self.name}, {self.city}"  # <- @ChoicePage n-plus-one select_related city


class Tag(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class BookQuerySet(models.QuerySet):
    def thick(self):
        return self.filter(pages__gt=1)


class Book(models.Model):
    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    publisher = models.ForeignKey(Publisher, models.CASCADE, null=True)
    tags = models.ManyToManyField(Tag, related_name="books")
    pages = models.IntegerField(default=100)
    sold = models.IntegerField(default=0)
    blurb = models.CharField(max_length=100, blank=True)

    objects = BookQuerySet.as_manager()

    def __str__(self):
        return self.title

    @property
    def byline(self):
        return f"by {self.author.name}"  # <- @through_a_property n-plus-one select_related author


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(Author, models.CASCADE, related_name="written")
    stars = models.IntegerField(default=3)
    text = models.CharField(max_length=200, blank=True)

    def __str__(self):
        return f"{self.stars} stars for {self.book.title}"  # <- @admin_str n-plus-one select_related book


class Note(models.Model):
    kind = models.ForeignKey(ContentType, models.CASCADE)
    number = models.PositiveBigIntegerField()
    target = GenericForeignKey("kind", "number")
    text = models.CharField(max_length=100)


class Option(models.Model):
    key = models.CharField(max_length=50, unique=True)
    value = models.CharField(max_length=50)


class Manuscript(models.Model):
    name = models.CharField(max_length=50)
    text = models.TextField()


class Sale(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    amount = models.IntegerField()
