"""Attaches to everything that there is, works, detaches; prints what is not as it was.

Early means before anything was imported, and late after.
"""

import functools
import gc
import importlib
import json
import os
import sys
import types
import warnings

import nuages

PACKAGE = os.path.dirname(nuages.__file__)
CALLED = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, property, classmethod,
    staticmethod, type,
)  # fmt: skip


def hooked():
    """Names of the modules that the recorder waits for."""
    from nuages.record import hooks

    tables = (hooks.ALWAYS, hooks.LIGHT, hooks.DEEP, hooks.SIGNALS)
    return sorted({name for table in tables for name, _ in table})


def import_all():
    for name in hooked():
        try:
            importlib.import_module(name)
        except Exception:  # not installed, or not in this version
            continue


def owners():
    """Every module, and every class in one, but for the recorder's own and this one."""
    found = {}
    for name, module in list(sys.modules.items()):
        if (
            name == __name__
            or name.partition(".")[0] == "nuages"
            or not hasattr(module, "__dict__")
        ):
            continue
        found[id(module)] = name, module
        for attribute, value in list(vars(module).items()):
            if isinstance(value, type) and not str(value.__module__).startswith("nuages"):
                found.setdefault(id(value), (f"{name}.{attribute}", value))
    return list(found.values())


def state():
    """Every attribute that can be called or accessed, by identity; and what is told of things."""
    found = {
        f"{name}: {attribute}": value
        for name, owner in owners()
        for attribute, value in list(vars(owner).items())
        if isinstance(value, CALLED) or hasattr(type(value), "__get__")
    }
    found |= {f"sys.meta_path: {number}": finder for number, finder in enumerate(sys.meta_path)}
    found |= {f"gc.callbacks: {number}": back for number, back in enumerate(gc.callbacks)}
    return found


def ours(value):
    """Whether a value, or what it wraps, is the recorder's."""
    if isinstance(value, types.FunctionType):
        return value.__code__.co_filename.startswith(PACKAGE)
    if isinstance(value, types.MethodType | classmethod | staticmethod):
        return ours(value.__func__)
    if isinstance(value, property):
        return any(map(ours, (value.fget, value.fset, value.fdel)))
    if isinstance(value, functools.partial):
        return ours(value.func)
    return str(type(value).__module__).startswith("nuages")


def receivers():
    """Receivers of all signals."""
    from django.dispatch import Signal

    signals = [item for item in gc.get_objects() if isinstance(item, Signal)]
    return [str(entry[1]) for signal in signals for entry in signal.receivers if ours(entry[1])]


def work():
    """Some of everything, before, while and after it is recorded."""
    from django.core.cache import cache
    from django.core.management import call_command
    from django.db import transaction
    from django.test import Client
    from shelf.models import Book

    with transaction.atomic():
        assert len(Book.objects.select_related("author")) == 5
    cache.set("a", 1)
    call_command("digest")
    pages = [Client().get(path) for path in ("/books/", "/api/books/", "/export/", "/thread/")]
    return [(page.status_code, b"".join(page)) for page in pages]


def attach(mode):
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    roots = {".": os.getcwd()}
    recorder.install(AttachConfig(roots=roots, mode=mode, spool=os.environ["LIBRARY_SPOOL"]))


def detach():
    from nuages.record import recorder

    assert recorder.snapshot()["groups"]
    recorder.uninstall()


def differences(before, after):
    return [name for name, value in before.items() if after.get(name) is not value]


def main(mode, when):
    from django.test.utils import setup_test_environment

    warnings.simplefilter("ignore")
    if when == "early":
        attach(mode)
    import django

    django.setup()
    setup_test_environment()
    import_all()
    answers = work()
    before = state()
    if when == "late":
        attach(mode)
    is_same = work() == answers
    attached = state()
    detach()
    after = state()
    print(json.dumps({
        "patched": len(differences(attached, after)),
        "changed": differences(before, after) if when == "late" else [],
        "left": [name for name, value in after.items() if ours(value)] + receivers(),
        "same": is_same and work() == answers,
    }))  # fmt: skip


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
