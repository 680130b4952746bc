from collections import Counter
from threading import Lock

_terms = Counter()
_lock = Lock()


def remember(term):
    with _lock:
        _terms[term.lower()] += 1
        if len(_terms) > 5000:
            for rare, _ in _terms.most_common()[2500:]:
                del _terms[rare]


def popular(size=10):
    with _lock:
        return [term for term, _ in _terms.most_common(size)]
