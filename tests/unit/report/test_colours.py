"""Text and bars have the contrast that WCAG asks for, in light and in dark."""

from __future__ import annotations

import re

import pytest

from nuages.report.html import render_html

from .samples import EMPTY
from .test_html import Page


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render_html(EMPTY))


def luminance(colour: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG21/#dfn-relative-luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours(page: Page, scheme: str) -> dict[str, str]:
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", page.styles)
    return {name: light if scheme == "light" else dark for name, light, dark in pairs}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_that_wcag_aa_asks_for(page, scheme):
    shades = colours(page, scheme)
    on = {
        "paper": "ink soft accent good warn bad",
        "card": "ink soft accent keyword string number name gray",
        "tint": "ink soft accent gray",
        "mark": "ink keyword string number name",
        "add": "ink", "del": "ink", "add-mark": "ink", "del-mark": "ink",
    }  # fmt: skip
    for ground, inks in on.items():
        for ink in inks.split():
            ratio = contrast(shades[ground], shades[ink])
            assert ratio >= 4.5, f"{ink} on {ground}: {ratio:.2f}"


PARTS = "cpu database cache outside connections waiting edge accent"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_and_fields_have_the_contrast_that_graphics_need(page, scheme):
    """https://www.w3.org/TR/WCAG21/#non-text-contrast"""
    shades = colours(page, scheme)
    for part in PARTS.split():
        ratio = contrast(shades["paper"], shades[part])
        assert ratio >= 3, f"{part}: {ratio:.2f}"
