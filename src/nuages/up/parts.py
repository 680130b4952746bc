"""From a topology to what is to run: programs found, folders laid out, files written."""

from __future__ import annotations

from collections.abc import Mapping

from nuages.agent.attach import STACK
from nuages.project import Project
from nuages.stack.assembled import Parts
from nuages.stack.child import Order
from nuages.stack.home import Home
from nuages.stack.replicas import Launcher
from nuages.topology import Topology
from nuages.up.finding import Servers
from nuages.up.preparing import Preparation
from nuages.up.telling import Telling


def assemble(
    project: Project, topology: Topology, home: Home, *, external: tuple[str, ...] = ()
) -> Parts:
    """Find every program, lay out the folders, and write what each process is told."""
    servers = Servers(project, topology, home)
    telling = Telling(project, topology, home, servers)
    environment = telling.environment()
    preparation = Preparation(
        project=project,
        topology=topology,
        environment={**environment, STACK: str(telling.tell_preparation())},
        files=home.folder("files"),
        make_databases=telling.make_databases,
        external=external,
        postgres_major=servers.cluster.major if servers.cluster else 14,
    )
    return Parts(
        topology=topology,
        home=home,
        caddy=servers.caddy,
        launcher=Launcher(
            python=project.python,
            root=project.root,
            environment=environment,
            sockets=home.replicas,
        ),
        tell=telling.tell,
        command=lambda: _command(project, {**environment, STACK: str(telling.tell_command())}),
        counters=telling.counters,
        report=telling.report,
        look=preparation.look,
        make_ready=preparation.migrate,
        media=preparation.media,
        finish=preparation.finish,
        abandon=preparation.close,
        again=preparation.again,
        cluster=servers.cluster,
        standbys=servers.standbys,
        extensions=project.extensions,
        pools=servers.pools,
        caches=servers.caches,
        notes=servers.notes,
    )


def _command(project: Project, environment: Mapping[str, str]) -> Order:
    """manage.py, or Django's own where there is none; its arguments follow."""
    script = (str(project.manage),) if project.manage else ("-m", "django")
    argv = (*project.python, *script)
    return Order(name="manage", argv=argv, cwd=project.root, environment=environment)
