"""Models with every kind of relation."""

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)
    agent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="clients")

    def __str__(self):
        return self.name

    def titles(self):
        return [book.title for book in self.books.all()]


class BookQuerySet(models.QuerySet):
    def published(self):
        return self.filter(is_published=True)

    def newest(self):
        return list(self.order_by("-id")[:2])


class VisibleManager(models.Manager):
    def get_queryset(self):
        return BookQuerySet(self.model, using=self._db).filter(is_hidden=False)


class Book(models.Model):
    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    tags = models.ManyToManyField("Tag", related_name="tagged")
    is_published = models.BooleanField(default=True)
    is_hidden = models.BooleanField(default=False)
    summary = models.TextField(default="")
    marks = GenericRelation("Mark")

    objects = BookQuerySet.as_manager()
    visible = VisibleManager()

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return self.title


class Tag(models.Model):
    name = models.CharField(max_length=100)


class Blurb(models.Model):
    book = models.OneToOneField(Book, models.CASCADE, related_query_name="blurbed")
    text = models.TextField()


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    stars = models.IntegerField(default=3)


class OwnQuerySet(models.QuerySet):
    """Evaluates itself, as those do that cache or count."""

    def __iter__(self):
        yield from super().__iter__()

    def _fetch_all(self):
        super()._fetch_all()

    def iterator(self, *args, **kwargs):
        return super().iterator(*args, **kwargs)


class Chapter(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="chapters")
    number = models.IntegerField()

    objects = models.Manager()
    own = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["number"]


class Mark(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()


class ShopIterable(models.query.ModelIterable):
    """Gives each place as what it is, as polymorphic models do."""

    def __iter__(self):
        places = list(super().__iter__())
        shops = Shop.objects.in_bulk([place.pk for place in places])
        yield from (shops[place.pk] for place in places)


class ShopManager(models.Manager):
    def get_queryset(self):
        queryset = super().get_queryset()
        queryset._iterable_class = ShopIterable
        return queryset


class Place(models.Model):
    name = models.CharField(max_length=100)
    owner = models.ForeignKey(Author, models.CASCADE)

    objects = models.Manager()
    as_shops = ShopManager()


class Shop(Place):
    sells = models.ManyToManyField(Book, related_name="+")
