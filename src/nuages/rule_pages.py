"""The pages about the rules, which come with the package: docs/rules of the repository."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parent
FOLDERS = (PACKAGE / "docs" / "rules", PACKAGE.parents[1] / "docs" / "rules")  # wheel; checkout
RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:)[^)]*\)")


def rule_page(rule: str) -> str:
    """The page in Markdown, without links to its neighbours; "" where it did not come along."""
    for folder in FOLDERS:
        path = folder / f"{rule}.md"
        if path.is_file():
            return RELATIVE_LINK.sub(r"\1", path.read_text("utf-8"))
    return ""
