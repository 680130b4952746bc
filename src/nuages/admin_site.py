"""What to edit where the queryset is the admin's own: options of the ModelAdmin."""

from __future__ import annotations

from nuages.model import Location, Remedy

_LIST = "admin/change_list"  # beginnings of the paths of its templates
_FORM = ("admin/change_form", "admin/includes/fieldset", "admin/edit_inline", "django/forms")


def in_admin(trigger: Location | None, remedy: Remedy) -> str:
    """A hint for rows that a page of the admin fetches, or ""."""
    template = trigger.file if trigger else ""
    if template.startswith(_LIST):
        return _of_list(remedy)
    if template.startswith(_FORM):
        return (
            "where these rows are the choices of a form field, name it in the ModelAdmin's "
            "autocomplete_fields or raw_id_fields"
        )
    return ""


def _of_list(remedy: Remedy) -> str:
    if remedy.kind == "select_related":
        return f'set list_select_related = ["{remedy.path}"] on the ModelAdmin of this list'
    return (
        f'add .prefetch_related("{remedy.path}") to get_queryset() of the ModelAdmin of this list'
    )
