"""A Django project of many lines, as people write them: apps of models, views, tasks, tests."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

SETTINGS = """\
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ.get("SECRET_KEY", "unsafe")
DEBUG = os.environ.get("DEBUG") == "1"
ALLOWED_HOSTS = ["example.com"]
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
    {apps}
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("DB_NAME", "site"),
        "CONN_MAX_AGE": 60,
    }}
}}
CACHES = {{
    "default": {{
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ.get("REDIS_URL", "redis://localhost:6379"),
    }}
}}
TEMPLATES = [{{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {{"context_processors": ["django.template.context_processors.request"]}},
}}]
STATIC_URL = "static/"
USE_TZ = True
"""

MODEL = '''\


class {name}(models.Model):
    """A {word} that belongs to somebody, and what became of it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        DONE = "done", _("Done")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    amount = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index(fields=["state", "-created"])]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("{app}:{word}-detail", args=[self.pk])

    @property
    def is_open(self):
        return self.state == self.State.OPEN

    def close(self, by):
        with transaction.atomic():
            self.state = self.State.DONE
            self.save(update_fields=["state"])
            {name}Event.objects.create({word}=self, actor=by, what="closed")


class {name}Event(models.Model):
    {word} = models.ForeignKey({name}, related_name="events", on_delete=models.CASCADE)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    what = models.CharField(max_length=50)
    when = models.DateTimeField(auto_now_add=True)
'''

VIEW = """\


class {name}List(LoginRequiredMixin, ListView):
    model = {name}
    paginate_by = 50

    def get_queryset(self):
        queryset = super().get_queryset().select_related("owner").prefetch_related("events")
        state = self.request.GET.get("state")
        return queryset.filter(state=state) if state else queryset


@login_required
def {word}_detail(request, pk):
    {word} = get_object_or_404({name}.objects.select_related("owner"), pk=pk)
    form = {name}Form(request.POST or None, instance={word})
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect({word})
    events = {word}.events.order_by("-when")[:20]
    context = {{"{word}": {word}, "form": form, "events": events}}
    return render(request, "{app}/{word}.html", context)


@require_POST
@login_required
def {word}_close(request, pk):
    {word} = get_object_or_404({name}, pk=pk, owner=request.user)
    {word}.close(by=request.user)
    notify_closed.delay({word}.pk)
    return redirect("{app}:{word}-list")


def {word}_totals(request):
    rows = (
        {name}.objects.filter(owner=request.user)
        .values("state")
        .annotate(total=Sum("amount"), number=Count("id"))
        .order_by("state")
    )
    totals = {{row["state"]: row for row in rows}}
    for state in {name}.State.values:
        totals.setdefault(state, {{"state": state, "total": 0, "number": 0}})
    return JsonResponse({{"states": sorted(totals.values(), key=itemgetter("state"))}})
"""

TASK = """\


@shared_task
def export_{word}s(user_id):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["id", "title", "state", "amount"])
    for {word} in {name}.objects.filter(owner_id=user_id).iterator(chunk_size=2000):
        writer.writerow([{word}.pk, {word}.title, {word}.state, {word}.amount])
    if buffer.tell() > 10_000_000:
        logger.warning("a large export of %s", user_id)
    return default_storage.save(f"exports/{{user_id}}.csv", ContentFile(buffer.getvalue()))


def import_{word}s(lines, owner):
    created = []
    for number, line in enumerate(lines):
        title, _, amount = line.partition(";")
        if not title.strip():
            logger.info("line %s has no title", number)
            continue
        created.append({name}(owner=owner, title=title.strip(), amount=Decimal(amount or 0)))
    return {name}.objects.bulk_create(created, batch_size=1000)
"""

TEST = """\


class {name}Tests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.user = User.objects.create_user("anna", password="secret")
        for number in range(10):
            {name}.objects.create(owner=cls.user, title=f"{word} {{number}}")

    def test_the_list_is_for_members(self):
        self.assertEqual(self.client.get("/{app}/{word}s/").status_code, 302)

    def test_the_list_shows_all(self):
        self.client.force_login(self.user)
        with self.assertNumQueries(6):
            response = self.client.get("/{app}/{word}s/")
        self.assertContains(response, "{word} 9")
        self.assertEqual(len(response.context["object_list"]), 10)
"""

HEADS = {
    "models": '"""Models of {app}."""\n\nfrom django.conf import settings\n'
    "from django.db import models, transaction\nfrom django.urls import reverse\n"
    "from django.utils.translation import gettext_lazy as _\n",
    "views": '"""Views of {app}."""\n\nfrom operator import itemgetter\n\n'
    "from django.contrib import messages\nfrom django.contrib.auth.decorators import "
    "login_required\nfrom django.contrib.auth.mixins import LoginRequiredMixin\n"
    "from django.db.models import Count, Sum\nfrom django.http import JsonResponse\n"
    "from django.shortcuts import get_object_or_404, redirect, render\n"
    "from django.utils.translation import gettext as _\n"
    "from django.views.decorators.http import require_POST\nfrom django.views.generic import "
    "ListView\n\nfrom {app}.forms import *\nfrom {app}.models import *\n"
    "from {app}.tasks import notify_closed\n",
    "tasks": '"""Work in the background of {app}."""\n\nimport csv\nimport io\nimport logging\n'
    "from decimal import Decimal\n\nfrom celery import shared_task\n"
    "from django.core.files.base import ContentFile\n"
    "from django.core.files.storage import default_storage\n\nfrom {app}.models import *\n\n"
    "logger = logging.getLogger(__name__)\n",
    "tests": "from django.contrib.auth.models import User\nfrom django.test import TestCase\n\n"
    "from {app}.models import *\n",
}
BODIES = {"models": MODEL, "views": VIEW, "tasks": TASK, "tests": TEST}
WORDS = ("order", "invoice", "ticket", "article", "booking", "product", "message", "project")
MANAGE = """\
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""


def make(folder: Path, lines: int) -> int:
    """Write a project of at least so many lines; how many there are."""
    (folder / "config").mkdir()
    (folder / "manage.py").write_text(MANAGE)
    (folder / "config" / "__init__.py").write_text("")
    (folder / "config" / "urls.py").write_text("urlpatterns = []\n")
    written = number = 0
    while written < lines:
        written += _app(folder, f"app{number:03}")
        number += 1
    apps = ", ".join(f'"app{each:03}"' for each in range(number))
    (folder / "config" / "settings.py").write_text(dedent(SETTINGS.format(apps=apps)))
    return written


def _app(folder: Path, app: str) -> int:
    """One app; its number of lines."""
    (folder / app).mkdir()
    (folder / app / "__init__.py").write_text("")
    written = 0
    for part, head in HEADS.items():
        named = ({"app": app, "word": word, "name": word.capitalize()} for word in WORDS)
        text = head.format(app=app) + "".join(BODIES[part].format(**each) for each in named)
        (folder / app / f"{part}.py").write_text(text)
        written += text.count("\n")
    return written
