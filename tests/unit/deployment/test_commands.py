"""What command lines say of processes and threads."""

from __future__ import annotations

import pytest

from nuages.deployment.commands import started


def told(command: object, **environment: str) -> tuple[str, int | None, int | None, str] | None:
    begun = started(command, environment)
    return begun and (begun.server, begun.workers, begun.threads, begun.worker_class)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("gunicorn shop.wsgi -w 4 --threads 8", ("gunicorn", 4, 8, "")),
        ("gunicorn --workers=4 -k gthread --threads=2 shop.wsgi", ("gunicorn", 4, 2, "gthread")),
        ("gunicorn -w3 shop.wsgi", ("gunicorn", 3, 1, "")),
        ("exec /venv/bin/gunicorn shop.wsgi -w 2", ("gunicorn", 2, 1, "")),
        ("python manage.py migrate && gunicorn shop.wsgi -w 2", ("gunicorn", 2, 1, "")),
        ("newrelic-admin run-program gunicorn shop.wsgi -w 2", ("gunicorn", 2, 1, "")),
        ("python -m gunicorn shop.asgi -k uvicorn.workers.UvicornWorker -w 2",
         ("gunicorn", 2, 1, "uvicorn.workers.UvicornWorker")),
        ("WEB_CONCURRENCY=3 gunicorn shop.wsgi", ("gunicorn", 3, 1, "")),
        (["sh", "-c", "gunicorn shop.wsgi -w 2"], ("gunicorn", 2, 1, "")),
        (["gunicorn", "shop.wsgi", "--workers", "5"], ("gunicorn", 5, 1, "")),
        ("uwsgi --http :80 --module shop.wsgi -p 4 --threads 2", ("uwsgi", 4, 2, "")),
        ("uvicorn shop.asgi:application --workers 4", ("uvicorn", 4, None, "")),
        ("daphne shop.asgi:application", ("daphne", 1, None, "")),
        ("granian --interface asgi shop.asgi:app --workers 2", ("granian", 2, None, "asgi")),
        ("granian --interface wsgi shop.wsgi:app --blocking-threads 4", ("granian", 1, 4, "wsgi")),
        ("waitress-serve shop.wsgi:application", ("waitress-serve", 1, 4, "")),
        ("celery -A shop worker -c 8", ("celery", 8, 1, "")),
        ("celery -A shop worker --autoscale=10,2", ("celery", 10, 1, "")),
        ("celery -A shop worker -P gevent --concurrency=100", ("celery", 100, 1, "gevent")),
    ],
)  # fmt: skip
def test_what_is_plainly_said(command, expected):
    assert told(command) == expected


@pytest.mark.parametrize(
    "command",
    ["gunicorn shop.wsgi", "gunicorn shop.wsgi -w $WORKERS", "uvicorn shop.asgi:application",
     "gunicorn shop.wsgi -w ${WORKERS:-4}", "celery -A shop worker"],
)  # fmt: skip
def test_what_the_environment_decides_is_unknown(command):
    begun = started(command)
    assert begun is not None
    assert begun.workers is None


def test_what_the_environment_is_known_to_say():
    assert told("gunicorn shop.wsgi -w $WORKERS", WORKERS="6") == ("gunicorn", 6, 1, "")
    assert told("gunicorn shop.wsgi", WEB_CONCURRENCY="6") == ("gunicorn", 6, 1, "")
    assert told("gunicorn shop.wsgi", GUNICORN_CMD_ARGS="--threads 4 -w 2") == (
        "gunicorn", 2, 4, ""
    )  # fmt: skip


@pytest.mark.parametrize(
    "command",
    ["python manage.py runserver", "pip install gunicorn", "celery -A shop beat", "", None, 7,
     "pkill gunicorn; sleep 1", "echo 'unfinished", ["npm", "start"]],
)  # fmt: skip
def test_what_starts_no_server(command):
    assert started(command) is None
