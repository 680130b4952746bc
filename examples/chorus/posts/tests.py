import csv
import io
import tempfile
from pathlib import Path
from unittest import mock

from django.core import mail
from django.test import SimpleTestCase, TestCase, override_settings
from django.urls import reverse
from rest_framework.test import APITestCase

from core.factories import Town, make_comment, make_post, make_user
from core.models import SiteFlag
from notifications.models import Notification

from .models import Comment, Like, Post


class PostModelTests(SimpleTestCase):
    def test_reading_time_is_at_least_a_minute(self):
        self.assertEqual(Post(body="Short.").reading_minutes, 1)

    def test_reading_time_of_a_long_post(self):
        self.assertEqual(Post(body="word " * 660).reading_minutes, 3)


class PageTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_home_shows_the_newest_first(self):
        response = self.client.get("/")
        titles = [post.title for post in response.context["posts"]]
        self.assertEqual(titles, [f"Nuages {n}" for n in (4, 3, 2, 1, 0)])
        self.assertContains(response, "Stephane")
        self.assertContains(response, "4 comments")

    def test_home_keeps_drafts_to_itself(self):
        make_post(self.town.django, title="Unfinished", status=Post.Status.DRAFT)
        self.assertNotContains(self.client.get("/"), "Unfinished")

    def test_home_has_pages(self):
        for _ in range(20):
            make_post(self.town.django)
        response = self.client.get("/", {"page": 2})
        self.assertEqual(len(response.context["posts"]), 5)
        self.assertContains(response, "Newer")

    def test_the_sidebar_shows_what_is_trending(self):
        response = self.client.get("/")
        self.assertContains(response, '<a href="/tags/swing/">swing</a> <span>5</span>', html=True)

    def test_tag(self):
        response = self.client.get("/tags/swing/")
        self.assertEqual(len(response.context["posts"]), 5)
        self.assertContains(response, "4 comments")

    def test_post(self):
        post = self.town.posts[0]
        response = self.client.get(post.get_absolute_url())
        self.assertContains(response, "Ninine")
        self.assertEqual(len(response.context["comments"]), 4)
        post.refresh_from_db()
        self.assertEqual(post.view_count, 1)

    def test_hidden_comments_are_hidden(self):
        post = self.town.posts[0]
        make_comment(post, self.town.joseph, body="Buy my strings!", is_hidden=True)
        self.assertNotContains(self.client.get(post.get_absolute_url()), "Buy my strings!")

    def test_a_post_knows_who_likes_it(self):
        self.client.force_login(self.town.ninine)
        self.assertContains(self.client.get(self.town.posts[1].get_absolute_url()), "You like this")

    def test_a_draft_is_404(self):
        draft = make_post(self.town.django, status=Post.Status.DRAFT)
        self.assertEqual(self.client.get(draft.get_absolute_url()).status_code, 404)

    def test_discussions(self):
        response = self.client.get(reverse("discussions"))
        self.assertContains(response, "Well said", count=20)
        self.assertContains(response, "/@joseph/")

    def test_maintenance(self):
        SiteFlag.objects.create(name="maintenance-page", enabled=True)
        self.assertEqual(self.client.get("/").status_code, 503)

    def test_welcome_banner(self):
        SiteFlag.objects.create(name="welcome-banner", enabled=True)
        self.assertContains(self.client.get("/"), "Welcome to Chorus")


class PreviewTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.post = make_post(make_user(), link="https://listen.example/1")

    def test_preview_without_the_service(self):
        data = self.client.get(reverse("link-preview", args=[self.post.pk])).json()
        self.assertEqual(data["preview"]["title"], "https://listen.example/1")

    def test_preview(self):
        answer = io.BytesIO(b'{"title": "Minor Swing"}')
        with mock.patch("core.outside.urlopen", return_value=answer):
            data = self.client.get(reverse("link-preview", args=[self.post.pk])).json()
        self.assertEqual(data["preview"]["title"], "Minor Swing")

    def test_no_link_no_preview(self):
        other = make_post(self.post.author)
        data = self.client.get(reverse("link-preview", args=[other.pk])).json()
        self.assertIsNone(data["preview"])


class PostApiTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_list(self):
        data = self.client.get("/api/posts/").json()
        self.assertEqual(data["count"], 5)
        first = data["results"][0]
        self.assertEqual(first["author"]["display_name"], "Django")
        self.assertEqual(first["tags"], ["ballad", "swing", "waltz"])
        self.assertEqual(first["media"][0]["kind"], "image")

    def test_retrieve_counts_views(self):
        url = f"/api/posts/{self.town.posts[0].pk}/"
        self.client.get(url)
        data = self.client.get(url).json()
        self.assertEqual(data["view_count"], 2)
        self.assertEqual(data["like_total"], 4)
        self.assertTrue(data["can_comment"])

    def test_create_tells_the_followers(self):
        self.client.force_authenticate(self.town.django)
        Notification.objects.all().delete()
        form = {"title": "Tears", "body": "Slowly.", "tags": ["swing", "waltz", "ballad"]}
        response = self.client.post("/api/posts/", form)
        self.assertEqual(response.status_code, 201)
        self.assertEqual(response.json()["author"]["username"], "django")
        self.assertEqual(Notification.objects.filter(verb="post").count(), 3)

    def test_create_needs_somebody(self):
        self.assertEqual(self.client.post("/api/posts/", {"title": "x"}).status_code, 401)

    def test_only_the_author_edits(self):
        url = f"/api/posts/{self.town.posts[0].pk}/"
        self.client.force_authenticate(self.town.joseph)
        self.assertEqual(self.client.patch(url, {"title": "Mine"}).status_code, 403)
        self.client.force_authenticate(self.town.django)
        self.assertEqual(self.client.patch(url, {"title": "Mine"}).json()["title"], "Mine")

    def test_like_and_unlike(self):
        Like.objects.all().delete()
        post = self.town.posts[0]
        self.client.force_authenticate(self.town.joseph)
        url = f"/api/posts/{post.pk}/like/"
        self.assertEqual(self.client.post(url).json(), {"likes": 1})
        self.assertEqual(self.client.post(url).status_code, 200)
        self.assertTrue(post.author.notifications.filter(verb="like").exists())
        self.assertEqual(self.client.delete(url).status_code, 204)
        self.assertFalse(post.likes.exists())

    def test_likers(self):
        data = self.client.get(f"/api/posts/{self.town.posts[0].pk}/likers/").json()
        self.assertEqual([row["username"] for row in data][-1], "django")
        self.assertEqual(len(data), 4)

    def test_trending(self):
        Like.objects.create(user=self.town.staff, post=self.town.posts[2])
        data = self.client.get("/api/posts/trending/").json()
        self.assertEqual(len(data), 5)
        self.assertEqual((data[0]["title"], data[0]["likes"]), ("Nuages 2", 5))

    def test_threads(self):
        data = self.client.get("/api/threads/").json()
        self.assertEqual(data["count"], 5)
        self.assertEqual([len(row["comments"]) for row in data["results"]], [4] * 5)

    def test_tags(self):
        data = self.client.get("/api/tags/").json()
        self.assertEqual(data[0], {"name": "ballad", "slug": "ballad", "uses": 5})
        self.assertEqual(self.client.get("/api/tags/swing/").json()["uses"], 5)

    def test_trending_tags(self):
        make_post(self.town.django, tags=[self.town.tags[1]])
        data = self.client.get("/api/tags/trending/").json()
        self.assertEqual(data[0]["name"], "waltz")


class CommentApiTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_list(self):
        data = self.client.get("/api/comments/").json()
        self.assertEqual(data["count"], 20)
        answers = {row["answers"] for row in data["results"]}
        self.assertEqual(answers, {None, "django"})
        self.assertEqual({row["reply_count"] for row in data["results"]}, {0, 3})

    def test_list_of_one_post(self):
        data = self.client.get("/api/comments/", {"post": self.town.posts[0].pk}).json()
        self.assertEqual(data["count"], 4)

    def test_retrieve(self):
        comment = self.town.comments[1]
        data = self.client.get(f"/api/comments/{comment.pk}/").json()
        self.assertEqual(data["answers"], "django")

    def test_latest(self):
        rows = self.client.get("/api/comments/latest/").json()["results"]
        self.assertEqual(len(rows), 20)
        self.assertEqual(sum(row["answered"] for row in rows), 5)

    def test_create_writes_to_the_author(self):
        self.client.force_authenticate(self.town.joseph)
        form = {"post": self.town.posts[0].pk, "body": "Encore!"}
        response = self.client.post("/api/comments/", form)
        self.assertEqual(response.status_code, 201)
        self.assertEqual(mail.outbox[0].to, ["django@chorus.example"])
        self.assertTrue(self.town.django.notifications.filter(verb="comment").exists())

    def test_own_posts_write_to_nobody(self):
        self.client.force_authenticate(self.town.django)
        self.client.post("/api/comments/", {"post": self.town.posts[0].pk, "body": "Thanks."})
        self.assertEqual(mail.outbox, [])

    def test_the_webhook_is_told(self):
        self.client.force_authenticate(self.town.joseph)
        with mock.patch("posts.api.deliver_webhook") as deliver:
            self.client.post("/api/comments/", {"post": self.town.posts[0].pk, "body": "Yes."})
        self.assertEqual(deliver.call_args.args[0], "comment.created")

    def test_answers_stay_within_a_post(self):
        self.client.force_authenticate(self.town.joseph)
        other = self.town.comments[-1]
        form = {"post": self.town.posts[0].pk, "body": "What?", "parent": other.pk}
        self.assertEqual(self.client.post("/api/comments/", form).status_code, 400)

    def test_closed(self):
        SiteFlag.objects.create(name="comments", enabled=False)
        self.client.force_authenticate(self.town.joseph)
        form = {"post": self.town.posts[0].pk, "body": "Encore!"}
        self.assertEqual(self.client.post("/api/comments/", form).status_code, 403)
        self.assertEqual(Comment.objects.count(), 20)

    def test_delete(self):
        comment = make_comment(self.town.posts[0], self.town.joseph)
        self.client.force_authenticate(self.town.ninine)
        self.assertEqual(self.client.delete(f"/api/comments/{comment.pk}/").status_code, 403)
        self.client.force_authenticate(self.town.joseph)
        self.assertEqual(self.client.delete(f"/api/comments/{comment.pk}/").status_code, 204)


class ExportTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_export_is_for_staff(self):
        self.assertEqual(self.client.get(reverse("posts-csv")).status_code, 302)

    def test_export(self):
        self.client.force_login(self.town.staff)
        response = self.client.get(reverse("posts-csv"))
        text = b"".join(response.streaming_content).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(len(rows), 5)
        self.assertEqual(rows[1]["author"], "stephane")
        self.assertEqual(rows[1]["tags"], "ballad, swing, waltz")

    def test_archive(self):
        self.client.force_login(self.town.django)
        with tempfile.TemporaryDirectory() as folder:
            with override_settings(EXPORT_ROOT=Path(folder)):
                name = self.client.post(reverse("archive")).json()["name"]
                self.assertEqual(self.client.get(reverse("archive")).json(), {"archives": [name]})
                response = self.client.get(reverse("archive-file", args=[name]))
                self.assertIn(b"Nuages 0", b"".join(response.streaming_content))

    def test_the_archives_of_others(self):
        self.client.force_login(self.town.django)
        name = f"{self.town.joseph.pk}-20250601120000.csv"
        self.assertEqual(self.client.get(reverse("archive-file", args=[name])).status_code, 404)


class AdminTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def setUp(self):
        self.client.force_login(self.town.staff)

    def test_posts(self):
        response = self.client.get(reverse("admin:posts_post_changelist"))
        self.assertContains(response, "stephane@chorus.example")
        self.assertContains(response, "ballad, swing, waltz")

    def test_comments(self):
        response = self.client.get(reverse("admin:posts_comment_changelist"))
        self.assertContains(response, "joseph on Nuages 4")

    def test_likes(self):
        self.assertContains(self.client.get(reverse("admin:posts_like_changelist")), "ninine")

    def test_tags(self):
        self.assertContains(self.client.get(reverse("admin:posts_tag_changelist")), "ballad")

    def test_change_a_post(self):
        url = reverse("admin:posts_post_change", args=[self.town.posts[0].pk])
        self.assertContains(self.client.get(url), "Nuages 0")
