"""Files that are written to the disk of whichever host happens to serve."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.file_writes import FileWrite, file_writes
from nuages.grounds.production import ELSEWHERE, backends, is_debugging, is_known, place, texts
from nuages.model import Evidence, FieldFacts, Finding, Fix, ModelFacts, Remedy

ID = "local-file"

FILES = frozenset({"FileField", "ImageField"})
ON_DISK = "FileSystemStorage"
OBJECT_STORAGE = "storages.backends.s3.S3Storage"
# Apps, and words in settings, by which files are kept elsewhere.
APPS = frozenset({"storages", "cloudinary_storage", "minio_storage", "gcloudc", "db_file_storage"})
REMOTE = re.compile(
    r"s3|boto|gcloud|google|azure|cloudinary|minio|storages\.|swift|b2|dropbox", re.I
)
SETTINGS = ("STORAGES", "DEFAULT_FILE_STORAGE", "MEDIA_ROOT")
SHOWN = 3


def find(case: Case) -> Iterator[Finding]:
    """One finding for the uploads, and one per function that writes files by itself."""
    if not reads_all(case):
        return
    fields = _fields(case)
    if fields and _is_on_disk(case):
        yield _uploads(fields, case)
    yield from (_written(write) for write in file_writes(case.code))


def reads_all(case: Case) -> bool:
    """Whether the settings are a site's: what writes files is then told by its text alone."""
    return is_known(case) and not is_debugging(case)


def _fields(case: Case) -> list[str]:
    """Fields of the project's own models whose files go to the default storage."""
    return sorted(
        f"{model.label.rpartition('.')[2]}.{field.name}"
        for model in case.facts.models
        if model.file and model.is_managed and not model.is_proxy
        for field in model.fields
        if field.kind in FILES and not _has_own_storage(model, field, case)
    )


def _has_own_storage(model: ModelFacts, field: FieldFacts, case: Case) -> bool:
    """Whether the field names a storage of its own; which one is not known."""
    own = (module for module in case.code.modules if module.file == model.file)
    assigned = (node for module in own for node in ast.walk(module.tree))
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and any(isinstance(t, ast.Name) and t.id == field.name for t in node.targets)
        and any(keyword.arg == "storage" for keyword in node.value.keywords)
        for node in assigned
    )


def _is_on_disk(case: Case) -> bool:
    if APPS & set(case.facts.apps) or any(
        REMOTE.search(text) or ELSEWHERE.search(text)
        for setting in SETTINGS
        for text in texts(case, setting)
    ):
        return False
    stated = backends(case, "STORAGES").get("default")
    is_default = not {"STORAGES", "DEFAULT_FILE_STORAGE"} & case.facts.explicit
    return stated.value.endswith(ON_DISK) if stated else is_default


def _uploads(fields: list[str], case: Case) -> Finding:
    shown = ", ".join(fields[:SHOWN])
    more = f" and {len(fields) - SHOWN} more" if len(fields) > SHOWN else ""
    return Finding(
        rule=ID,
        message=f"What users upload ({shown}{more}) stays on the host that took it: "
        f"{ON_DISK} is the default storage",
        hint=f'set STORAGES["default"]["BACKEND"] = "{OBJECT_STORAGE}" (django-storages), or make '
        f"MEDIA_ROOT a volume that all hosts mount",
        location=place(case, "MEDIA_ROOT"),
        evidence=Evidence(figures={"fields": len(fields)}),
        confidence=0.65,
        remedy=Remedy(kind="setting", path="STORAGES.default.BACKEND"),
        fix=Fix(status="none", reason="the files that are there have to move as well"),
        concern="hazard",
    )


def _written(write: FileWrite) -> Finding:
    name = write.function.rpartition(".")[2]
    return Finding(
        rule=ID,
        message=f"{name} writes {write.path} to the disk of the host that happens to serve",
        hint="write it with default_storage.save() to a storage that all hosts share, or keep it "
        "in the database; for the time of a request use tempfile",
        location=write.location,
        evidence=Evidence(figures={"function": write.function}),
        confidence=0.7,
        remedy=Remedy(kind="move"),
        fix=Fix(status="none", reason="who reads the file has to change as well"),
        concern="hazard",
    )
