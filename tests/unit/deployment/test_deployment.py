"""What a project's files say of how it is deployed, and what they leave open."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from nuages.deployment import Deployment, Pooler, Service, read


def deployed(root: Path, files: dict[str, str]) -> Deployment:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return read(root)


def figures(service: Service) -> tuple[int | None, int | None, int | None]:
    return service.replicas, service.workers, service.threads


COMPOSE = """
    services:
      web:
        command: gunicorn shop.wsgi --workers 4 --threads 2
        deploy: {replicas: 3}
      worker:
        command: [celery, -A, shop, worker, -c, "8"]
      db:
        image: postgres:16
        command: postgres -c max_connections=50
      pool:
        image: edoburu/pgbouncer
        environment: {POOL_MODE: transaction, DEFAULT_POOL_SIZE: 30, MAX_CLIENT_CONN: "500"}
"""
MANIFEST = """
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 2
      template:
        spec:
          containers:
            - image: shop:1
              command: [gunicorn, shop.wsgi]
              args: [-w, "4"]
              env: [{name: A, valueFrom: {}}, {name: WEB_CONCURRENCY, value: "9"}]
    ---
    kind: Service
    metadata: {name: web}
"""


class TestReads:
    def test_a_compose_file(self, tmp_path):
        [fleet] = deployed(tmp_path, {"docker-compose.yml": COMPOSE}).complete
        web, worker = fleet.services
        assert (figures(web), figures(worker)) == ((3, 4, 2), (1, 8, 1))
        assert (web.connections, worker.connections) == (24, 8)
        assert fleet.max_connections == 50
        assert fleet.pooler == Pooler(
            source="docker-compose.yml", mode="transaction", pool_size=30, reserve_size=0,
            max_clients=500, max_db_connections=0, databases=1,
        )  # fmt: skip

    def test_the_default_of_the_image_of_postgresql(self, tmp_path):
        text = "services: {db: {image: 'postgres:16', volumes: ['x:/var/lib/postgresql/data']}}"
        [fleet] = deployed(tmp_path, {"compose.yaml": text}).fleets
        assert fleet.max_connections == 100

    def test_the_image_that_a_service_is_built_from(self, tmp_path):
        [service] = deployed(
            tmp_path,
            {
                "docker-compose.yml":
                    "services: {web: {build: {context: ., dockerfile: D/Dockerfile}}}",
                "D/Dockerfile": 'FROM python\nCMD ["gunicorn", "shop.wsgi", \\\n  "-w", "3"]\n',
            },
        ).services  # fmt: skip
        assert figures(service) == (1, 3, 1)

    def test_the_script_that_an_image_copies(self, tmp_path):
        [service] = deployed(
            tmp_path,
            {
                "docker-compose.production.yml": """
                    services:
                      django:
                        build: {context: ., dockerfile: ./compose/production/django/Dockerfile}
                        command: /start
                """,
                "compose/production/django/Dockerfile":
                    "COPY --chown=django:django ./compose/production/django/start /start\n",
                "compose/production/django/start":
                    "#!/bin/bash\npython manage.py migrate\nexec gunicorn config.wsgi \\\n  -w 5\n",
            },
        ).services  # fmt: skip
        assert (service.name, service.workers) == ("django", 5)

    def test_manifests_of_kubernetes(self, tmp_path):
        [service] = deployed(tmp_path, {"k8s/web.yaml": MANIFEST}).services
        assert (service.name, figures(service), service.source) == ("web", (2, 4, 1), "k8s")

    def test_what_an_autoscaler_may_make_of_them(self, tmp_path):
        scaler = """
            kind: HorizontalPodAutoscaler
            spec: {scaleTargetRef: {name: web}, maxReplicas: 12}
        """
        files = {"k8s/web.yaml": MANIFEST, "k8s/hpa.yaml": scaler}
        [service] = deployed(tmp_path, files).services
        assert service.replicas == 12

    def test_a_procfile(self, tmp_path):
        text = "web: gunicorn shop.wsgi -w 3 --threads 4\nrelease: python manage.py migrate\n"
        [service] = deployed(tmp_path, {"Procfile": text}).services
        assert (service.name, figures(service)) == ("web", (None, 3, 4))

    def test_the_file_that_gunicorn_reads(self, tmp_path):
        files = {
            "Procfile": "web: gunicorn shop.wsgi\n",
            "gunicorn.conf.py": "workers = 6\nthreads = 2\nworker_class = 'gthread'\n",
        }
        [service] = deployed(tmp_path, files).services
        assert (figures(service), service.worker_class) == ((None, 6, 2), "gthread")

    def test_the_command_line_wins_over_the_file(self, tmp_path):
        files = {
            "Procfile": "web: gunicorn shop.wsgi -c etc/gunicorn_config.py -w 2\n",
            "etc/gunicorn_config.py": "import os\nworkers = os.cpu_count()\nthreads = 8\n",
        }
        [service] = deployed(tmp_path, files).services
        assert figures(service) == (None, 2, 8)

    def test_units_of_systemd_and_supervisor(self, tmp_path):
        unit = "[Service]\nExecStart=/srv/venv/bin/gunicorn \\\n  --workers 3 shop.wsgi\n"
        program = "[program:web]\ncommand=gunicorn shop.wsgi -w 2\nnumprocs=2\n"
        found = deployed(tmp_path, {"etc/shop.service": unit, "supervisord.conf": program})
        assert {(s.name, s.workers, s.replicas) for s in found.services} == {
            ("shop", 3, None), ("web", 2, 2),
        }  # fmt: skip

    def test_uwsgi_by_its_own_file(self, tmp_path):
        text = "[uwsgi]\nmodule = shop.wsgi\nprocesses = 5\nthreads = 2\n"
        [service] = deployed(tmp_path, {"uwsgi.ini": text}).services
        assert figures(service) == (None, 5, 2)

    def test_pgbouncers_own_file(self, tmp_path):
        text = "[databases]\n* = host=db\n[pgbouncer]\npool_mode = transaction\n"
        pooler = deployed(tmp_path, {"pgbouncer/pgbouncer.ini": text}).pooler
        assert (pooler.mode, pooler.pool_size, pooler.max_clients) == ("transaction", 20, 100)

    def test_a_limit_that_another_file_sets(self, tmp_path):
        files = {
            "Procfile": "web: gunicorn shop.wsgi -w 3\n",
            "etc/postgresql.conf": "#max_connections = 5\nmax_connections = 30\t# few\n",
        }
        [fleet] = deployed(tmp_path, files).complete
        assert fleet.max_connections == 30

    @pytest.mark.parametrize(
        ("command", "is_async", "is_green"),
        [
            ("uvicorn shop.asgi:application", True, False),
            ("gunicorn shop.asgi -k uvicorn.workers.UvicornWorker", True, False),
            ("gunicorn shop.wsgi -k gevent", False, True),
            ("gunicorn shop.wsgi", False, False),
        ],
    )
    def test_how_requests_are_served(self, tmp_path, command, is_async, is_green):
        [service] = deployed(tmp_path, {"Procfile": f"web: {command} --workers 2\n"}).services
        assert (service.is_async, service.is_green) == (is_async, is_green)
        assert (service.connections is None) == (is_async or is_green)


class TestLeavesOpen:
    @pytest.mark.parametrize(
        "name",
        ["docker-compose.dev.yml", "docker-compose-test.yml", "tests/docker-compose.yml",
         "docs/docker-compose.yml", "node_modules/x/docker-compose.yml", ".ci/docker-compose.yml"],
    )  # fmt: skip
    def test_what_is_not_production(self, tmp_path, name):
        assert deployed(tmp_path, {name: COMPOSE}) == Deployment()

    @pytest.mark.parametrize(
        "text",
        ["{{ chart }}: [", "- a\n- b\n", "services: 7\n", "services: {web: null, db: []}\n", ""],
    )
    def test_what_cannot_be_read(self, tmp_path, text):
        assert deployed(tmp_path, {"docker-compose.yml": text, "k8s/a.yaml": text}).services == ()

    def test_workers_that_are_computed(self, tmp_path):
        files = {
            "Procfile": "web: gunicorn shop.wsgi\n",
            "gunicorn.conf.py": "import os\nworkers = os.cpu_count() * 2\n",
        }
        [service] = deployed(tmp_path, files).services
        assert service.connections is None

    def test_a_file_of_settings_that_is_not_there(self, tmp_path):
        [service] = deployed(tmp_path, {"Procfile": "web: gunicorn -c /etc/g.py -w 2 a\n"}).services
        assert service.connections is None

    def test_servers_that_are_configured_by_what_is_mounted(self, tmp_path):
        text = """
            services:
              db: {image: postgres, volumes: ['./postgresql.conf:/etc/postgresql.conf']}
              pool: {image: pgbouncer, env_file: .env}
        """
        assert deployed(tmp_path, {"docker-compose.yml": text}).fleets == ()

    def test_limits_that_files_disagree_on(self, tmp_path):
        files = {
            "Procfile": "web: gunicorn shop.wsgi -w 3\n",
            "a/postgresql.conf": "max_connections = 30\n",
            "b/postgresql.conf": "max_connections = 300\n",
        }
        [fleet] = deployed(tmp_path, files).complete
        assert fleet.max_connections is None

    def test_images_where_a_compose_file_says_how_they_run(self, tmp_path):
        files = {"docker-compose.yml": COMPOSE, "Dockerfile": "CMD gunicorn shop.wsgi -w 99\n"}
        assert {service.workers for service in deployed(tmp_path, files).services} == {4, 8}

    def test_nothing_above_the_project_but_its_repository(self, tmp_path):
        (tmp_path / "docker-compose.yml").write_text(dedent(COMPOSE))
        (tmp_path / "backend").mkdir()
        assert read(tmp_path / "backend") == Deployment()
        (tmp_path / ".git").mkdir()
        assert len(read(tmp_path / "backend").services) == 2
