import random
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import City, Profile, User
from core.models import SiteFlag
from moderation.models import Report
from notifications.models import Notification
from posts.models import Comment, Like, Media, Post, Tag
from social.models import Follow

START = datetime(2025, 1, 1, 8, tzinfo=UTC)
BATCH = 1000
CITIES = [
    ("Ghent", "Belgium"), ("Porto", "Portugal"), ("Leeds", "United Kingdom"), ("Lyon", "France"),
    ("Graz", "Austria"), ("Turku", "Finland"), ("Malmö", "Sweden"), ("Brno", "Czechia"),
    ("Bilbao", "Spain"), ("Bergen", "Norway"), ("Cork", "Ireland"), ("Basel", "Switzerland"),
]  # fmt: skip
TAGS = [
    "swing", "bebop", "gypsy jazz", "waltz", "guitar", "violin", "clarinet", "double bass",
    "accordion", "piano", "harmony", "rhythm", "ear training", "recording", "microphones",
    "strings", "stage fright", "jam session", "transcription", "improvisation", "ballad",
    "blues", "bossa nova", "choir", "sight reading", "practice", "teaching", "festival",
    "vinyl", "luthier",
]  # fmt: skip
WORDS = (
    "the melody moves over a steady pulse while two guitars keep time and the violin answers "
    "each phrase with something lighter until everybody lands on the last chord together "
    "slow down listen first then play what you hear and leave room for the others in the band"
).split()


class Command(BaseCommand):
    help = "Fills an empty database with people and what they wrote. Always the same."

    def add_arguments(self, parser):
        parser.add_argument("--users", type=int, default=500)

    @transaction.atomic
    def handle(self, *, users, **options):
        if Post.objects.exists():
            raise CommandError("There are posts already; seed fills an empty database.")
        self.random = random.Random(1934)
        people = self.people(max(users, 3))
        tags = self.tags()
        posts = self.posts(people, tags)
        comments = self.comments(people, posts)
        self.likes(people, posts)
        self.follows(people)
        self.notifications(people, posts, comments)
        self.reports(people, posts, comments)
        SiteFlag.objects.get_or_create(name="comments", defaults={"enabled": True})
        self.stdout.write(f"{len(people)} people, {len(posts)} posts, {len(comments)} comments.")

    def words(self, low, high):
        return " ".join(self.random.choices(WORDS, k=self.random.randint(low, high)))

    def moment(self, number, step=timedelta(minutes=7)):
        return START + number * step + timedelta(seconds=self.random.randint(0, 60))

    def people(self, total):
        City.objects.bulk_create(
            [City(name=name, country=country) for name, country in CITIES], ignore_conflicts=True
        )
        cities = list(City.objects.order_by("name"))
        password = make_password("chorus")
        names = ["maya", *(f"user{number}" for number in range(1, total))]
        people = [
            User(
                username=name,
                email=f"{name}@chorus.example",
                first_name=name.capitalize(),
                password=password,
                is_verified=number % 7 == 0,
                is_staff=number == 0,
                is_superuser=number == 0,
                date_joined=self.moment(number),
            )
            for number, name in enumerate(names)
        ]
        User.objects.bulk_create(people, batch_size=BATCH)
        profiles = [
            Profile(
                user=user,
                city=self.random.choice(cities),
                display_name=f"{user.first_name} {self.random.choice(WORDS).capitalize()}",
                bio=self.words(8, 30),
                preferences={"theme": self.random.choice(["light", "dark"])},
            )
            for user in people
        ]
        Profile.objects.bulk_create(profiles, batch_size=BATCH)
        return people

    def tags(self):
        rows = [Tag(name=name, slug=name.replace(" ", "-")) for name in TAGS]
        return Tag.objects.bulk_create(rows)

    def posts(self, people, tags):
        posts = [
            Post(
                author=self.random.choice(people),
                title=self.words(3, 7).capitalize(),
                body=self.words(60, 200),
                link=self.random.choice(["", "", f"https://listen.example/{number}"]),
                status=Post.Status.DRAFT if number % 20 == 19 else Post.Status.PUBLISHED,
                client={"app": "4.2.1", "platform": self.random.choice(["ios", "android"])},
                created_at=self.moment(number),
                updated_at=self.moment(number),
            )
            for number in range(4 * len(people))
        ]
        Post.objects.bulk_create(posts, batch_size=BATCH)
        links, media = [], []
        for post in posts:
            for tag in self.random.sample(tags, self.random.randint(1, 4)):
                links.append(Post.tags.through(post=post, tag=tag))
            for position in range(self.random.randint(0, 2)):
                name = f"media/{post.pk}-{position}.jpg"
                media.append(Media(post=post, file=name, position=position))
        Post.tags.through.objects.bulk_create(links, batch_size=BATCH)
        Media.objects.bulk_create(media, batch_size=BATCH)
        return posts

    def comments(self, people, posts):
        comments = []
        for number in range(3 * len(posts)):
            mention = f"@{self.random.choice(people).username} " if number % 5 == 0 else ""
            comments.append(
                Comment(
                    post=self.random.choice(posts),
                    author=self.random.choice(people),
                    body=mention + self.words(5, 30),
                    is_hidden=number % 40 == 39,
                    created_at=self.moment(number, timedelta(minutes=2)),
                )
            )
        Comment.objects.bulk_create(comments, batch_size=BATCH)
        first = {}
        answers = []
        for comment in comments:
            parent = first.setdefault(comment.post_id, comment)
            if parent is not comment:
                comment.parent = parent
                answers.append(comment)
        Comment.objects.bulk_update(answers, ["parent"], batch_size=200)
        return comments

    def likes(self, people, posts):
        rows = (
            Like(user=user, post=post, created_at=self.moment(number))
            for number, post in enumerate(posts)
            for user in self.random.sample(people, self.random.randint(0, min(8, len(people))))
        )
        self.create_in_batches(Like, rows)

    def follows(self, people):
        rows = []
        for number, user in enumerate(people):
            for other in self.random.sample(people, min(10, len(people))):
                if other is not user:
                    rows.append(
                        Follow(follower=user, followed=other, created_at=self.moment(number))
                    )
        self.create_in_batches(Follow, iter(rows))

    def notifications(self, people, posts, comments):
        types = ContentType.objects.get_for_models(Post, Comment)
        rows = []
        for number, user in enumerate(people):
            for _ in range(8):
                verb, source = self.random.choice([("like", posts), ("comment", comments)])
                target = self.random.choice(source)
                rows.append(
                    Notification(
                        recipient=user,
                        actor=self.random.choice(people),
                        verb=verb,
                        content_type=types[type(target)],
                        object_id=target.pk,
                        created_at=self.moment(number),
                    )
                )
        self.create_in_batches(Notification, iter(rows))

    def reports(self, people, posts, comments):
        types = ContentType.objects.get_for_models(Post, Comment)
        rows = []
        for number in range(120):
            target = self.random.choice(posts[:60] if number % 3 else comments)
            rows.append(
                Report(
                    reporter=self.random.choice(people),
                    content_type=types[type(target)],
                    object_id=target.pk,
                    reason=self.words(3, 6),
                    created_at=self.moment(number),
                )
            )
        Report.objects.bulk_create(rows, batch_size=BATCH)

    def create_in_batches(self, model, rows):
        while batch := list(islice(rows, BATCH)):
            model.objects.bulk_create(batch, batch_size=BATCH)
