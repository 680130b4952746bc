"""Models with narrow and wide columns, a small table and a long one."""

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=40)
    biography = models.TextField()

    def __str__(self):
        return self.name


class Profile(models.Model):
    author = models.OneToOneField(Author, models.CASCADE, related_name="profile")
    motto = models.CharField(max_length=40)


class Tag(models.Model):
    name = models.CharField(max_length=40)


class PostManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().select_related("author")


class Post(models.Model):
    title = models.CharField(max_length=40)
    body = models.TextField()
    is_live = models.BooleanField(default=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="posts")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, related_name="edited")
    tags = models.ManyToManyField(Tag, related_name="posts")

    objects = models.Manager()
    with_author = PostManager()

    def __str__(self):
        return self.title


class Comment(models.Model):
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    writer = models.CharField(max_length=40)
    text = models.TextField()


class Like(models.Model):
    comment = models.ForeignKey(Comment, models.CASCADE, related_name="likes")


class Sheet(models.Model):
    """Thirty columns of which each is small."""

    title = models.CharField(max_length=40)
    for number in range(30):
        locals()[f"note_{number}"] = models.CharField(max_length=80, default="…" * 60)
    del number


class Line(models.Model):
    """One of many."""

    text = models.CharField(max_length=20)

    def __str__(self):
        return self.text


class Flag(models.Model):
    line = models.ForeignKey(Line, models.CASCADE)


class Country(models.Model):
    code = models.CharField(max_length=2)
