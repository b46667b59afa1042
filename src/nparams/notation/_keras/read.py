"""Keras code to a Network: run the text through the machine, choose the model, put it together, say what is to say."""

from __future__ import annotations

import ast

from nparams.errors import NotationError, NparamsError, UsageError, shown
from nparams.expr import add, free_symbols, symbol
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.old import era
from nparams.layers._keras.shape import ANY
from nparams.layers.layer import Setting
from nparams.network import PARAMETER_ROLES, Network
from nparams.notation._code.closed import add_closed_form
from nparams.notation._code.given import given_values
from nparams.notation._code.source import MAX_TEXT, tree_of
from nparams.notation._keras.custom import Custom
from nparams.notation._keras.elsewhere import Elsewhere
from nparams.notation._keras.library import KerasLibrary
from nparams.notation._keras.machine import KerasMachine
from nparams.notation._keras.models import Graph, Sequence
from nparams.notation._keras.network import Builder
from nparams.notation._keras.print import told
from nparams.notation._keras.roots import choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.network import Module
    from nparams.notation._code.machine import Machine


def network_of(text: str, values: dict[str, object], which: str | None) -> Network:
    """The network of Keras code; see keras_code.read."""
    tree, given = unguarded(_tree(text)), given_values(values)
    try:
        m, network = _run(text, tree, given, which)
        network = _settled(m, network)
        add_closed_form(m, network, lambda more: _run(text, tree, {**given, **more}, which)[1])
    except RecursionError:
        raise NotationError("the code is nested too deeply to be followed") from None
    return network


def _run(text: str, tree: ast.Module, given: dict[str, Any], which: str | None) -> tuple[Machine, Network]:
    """One run of the text, with values for names that it leaves open, or others for those that it does not."""
    from re import findall

    setting = Setting("keras", set(findall(r"[A-Za-z_]\w*", text)))
    library = KerasLibrary(setting, era(text), frozenset(findall(r"\b([A-Za-z_]\w*) ?\. ?add ?\(", text)))
    m = KerasMachine(library, given)
    m.lines = "\n" in text.strip()
    try:
        m.run(tree)
        callee = choose(m, library, tree, which)
        builder = Builder()
        module = _built(m, builder, callee)
    except NparamsError as error:
        raise error if isinstance(error, UsageError) else m.placed(error) from None
    network = Network(module, source=text, form="keras-code")
    network.where = tuple(m.conditions_on(free_symbols(network.totals.known)))
    network.read_as, network.described = told(callee, module)
    network.notes += _notes(m, builder, network, setting)
    _framework(network)
    return m, network


def _tree(text: str) -> ast.Module:
    """The syntax tree; of Python 2, what is printed is left out and handlers are brought to today's form."""
    from re import M, search, sub
    from warnings import catch_warnings, simplefilter

    if len(text) <= MAX_TEXT:  # a whole file, whose words may hold fences and prompts of their own
        try:
            with catch_warnings():
                simplefilter("ignore")
                return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    try:
        return tree_of(text)
    except NotationError:
        if not search(r"^[ \t]*print[ \t]+[^\s(=]|^[ \t]*print[ \t]*>>|^[ \t]*except[^:\n]+,[ \t]*\w+[ \t]*:", text, M):
            raise
    text = sub(r"^([ \t]*)print\b(?![ \t]*\()[^\n;]*", r"\1pass", text, flags=M)
    text = sub(r"^([ \t]*except[^:\n]+),[ \t]*(\w+)[ \t]*:", r"\1 as \2:", text, flags=M)
    return tree_of(text)


def unguarded(tree: ast.Module) -> ast.Module:
    """What stands under `if __name__ == "__main__":`, statement by statement."""
    body: list[ast.stmt] = []
    for statement in tree.body:
        test = statement.test if isinstance(statement, ast.If) else None
        guard = isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
        body += statement.body if guard and isinstance(statement, ast.If) else [statement]
    tree.body = body
    return tree


def _built(m: Machine, builder: Builder, callee: Any) -> Module:
    """The modules of a callee; what nobody called is called on what nothing is known of."""
    if isinstance(callee, Sequence):
        callee.finish()
    elif isinstance(callee, Custom):
        callee.on_unknown()
    elif isinstance(callee, KerasLayer) and callee.module is None:
        from nparams.notation._keras.models import input_of

        several = callee.klass.inputs[0] == "query" or callee.klass.name in ("Attention", "AdditiveAttention")
        if several:
            m.note(f"{callee.name}: query, key and value are taken to be the same array")
        callee.call([input_of(callee) or ANY] * (2 if several else 1))
    _refuse_strangers(m, callee)
    return builder.root(callee)


def _refuse_strangers(m: Machine, callee: Any) -> None:
    """A part whose layers the text does not hold has no count."""
    stack, seen = [callee], set()
    while stack:
        part = stack.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, Elsewhere):
            m.line = part.line
            raise m.error(elsewhere(part.name))
        if isinstance(part, Graph):
            for array in part.loose:
                if array.from_outside:
                    m.line = 0
                    raise m.error(
                        f"{part.name}: a way to its outputs begins at {shown(array.from_outside)}, which the text does "
                        "not explain"
                    )
        if hasattr(part, "parts"):
            stack.extend(part.parts())
        else:
            inner = getattr(part, "args", {}).get("layer")
            stack += [inner] if inner is not None else []


def elsewhere(name: str) -> str:
    """What to type instead of a network whose layers the text does not hold."""
    if name == "load_model" or name.startswith("model_from"):
        return f"{name}(...) reads a model from a file: give nparams that file instead"
    counted = f"nparams {shown(name.lower())} counts it" if _is_name(name.lower()) else "its own file can be given"
    return (
        f"{name} is a network of keras.applications, whose layers are not in the code: {counted}; with "
        "Input(shape=...) of what it sends in its place the rest is counted"
    )


def _is_name(word: str) -> bool:
    """Whether a network of that name can be counted: by the notation of names, for its own refusal tells more."""
    from nparams.notation import name

    try:
        name.read(word, convention="keras")
    except NparamsError:
        return False
    return True


# -- what a user must see ---------------------------------------------------------------------------------------------


def _notes(m: Machine, builder: Builder, network: Network, setting: Setting) -> list[str]:
    notes = [*m.notes, *setting.notes]
    notes += [f"{name} is {owner} again (shared), and counted once" for name, owner in builder.ties[:6]]
    if builder.idle:
        more = f" and {len(builder.idle) - 6} more" if len(builder.idle) > 6 else ""
        notes.append(f"{', '.join(builder.idle[:6])}{more}: made and never called, so without any weight")
    used = free_symbols(network.totals.elements)
    for name, note in setting.missing.items():
        if free_symbols(symbol(name) if name.isidentifier() else 0) & used:
            notes.append(note)
    return notes + _symbols(m, used, str(network.totals.elements))


def _symbols(m: Machine, used: frozenset[str], text: str) -> list[str]:
    """The symbols that stand for what the code leaves open, of those in a formula."""
    from re import search

    found = [(word, held) for word, held in m.symbols.items() if free_symbols(symbol(word)) & used]
    found = [(word, held) for word, held in found if search(rf"\b{word}\b", text)]
    if not found:
        return []
    words = ", ".join(f"{word}{f' (line {held.line})' if m.lines and held.line else ''}" for word, held in found[:8])
    one = len(found) == 1
    return [
        f"{words} {'has' if one else 'have'} no value in the code and "
        f"{'stands as a symbol' if one else 'stand as symbols'}: --set {found[0][0]}=... gives one"
    ]


def _framework(network: Network) -> None:
    """What model.summary() and count_params() of Keras say: statistics and fixed weights are counted too."""
    totals = network.totals
    if totals.total is None:
        return
    apart = totals.buffers
    if apart == 0:
        return
    network.also["framework"] = add(totals.known, apart)
    from nparams.network.notes import Told

    network.notes.append(
        Told(
            "Keras's own summary says {}: it counts {} numbers too that are kept and not trained (moving statistics "
            "and the like)",
            network.also["framework"],
            apart,
        )
    )


def _settled(m: Machine, network: Network) -> Network:
    """Values of --set that no name of the code asked for are for symbols of the formula."""
    left = {name: value for name, value in m.given.items() if name not in m.asked}
    if not left:
        return network
    try:
        return network.substitute(left)
    except UsageError:
        name = next(iter(left))
        known = ", ".join(sorted(m.symbols)[:8]) or "none"
        raise UsageError(
            f"--set {name}: the code has no name {shown(name)} without a value; those without: {known}"
        ) from None


__all__ = ["PARAMETER_ROLES", "network_of"]
