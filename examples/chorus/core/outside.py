"""Calls to other people's services."""

import json
import logging
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.conf import settings

logger = logging.getLogger(__name__)


def fetch_preview(url):
    """Title and picture of a linked page, or an empty dict."""
    address = f"{settings.LINK_PREVIEW_URL}?{urlencode({'url': url})}"
    try:
        with urlopen(address, timeout=settings.OUTSIDE_TIMEOUT) as answer:
            return json.load(answer)
    except (URLError, TimeoutError, OSError, ValueError) as error:
        logger.info("No preview of %s: %s", url, error)
        return {}


def deliver_webhook(event, payload):
    body = json.dumps({"event": event, "data": payload}).encode()
    request = Request(settings.WEBHOOK_URL, data=body, headers={"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=settings.OUTSIDE_TIMEOUT) as answer:
            return answer.status < 300
    except (URLError, TimeoutError, OSError) as error:
        logger.info("Webhook %s not delivered: %s", event, error)
        return False
