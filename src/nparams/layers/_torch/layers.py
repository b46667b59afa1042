"""The layers of torch.nn: what they take, and what they then hold under the names that PyTorch gives it.

Source: torch/nn/modules/*.py of PyTorch 2.13 (signatures in signatures.py).
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.layers._torch.signatures import FREE, HOLDING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.layers.layer import Setting
    from nparams.network import Module


class _Required:
    """The default of a parameter that has none."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()
#: where and in which precision: taken by every layer, and of no consequence for a count
PLACES = ("device", "dtype")


class TorchClass:
    """A class of torch.nn: its parameters in order, each with its default or REQUIRED, and whether it is `free`.

    A free class never has parameters, whatever it is given.  `rule`: what makes it (of a free one its kind of layer);
    `named`: how many of its parameters can be given without a name; `open`: takes any arguments (Identity).

    >>> CLASSES["Linear"].params
    {'in_features': REQUIRED, 'out_features': REQUIRED, 'bias': True, 'device': None, 'dtype': None}
    >>> CLASSES["Linear"].free, CLASSES["ReLU"].free
    (False, True)
    """

    __slots__ = ("free", "name", "open", "params", "placed", "rank", "rule")

    def __init__(self, name: str, arguments: str, rule: str, free: bool) -> None:
        self.name = name
        self.rule = rule
        self.free = free
        #: how many sides it slides along, 0 where that makes no sense
        self.rank = int(name[-2]) if re.search(r"[123]d\Z", name) else 0
        told = [part for part in re.split(r",\s*", arguments.strip()) if part]
        self.open = "*args" in told
        words = [part for part in told if not part.startswith("*")]
        self.params: dict[str, object] = dict(_parameter(part) for part in words)
        #: how many may stand without their names
        self.placed = told.index("*") if "*" in told else len(words)

    def __repr__(self) -> str:
        return f"TorchClass({self.name})"


LITERALS: dict[str, object] = {"True": True, "False": False, "None": None, "[]": ()}


def _parameter(text: str) -> tuple[str, object]:
    name, equals, default = text.partition("=")
    if not equals:
        return name, REQUIRED
    if default in LITERALS:
        return name, LITERALS[default]
    if default[0] == "'":
        return name, default[1:-1]
    return name, int(default) if default.lstrip("-").isdigit() else float(default)


def _classes() -> dict[str, TorchClass]:
    made = {}
    for free, table in ((False, HOLDING), (True, FREE)):
        for rule, text in table.items():
            for name, arguments in re.findall(r"^    (\w[^(]*)\(([^)]*)\)", text, re.MULTILINE):
                for one in [name.replace("[123]", k) for k in "123"] if "[123]" in name else [name]:
                    made[one] = TorchClass(one, arguments, rule, free)
    return made


#: every layer of torch.nn by its bare name
CLASSES = _classes()


def bind(cls: TorchClass, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, object]:
    """The arguments of a call by name, defaults put in, as Python would; without device and dtype.

    Raises NotationError for an argument that is missing, unknown or given twice.

    >>> bind(CLASSES["Linear"], [784, 10], {"bias": False})
    {'in_features': 784, 'out_features': 10, 'bias': False}
    """
    if cls.open:
        return {}
    names = list(cls.params)
    if len(args) > cls.placed:
        raise NotationError(f"{cls.name} takes at most {cls.placed} arguments without a name, found {len(args)}")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name in given:
            raise NotationError(f"{cls.name}: {name} is given twice, by its place and by its name")
        if name not in cls.params and name not in PLACES:
            raise NotationError(f"{cls.name} has no parameter {shown(name)}; it has {_listed(names)}")
        given[name] = value
    missing = [name for name in names if cls.params[name] is REQUIRED and name not in given]
    if missing:
        raise NotationError(f"{cls.name} needs {' and '.join(missing)}; it takes {_listed(names)}")
    return {name: given.get(name, default) for name, default in cls.params.items() if name not in PLACES}


def _listed(names: list[str]) -> str:
    return ", ".join(name for name in names if name not in PLACES) or "none"


def make(cls: TorchClass, name: str, given: Mapping[str, object], setting: Setting) -> Module:
    """The layer `name` with what it holds, each tensor under PyTorch's name for it.

    `given` comes from bind; sizes are whole numbers or expressions.  Raises NotationError for what PyTorch refuses too.

    >>> from nparams.layers.layer import Setting
    >>> lstm = CLASSES["LSTM"]
    >>> module = make(lstm, "rnn", bind(lstm, [10, 20, 2], {}), Setting("torch"))
    >>> [(str(layer.formula), layer.tensors[0].name) for layer in module.children]
    [('4*(h*(n + h) + 2*h)', 'rnn.weight_ih_l0'), ('4*(h*(n + h) + 2*h)', 'rnn.weight_ih_l1')]
    """
    from nparams.layers._torch.call import Call
    from nparams.layers._torch.rules import RULES, free

    call = Call(cls, name, {**cls.params, **given}, setting)
    try:
        return free(call) if cls.free else RULES[cls.rule](call)
    except NotationError as error:
        told = str(error)
        raise NotationError(told if told.startswith(cls.name) else f"{cls.name}: {told}") from None
