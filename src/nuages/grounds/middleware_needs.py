"""What well-known middleware is there for, and which middleware and apps rely on which."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
UPDATE_CACHE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH_CACHE = "django.middleware.cache.FetchFromCacheMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
PROMETHEUS_BEFORE = "django_prometheus.middleware.PrometheusBeforeMiddleware"
PROMETHEUS_AFTER = "django_prometheus.middleware.PrometheusAfterMiddleware"

# Who needs which middleware, by the system checks and the installation pages of each: Django's
# admin.E408 to E410, "Middleware ordering", allauth's ImproperlyConfigured, and so on.
NEEDS: Mapping[str, tuple[str, ...]] = {
    AUTH: (SESSIONS,),
    MESSAGES: (SESSIONS,),
    "django.contrib.admin": (SESSIONS, AUTH, MESSAGES),
    "django.contrib.auth.middleware.LoginRequiredMiddleware": (SESSIONS, AUTH),
    "django.contrib.auth.middleware.RemoteUserMiddleware": (SESSIONS, AUTH),
    "django.contrib.auth.middleware.PersistentRemoteUserMiddleware": (SESSIONS, AUTH),
    UPDATE_CACHE: (FETCH_CACHE,),
    FETCH_CACHE: (UPDATE_CACHE,),
    PROMETHEUS_BEFORE: (PROMETHEUS_AFTER,),
    PROMETHEUS_AFTER: (PROMETHEUS_BEFORE,),
    "allauth.account": (SESSIONS, AUTH, MESSAGES, "allauth.account.middleware.AccountMiddleware"),
    "allauth.usersessions": (
        SESSIONS, AUTH, "allauth.usersessions.middleware.UserSessionsMiddleware",
    ),
    "auditlog": ("auditlog.middleware.AuditlogMiddleware",),
    "axes": ("axes.middleware.AxesMiddleware",),
    "cms": (SESSIONS, AUTH, MESSAGES, LOCALE),
    "corsheaders": ("corsheaders.middleware.CorsMiddleware",),
    "debug_toolbar": ("debug_toolbar.middleware.DebugToolbarMiddleware",),
    "django_browser_reload": ("django_browser_reload.middleware.BrowserReloadMiddleware",),
    "django_hosts": (
        "django_hosts.middleware.HostsRequestMiddleware",
        "django_hosts.middleware.HostsResponseMiddleware",
    ),
    "django_htmx": ("django_htmx.middleware.HtmxMiddleware",),
    "django_otp": (SESSIONS, AUTH, "django_otp.middleware.OTPMiddleware"),
    "django_structlog": ("django_structlog.middlewares.RequestMiddleware",),
    "django_tenants": ("django_tenants.middleware.main.TenantMainMiddleware",),
    "django_user_agents": ("django_user_agents.middleware.UserAgentMiddleware",),
    "hijack": (SESSIONS, AUTH, "hijack.middleware.HijackUserMiddleware"),
    "impersonate": (SESSIONS, AUTH, "impersonate.middleware.ImpersonateMiddleware"),
    "maintenance_mode": ("maintenance_mode.middleware.MaintenanceModeMiddleware",),
    "oauth2_provider": ("oauth2_provider.middleware.OAuth2TokenMiddleware",),
    "reversion": ("reversion.middleware.RevisionMiddleware",),
    "silk": ("silk.middleware.SilkyMiddleware",),
    "simple_history": ("simple_history.middleware.HistoryRequestMiddleware",),
    "social_django": (
        SESSIONS, AUTH, MESSAGES, "social_django.middleware.SocialAuthExceptionMiddleware",
    ),
    "waffle": ("waffle.middleware.WaffleMiddleware",),
    "wagtail.admin": (SESSIONS, AUTH, MESSAGES),
    "wagtail.contrib.redirects": ("wagtail.contrib.redirects.middleware.RedirectMiddleware",),
    "django.contrib.flatpages": (
        "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    ),
    "django.contrib.redirects": (
        "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
    ),
}  # fmt: skip

# Beginnings of the words in the names of what protects a site: that nothing happened is what it
# is there for.
PROTECTING = (
    "allow", "anti", "auth", "axes", "ban", "blacklist", "block", "bot", "clickjack", "consent",
    "cors", "csp", "csrf", "defend", "denied", "deny", "firewall", "frame", "gdpr", "guard",
    "hijack", "honeypot", "hsts", "https", "impersonat", "limit", "lock", "login", "logout",
    "maintenance", "mfa", "otp", "password", "permission", "privilege", "protect", "readonly",
    "redirect", "restrict", "robots", "sanit", "secur", "spam", "ssl", "tenant", "throttl",
    "valid", "waf", "whitelist",
)  # fmt: skip
# And of what works beside the request: it counts, tells, remembers or tidies up.
WATCHING = (
    "activity", "analytic", "apm", "audit", "clean", "clos", "collect", "connection", "correlation",
    "count", "crum", "current", "datadog", "debug", "history", "last", "local", "log", "metric",
    "monitor", "nuages", "profil", "prometheus", "record", "relic", "reversion", "revision",
    "sentry", "signal", "silk", "silky", "stat", "structlog", "telemetry", "thread", "timing",
    "toolbar", "trac", "transaction", "usage", "visit",
)  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def protects(middleware: str) -> bool:
    """Whether it is there for what should never happen."""
    return any(word.startswith(PROTECTING) for word in _words(middleware))


def watches(middleware: str) -> bool:
    """Whether its effect is elsewhere than in requests and responses, as its name says."""
    return any(word.startswith(WATCHING) for word in _words(middleware))


def relying(
    middleware: str, present: Collection[str], apps: Collection[str], *, sessions_csrf: bool = False
) -> tuple[str, ...]:
    """The middleware and apps of a project that would not work without it, sorted."""
    found = {name for name in (*present, *apps) if middleware in _needed(name, sessions_csrf)}
    return tuple(sorted(found))


def _needed(name: str, sessions_csrf: bool) -> Iterator[str]:
    yield from NEEDS.get(name, ())
    if name == CSRF and sessions_csrf:  # CSRF_USE_SESSIONS
        yield SESSIONS


def _words(middleware: str) -> list[str]:
    """Of the module and the class, without the package, which is the project's."""
    own = ".".join(middleware.split(".")[-2:])
    return [word.lower() for word in _WORD.findall(own)]
