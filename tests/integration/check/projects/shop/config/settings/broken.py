from .base import *  # noqa: F403

raise RuntimeError("the vault did not answer")
