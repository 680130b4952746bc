"""Which relation of which instance an access to a descriptor or related manager follows."""

from __future__ import annotations

from types import FrameType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from nuages.record import landmarks, lineage
from nuages.record.landmarks import RELATION, inner_codes
from nuages.record.lineage import Relation, Relations

Found = tuple[Relation | None, int]  # and the load of the instance
NOTHING: Found = (None, 0)

# By the name of the class that Django's factories make.
MANAGER_KINDS: dict[str, Relations] = {
    "create_reverse_many_to_one_manager": "reverse_fk",
    "create_forward_many_to_many_manager": "m2m",
    "create_generic_related_manager": "generic_relation",
}
_accessors: WeakKeyDictionary[type, str] = WeakKeyDictionary()


def mark_descriptors(module: ModuleType) -> None:
    """Make known the frames of django.db.models.fields.related_descriptors."""
    landmarks.add(module.ForwardManyToOneDescriptor.__get__, RELATION, _forward)
    landmarks.add(module.ReverseOneToOneDescriptor.__get__, RELATION, _reverse_one)
    for name in ("create_reverse_many_to_one_manager", "create_forward_many_to_many_manager"):
        _mark_factory(getattr(module, name))


def mark_generic(module: ModuleType) -> None:
    """Make known the frames of django.contrib.contenttypes.fields."""
    owner = getattr(module, "GenericForeignKeyDescriptor", module.GenericForeignKey)
    landmarks.add(owner.__get__, RELATION, _generic)
    _mark_factory(module.create_generic_related_manager)


def mark_deferred(module: ModuleType) -> None:
    """Make known the frames of django.db.models.query_utils."""
    landmarks.add(module.DeferredAttribute.__get__, RELATION, _deferred)


def _mark_factory(factory: Any) -> None:
    # All classes that a factory makes share these code objects.
    for code in inner_codes(factory, "get_queryset", "constrained_target"):
        landmarks.add(code, RELATION, _manager)


def _forward(frame: FrameType) -> Found:
    values = frame.f_locals
    instance, field = values.get("instance"), values["self"].field
    if instance is None:
        return NOTHING
    return _found(instance, field.name, "o2o" if field.one_to_one else "fk")


def _reverse_one(frame: FrameType) -> Found:
    values = frame.f_locals
    instance = values.get("instance")
    if instance is None:
        return NOTHING
    # select_related spells it by the query name, which related_query_name may change.
    return _found(instance, values["self"].related.field.related_query_name(), "reverse_o2o")


def _generic(frame: FrameType) -> Found:
    values = frame.f_locals
    instance, owner = values.get("instance"), values["self"]
    if instance is None:
        return NOTHING
    return _found(instance, getattr(owner, "field", owner).name, "gfk")


def _deferred(frame: FrameType) -> Found:
    values = frame.f_locals
    instance = values.get("instance")
    if instance is None:
        return NOTHING
    return _found(instance, values["self"].field.name, "deferred")


def _manager(frame: FrameType) -> Found:
    manager = frame.f_locals.get("self")
    instance = getattr(manager, "instance", None)
    if instance is None:
        return NOTHING
    kind = _kind_of_manager(manager)
    return _found(instance, _accessor(manager, kind), kind) if kind else NOTHING


def _found(instance: Any, field: str, kind: Relations) -> Found:
    load = lineage.load_of_instance(instance)
    return lineage.Relation(_model(instance, field, load), field, kind), load


def _model(instance: Any, field: str, load: int) -> str:
    """The model of the instance's queryset, if it has the field: a queryset of polymorphic rows
    gives instances of subclasses, which may have fields that no lookup of it can name.
    """
    own, loaded = type(instance), lineage.loads[load]
    if loaded is not None and loaded.model != own._meta.label:
        for cls in own.__mro__[1:]:
            options = getattr(cls, "_meta", None)
            if options is not None and options.label == loaded.model and hasattr(cls, field):
                return loaded.model
    return str(own._meta.label)


def _kind_of_manager(manager: Any) -> Relations | None:
    for cls in type(manager).__mro__:
        kind = MANAGER_KINDS.get(cls.__qualname__.partition(".")[0])
        if kind is not None:
            return kind
    return None


def _accessor(manager: Any, kind: Relations) -> str:
    """The attribute of the instance that gives the manager: prefetch_related's spelling."""
    cls = type(manager)
    name = _accessors.get(cls)
    if name is None:
        if kind == "reverse_fk":
            name = _reverse_name(manager.field.remote_field)
        elif kind == "m2m" and manager.reverse:
            name = _reverse_accessor(manager)
        else:
            name = manager.prefetch_cache_name
        name = _accessors[cls] = str(name)
    return name


def _reverse_name(rel: Any) -> str:
    accessor = getattr(rel, "get_accessor_name", None)
    return str(accessor() if accessor else rel.name)  # else a relation of the project's own making


def _reverse_accessor(manager: Any) -> str:
    for rel in type(manager.instance)._meta.related_objects:
        is_same = rel.many_to_many and rel.through is manager.through
        if is_same and rel.field.name == manager.query_field_name:
            return str(rel.get_accessor_name())
    return str(manager.prefetch_cache_name)


def of_prefetch(instances: Any, prefetcher: Any, lookup: Any, level: int) -> Found:
    """What one level of a prefetch follows, from the first of its instances."""
    first = instances[0]
    field = lookup.prefetch_through.split("__")[level]
    kind = _kind_of_manager(prefetcher) or _kind_of_descriptor(prefetcher)
    return _found(first, field, kind) if kind else NOTHING


def _kind_of_descriptor(descriptor: Any) -> Relations | None:
    names = {cls.__name__ for cls in type(descriptor).__mro__}
    if "ForwardManyToOneDescriptor" in names:
        return "o2o" if descriptor.field.one_to_one else "fk"
    if "ReverseOneToOneDescriptor" in names:
        return "reverse_o2o"
    if names & {"GenericForeignKeyDescriptor", "GenericForeignKey"}:
        return "gfk"
    return None
