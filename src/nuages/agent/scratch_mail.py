"""A mail backend that keeps messages and tells the ledger of them."""

from __future__ import annotations

from typing import Any

from django.core import mail
from django.core.mail.backends.locmem import EmailBackend as LocMemBackend

from nuages.agent import audit

KEPT = 1000  # messages; a filling command may send one a user


class EmailBackend(LocMemBackend):
    """Django's outbox in memory, bounded, whatever options the real backend had."""

    def __init__(self, *_: Any, **options: Any) -> None:
        known = {key: options[key] for key in ("fail_silently", "alias") if key in options}
        super().__init__(**known)

    def send_messages(self, messages: Any) -> int:
        """Keep the messages; the number of them, as Django has it."""
        messages = list(messages)
        sent: int = super().send_messages(messages)
        del mail.outbox[:-KEPT]
        for message in messages:
            audit.note("mail", ", ".join(message.recipients())[:200] or "nobody")
        return sent
