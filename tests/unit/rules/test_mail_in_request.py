"""Which mails a user waits for."""

from __future__ import annotations

import pytest
from tests.unit.rules.recordings import COMMAND, TEST, at, called, with_calls
from tests.unit.rules.sources import code as project

from nuages.cases import Case
from nuages.code import Code
from nuages.model import CallGroup, Facts, Finding
from nuages.rules import mail_in_request

SMTP = "django.core.mail.backends.smtp.EmailBackend"
HERE = at(9, "shop/views.py", "order")


def found(
    *calls: CallGroup, code: Code | None = None, backend: str = "", is_mailer: bool = False
) -> list[Finding]:
    settings = {"MAILERS": {"default": {"BACKEND": backend}}} if is_mailer else {}
    facts = Facts(settings=settings or ({"EMAIL_BACKEND": backend} if backend else {}))
    return list(mail_in_request.find(Case(with_calls(*calls), facts, code or Code())))


def mailed(name: str = "localhost:25", operation: str = "smtp", times: int = 1, **changes: object):
    return called("outside", name, operation, times, **{"ms": 80, "location": HERE} | changes)


VIEW = """
    from django.core import mail
    from django.core.mail import EmailMessage, send_mail
    from django.db import transaction
    def order(request):
        {body}
"""


class TestFinds:
    def test_a_mail_that_is_sent_while_its_user_waits(self):
        (finding,) = found(mailed(executions=5))
        assert finding.message == (
            "Mail is sent while the user of GET /api/feed/ waits: 80 ms a request"
        )
        assert finding.hint == "send it from a task of a queue"
        assert finding.location == HERE
        assert (finding.evidence.calls, finding.evidence.wall_ms) == (5, 400)
        assert finding.evidence.share == pytest.approx(0.8)

    def test_one_that_was_kept_costs_nothing_that_was_measured(self):
        (finding,) = found(mailed("mail", "locmem"))
        assert finding.message.endswith("kept here, so its time was not measured")
        assert finding.evidence.wall_ms == finding.evidence.share == 0
        assert finding.confidence < 0.9

    def test_a_mail_for_each_row(self):
        (finding,) = found(mailed(times=30))
        assert finding.message.startswith("30 mails are sent")
        assert "send_messages([…])" in finding.hint

    def test_one_inside_of_a_transaction(self):
        (finding,) = found(mailed(outcomes={"in transaction": 1}))
        assert "transaction.on_commit(…)" in finding.hint

    def test_smtplib_by_its_port(self):
        (finding,) = found(mailed("smtp.example:587", "login"), mailed("smtp.example:587"))
        assert finding.evidence.calls == 2

    @pytest.mark.parametrize(
        "body",
        [
            'send_mail("Thanks", "…", None, ["a@example.org"])',
            'mail.mail_managers("An order", "…")',
            'EmailMessage("Thanks").send()',
            'message = EmailMessage("Thanks"); message.send()',
        ],
    )
    def test_without_a_recording_what_views_send(self, tmp_path, body):
        source = project(tmp_path, shop__views=VIEW.format(body=body))
        (finding,) = found(code=source, backend=SMTP)
        assert found(code=source, backend=SMTP, is_mailer=True) == [finding]
        assert finding.location.line == 6
        assert finding.confidence == 0.6
        assert finding.evidence.wall_ms == 0

    def test_one_line_once_recorded_and_written(self, tmp_path):
        source = project(tmp_path, shop__views=VIEW.format(body="send_mail()"))
        (finding,) = found(mailed(location=at(6, "shop/views.py")), code=source, backend=SMTP)
        assert finding.evidence.calls == 1


class TestStaysSilent:
    @pytest.mark.parametrize(
        "call",
        [
            mailed(scope=COMMAND),
            mailed(scope=TEST),
            mailed(location=None),
            mailed(location=at(3, "tests/test_order.py")),
            mailed("https://api.example", "POST"),
            mailed("localhost:8025", "connect"),
        ],
    )
    def test_on_what_is_no_mail_of_a_request(self, call):
        assert not found(call)

    @pytest.mark.parametrize(
        "backend",
        ["djcelery_email.backends.CeleryEmailBackend", "post_office.EmailBackend",
         "mailer.backend.DbBackend"],
    )  # fmt: skip
    def test_on_backends_that_enqueue(self, tmp_path, backend):
        assert not found(mailed(), backend=backend)
        source = project(tmp_path, config__production=f'EMAIL_BACKEND = "{backend}"')
        assert not found(mailed("mail", "locmem"), backend=SMTP, code=source)
        assert not found(mailed(), backend=backend, is_mailer=True)

    @pytest.mark.parametrize(
        "text",
        [
            "from django.core.mail import send_mail\ndef notify(user):\n    send_mail()\n",
            "from app import shared_task\nfrom django.core.mail import send_mail\n"
            "@shared_task\ndef notify(request):\n    send_mail()\n",
            "def order(request):\n    signal.send()\n    message = Message()\n    message.send()\n",
            "from shop.post import send_mail\ndef order(request):\n    send_mail()\n",
            "from django.core.mail import mail_admins\ndef order(request):\n"
            "    try:\n        pay()\n    except Exception:\n        mail_admins()\n",
        ],
    )
    def test_on_code_that_no_user_waits_for(self, tmp_path, text):
        assert not found(code=project(tmp_path, shop__views=text), backend=SMTP)

    @pytest.mark.parametrize("kind", ["console", "locmem", "dummy", "filebased"])
    def test_on_backends_of_development(self, tmp_path, kind):
        source = project(tmp_path, shop__views=VIEW.format(body="send_mail()"))
        assert not found(code=source, backend=SMTP.replace("smtp", kind))


class TestRefuses:
    def test_without_knowing_the_backend(self, tmp_path):
        assert not found(code=project(tmp_path, shop__views=VIEW.format(body="send_mail()")))
