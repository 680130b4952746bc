"""Attaches nuages to this process, then runs the sitecustomize that this one stands before."""

# Any interpreter may start with this folder on its path, so this file keeps to old syntax.
# mypy: ignore-errors
import os
import sys


def _attach():
    try:
        from nuages.agent.attach import attach_from_environment

        attach_from_environment()
    except BaseException:
        sys.stderr.write("nuages could not attach: " + repr(sys.exc_info()[1]) + "\n")
        sys.stderr.flush()
        os._exit(2)  # going on might mean the project's own databases


def _run_shadowed():
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = os.path.dirname(os.path.abspath(__file__))
    others = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_told = os.environ.get("NUAGES_ATTACH") or os.environ.get("NUAGES_STACK")
if sys.version_info >= (3, 11) and _told:
    _attach()
_run_shadowed()
