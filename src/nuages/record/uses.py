"""What is made of the instances of each load: which were used, and which fields were read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from itertools import islice
from types import ModuleType
from typing import Any

from nuages.record import executions, faults, fields, lineage
from nuages.record.clocks import monotonic
from nuages.record.fields import ALL_READ, NOTHING_READ, READ
from nuages.record.lineage import ATTRIBUTE, current
from nuages.record.patches import Patches

FETCHES = 200  # of a load that are watched
INSTANCES = 20_000  # of a load that are watched
WHOLE = 10  # fetches of a load whose instances are all watched
SPREAD = 20  # instances, from first to last, that are watched of each later fetch
MODELS = 1_000  # watched: some projects make models anew for each request, and let go of them
QUIET_S = 10.0  # without a watched fetch, after which a model's fields no longer tell of reads
SAMPLES = 100  # instances of a load whose values are measured
ROWS = 10  # of one fetch that are measured
MIGRATIONS = "__fake__"  # where models live that a migration has for itself, and lets go of
DEPTH = 3  # of lists and dictionaries in a value

SAVED = fields.bit_of("(save)")
# What was asked beside fields, in their words: a relation that is loaded was followed to an
# instance; a result was iterated, counted, only asked whether it has rows; rows were streamed.
REACHED, ITERATED, COUNTED, TESTED, STREAMED = (
    "(reached)", "(iterated)", "(counted)", "(tested)", "(streamed)"
)  # fmt: skip
ASKS = (REACHED, ITERATED, COUNTED, TESTED, STREAMED)
_REACHED = fields.bit_of(REACHED)


class Watch:
    """A model whose fields tell of reads, or did."""

    __slots__ = ("is_on", "needed", "wanted_at")

    def __init__(self) -> None:
        self.is_on = False
        self.needed = 0  # bits of what is read while instances are made, or can't be watched
        self.wanted_at = 0.0


class Use:
    """What was made of the watched instances of one load."""

    __slots__ = (
        "asked", "copied", "fetches", "instances", "needed", "reads", "sampled", "sizes", "used",
        "watch",
    )  # fmt: skip

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.fetches = self.instances = self.used = self.copied = 0
        self.reads: dict[int, int] = {}  # bit → instances
        self.asked: dict[str, int] = {}  # of ASKS → times
        self.needed = 0  # bits of what Django needs: keys, and what is matched by
        self.sampled = 0
        self.sizes: dict[str, int] = {}  # loaded field → bytes in the samples

    def is_complete(self) -> bool:
        return self.fetches >= FETCHES or self.instances >= INSTANCES

    def take(self, instances: Sequence[Any]) -> None:
        """Watch these, or some of them."""
        if self.instances >= INSTANCES:
            return
        if self.fetches > WHOLE and len(instances) > SPREAD:
            for instance in instances:  # or each would be looked up once to find that out
                instance._state._nuages_read = ALL_READ
            instances = instances[:: len(instances) // SPREAD]
        self.instances += len(instances)
        if self.sampled < SAMPLES:
            self._sample(instances)
        for instance in instances:
            instance._state._nuages_read = NOTHING_READ

    def _sample(self, instances: Sequence[Any]) -> None:
        for instance in islice(instances, ROWS):
            self.sampled += 1
            values = vars(instance)
            for field in instance._meta.concrete_fields:
                name = field.attname
                if name in values:
                    self.sizes[name] = self.sizes.get(name, 0) + _size(values[name])
                    if field.primary_key:
                        self.needed |= fields.bit_of(name)

    def figures(self) -> dict[str, Any]:
        """The figures of a model.LoadUse."""
        needed = self.needed | self.watch.needed
        counts = {name: self._count(fields.bit_of(name), needed) for name in self.sizes}
        if SAVED in self.reads:
            counts["(save)"] = self.reads[SAVED]
        counts |= {name: self.asked[name] for name in ASKS if name in self.asked}
        sampled = self.sampled or 1
        return {
            "fetches": self.fetches,
            "instances": self.instances,
            "used": min(self.used, self.instances),
            "fields": counts,
            "bytes": {n: size * self.instances // sampled for n, size in self.sizes.items()},
        }

    def _count(self, bit: int, needed: int) -> int:
        if bit & needed:
            return self.instances
        return min(self.reads.get(bit, 0) + self.copied, self.instances)


_watches: dict[Any, Watch] = {}
_uses: dict[int, Use] = {}  # by load


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.models.base: what saving reads is no use that the project makes."""
    patches.replace(module.ModelState, READ, NOTHING_READ)
    patches.replace(module.Model, "_save_table", _saving(module.Model._save_table))


def stop() -> None:
    """Put the fields of all models back as they were found."""
    fields.switch_all_off()
    _watches.clear()


def clear() -> None:
    _uses.clear()


def expect(model: Any) -> None:
    """Instances of a model are about to be made: see the first of them being made."""
    if model not in _watches and model.__module__ != MIGRATIONS:
        _switch_on(model)


def _switch_on(model: Any) -> Watch:
    watch = _watches.get(model)
    if watch is None:
        if len(_watches) >= MODELS:
            _let_go(next(iter(_watches)))
        watch = _watches[model] = Watch()
    if not watch.is_on:
        watch.is_on = True
        watch.needed |= fields.switch_on(model, _note)
    watch.wanted_at = monotonic()
    return watch


def _let_go(model: Any) -> None:
    """Forget a model, which is watched anew when it is fetched again."""
    watch = _watches.pop(model, None)
    if watch is not None and watch.is_on:
        watch.is_on = False
        fields.switch_off(model)


def begin(watched: dict[int, Use], load: int, model: Any) -> None:
    """Add what to tell of the instances of a fetch, unless they are not watched."""
    if not load or load in watched or model.__module__ == MIGRATIONS:
        return
    if executions.is_reporting():
        return
    use = _uses.get(load)
    if use is None:
        use = _uses[load] = Use(_switch_on(model))
    if use.is_complete():
        watch = _watches.get(model)
        if watch is not None and watch.is_on and monotonic() - watch.wanted_at > QUIET_S:
            watch.is_on = False
            fields.switch_off(model)
        return
    use.watch = _switch_on(model)
    use.fetches += 1
    watched[load] = use


def need(load: int, name: str) -> None:
    """A field that Django can't do without for what is fetched along."""
    use = _uses.get(load)
    if use is not None:
        use.needed |= fields.bit_of(name)


def _note(state: Any, bit: int, model: type) -> None:
    """A field was read for the first time, on an instance."""
    try:
        found = state.__dict__
        mask = found.get(READ)
        if mask is None:
            _note_unwatched(found, bit, model)
            return
        use = _uses.get(found.get(ATTRIBUTE, 0))
        if use is None:
            found[READ] = ALL_READ
        elif current.is_matching:
            use.needed |= bit
        else:
            found[READ] = mask | bit
            use.used += not mask & ~_REACHED
            use.reads[bit] = use.reads.get(bit, 0) + 1
    except Exception:
        faults.note()


def _note_unwatched(found: dict[str, Any], bit: int, model: type) -> None:
    if ATTRIBUTE in found or current.fetch is None:
        found[READ] = ALL_READ
        return
    for cls in model.__mro__:  # it is being made: its own code reads it, whoever asked for it
        if cls in _watches:
            _watches[cls].needed |= bit


def copied(state: Any) -> None:
    """An instance is pickled or copied: nobody knows what will be read of the copy."""
    found = state.__dict__
    mask = found.get(READ)
    use = _uses.get(found.get(ATTRIBUTE, 0))
    if mask is not None and mask != ALL_READ and use is not None:
        found[READ] = ALL_READ
        use.used += not mask & ~_REACHED
        use.copied += 1


def ask(state: Any, what: str) -> None:
    """Something was asked of the result that an instance is the first of."""
    note_ask(state.__dict__.get(ATTRIBUTE, 0), what)


def note_ask(load: int, what: str) -> None:
    """Something was asked of what a load gave, or may be where nobody sees it."""
    use = _uses.get(load)
    if use is not None:
        use.asked[what] = use.asked.get(what, 0) + 1


def reach(state: Any) -> None:
    """A relation that is loaded was followed to this instance, for the first time."""
    found = state.__dict__
    mask = found.get(READ)
    use = _uses.get(found.get(ATTRIBUTE, 0))
    if use is None or mask is None:
        if ATTRIBUTE in found:  # it is not watched, or no longer
            found[READ] = ALL_READ
        return
    found[READ] = mask | _REACHED
    use.asked[REACHED] = use.asked.get(REACHED, 0) + 1


def _saving(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def save_table(self: Any, *args: Any, **kwargs: Any) -> Any:
        mask = None
        try:
            found = self._state.__dict__
            mask = found.get(READ)
            if mask is not None and mask != ALL_READ:
                mask = _note_saved(self, mask, args, kwargs)
                found[READ] = ALL_READ
        except Exception:
            faults.note()
        try:
            return original(self, *args, **kwargs)
        finally:
            if mask is not None and mask != ALL_READ:
                found[READ] = mask

    return save_table


def _note_saved(instance: Any, mask: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """Count a save of all fields; → what was read, that it was saved included."""
    is_partial = (args[5] if len(args) > 5 else kwargs.get("update_fields")) is not None
    if is_partial or mask & SAVED:
        return mask
    _note(instance._state, SAVED, type(instance))
    return mask | SAVED


def _size(value: Any, depth: int = 0) -> int:
    """Bytes that a value stands for, without a call of the project's code."""
    if isinstance(value, str):
        return str.__len__(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return memoryview(value).nbytes
    size = sys.getsizeof(value) if type(value).__module__ in _OWN_SIZES else 16
    if depth < DEPTH and type(value) in (list, dict):
        inner = value if type(value) is list else [*value, *value.values()]
        size += sum(_size(item, depth + 1) for item in islice(inner, 100))
    return size


_OWN_SIZES = frozenset({"builtins", "datetime", "decimal", "uuid"})


def watched() -> Iterator[tuple[int, dict[str, Any]]]:
    """Each load's number and figures. An instance whose relation was used was itself used."""
    figures = {load: use.figures() for load, use in list(_uses.items())}
    for load in sorted(figures, reverse=True):  # those that hang on a load have higher numbers
        found = lineage.loads[load]
        above = figures.get(found.parent) if found is not None else None
        if above is not None:
            used = min(figures[load]["used"], above["instances"])
            above["used"] = max(above["used"], used)
    yield from figures.items()
