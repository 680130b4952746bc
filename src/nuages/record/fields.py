"""Descriptors of model fields that tell when an instance's field is read, switched on and off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nuages.record import faults, interning

READ = "_nuages_read"  # on ModelState: the bits of what was read; a watched instance has its own
NOTHING_READ = 0
ALL_READ = -1  # has every bit set

# Told the state, the bit and the model's class when a bit is missing from what was read.
Note = Callable[[Any, int, type], None]


class _Switched(NamedTuple):
    """A descriptor that tells of reads, and what it was."""

    owner: type
    name: str
    descriptor: Any
    kind: type


_bits: dict[str, int] = {}  # of a field, by its attribute's name
_kinds: dict[tuple[type, str], type] = {}  # a descriptor's class and attribute → one that tells
_switched: dict[int, _Switched] = {}  # by the descriptor's id
_users: dict[int, int] = {}  # models that need a descriptor switched on: children use parents'


def bit_of(name: str) -> int:
    """One bit for fields of one name, whatever the model: big integers cost as much as small."""
    found = _bits.get(name)
    if found is None:
        with interning.lock:
            found = _bits.setdefault(name, 1 << len(_bits))
    return found


def switch_on(model: Any, note: Note) -> int:
    """Let a model's fields tell of reads; → the bits of those that can't, to be taken for read."""
    unknown = 0
    with interning.lock:
        for field in model._meta.concrete_fields:
            name = field.attname
            owner = next((cls for cls in model.__mro__ if name in vars(cls)), None)
            if owner is None or not _switch_on(owner, name, note):
                unknown |= bit_of(name)
    return unknown


def switch_off(model: Any) -> None:
    """Undo one switch_on()."""
    with interning.lock:
        for field in model._meta.concrete_fields:
            for owner in model.__mro__:
                if field.attname in vars(owner):
                    _release(id(vars(owner)[field.attname]))
                    break


def switch_all_off() -> None:
    with interning.lock:
        _users.clear()
        for number in list(_switched):
            _release(number)


def _switch_on(owner: type, name: str, note: Note) -> bool:
    descriptor = vars(owner)[name]
    if id(descriptor) not in _switched:
        kind = type(descriptor)
        try:
            _become(owner, name, descriptor, _telling(kind, name, note))
        except (AttributeError, TypeError):  # a property, or a class that is closed to others
            return False
        _switched[id(descriptor)] = _Switched(owner, name, descriptor, kind)
    _users[id(descriptor)] = _users.get(id(descriptor), 0) + 1
    return True


def _release(number: int) -> None:
    switched = _switched.get(number)
    if switched is None:
        return
    _users[number] = _users.get(number, 0) - 1
    if _users[number] <= 0:
        del _users[number], _switched[number]
        _become(switched.owner, switched.name, switched.descriptor, switched.kind)


def _become(owner: type, name: str, descriptor: Any, kind: type) -> None:
    """Change a descriptor's class, and let bytecode forget what it knew of the owner's."""
    descriptor.__class__ = kind
    if vars(owner).get(name) is descriptor:
        type.__setattr__(owner, name, descriptor)


def _telling(kind: type, name: str, note: Note) -> type:
    found = _kinds.get((kind, name))
    if found is None:
        found = _kinds[kind, name] = _make(kind, name, note)
    return found


def _make(kind: Any, name: str, note: Note) -> type:
    """A subclass that tells of reads; its name and its layout are those of the class."""
    is_data = hasattr(kind, "__set__") or hasattr(kind, "__delete__")
    namespace: dict[str, Any] = {
        "__slots__": (),
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
    }
    if is_data and not _is_of_django(kind):
        namespace["__get__"] = _get_of_data(kind.__get__, bit_of(name), note)
    else:
        namespace["__get__"] = _get(kind.__get__, name, bit_of(name), note)
    if not is_data:  # else the value in the instance's dictionary would hide it
        namespace |= {"__set__": _set(name), "__delete__": _delete(name)}
    return type(kind.__name__, (kind,), namespace)


def _is_of_django(kind: Any) -> bool:
    """Whether it reads what the instance's dictionary has, as DeferredAttribute does."""
    get = kind.__get__
    name = getattr(get, "__module__", ""), getattr(get, "__qualname__", "")
    return name == ("django.db.models.query_utils", "DeferredAttribute.__get__")


def _get(original: Callable[..., Any], name: str, bit: int, note: Note) -> Callable[..., Any]:
    def get(self: Any, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return original(self, instance, owner)
        values = instance.__dict__
        value = values[name] if name in values else original(self, instance, owner)
        try:
            state = values["_state"]
            if not state._nuages_read & bit:
                note(state, bit, type(instance))
        except (AttributeError, KeyError, TypeError):  # no state, or not one of Django's
            pass
        except Exception:
            faults.note()
        return value

    return get


def _get_of_data(original: Callable[..., Any], bit: int, note: Note) -> Callable[..., Any]:
    def get(self: Any, instance: Any, owner: Any = None) -> Any:
        value = original(self, instance, owner)
        if instance is None:
            return value
        try:
            state = instance.__dict__["_state"]
            if not state._nuages_read & bit:
                note(state, bit, type(instance))
        except (AttributeError, KeyError, TypeError):
            pass
        except Exception:
            faults.note()
        return value

    return get


def _set(name: str) -> Callable[[Any, Any, Any], None]:
    def set_(self: Any, instance: Any, value: Any) -> None:
        instance.__dict__[name] = value

    return set_


def _delete(name: str) -> Callable[[Any, Any], None]:
    def delete(self: Any, instance: Any) -> None:
        try:
            del instance.__dict__[name]
        except KeyError:
            message = f"{type(instance).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message) from None

    return delete
