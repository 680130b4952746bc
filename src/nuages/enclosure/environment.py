"""The environment of enclosed commands: an allow-list, and dummies where secrets were."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit, urlunsplit

from nuages.enclosure.copies import left_out

PASSED = frozenset({
    "PATH", "LANG", "LANGUAGE", "TZ", "TERM", "COLUMNS", "LINES", "USER", "LOGNAME", "SHELL",
    "NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "GDAL_LIBRARY_PATH", "GEOS_LIBRARY_PATH",
    "GDAL_DATA", "PROJ_LIB", "PROJ_DATA", "SPATIALITE_LIBRARY_PATH", "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED", "PYTHONUTF8", "PYTHONIOENCODING",
    "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONDEVMODE", "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE", "PYENV_VERSION", "NIX_LD", "NIX_LD_LIBRARY_PATH",
    "LOCALE_ARCHIVE", "FONTCONFIG_FILE",
})  # fmt: skip
SCRATCH_FOLDERS = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_STATE_HOME": "home/.local/state",
    "XDG_RUNTIME_DIR": "run",
}
UNREACHABLE = "unreachable.invalid"  # RFC 2606: never resolves
_SECRET = re.compile(
    r"SECRET|TOKEN|KEY|PASSW|PASSPHRASE|(PASS|PWD?)$|DSN|CREDENTIAL|PRIVATE|AUTH|SALT|CERT|SIGN"
    r"|WEBHOOK|ACCOUNT|LICEN[CS]E|^AWS_|^GOOGLE_|^GCP_|^AZURE_|^STRIPE_|^TWILIO_|^SENTRY_"
)
_SERVER = re.compile(r"(_|^)(HOST|HOSTNAME|SERVER|ENDPOINT|BROKER|ADDR|ADDRESS)$|_HOSTS$")
_OWN_NAMES = re.compile(r"ALLOWED|TRUSTED|BIND|LISTEN")  # hosts that the project answers to
_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0"})
_WORD = re.compile(r"|true|false|yes|no|on|off|none|null|[01]", re.IGNORECASE)
_PLAIN = re.compile(r"\d{1,5}")
_DURATION = re.compile(r"_(DAYS|HOURS|MINUTES|SECONDS|AGE|TTL|TIMEOUT)$")  # TOKEN_DAYS=30
_URL = re.compile(r"[A-Za-z][\w+.-]*://")
_PAIR = re.compile(  # Server=db;Pwd=x; and host=db password=x
    r"""(?ix) (?P<start> \b [\w ]* (?: pwd | pass | password | secret | token | key ) \s* = \s* )
    (?P<value> \{[^}]*\} | "[^"]*" | '[^']*' | .+? (?= ; | \s+ [a-z_]\w* \s* = | $ ) )"""
)
_NAME_IN_SOURCE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_SOURCES = (".py", ".toml", ".cfg", ".ini", ".yml", ".yaml", ".json")
_SOURCE_MOST = 1_000_000  # bytes of one file


def environment(
    project_env: Mapping[str, str],
    *,
    scratch: Path,
    names_in_project: Collection[str] = (),
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The variables that an enclosed command gets.

    Everything is dropped but the allow-list and what the project's own source names; of these,
    secrets and addresses become dummies of the same shape. `extra` is what the user told us, as
    it is. Home and temporary folders are made in `scratch`.
    """
    named = frozenset(names_in_project)
    result = {}
    for name, value in project_env.items():
        if name in PASSED or name.startswith("LC_"):
            result[name] = value
        elif name in named:
            result[name] = harmless(name, value)
    for name, folder in SCRATCH_FOLDERS.items():
        path = scratch / folder
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        result[name] = str(path)
    return {**result, **(extra or {})}


def harmless(name: str, value: str) -> str:
    """The value, or a dummy of the same shape where it may be a secret or a server's address."""
    upper = name.upper()
    if not _URL.match(value):
        value = _PAIR.sub(lambda pair: pair["start"] + scrambled(name, pair["value"]), value)
    if "://" in value:
        return ",".join(_dummy_url(name, part) for part in value.split(","))
    if _WORD.fullmatch(value):
        return value
    if _PLAIN.fullmatch(value) and (_DURATION.search(upper) or not _SECRET.search(upper)):
        return value
    if _SERVER.search(upper) and not _OWN_NAMES.search(upper):
        return value if value in _LOCAL else UNREACHABLE
    if _SECRET.search(upper):
        return scrambled(name, value)
    return value


def _dummy_url(name: str, value: str) -> str:
    """The same scheme, port and query names; no host, user or password of the real one.

    A database's path is its name and stays; that of a web address may be all the secret there is.
    """
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        return scrambled(name, value)
    if not url.netloc:  # sqlite:///db.sqlite3, locmem://
        return value
    host = UNREACHABLE if (url.hostname or "") not in _LOCAL else url.hostname or ""
    user = ":".join(["nuages"] * (1 + (url.password is not None))) if url.username else ""
    user = ":nuages" if not url.username and url.password else user
    netloc = (f"{user}@" if user else "") + host + (f":{port}" if port else "")
    query = "&".join(_dummy_parameter(name, part) for part in url.query.split("&"))
    path = scrambled(name, url.path) if url.scheme in ("http", "https") else url.path
    return urlunsplit(SplitResult(url.scheme, netloc, path, query, url.fragment))


def _dummy_parameter(name: str, part: str) -> str:
    key, equals, value = part.partition("=")
    return f"{key}{equals}{scrambled(name, value) if _SECRET.search(key.upper()) else value}"


def scrambled(name: str, value: str) -> str:
    """Letters for letters, digits for digits; hex stays hex, base64 decodes to as many bytes.

    The same in every process of a run, so that what one signed another can check.
    """
    if re.fullmatch(r"[A-Za-z0-9_-]{43}=", value):  # a Fernet key
        return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()
    hexadecimal = re.fullmatch(r"[0-9a-fA-F-]{8,}", value) is not None
    return "".join(
        _like(char, number, hexadecimal)
        for char, number in zip(value, _numbers(name), strict=False)
    )


def _like(char: str, number: int, hexadecimal: bool) -> str:
    if char.isdigit():
        return str(number % 10)
    if char.isascii() and char.isalpha():
        letters = "abcdef" if hexadecimal else "abcdefghijklmnopqrstuvwxyz"
        chosen = letters[number % len(letters)]
        return chosen.upper() if char.isupper() else chosen
    return char


def _numbers(seed: str) -> Iterator[int]:
    block = seed.encode()
    while True:
        block = hashlib.sha256(block).digest()
        yield from block


def variables_named_in(roots: Iterable[Path], names: Collection[str]) -> frozenset[str]:
    """Those of the names that a source or settings file below the roots mentions."""
    wanted, found = frozenset(names), set[str]()
    for root in roots:
        for folder, folders, files in os.walk(root):
            skipped = left_out(folder, folders)
            folders[:] = [name for name in folders if name not in skipped]
            for file in files:
                if file.endswith(_SOURCES) or file.startswith(".env"):
                    found |= wanted.intersection(_names_in(Path(folder, file)))
    return frozenset(found)


def _names_in(path: Path) -> set[str]:
    try:
        with path.open(errors="replace") as file:
            return set(_NAME_IN_SOURCE.findall(file.read(_SOURCE_MOST)))
    except OSError:
        return set()
