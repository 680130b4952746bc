"""The mix that a command sends: what a file says, what a source tells, or what a crawl finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nuages import store
from nuages.cli.options import flags
from nuages.errors import NuagesError
from nuages.lab import Lab, open_lab
from nuages.outputs import own_folder
from nuages.populate import prepare_databases
from nuages.progress import Progress
from nuages.project import Project, discover
from nuages.traffic import file, openapi, recorded
from nuages.traffic.access_log import mix_of_logs
from nuages.traffic.crawl import Limits
from nuages.traffic.fitting import fitted
from nuages.traffic.grouping import grouped
from nuages.traffic.locust_file import read_locust
from nuages.traffic.mix import Mix
from nuages.traffic.site import mix_of_site

TRAFFIC = "traffic.yaml"  # in .nuages of the project, where no other file is named


@contextmanager
def filled(
    found: Project, options: Mapping[str, Any], progress: Progress, *, users: int | None = None
) -> Iterator[Lab]:
    """A lab whose databases are migrated and filled, with the volume of `users` where told."""

    with open_lab(found, progress=progress, enforce=not options["unenclosed"]) as lab:
        for note in prepare_databases(lab, rows=options["rows"], users=users):
            progress.detail(note)
        yield lab


def crawled(lab: Lab, progress: Progress, **told: Any) -> Mix:
    config = lab.project.config
    with progress.stage("traffic"), lab.session(mode="light") as session:
        actors = session.call("actors", functions=dict(config.actors))
        mix, _ = mix_of_site(
            session,
            actors=actors,
            limits=Limits(seconds=config.crawl_seconds),
            exclude=config.exclude,
            progress=progress.detail,
            **told,
        )
    return mix


def mix_for(lab: Lab, root: Path, options: Mapping[str, Any], progress: Progress) -> Mix:
    """What is sent to a project's scratch data: the file's, made to fit them, else a crawl's."""
    mix = known_mix(root, options)
    if mix is None:
        return crawled(lab, progress)
    with progress.stage("traffic"), lab.session(mode=None) as session:
        actors = session.call("actors", functions=dict(lab.project.config.actors))
        found = fitted(session, mix, actors=actors)
    for note in found.notes():
        progress.say(note)
    return found.mix


def known_mix(root: Path, options: Mapping[str, Any]) -> Mix | None:
    named = options["traffic_file"]
    usual = own_folder(root) / TRAFFIC
    path = named or (usual if usual.exists() else None)
    return file.read(path) if path else None


def mix_from(project: Path, options: Mapping[str, Any]) -> Mix:
    if options["logs"]:
        return mix_of_logs(options["logs"], include=options["include"], assets=options["assets"])
    if options["locust"]:
        read = read_locust(options["locust"])
        templates, excluded = grouped(read.requests, include=options["include"], assets=True)
        return Mix(
            templates=templates,
            excluded=(*excluded, *read.left_out),
            think_seconds=read.think_seconds or 5.0,
            source=f"the Locust file {options['locust'].name}",
        )
    return _mix_of_project(project, options)


def _mix_of_project(project: Path, options: Mapping[str, Any]) -> Mix:
    """From the project itself, with the weights of a recording, or with an OpenAPI document."""

    if options["openapi"] and not _is_project(project):
        seen, left_out = openapi.requests_of(options["openapi"])
        templates, excluded = grouped(seen, include=options["include"], assets=True)
        source = f"the OpenAPI document {options['openapi'].name}"
        return Mix(templates=templates, excluded=(*excluded, *left_out), source=source)
    weights = recorded.weights(store.read(options["recording"])) if options["recording"] else None
    progress = Progress()
    with filled(discover(project, **flags(dict(options))), options, progress) as lab:
        mix = crawled(lab, progress, weights=weights, include=options["include"])
    if not options["openapi"]:
        return mix
    known = {t.route.partition(" ")[2]: [t.filled(r).path for r in t.arguments or ({},)]
             for t in mix.templates if t.method == "GET"}  # fmt: skip
    seen, left_out = openapi.requests_of(options["openapi"], known)
    templates, excluded = grouped(seen, include=options["include"], assets=True)
    source = f"the OpenAPI document {options['openapi'].name}, with the project's data"
    return Mix(
        templates=templates, actors=mix.actors, excluded=(*excluded, *left_out), source=source
    )


def _is_project(path: Path) -> bool:
    try:
        discover(path)
    except NuagesError:
        return False
    return True
