"""Rows enough for each rule to have an opinion."""

from shop.models import Author, Comment, Country, Flag, Like, Line, Post, Profile, Sheet, Tag

LINES = 12_000


def fill():
    authors = [Author.objects.create(name=f"A{n}", biography="b" * 4000) for n in range(6)]
    for author in authors[:4]:
        Profile.objects.create(author=author, motto="on")
    tags = [Tag.objects.create(name=f"tag {n}") for n in range(5)]
    for number in range(24):
        post = Post.objects.create(
            title=f"Post {number}",
            body="…" * 5000,
            author=authors[number % 6],
            editor=authors[number % 5] if number % 2 else None,
        )
        post.tags.set(tags[:3])
        for _ in range(2):
            comment = Comment.objects.create(post=post, writer="me", text="t" * 2000)
            Like.objects.create(comment=comment)
    for number in range(8):
        Sheet.objects.create(title=f"Sheet {number}")
        Country.objects.create(code=f"C{number}")
    lines = Line.objects.bulk_create([Line(text=f"line {n}") for n in range(LINES)])
    Flag.objects.create(line=lines[0])
