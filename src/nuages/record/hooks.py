"""What is hooked, and the module whose import each hook waits for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

from nuages.record import (
    app_loading,
    asks,
    audiences,
    caches,
    calls,
    connections,
    copies,
    cursors,
    error_reports,
    jobs,
    landmarks,
    lazies,
    middleware,
    outside,
    own_cursors,
    per_test,
    process,
    programs,
    querysets,
    queues,
    relations,
    requests,
    resolvers,
    reuse,
    routes,
    servers,
    snapshots,
    sockets,
    state,
    suites,
    templates,
    threads,
    transactions,
    triggers,
    uses,
)
from nuages.record.patches import Patches

Hook = Callable[[ModuleType, Patches], None]


def _mark_compilers(module: ModuleType) -> None:
    for name in ("SQLCompiler", "SQLInsertCompiler"):
        landmarks.add(getattr(module, name).execute_sql, landmarks.COMPILER)


def _mark_raw(module: ModuleType) -> None:
    landmarks.add(module.RawQuery._execute_query, landmarks.COMPILER)


# Hooks by the module whose import they wait for.
ALWAYS: tuple[tuple[str, Hook], ...] = (
    ("django.db.models.sql.compiler", lambda m, _: _mark_compilers(m)),
    ("django.db.models.sql.query", lambda m, _: _mark_raw(m)),
    ("django.db.models.query", lambda m, _: querysets.mark(m)),
    ("django.core.handlers.base", requests.hook),
    ("django.core.handlers.base", routes.hook),
    ("django.core.handlers.exception", lambda m, _: requests.mark(m)),
    ("django.core.handlers.base", middleware.hook),
    ("django.core.handlers.exception", middleware.hook_exceptions),
    ("django.utils.functional", lazies.hook),
    ("django.contrib.auth.middleware", lazies.hook_users),
    ("django.contrib.sessions.backends.base", lazies.hook_sessions),
    ("django.views.debug", error_reports.hook),
    ("django.core.management.base", jobs.hook_commands),
    ("django.core.management", lambda m, _: jobs.mark_entry(m)),
    ("django", lambda m, _: jobs.mark_setup(m)),
    ("django.apps.config", app_loading.hook),
    ("django.template.base", lambda m, _: triggers.mark_templates(m)),
    ("django.template.base", templates.hook_django),
    ("jinja2.environment", templates.hook_jinja),
    ("rest_framework.response", templates.hook_rest),
    ("django.template.response", lambda m, _: triggers.mark_responses(m)),
    ("graphql.execution.execute", lambda m, _: resolvers.mark(m)),
    ("rest_framework.serializers", lambda m, _: triggers.mark_serializers(m)),
    ("concurrent.futures.thread", threads.hook_pool),
    ("threading", threads.hook_threading),
    ("asgiref.sync", threads.hook_asgiref),
    ("unittest.case", suites.hook),
    ("unittest.runner", suites.hook_runner),
    ("unittest.case", per_test.hook),
    ("unittest.async_case", per_test.hook),
    ("sys", calls.hook),
    ("django.core.cache", caches.hook),
    ("django.db.backends.base.base", connections.hook),
    ("django.db.transaction", transactions.hook_blocks),
    ("django.core.mail.backends.smtp", sockets.hook_mail),
    ("django.core.mail.backends.locmem", sockets.hook_outbox),
    ("django.core.mail.backends.console", sockets.hook_outbox),
    ("smtplib", sockets.hook_smtp),
    ("socket", sockets.hook_socket),
    ("asyncio.base_events", sockets.hook_asyncio),
    ("http.client", outside.hook_http),
    ("urllib3.connectionpool", outside.hook_urllib3),
    ("httpcore", outside.hook_httpcore),
    ("aiohttp.client", outside.hook_aiohttp),
    ("subprocess", programs.hook),
    ("multiprocessing.util", lambda m, _: snapshots.flush_children(m)),
    ("uvicorn.server", servers.hook_uvicorn),
    *queues.HOOKS,
)
LIGHT: tuple[tuple[str, Hook], ...] = (
    ("django.db.backends.utils", partial(cursors.hook, is_deep=False)),
    ("django.db.backends.utils", partial(own_cursors.hook, is_deep=False)),
    ("django.db.backends.utils", partial(copies.hook, is_deep=False)),
    ("django.db.backends.postgresql.base", partial(copies.hook_debug, is_deep=False)),
)
DEEP: tuple[tuple[str, Hook], ...] = (
    ("django.db.backends.utils", partial(cursors.hook, is_deep=True)),
    ("django.db.backends.utils", partial(own_cursors.hook, is_deep=True)),
    ("django.db.backends.utils", partial(copies.hook, is_deep=True)),
    ("django.db.backends.postgresql.base", partial(copies.hook_debug, is_deep=True)),
    ("django.db.backends.utils", reuse.hook),
    ("django.db.models.sql.query", querysets.hook_query),
    ("django.db.models.base", querysets.hook_state),
    ("django.db.models.base", uses.hook),
    ("django.db.models.query", querysets.hook),
    ("django.db.models.query", asks.hook),
    ("django.db.models.fields.mixins", asks.hook_relations),
    ("django.db.models.query_utils", lambda m, _: relations.mark_deferred(m)),
    ("django.db.models.fields.related_descriptors", lambda m, _: relations.mark_descriptors(m)),
    ("django.contrib.contenttypes.fields", lambda m, _: relations.mark_generic(m)),
    ("django.core.handlers.base", state.hook),
    ("django.core.handlers.base", audiences.hook),
)
SIGNALS = (
    ("gc", process.listen_to_gc),
    ("celery.signals", jobs.listen_to_celery),
    ("django.tasks.signals", jobs.listen_to_django),
    ("django_tasks.signals", jobs.listen_to_django),
    ("django_q.signals", jobs.listen_to_django_q),
)
