"""Half a class: `def __init__(self): ...` without the line that begins the class, as people paste it."""

from __future__ import annotations

import ast

from nparams.notation._code.source import Tree, notes_of

NAME = "Network"


def whole_class(tree: ast.Module) -> ast.Module:
    """The tree with methods that stand in no class put into one of nn.Module, where __init__ is among them.

    >>> whole_class(ast.parse("def __init__(self): pass")).body[0].name
    'Network'
    """
    methods = [node for node in tree.body if isinstance(node, ast.FunctionDef) and _is_method(node)]
    if not any(node.name == "__init__" for node in methods):
        return tree
    base = ast.Attribute(ast.Name("nn", ast.Load()), "Module", ast.Load())
    held = ast.ClassDef(NAME, [base], [], list[ast.stmt](methods), [])
    ast.copy_location(held, methods[0])
    ast.fix_missing_locations(held)
    place = tree.body.index(methods[0])
    rest = [node for node in tree.body if node not in methods]
    made = Tree([*rest[:place], held, *rest[place:]], tree.type_ignores)
    made.notes = [
        *notes_of(tree),
        f"line {methods[0].lineno}: __init__ stands in no class; it is read as one of nn.Module",
    ]
    return made


def _is_method(node: ast.FunctionDef) -> bool:
    return bool(node.args.args) and node.args.args[0].arg == "self"
