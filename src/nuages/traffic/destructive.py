"""What is never sent unless it is asked for: it deletes, logs out, pays, or tells the world."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from nuages.traffic.links import destructive

# Words of a path or of a route's name, whole between separators.
_MONEY = re.compile(
    r"(^|[/_.:-])(pay(ments?|ing)?|checkout|charge|refund|payout|withdraw(al)?|transfer|purchase|"
    r"subscribe|billing|invoice|donate|stripe|paypal|braintree|adyen|mollie)([/_.:?-]|$)",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(
    r"(^|[/_.:-])(send-?_?(mail|email|sms)|invite|broadcast|newsletter|webhooks?|password-?_?reset|"
    r"export|import|deploy|flush|reindex|restart|shutdown|cron)([/_.:?-]|$)",
    re.IGNORECASE,
)


def why_excluded(method: str, path: str, name: str = "") -> str:
    """Why a request should not be sent by default; "" where nothing speaks against it."""
    plain = urlsplit(path).path
    if method == "DELETE":
        return "deletes"
    if destructive(plain) or destructive(f"/{name}"):
        return "looks destructive: deletes, logs out or takes rights away"
    if method in ("GET", "HEAD", "OPTIONS"):
        return ""
    for pattern, why in ((_MONEY, "looks like a payment"), (_OUTSIDE, "may reach the outside")):
        if pattern.search(plain) or pattern.search(name):
            return why
    return ""
