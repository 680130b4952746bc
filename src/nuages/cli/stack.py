"""The commands that run a project scaled out: up, ps, top, scale, restart, logs, down, topology."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console

from nuages.cli.options import flags, json_option, project_options
from nuages.errors import NuagesError
from nuages.exits import FOUND

if TYPE_CHECKING:
    from nuages.stack.home import Home

F = TypeVar("F", bound=Callable[..., Any])

# Option of the command line → key path of the topology.
PATHS = {
    "host": "host",
    "port": "port",
    "server": "server",
    "cache": "cache",
    "pool": "pool",
    "replicas": "services.web.replicas",
    "keep": "keep",
}


def topology_options(command: F) -> F:
    """Add what says how the project is to be run; it wins over the configuration."""
    servers = click.Choice(["granian", "gunicorn", "granian-asgi"])
    for option in reversed(
        (
            click.option("--host", help="Address to listen on. [default: 127.0.0.1]"),
            click.option("--port", type=click.IntRange(1, 65535), help="[default: 8000]"),
            click.option("--replicas", type=click.IntRange(1), help="Of the service web."),
            click.option("--server", type=servers, help="What runs the project."),
            click.option("--cache", help="valkey, memcached, none, or the URL of your own."),
            click.option("--pool", type=click.Choice(["pgbouncer", "django", "none"]),
                         help="What holds the database's connections."),
            click.option("--keep", multiple=True, metavar="SETTING",
                         help="A setting to be left as it is; may be given again."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


project_option = click.option(
    "--project", type=click.Path(path_type=Path), default=".", help="[default: the one here]"
)
project_argument = click.argument("project", type=click.Path(path_type=Path), default=".")


@click.command()
@project_argument
@project_options
@topology_options
@click.option("--autoscale", metavar="1..8", help="Fewest and most replicas, by load.")
@click.option("-d", "--detach", is_flag=True, help="Return once it serves.")
@click.option(
    "--migrate-external",
    multiple=True,
    metavar="NAME",
    help="A database on your own server that may be migrated; may be given again.",
)
def up(project: Path, autoscale: str | None, detach: bool, **options: Any) -> int:
    """Run PROJECT scaled out, here: balancer, replicas, PgBouncer, PostgreSQL, cache.

    Without Docker and without a change to the project. Ctrl-C ends it, as `nuages down` does; its
    databases are kept for the next time.
    """
    from nuages.up import UpOptions
    from nuages.up import up as run_stack

    if detach:
        from nuages.up.detaching import start_detached

        console = Console(stderr=True, highlight=False)
        printed = partial(console.print, soft_wrap=True, markup=False)
        return start_detached(project, sys.argv[1:], say=printed)
    bounds = _bounds(autoscale)
    told = _told(options)
    if bounds:
        told["services.web.most"] = bounds.most
        told["services.web.replicas"] = told["services.web.replicas"] or bounds.least
    found = _discover(project, options)
    console = Console(stderr=True, highlight=False)
    run_stack(
        found,
        UpOptions(autoscale=bounds, flags=told, migrate_external=options["migrate_external"]),
        say=lambda text: console.print(f"[yellow]![/] {text}", soft_wrap=True),
        ready=lambda running: _announce(running, console),
    )
    console.print("Down. Its databases are kept; `nuages down --purge` removes them.")
    return 0


@click.command()
@project_argument
@project_options
@topology_options
@json_option
def topology(project: Path, as_json: bool, **options: Any) -> int:
    """Print what `nuages up` would run, each value with where it comes from."""
    from nuages.up.describing import render, topology_of

    resolved = topology_of(_discover(project, options), _told(options))
    if as_json:
        click.echo(json.dumps(resolved.to_json(), indent=2))
    else:
        render(resolved, Console(file=sys.stdout))
    return 0


@click.command()
@project_argument
@json_option
def ps(project: Path, as_json: bool) -> int:
    """Show each process of the stack: health, requests/s, latency, CPU, memory, connections."""
    from nuages.up.showing import processes

    told = _ask(project, "ps")
    if as_json:
        click.echo(json.dumps({"schema": 1, **told}, indent=2))
    else:
        wide = None if sys.stdout.isatty() else 160  # columns, for a file or a pipe
        processes(told, Console(file=sys.stdout, width=wide))
    return 0


@click.command()
@project_argument
def top(project: Path) -> int:
    """Watch the stack: rates, latency, pools, cache, connections, statements. Ctrl-C ends it."""
    from nuages.up.top import watch

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    watch(_home(project).control, console, once=not sys.stdout.isatty())
    return 0


@click.command()
@click.argument("services", nargs=-1, required=True, metavar="SERVICE=N...")
@project_option
def scale(services: tuple[str, ...], project: Path) -> int:
    """Bring services to a number of replicas: nuages scale web=4."""
    for text in services:
        name, equals, number = text.partition("=")
        if not (equals and number.isdigit()):
            raise NuagesError(
                f"takes SERVICE=N, found {text!r}", hint="nuages scale web=4", slug="stack"
            )
        _ask(project, "scale", service=name, replicas=int(number))
        click.echo(f"{name}: {number}", err=True)
    return 0


@click.command()
@click.argument("services", nargs=-1)
@project_option
@click.option("--check", is_flag=True, help="Only say what the pending migrations would break.")
@click.option("--force", is_flag=True, help="Run them even so.")
def restart(services: tuple[str, ...], project: Path, check: bool, force: bool) -> int:
    """Replace SERVICES, or every service of the project's code, losing no request.

    Pending migrations run before, once; one that the running version would not bear is refused.
    `postgres`, `pgbouncer`, `valkey` and `caddy` can be named, too.
    """
    told = _ask(project, "restart", names=list(services), check=check, force=force)
    for each in told["hazards"]:
        click.echo(f"{each['migration']} {each['kind']}: {each['advice']}", err=True)
    return FOUND if check and told["hazards"] else 0


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@project_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def manage(command: tuple[str, ...], project: Path) -> int:
    """Run a management command of the project in the stack: nuages manage createsuperuser."""
    from nuages.up.managing import manage as run_command

    return run_command(_home(project), command)


@click.command()
@click.argument("names", nargs=-1)
@project_option
@click.option("-f", "--follow", is_flag=True, help="Go on as more is printed.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="Lines of each to begin with.",
)
def logs(names: tuple[str, ...], project: Path, follow: bool, lines: int) -> int:
    """Print what the stack's processes printed; NAMES such as web, web-2, postgres."""
    from nuages.up.showing import print_logs

    print_logs(_home(project), names, lines=lines, follow=follow)
    return 0


@click.command()
@project_argument
@click.option("--purge", is_flag=True, help="Remove its databases, uploads and logs, too.")
def down(project: Path, purge: bool) -> int:
    """End the stack; its databases are kept."""
    from nuages.up import down as end

    if not end(_home(project), purge=purge) and not purge:
        click.echo("nuages: no stack of this project is up here", err=True)
    return 0


def _ask(project: Path, verb: str, **arguments: Any) -> Any:
    from nuages.stack import control

    console = Console(stderr=True, highlight=False)
    return control.ask(_home(project).control, verb, say=console.print, **arguments)


def _home(project: Path) -> Home:
    """The stack's folder, for the project at a path or in a folder above it."""
    from nuages.project import find_root
    from nuages.stack.home import home_of

    here = home_of(project)
    return here if here.path.exists() else home_of(find_root(project.resolve()))


def _told(options: dict[str, Any]) -> dict[str, Any]:
    return {path: options[name] or None for name, path in PATHS.items()}


def _bounds(text: str | None) -> Any:
    from nuages.stack.autoscale import Bounds

    try:
        return Bounds.parse(text) if text else None
    except ValueError:
        raise NuagesError(
            f"--autoscale takes FEWEST..MOST, found {text!r}",
            hint="nuages up --autoscale 1..8",
            slug="stack",
        ) from None


def _discover(path: Path, options: dict[str, Any]) -> Any:
    from nuages.project import discover

    return discover(path, **flags(options))


def _announce(running: Any, console: Console) -> None:
    from nuages.up.showing import announce

    announce(running, console)
