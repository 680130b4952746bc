"""Where a dotted name is defined in the project's own code."""

from __future__ import annotations

import ast

from nuages.code import Code, Module

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def module_of(code: Code, dotted: str) -> Module | None:
    """The module of this dotted name, as it would be imported from any of the source roots.

    None as well where several could be meant.
    """
    path = dotted.replace(".", "/")
    names = (f"{path}.py", f"{path}/__init__.py")
    exact = [module for module in code.modules if module.file in names]
    ends = tuple(f"/{name}" for name in names)
    found = exact or [module for module in code.modules if module.file.endswith(ends)]
    return found[0] if len(found) == 1 else None


def definition(code: Code, dotted: str) -> tuple[Module, Definition] | None:
    """The class or function at the top of a module that a dotted name stands for."""
    path, _, name = dotted.rpartition(".")
    module = module_of(code, path) if path else None
    if module is None:
        return None
    for node in module.tree.body:
        if isinstance(node, Definition) and node.name == name:
            return module, node
    return None
