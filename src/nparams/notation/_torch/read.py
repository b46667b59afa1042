"""PyTorch code to a Network: run the text, choose the model, put it together, say what is to say."""

from __future__ import annotations

import re

from nparams.errors import NotationError, UsageError, shown
from nparams.expr import free_symbols
from nparams.layers.layer import Setting
from nparams.network import Network
from nparams.notation._code.closed import add_closed_form
from nparams.notation._code.given import given_values
from nparams.notation._code.handed import arguments_of, module_classes
from nparams.notation._code.machine import Machine
from nparams.notation._code.source import tree_of
from nparams.notation._torch.foreign import refuse_foreign
from nparams.notation._torch.half import whole_class
from nparams.notation._torch.library import TorchLibrary
from nparams.notation._torch.lists import tell_unregistered
from nparams.notation._torch.network import Builder
from nparams.notation._torch.roots import choose
from nparams.notation._torch.told import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast import Module


def network_of(text: str, values: dict[str, object], which: str | None) -> Network:
    """The network of PyTorch code; see torch_code.read."""
    refuse_foreign(text)
    tree = whole_class(tree_of(text))
    given = given_values(values)
    m, network = built(text, tree, given, which)
    _unused(m)
    _hold_against(text, network)
    add_closed_form(m, network, lambda more: built(text, tree, {**given, **more}, which)[1])
    return network


def _hold_against(text: str, network: Network) -> None:
    """The total that a summary printed, where it was pasted with the code."""
    found = re.findall(r"^[ \t#>]*Total params:\s*(\d[\d,]{0,40})\s*$", text, re.M)
    if len(found) != 1:
        return
    said = int(found[0].replace(",", ""))
    network.also["declared"] = said
    total = network.totals.total
    if total != said:
        ours = "not known" if total is None else f"{total:,}" if isinstance(total, int) else str(total)
        network.notes.append(f"the summary in the text says {said:,}; by the code it is {ours}")


def built(text: str, tree: Module, given: dict[str, object], which: str | None) -> tuple[Machine, Network]:
    """One run of the text, with values for names that it leaves open, or others for those that it does not."""
    setting = Setting("torch")
    library = TorchLibrary(setting)
    m = Machine(library, given)
    m.lines = "\n" in text.strip()
    try:
        m.run(tree)
        root = choose(m, library, tree, which)
        builder = Builder(m, library)
        module = builder.root(root)
    except RecursionError:
        raise NotationError("the code is nested too deeply to be followed") from None
    network = Network(module, source=text, form="torch-code", convention=None)
    network.where = tuple(m.conditions_on(free_symbols(network.totals.known)))
    network.read_as, network.described = told(root)
    network.notes += notes_of(m, builder, network, setting)
    tell_unregistered(root, network)
    return m, network


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
    return notes + _uncalled(m, network) + _symbols(m, network)


def _uncalled(m: Machine, network: Network) -> list[str]:
    """The layers that find their sizes at their first call, which the text does not make."""
    made = m.library.made if isinstance(m.library, TorchLibrary) else []
    lazy = [each.spec.name for each in made if each.spec is not None and each.spec.name.startswith("Lazy")]
    if not lazy or network.totals.total is not None:
        return []
    names = ", ".join(dict.fromkeys(lazy))
    return [f"{names}: sizes are found at the first call; call the network in the code, as in net(torch.rand(1, 20))"]


def _symbols(m: Machine, network: Network) -> list[str]:
    """The symbols that stand for what the code leaves open."""
    used = free_symbols(network.totals.known)
    found = [(word, held) for word, held in m.symbols.items() if _symbol_names(word) & used]
    if not found:
        return []
    words = ", ".join(f"{word}{f' (line {held.line})' if m.lines and held.line else ''}" for word, held in found[:8])
    example = found[0][0]
    verb = "has no value in the code and stands as a symbol"
    verbs = "have no value in the code and stand as symbols"
    return [f"{words} {verb if len(found) == 1 else verbs}: --set {example}=... gives one"]


def _symbol_names(word: str) -> frozenset[str]:
    from nparams.expr import symbol

    return free_symbols(symbol(word))


def _unused(m: Machine) -> None:
    """A value for a name that the code does not have is a mistake; a symbol of the formula takes one too."""
    left = [name for name in m.given if name not in m.asked]
    if not left:
        return
    taker = next((cls for cls in module_classes(m) if left[0] in arguments_of(cls)), None)
    if taker is not None:
        raise UsageError(
            f"--set {left[0]}: the code itself gives {taker.name} its {left[0]}; --which {taker.name} leaves it open"
        )
    known = ", ".join(sorted(m.symbols)[:8]) or "none"
    raise UsageError(f"--set {left[0]}: the code has no name {shown(left[0])} without a value; those without: {known}")
