"""State at the top of modules that is right as it is."""

import re
from functools import lru_cache

_patterns = {}
KINDS = {"a": "apple", "b": "bread"}
HANDLERS = []


def handles(function):
    HANDLERS.append(function)
    return function


def compiled(pattern):
    if pattern not in _patterns:
        _patterns[pattern] = re.compile(pattern)
    return _patterns[pattern]


@lru_cache(maxsize=1000)
def spelled(number):
    return f"{number:,}"


@handles
def label(kind, number):
    return f"{KINDS.get(kind, kind)} {compiled('^' + kind)} {spelled(number)}"
