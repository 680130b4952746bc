"""Makes JSON Schemas of the tables in docs/reference/json.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
DOCUMENTS = {
    "Diagnosis": "diagnosis.schema.json",
    "Recorded": "record.schema.json",
    "Collected": "collect.schema.json",
    "Rules": "rules.schema.json",
    "Explained": "explain.schema.json",
    "Tune": "tune.schema.json",
    "Load": "load.schema.json",
    "Proof": "proof.schema.json",
}
PLAIN = {
    "str": "string",
    "int": "integer",
    "number": "number",
    "bool": "boolean",
    "null": "null",
}

Json = dict[str, Any]
Table = dict[str, tuple[str, str]]  # key → type, meaning


def tables(page: str) -> dict[str, Table]:
    """The tables of the page by their headings."""
    found: dict[str, Table] = {}
    for line in page.splitlines():
        if heading := re.match(r"## (\w+)", line):
            table = found[heading[1]] = {}
        elif row := re.match(r"\| `(\w+)` \| ((?:\\\||[^|])+) \| (.+) \|$", line):
            table[row[1]] = (row[2].replace("\\|", "|").strip(), row[3].replace("\\|", "|"))
    return found


def schema(name: str, known: dict[str, Table]) -> Json:
    """The schema of one document, with whatever it needs defined in it."""
    needed: list[str] = []
    own = _object(known[name], needed)
    definitions: Json = {}
    while needed:
        part = needed.pop()
        if part not in definitions:
            definitions[part] = _object(known[part], needed)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"nuages: {name}, schema 1",
        **own,
        "$defs": dict(sorted(definitions.items())),
    }


def _object(table: Table, needed: list[str]) -> Json:
    """Every key is there; more may come."""
    properties = {
        key: {**_type(spelled, needed), "description": meaning}
        for key, (spelled, meaning) in table.items()
    }
    if "schema" in properties:
        properties["schema"]["const"] = 1
    return {"type": "object", "properties": properties, "required": list(properties)}


def _type(spelled: str, needed: list[str]) -> Json:
    if "|" in spelled:
        return {"anyOf": [_type(part.strip(), needed) for part in spelled.split("|")]}
    if spelled.startswith("["):
        return {"type": "array", "items": _type(spelled[1:-1], needed)}
    if spelled.startswith("{"):
        return {"type": "object", "additionalProperties": _type(spelled[1:-1], needed)}
    if spelled == "any":
        return {}
    if spelled in PLAIN:
        return {"type": PLAIN[spelled]}
    needed.append(spelled)
    return {"$ref": f"#/$defs/{spelled}"}


def texts() -> dict[str, str]:
    """File → its text."""
    known = tables((REFERENCE / "json.md").read_text("utf-8"))
    return {
        file: json.dumps(schema(name, known), indent=2, ensure_ascii=False) + "\n"
        for name, file in DOCUMENTS.items()
    }


def main() -> None:
    """Write the files beside the page."""
    for file, text in texts().items():
        (REFERENCE / file).write_text(text, encoding="utf-8")
        print(REFERENCE / file)


if __name__ == "__main__":
    main()
