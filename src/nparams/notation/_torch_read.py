"""PyTorch code to a Network: run the text through the machine, choose the model, put it together, say what is to say."""

from __future__ import annotations

from nparams.errors import NotationError, UsageError, shown
from nparams.expr import free_symbols
from nparams.layers.layer import Setting
from nparams.network import PARAMETER_ROLES, Network
from nparams.notation._code_given import given_values
from nparams.notation._code_machine import Machine
from nparams.notation._code_source import tree_of
from nparams.notation._torch_library import TorchLibrary
from nparams.notation._torch_network import Builder
from nparams.notation._torch_roots import choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.network import Module


def network_of(text: str, values: dict[str, object], which: str | None) -> Network:
    """The network of PyTorch code; see torch_code.read."""
    tree = tree_of(text)
    setting = Setting("torch")
    library = TorchLibrary(setting)
    m = Machine(library, given_values(values))
    m.lines = "\n" in text.strip()
    try:
        m.run(tree)
        root = choose(m, library, tree, which)
        builder = Builder(m, setting)
        module = builder.root(root)
    except RecursionError:
        raise NotationError("the code is nested too deeply to be followed") from None
    network = Network(module, source=text, form="torch-code", convention=None)
    network.read_as, network.described = told(root, module)
    network.notes += notes_of(m, builder, network, setting)
    _unused(m, network)
    return network


def notes_of(m: Machine, builder: Builder, network: Network, setting: Setting) -> list[str]:
    """What a user must see: assumptions, ties, what is not known."""
    notes = [*m.notes, *setting.notes]
    notes += [f"{name} is {owner} itself (tied), and counted once" for name, owner in builder.ties[:6]]
    if len(builder.ties) > 6:
        notes.append(f"{len(builder.ties) - 6} more tensors are tied to earlier ones")
    for name, held in builder.strangers:
        where = f"line {held.line}: " if m.lines else ""
        told_ = "how many parameters it has is not known" if held.sure else "it is taken to hold no parameters"
        notes.append(f"{where}{name} is {held.origin.text}, which the text does not explain; {told_}")
    for name, line in builder.shapeless[:8]:
        notes.append(f"{f'line {line}: ' if m.lines else ''}{name}: its shape cannot be told from the text")
    return notes + _symbols(m, network)


def _symbols(m: Machine, network: Network) -> list[str]:
    """The symbols that stand for what the code leaves open."""
    used = free_symbols(network.totals.known)
    found = [(word, held) for word, held in m.symbols.items() if _symbol_names(word) & used]
    if not found:
        return []
    words = ", ".join(f"{word}{f' (line {held.line})' if m.lines and held.line else ''}" for word, held in found[:8])
    example = found[0][0]
    verb = "has no value" if len(found) == 1 else "have no value"
    return [
        f"{words} {verb} in the code and stand{'s' if len(found) == 1 else ''} as symbols: --set {example}=... gives one"
    ]


def _symbol_names(word: str) -> frozenset[str]:
    from nparams.expr import symbol

    return free_symbols(symbol(word))


def _unused(m: Machine, network: Network) -> None:
    """A value for a name that the code does not have is a mistake; a symbol of the formula takes one too."""
    left = [name for name in m.given if name not in m.asked]
    if not left:
        return
    known = ", ".join(sorted(m.symbols)[:8]) or "none"
    raise UsageError(f"--set {left[0]}: the code has no name {shown(left[0])} without a value; those without: {known}")


# -- what was understood ----------------------------------------------------------------------------------------------

LONGEST = 160


def told(root: Any, module: Module) -> tuple[str, str]:
    """The network in one line, and in words."""
    parts: list[str] = []
    count = held = 0
    stack = [module]
    while stack:
        inner = stack.pop()
        if inner.kind is not None and not inner.children:
            count += 1
            held += any(t.role in PARAMETER_ROLES for t in inner.tensors)
            if len(parts) < 40:
                parts.append(_short(inner))
        stack.extend(reversed(inner.children))
    name = root.cls.name
    listed = ", ".join(_counted(parts))
    line = listed if name.lower() == listed.partition("(")[0].lower() else f"{name}({listed})"
    line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
    return line, f"PyTorch, {count:,} layers, {held:,} with parameters" if count > 1 else "PyTorch"


def _short(module: Module) -> str:
    kind = module.kind or ""
    if kind in ("Parameter", "Buffer"):
        shape = module.tensors[0].shape if module.tensors else None
        return f"{kind.lower()} {'x'.join(map(str, shape)) if shape is not None else '?'}"
    sizes = [str(size) for letter, size in module.args.items() if letter in LETTERS]
    return f"{kind}({', '.join(sizes)})" if sizes else kind


#: the letters of a layer's arguments that tell most of it
LETTERS = ("n_in", "n_out", "c_in", "c_out", "c", "k", "k_h", "V", "d", "n", "h")


def _counted(parts: list[str]) -> list[str]:
    """Equal neighbours once: 3 x Dense(16, 16)."""
    found: list[list[Any]] = []
    for part in parts:
        if found and found[-1][0] == part:
            found[-1][1] += 1
        else:
            found.append([part, 1])
    return [part if times == 1 else f"{times} x {part}" for part, times in found]
