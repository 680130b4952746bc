"""A new Wagtail site: pages in a tree of multi-table models, an admin of its own."""

from __future__ import annotations

from tests.trials.trial import Trial, Workspace


def prepare(workspace: Workspace) -> None:
    """Let Wagtail write the site."""
    program = "from wagtail.bin.wagtail import main; main()"
    workspace.run("-c", program, "start", "site_of_ours", ".")


TRIAL = Trial(
    name="wagtail",
    pythons=("3.12", "3.13", "3.11"),
    requirements=("wagtail==8.0.1", "django<6.2"),
    prepare=prepare,
    doors={"driven": ()},
)
