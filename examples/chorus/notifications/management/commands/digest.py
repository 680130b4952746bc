from datetime import timedelta

from django.core.mail import send_mail
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from accounts.models import User
from notifications.models import Notification
from posts.models import Post

LOCK = 7_205_001


class Command(BaseCommand):
    help = "Mails everybody who wants it what happened since the last digest."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=1)
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--prune", type=int, metavar="DAYS", default=0)

    def handle(self, *, days, dry_run, prune, **options):
        if not self.lock():
            self.stderr.write("Another digest is running.")
            return
        since = timezone.now() - timedelta(days=days)
        sent = 0
        for user in User.objects.filter(is_active=True).order_by("pk"):
            if not user.profile.wants_digest:
                continue
            text = self.text(user, since)
            if text and not dry_run:
                self.send(user, text)
            sent += bool(text)
        if prune:
            self.prune(prune)
        self.stdout.write(f"{sent} digests.")

    def lock(self):
        if connection.vendor != "postgresql":
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            return cursor.fetchone()[0]

    def text(self, user, since):
        unread = Notification.objects.filter(recipient=user, read_at=None).count()
        authors = user.following.values("followed")
        posts = Post.objects.published().filter(author__in=authors, created_at__gte=since)[:10]
        lines = [f"* {post.title}, by {post.author.username}" for post in posts]
        if unread:
            lines.append(f"{unread} notifications wait for you.")
        return "\n".join(lines)

    def send(self, user, text):
        name = user.profile.display_name or user.username
        send_mail("What you missed", f"Hello {name},\n\n{text}\n", None, [user.email])
        user.profile.digest_sent_at = timezone.now()
        user.profile.save()

    def prune(self, days):
        old = timezone.now() - timedelta(days=days)
        Notification.objects.filter(read_at__lt=old).delete()
