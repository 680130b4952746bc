"""Fills one model's table: builds rows, checks them, inserts them in batches, drops what fails."""

from __future__ import annotations

import random
import re
import time
from datetime import timedelta
from typing import Any

from nuages.agent.fill import columns
from nuages.agent.fill.checks import Checks
from nuages.agent.fill.generic import Targets, generic_keys
from nuages.agent.fill.insert import insert, new
from nuages.agent.fill.kinship import Kinship
from nuages.agent.fill.order import Step, relations
from nuages.agent.fill.pools import Pools, skewed
from nuages.agent.fill.uniques import Taken

_BATCH = 200
_PROBES = 12
_REDRAWS = 25
_CLEANED = 6
_AGREED = 8
_ENDS = re.compile(r"(?P<stem>.*?)(?P<end>end|to|until|stop|finish|close|last)(?P<rest>s|_?.*)$")
_STARTS = ("start", "from", "begin", "since", "open", "first")


class TableFill:
    """One model being filled."""

    def __init__(
        self,
        step: Step,
        rng: random.Random,
        pools: Pools,
        until: float,
        *,
        without: frozenset[str] = frozenset(),
        repeating: bool = False,
    ) -> None:
        """`without` names columns left alone; `repeating`: unique columns may hold what is there,
        and required foreign keys nothing."""
        self._step, self._rng, self._pools, self._until = step, rng, pools, until
        self._model = step.model
        generic = generic_keys(self._model)
        held = {name for key in generic for name in (key.ct_field, key.fk_field)}
        links = [f for f in relations(self._model) if f.name not in step.later | held | without]
        self._own = [f for f in links if f.related_model is self._model]
        self._types = [f for f in links if _to_content_type(f)]
        skipped = (
            held | without | {f.name for f in relations(self._model)} | self._inherited_links()
        )
        self._plain = [f for f in self._model._meta.concrete_fields if f.name not in skipped]
        self._generic = [(key, Targets(self._model, pools)) for key in generic]
        self._taken = Taken(self._model, step.alias, without, watched=not repeating)
        self._repeating = repeating
        chosen = [f for f in links if f not in self._own + self._types]
        self._kinship = Kinship(self._model, chosen, pools, self._taken)
        self._checks = Checks(self._model, step.alias)
        self._listed = self._checks.listed()
        self._loose = False  # whether rows need empty columns to be accepted
        self._cleans = _has_clean(self._model)
        self._number = self._model._base_manager.using(step.alias).count()

    def run(self, rows: int) -> tuple[int, str]:
        """(rows added, the last reason for one that was dropped)."""
        added, reason = self._probe()
        if not added:
            return 0, reason
        failures = 0
        while added < rows and failures < 3 and time.monotonic() < self._until:
            batch = self._batch(min(_BATCH if not self._own else 50, rows - added))
            if not batch:
                break
            stored, why = insert(batch, self._step.alias)
            reason = why or reason
            added += stored
            failures = 0 if stored else failures + 1
            self._pools.forget(self._model)
        return added, reason

    def _probe(self) -> tuple[int, str]:
        """One row by itself; when it is refused, a few more with other columns left empty."""
        reason = "no row could be made that keeps its unique columns"
        for attempt in range(_PROBES):
            instance, why = self.new_row(loose=attempt > 0)
            if instance is None:
                return 0, why
            added, reason = insert([instance], self._step.alias)
            if added:
                self._loose = attempt > 0
                return added, ""
        return 0, reason

    def _batch(self, size: int) -> list[Any]:
        rows: list[Any] = []
        misses = 0
        while len(rows) < size and misses < 20:
            instance, _ = self.new_row(loose=self._loose and self._rng.random() < 0.5)
            if instance is None:
                misses += 1
            else:
                rows.append(instance)
        return rows

    def new_row(self, *, loose: bool = False) -> tuple[Any, str]:
        """A row that the model's own clean() accepts, if a few tries give one."""
        instance, reason = self._unique_row(loose=loose)
        for _ in range(_CLEANED if self._cleans else 0):
            if instance is None or self._clean(instance):
                break
            instance, reason = self._unique_row(loose=loose)
        return instance, reason

    def _clean(self, instance: Any) -> bool:
        from django.core.exceptions import ValidationError

        try:
            instance.clean()
        except ValidationError:
            return False
        except Exception:
            self._cleans = False  # it needs more than a row by itself has
        return True

    def _unique_row(self, *, loose: bool) -> tuple[Any, str]:
        """A row that repeats nothing unique, or None and the reason."""
        self._number += 1
        instance = new(self._model)
        for field in self._plain:
            self._set(instance, field, self._value(field, loose=loose))
        reason = self._relate(instance, loose=loose)
        if reason:
            return None, reason
        _order_dates(instance, self._plain)
        for attempt in range(_REDRAWS):
            broken = self._checks.broken(instance)
            names = broken or self._taken.clash(instance)
            if not names:
                self._taken.take(instance)
                return instance, ""
            self._redraw(instance, names, attempt, loose=bool(broken))
            if broken and attempt > _REDRAWS // 2:
                self._leave_one(instance, names)
        return None, f"no more new values for {', '.join(names)}"

    def _value(self, field: Any, *, loose: bool) -> Any:
        """Of the values that check constraints name, where they name any."""
        made = columns.value(field, self._number, self._rng, loose=loose)
        listed = self._listed.get(field.name)
        if listed and made is not None and made not in listed:
            return self._rng.choice(listed)
        return made

    def _relate(self, instance: Any, *, loose: bool) -> str:
        """Set all foreign keys; why not, if a required one has no rows to point at."""
        missing = None
        for attempt in range(_AGREED):
            missing = self._relate_kin(instance, loose=loose, strict=attempt < _AGREED - 1)
            if missing is None:
                break
        if missing is not None and not self._repeating:
            return f"{missing.name} needs a {missing.related_model._meta.label}, there is none"
        for field in self._own:
            setattr(instance, field.attname, self._parent(field))
        for field in self._types:
            setattr(instance, field.attname, self._content_type(field))
        for key, targets in self._generic:
            for column, value in (
                targets.pick(key, self._rng) or self._leading_nowhere(key)
            ).items():
                setattr(instance, column, value)
        return ""

    def _leading_nowhere(self, key: Any) -> dict[str, Any]:
        """A required generic key for which there is no row: the type of the model itself."""
        held, column = map(self._model._meta.get_field, (key.ct_field, key.fk_field))
        if held.null:
            return {}
        made = columns.value(column, self._number, self._rng)
        told = {held.attname: self._content_type(held)}
        return told if made is columns.OMIT else {**told, column.attname: made}

    def _relate_kin(self, instance: Any, *, loose: bool, strict: bool) -> Any:
        """Keys that agree; the required one that found nothing to agree with, or None."""
        kin: dict[Any, Any] = {}
        for field in self._kinship.fields:
            key = None
            if not columns.left_empty(field, self._rng, loose=loose):
                key = self._kinship.pick(field, kin, self._rng, strict=strict)
            if key is None and not field.null and not self._repeating:
                return field
            setattr(instance, field.attname, key)
        return None

    def _parent(self, field: Any) -> Any:
        """Another row of the same model, for most rows; the first few are roots."""
        keys = self._pools.of_field(field)
        if not keys or (field.null and self._rng.random() < 0.25):
            return None
        return skewed(keys, self._rng)

    def _content_type(self, field: Any) -> Any:
        from django.contrib.contenttypes.models import ContentType

        return ContentType.objects.get_for_model(self._model, for_concrete_model=False).pk

    def _redraw(self, instance: Any, names: tuple[str, ...], attempt: int, *, loose: bool) -> None:
        """Other values for the columns of a clash: first the plain ones, then the keys too."""
        fields = [instance._meta.get_field(name) for name in names]
        plain = [field for field in fields if not field.is_relation]
        self._number += bool(plain)
        for field in plain:
            self._set(instance, field, self._value(field, loose=loose))
        if not plain or loose or attempt > _REDRAWS // 3:
            keyed = [field for field in fields if field not in plain]
            self._redraw_keys(instance, keyed, loose=loose, even=attempt > _REDRAWS // 2)

    def _leave_one(self, instance: Any, names: tuple[str, ...]) -> None:
        """Of the columns that may be empty one keeps its value: "at most one of these"."""
        optional = [f for f in map(instance._meta.get_field, names) if f.null]
        held = [field for field in optional if getattr(instance, field.attname) is not None]
        for field in held:
            setattr(instance, field.attname, None)
        if optional:
            field = self._rng.choice(optional)
            if field.is_relation:
                value = self._pools.pick(field, self._rng)
            else:
                value = columns.value(field, self._number, self._rng)
            self._set(instance, field, value)

    def _redraw_keys(self, instance: Any, fields: list[Any], *, loose: bool, even: bool) -> None:
        """Keys that have kin are drawn together with them, so that they still agree."""
        if any(field in self._kinship.bound for field in fields) and not loose:
            self._relate_kin(instance, loose=False, strict=True)
            return
        for field in fields:
            keys = self._pools.of_field(field)
            if field in self._types or not keys:
                continue
            key = self._rng.choice(keys) if even else self._pools.pick(field, self._rng)
            empty = loose and field.null and self._rng.random() < 0.5
            setattr(instance, field.attname, None if empty else key)

    def _set(self, instance: Any, field: Any, value: Any) -> None:
        if value is columns.OMIT:
            return
        try:
            setattr(instance, field.attname, value)
        except AttributeError:  # a state machine's column, which is protected
            instance.__dict__[field.attname] = value

    def _inherited_links(self) -> set[str]:
        return {
            field.name
            for field in self._model._meta.concrete_fields
            if field.is_relation and getattr(field.remote_field, "parent_link", False)
        }


def _has_clean(model: Any) -> bool:
    from django.db.models import Model

    return model.clean is not Model.clean


def _to_content_type(field: Any) -> bool:
    return bool(field.related_model._meta.label == "contenttypes.ContentType")


def _order_dates(instance: Any, fields: list[Any]) -> None:
    """What ends does so after it starts: `start`/`end`, `valid_from`/`valid_to`."""
    names = {field.name: field for field in fields if hasattr(field, "auto_now")}
    for name in names:
        matched = _ENDS.match(name)
        if matched is None:
            continue
        for start in _STARTS:
            other = f"{matched['stem']}{start}{matched['rest']}"
            begin, end = getattr(instance, other, None), getattr(instance, name)
            if (
                other in names
                and begin is not None
                and end is not None
                and type(begin) is type(end)
            ):
                _set_later(instance, name, begin, end)


def _set_later(instance: Any, name: str, begin: Any, end: Any) -> None:
    try:
        if end <= begin:
            setattr(instance, name, begin + timedelta(days=1))
    except TypeError:
        setattr(instance, name, begin)
