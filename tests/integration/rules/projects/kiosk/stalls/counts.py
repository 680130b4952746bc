"""What is counted where only one process sees it."""

from collections import Counter

_views = Counter()
LIMIT = 5_000


def seen(pk):
    _views[pk] += 1


def most_seen():
    return [pk for pk, _ in _views.most_common(5)]
