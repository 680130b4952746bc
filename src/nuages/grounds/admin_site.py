"""What to edit where the queryset is the admin's own: options of the ModelAdmin."""

from __future__ import annotations

from nuages.model import Location, Remedy

# Beginnings of the paths of its templates.
_LIST, _INLINE = "admin/change_list", "admin/edit_inline"
_FORM = ("admin/change_form", "admin/includes/fieldset", "django/forms")


def in_form(trigger: Location | None) -> bool:
    """Whether a form that Django renders read the rows: the choices of a field."""
    return trigger is not None and trigger.file.startswith(_FORM)


def in_admin(trigger: Location | None, remedy: Remedy) -> str:
    """A hint for rows that a page of the admin fetches, or ""."""
    template, call = trigger.file if trigger else "", f'.{remedy.kind}("{remedy.path}")'
    if template.startswith(_LIST) and remedy.kind == "select_related":
        return f'set list_select_related = ["{remedy.path}"] on the ModelAdmin of this list'
    if template.startswith(_LIST):
        return f"add {call} to get_queryset() of the ModelAdmin of this list"
    if template.startswith(_INLINE):
        return f"add {call} to get_queryset() of this inline of the ModelAdmin"
    return choices_hint(trigger) if template.startswith(_FORM) else ""


def choices_hint(trigger: Location | None) -> str:
    """A hint for rows that a form's field, or that of each inline's form, offers; or ""."""
    if trigger is None or not trigger.file.startswith((*_FORM, _INLINE)):
        return ""
    return (
        "where these rows are the choices of a form field, name it in the ModelAdmin's "
        "autocomplete_fields or raw_id_fields"
    )
