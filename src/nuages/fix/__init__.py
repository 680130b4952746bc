"""From findings to fixes: propose edits, try them together, keep what is proven."""

from nuages.codemod.writing import apply
from nuages.fix.keeping import kept_for
from nuages.fix.outcome import ALL, Run, RunOutcome
from nuages.fix.proposals import combine, patch, propose
from nuages.fix.trials import verify

__all__ = ["ALL", "Run", "RunOutcome", "apply", "combine", "kept_for", "patch", "propose", "verify"]
