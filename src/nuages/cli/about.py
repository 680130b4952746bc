"""The commands about nuages itself: its rules, and what it can enforce on this machine."""

from __future__ import annotations

import json

import click

from nuages.cli.options import json_option
from nuages.exits import FOUND


@click.command()
@json_option
def rules(as_json: bool) -> int:
    """List what nuages looks for, a line a rule."""
    from nuages.rules import load_rules, sentence

    known = {rule.ID: sentence(rule) for rule in load_rules()}
    if as_json:
        click.echo(json.dumps({"schema": 1, "rules": known}, indent=2, ensure_ascii=False))
        return 0
    longest = max(map(len, known))
    for rule, words in known.items():
        click.echo(f"{rule.ljust(longest)}  {words}")
    return 0


@click.command()
@click.argument("rule")
@json_option
def explain(rule: str, as_json: bool) -> int:
    """Print the page about RULE: what it finds, why it hurts, when a fix is safe."""
    from nuages.rule_pages import rule_page
    from nuages.rules import load_rules, sentence
    from nuages.silencing import unknown_rule

    page = rule_page(rule)
    if not page:
        raise unknown_rule(rule, "nuages explain")
    if as_json:
        said = next((sentence(known) for known in load_rules() if rule == known.ID), "")
        told = {"schema": 1, "rule": rule, "sentence": said, "page": page}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return 0
    click.echo(page.rstrip())
    return 0


@click.command()
@json_option
def enclosure(as_json: bool) -> int:
    """Say what this operating system can enforce around a project; exit 1 where it can't."""
    from nuages.enclosure import support

    seen = support()
    if as_json:
        click.echo(json.dumps({"schema": 1, "enforced": not seen.missing, "missing": seen.missing}))
    elif seen.missing:
        click.echo(f"Not enforced here: {seen.missing}\nNext: run with --unenclosed.")
    else:
        click.echo("Enforced here: own network, read-only files, nothing survives the run.")
    return FOUND if seen.missing else 0
