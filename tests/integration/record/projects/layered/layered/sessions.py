"""Sessions that take long to load."""

import time

from django.contrib.sessions.backends import signed_cookies

SLOW = 0.06


class SessionStore(signed_cookies.SessionStore):
    def __init__(self, session_key=None):
        super().__init__(session_key or "kept" * 8)

    def load(self):
        time.sleep(SLOW)
        return {}
