"""A connection that asks for more than its place: a pool would lose it."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

DATABASES["default"]["OPTIONS"] = {
    "options": "-c search_path=shop,public -c statement_timeout=4321"
}
