"""What a process runs with."""

from .base import *  # noqa: F403
