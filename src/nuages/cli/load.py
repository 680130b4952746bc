"""The commands traffic and load."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from nuages.cli.options import (
    FILE,
    flags,
    json_option,
    project_options,
    rows_option,
    server_options,
    stdout,
    traffic_option,
    unenclosed_option,
)
from nuages.errors import NuagesError
from nuages.exits import FOUND
from nuages.outputs import make_folder, own_folder, writable

if TYPE_CHECKING:
    from nuages.load import LoadResult
    from nuages.loading import Site
    from nuages.progress import Progress
    from nuages.stack.home import Home
    from nuages.traffic.mix import Actor, Mix

TREE = click.Path(path_type=Path)


@click.command()
@click.argument("project", type=TREE, default=".")
@project_options
@click.option(
    "--from-log",
    "logs",
    type=FILE,
    multiple=True,
    help="Access log: nginx, Apache, AWS ALB or JSON lines, .gz too; may be given again.",
)
@click.option("--openapi", type=FILE, help="OpenAPI document, as JSON or YAML.")
@click.option("--locust-file", "locust", type=FILE, help="Locust file; it is read, not run.")
@click.option("--recording", type=FILE, help="Recording that tells how often each route is asked.")
@click.option(
    "--include",
    multiple=True,
    metavar="TEXT",
    help="Send routes with TEXT in them, too, although they look destructive.",
)
@click.option("--assets", is_flag=True, help="Keep static files of a log.")
@rows_option
@unenclosed_option
@click.option("-o", "--output", type=FILE, help="The file. [default: .nuages/traffic.yaml]")
@json_option
def traffic(project: Path, as_json: bool, output: Path | None, **options: Any) -> int:  # fmt: skip
    """Write what visitors of PROJECT ask for into a file that can be edited.

    From an access log, an OpenAPI document, a Locust file or a recording where one is named; else
    from the project's own routes, links, forms and data.
    """
    from nuages.cli.mixes import mix_from
    from nuages.traffic import file

    target = writable(output or _own_file(project))
    mix = mix_from(project, options)
    make_folder(target)
    file.write(mix, target)
    if as_json:
        told = {
            "output": str(target),
            "source": mix.source,
            "requests": len(mix.templates),
            "excluded": [{"route": each.route, "why": each.why} for each in mix.excluded],
        }
        click.echo(json.dumps({"schema": 1, **told}, indent=2, ensure_ascii=False))
    click.echo(
        f"nuages: {len(mix.templates)} kinds of request written to {target};"
        f" {len(mix.excluded)} are left out and listed there. Next: nuages load",
        err=True,
    )
    return 0


@click.command()
@click.argument("target", default=".")
@project_options
@traffic_option
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Requests a second.")
@click.option(
    "--users",
    type=click.IntRange(1),
    help="So many users, each pausing for the traffic's think time, instead of a rate.",
)
@click.option(
    "--steps",
    metavar="RATES",
    help="Rates to step through, 10,20,40. [default: ever higher, to find the knee]",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    help="Of each rate.",
)
@click.option("--poisson", is_flag=True, help="Arrivals at random, as users' are.")
@click.option("--bursty", type=click.IntRange(2), metavar="N", help="Arrivals N at a time.")
@click.option(
    "--p95",
    "p95_ms",
    type=float,
    default=100.0,
    show_default=True,
    help="Budget of the knee, milliseconds.",
)
@click.option(
    "--errors",
    type=float,
    default=0.001,
    show_default=True,
    help="Budget of the knee, share of requests.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    help="Seconds after which an answer is none.",
)
@click.option(
    "--processes",
    type=click.IntRange(1),
    help="Of the generator. [default: as many as the rate needs, a core each at most]",
)
@click.option(
    "--writes",
    is_flag=True,
    help="Send what writes to a URL, too; to a project's scratch copy it always is.",
)
@click.option("--insecure", is_flag=True, help="Accept any certificate.")
@click.option(
    "--locust",
    is_flag=True,
    help="Send it by Locust instead: writes a locustfile and"
    " runs it, a master and a worker each core.",
)
@server_options
@rows_option
@unenclosed_option
@json_option
def load(target: str, as_json: bool, **options: Any) -> int:  # fmt: skip
    """Send traffic to TARGET, a URL or a project, at a rate that does not wait for answers.

    Without --rate it steps up until p95 or errors break the budget, and names the highest rate
    that held: the knee. A project is served on scratch data. Exit code 1: the budget broke.
    """
    from nuages.progress import Progress
    from nuages.report import loads

    progress = Progress()
    with _site(target, options, progress) as site:
        if options["locust"]:
            from nuages.load.locust import run_locust

            rate = _rate_of(options, site.mix) or 10.0
            return run_locust(site.mix, site.target, rate=rate, seconds=options["seconds"])
        knee, budget_held = _loaded(site, options, progress)
        results = [(each.result, each.saturation) for each in site.measured]
        if as_json:
            told = loads.load_json(results, knee, site.mix)
            click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        else:
            loads.render_load(results, knee, site.mix, stdout())
    return 0 if budget_held else FOUND


def _rate_of(options: dict[str, Any], mix: Mix) -> float:
    """Requests a second that were asked for, as such or by so many users; 0: none were."""
    return float(options["rate"] or (options["users"] or 0) / (mix.think_seconds or 1.0))


def _loaded(site: Site, options: dict[str, Any], progress: Progress) -> tuple[Any, bool]:
    """The knee, where it was looked for, and whether the budget held."""
    from nuages.load import Budget, Phase, Steps, find_knee

    budget = Budget(p95_ms=options["p95_ms"], error_share=options["errors"])
    rate = _rate_of(options, site.mix)
    phase = Phase(
        rate=rate or 1.0,
        seconds=options["seconds"],
        arrivals="bursty" if options["bursty"] else "poisson" if options["poisson"] else "constant",
        burst=options["bursty"] or 1,
        timeout=options["timeout"],
        seed=int(time.time()),
    )

    def tell(result: LoadResult) -> None:
        p95 = result.latency.percentile_ms(0.95)
        progress.detail(f"{result.phase.rate:.4g}/s: p95 {p95:.1f} ms")

    with progress.stage("load"), site.running(budget) as run:
        if rate:
            return None, run(phase).holds(budget)
        rates = tuple(map(_rate, (options["steps"] or "").split(","))) if options["steps"] else ()
        steps = Steps(seconds=options["seconds"], budget=budget, rates=rates)
        knee = find_knee(run, steps, phase, tell=tell)
    return knee, knee.rate is not None and not (rates and knee.is_bound)


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value <= 0:
        raise NuagesError(
            f"--steps takes rates, found {text!r}.", hint="--steps 10,20,40", slug="configuration"
        )
    return value


@contextmanager
def _site(target: str, options: dict[str, Any], progress: Progress) -> Iterator[Site]:
    from nuages.cli.mixes import filled, known_mix, mix_for
    from nuages.load.target import Target
    from nuages.loading import Site, served_site
    from nuages.project import discover
    from nuages.serving import ServerOptions
    from nuages.traffic.logins import signed_in

    if target.startswith(("http://", "https://", "unix:")):
        place = Target.of(target, verify=not options["insecure"])
        mix = known_mix(Path.cwd(), options)
        if mix is None:
            place, mix = _single(place, target)
        elif not options["writes"]:
            mix = mix.reading()
        actors = [signed_in(a, place.url, verify=place.verify) for a in mix.everybody()]
        for note in _strangers(actors):
            progress.say(note)
        yield Site(
            target=place,
            mix=replace(mix, actors=tuple(actors)),
            home=_stack_at(target),
            processes=options["processes"],
        )
        return
    found = discover(Path(target), **flags(options))
    servers = ServerOptions(workers=options["workers"], threads=options["threads"])
    with filled(found, options, progress) as lab:
        mix = mix_for(lab, found.root, options, progress)
        with served_site(
            lab, mix, options=servers, processes=options["processes"], recorded=True
        ) as site:
            yield site


def _strangers(actors: Sequence[Actor]) -> list[str]:
    """Who the file gives a name and nothing to be let in by: they get what anybody gets."""
    names = [a.name for a in actors if a.name != "anonymous" and not (a.cookies or a.headers)]
    return [f"{name} has no login, cookies or headers in the traffic file: asks as anybody"
            for name in names]  # fmt: skip


def _stack_at(url: str) -> Home | None:
    """The stack of the project in this folder, if the URL is its balancer's."""
    from nuages.project import find_root
    from nuages.stack.home import home_of, running

    for folder in (Path.cwd(), find_root(Path.cwd())):
        told = running(home_of(folder))
        if told and urlsplit(str(told.get("url", ""))).netloc == urlsplit(url).netloc:
            return home_of(folder)
    return None


def _single(place: Any, url: str) -> tuple[Any, Mix]:
    """A URL alone: the one page that it names."""
    from nuages.traffic.mix import Mix, Template

    parts = urlsplit("" if place.socket else url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    mix = Mix(templates=(Template(route=f"GET {parts.path or '/'}", path=path),))
    return replace(place, prefix=""), mix


def _own_file(project: Path) -> Path:
    from nuages.cli.mixes import TRAFFIC
    from nuages.project import find_root

    return own_folder(find_root(project)) / TRAFFIC
