"""A shop built on django-oscar: nearly all of its code is in the library, few lines are its own."""

from __future__ import annotations

import shutil

from tests.trials.trial import HERE, Trial, Workspace


def prepare(workspace: Workspace) -> None:
    """Write the small project that oscar's guide describes, and a month of trade as a fixture."""
    shutil.copytree(HERE / "shop", workspace.tree, dirs_exist_ok=True)
    workspace.run("manage.py", "migrate", "--verbosity", "0")
    workspace.run(str(HERE / "data/oscar_data.py"))
    excluded = (
        "contenttypes", "auth.permission", "sessions", "admin",
        "catalogue.productcategoryhierarchy",  # a model without a table
    )  # fmt: skip
    arguments = [argument for name in excluded for argument in ("--exclude", name)]
    fixture = str(workspace.folder / "data.json")
    workspace.run("manage.py", "dumpdata", "--all", *arguments, "--output", fixture)
    (workspace.tree / "db.sqlite3").unlink()


TRIAL = Trial(
    name="oscar",
    pythons=("3.12", "3.13", "3.11"),
    requirements=("django-oscar[sorl-thumbnail]==4.2.1", "django<6.2", "factory_boy"),
    prepare=prepare,
    doors={"driven": ("--fixture", "{folder}/data.json"), "filled": ()},
)
