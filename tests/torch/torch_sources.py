"""Random PyTorch models as source text, over a table of kinds of layers by forms of code."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, NamedTuple

from tests.torch.torch_kinds import KINDS, Call, Pen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Source(NamedTuple):
    """One text, the form and the kinds in it, and the expression that is its model (None: it ends with that)."""

    text: str
    form: str
    kinds: tuple[str, ...]
    model: str


class Draft:
    """What a form has to write a text of: calls of layers, and how their numbers may be written."""

    def __init__(self, rng: random.Random, kinds: tuple[str, ...]) -> None:
        self.rng = rng
        self.kinds = kinds
        #: names that stand for numbers, in a form that gives names
        self.named: dict[str, int] = {}
        self.before: list[str] = []

    def calls(self, written: Callable[[int], str] | None = None) -> list[Call]:
        drawn = [KINDS[kind](Pen(self.rng, written or self.arithmetic)) for kind in self.kinds]
        self.before += [call.before for call in drawn if call.before]
        return drawn

    def arithmetic(self, number: int) -> str:
        """A number, sometimes as code computes it."""
        ways = (f"{number}",) * 7 + (
            f"{number + 2} - 2", f"{2 * number} // 2", f"int({number}.0)", f"min({number}, 99)", f"({number})",
            f"max(0, {number})", f"{number} * 1", f"len('{'x' * number}')",
        )  # fmt: skip
        return self.rng.choice(ways)

    def name(self, prefix: str) -> Callable[[int], str]:
        """Numbers as names with a prefix, such as config.n0; the same number is often the same name."""

        def written(number: int) -> str:
            if self.rng.random() < 0.3:
                return str(number)
            known = [name for name, value in self.named.items() if value == number]
            if not known or self.rng.random() < 0.3:
                known = [f"n{len(self.named)}"]
                self.named[known[0]] = number
            return prefix.format(self.rng.choice(known))

        return written

    def net(self, *body: str, arguments: str = "", base: str = "nn.Module", name: str = "Net") -> str:
        """A class whose __init__ does what `body` says."""
        up = self.rng.choice(("super().__init__()", f"super({name}, self).__init__()", f"{base}.__init__(self)"))
        head = f"class {name}({base}):\n    def __init__(self{', ' if arguments else ''}{arguments}):\n"
        called = [up] if base == "nn.Module" else []
        lines = [line for part in (*called, *body) for line in part.split("\n")]
        return head + "\n".join(f"        {line}" for line in lines) + "\n" + FORWARD


FORWARD = """
    def forward(self, x):
        return x
"""
#: form -> what writes it; it gives the text, and the expression that is the model
FORMS: dict[str, Callable[[Draft], tuple[str, str]]] = {}
#: forms of one layer only
ALONE = ("one layer",)


def form(name: str) -> Callable[[Callable[[Draft], tuple[str, str]]], Callable[[Draft], tuple[str, str]]]:
    def put(write: Callable[[Draft], tuple[str, str]]) -> Callable[[Draft], tuple[str, str]]:
        FORMS[name] = write
        return write

    return put


@form("one layer")
def one(d: Draft) -> tuple[str, str]:
    (call,) = d.calls()
    return "", str(call)


@form("Sequential")
def sequential(d: Draft) -> tuple[str, str]:
    calls = [str(call) for call in d.calls()]
    if d.rng.random() < 0.4:
        calls = [f"nn.Sequential({', '.join(calls[:2])})", *calls[2:], "nn.ReLU()"]
    return "", f"nn.Sequential({(',' + chr(10)).join(calls)})"


@form("Sequential of an OrderedDict")
def ordered(d: Draft) -> tuple[str, str]:
    pairs = ", ".join(f'("layer{i}", {call})' for i, call in enumerate(d.calls()))
    made = d.rng.choice(("OrderedDict([{}])", "collections.OrderedDict([{},])")).format(pairs)
    return "import collections\nfrom collections import OrderedDict\n", f"nn.Sequential({made})"


@form("attributes")
def attributes(d: Draft) -> tuple[str, str]:
    return d.net(*(f"self.layer{i} = {call}" for i, call in enumerate(d.calls()))), "Net()"


@form("ModuleList of a comprehension")
def comprehension(d: Draft) -> tuple[str, str]:
    written = d.rng.choice((
        "self.l{i} = nn.ModuleList([{call} for _ in range({n})])",
        "self.l{i} = nn.ModuleList({call} for i in range({n}))",
        "self.l{i} = nn.ModuleList([nn.Sequential({call}, nn.ReLU()) for _ in range({n})])",
        "self.l{i} = nn.ModuleList([{call} if i % 2 == 0 else nn.Linear(i, 2) for i in range({n})])",
        "self.l{i} = nn.Sequential(*[{call} for _ in range({n})])",
        "sizes = [2, 3, 4, 5]\nself.l{i} = nn.ModuleList([nn.Sequential(nn.Linear(a, b), {call}) "
        "for a, b in zip(sizes[:-1], sizes[1:])])",
        "self.l{i} = nn.ModuleList([nn.ModuleList([{call} for j in range(i)]) for i in range({n})])",
    ))  # fmt: skip
    return d.net(*(written.format(i=i, call=c, n=d.rng.randint(1, 3)) for i, c in enumerate(d.calls()))), "Net()"


@form("loop that appends")
def appended(d: Draft) -> tuple[str, str]:
    body = ["self.layers = nn.ModuleList()"]
    for call in d.calls():
        body.append(d.rng.choice((
            f"for i in range({d.rng.randint(1, 3)}):\n    self.layers.append({call})",
            f"self.layers.extend([{call}, nn.ReLU()])",
            f"i = 0\nwhile i < 2:\n    self.layers.append({call})\n    i += 1",
            f"width = 2\nfor out in (3, 5):\n    self.layers += [nn.Linear(width, out), {call}]\n    width = out",
            f"self.layers.insert(0, {call})",
        )))  # fmt: skip
    return d.net(*body), "Net()"


@form("add_module and setattr")
def added(d: Draft) -> tuple[str, str]:
    body = []
    for i, call in enumerate(d.calls()):
        body.append(d.rng.choice((
            f'for k in range(2):\n    self.add_module(f"block{i}_{{k}}", {call})',
            f'for k in range(1, 3):\n    setattr(self, "fc{i}_%d" % k, {call})',
            f'self.add_module("m{i}", {call})',
            f'for k in range(2):\n    setattr(self, "l{i}_" + str(k), {call})',
            f'for name in ["a{i}", "b{i}"]:\n    self.add_module("{{}}_x".format(name), {call})',
            f"self.s{i} = nn.Sequential()\nself.s{i}.add_module('inner', {call})",
        )))  # fmt: skip
    return d.net(*body), "Net()"


@form("helper function")
def helper(d: Draft) -> tuple[str, str]:
    calls = d.calls()
    inner = ", ".join(map(str, calls))
    where = d.rng.choice(("function", "method", "static", "lambda", "nested"))
    body = f"return nn.Sequential({inner}, nn.Linear(a, b))"
    if where == "function":
        text = f"def block(a, b=3):\n    layers = [nn.Linear(a, b)]\n    return nn.Sequential({inner}, *layers)\n\n"
        return text + d.net("self.one = block(2)", "self.two = block(3, b=4)"), "Net()"
    if where == "lambda":
        return d.net(f"make = lambda a, b=3: nn.Sequential({inner}, nn.Linear(a, b))", "self.one = make(2)"), "Net()"
    if where == "nested":
        return d.net(f"def make(a, b=3):\n    {body}", "self.one = make(2)", "self.two = make(a=4, b=1)"), "Net()"
    sign, mark = ("self, ", "") if where == "method" else ("", "    @staticmethod\n")
    text = d.net("self.one = self.make(2)", "self.two = self.make(3, b=4)")
    return text + f"\n{mark}    def make({sign}a, b=3):\n        {body}\n", "Net()"


@form("inheritance")
def inherited(d: Draft) -> tuple[str, str]:
    calls = [f"self.layer{i} = {call}" for i, call in enumerate(d.calls())]
    ways = ("super().__init__(3, depth=2)", "super(Net, self).__init__(3, depth=2)", "Base.__init__(self, 3, 2)")
    up = d.rng.choice(ways)
    head = d.rng.choice(("self.stem = nn.Linear(width, width)", "self.stem = nn.ModuleList([nn.Linear(width, 2)] * 1)"))
    text = d.net(head, *calls[:1], arguments="width, depth=1", name="Base")
    later = d.net(up, *calls[1:], "self.head = nn.Linear(2, 5)", base="Base")
    return f"{text}\n\n{later}", "Net()"


@form("arguments")
def arguments(d: Draft) -> tuple[str, str]:
    body = [f"self.layer{i} = {call}" for i, call in enumerate(d.calls(d.name("{}")))]
    names = list(d.named.items())
    split = d.rng.randint(0, len(names))
    said = ", ".join([name for name, _ in names[:split]] + [f"{name}={value}" for name, value in names[split:]])
    given = ", ".join(d.rng.choice((f"{value}", f"{name}={value}")) for name, value in names[:split])
    given = ", ".join(f"{name}={value}" for name, value in names[:split]) if "=" in given else given
    return d.net(*body, arguments=said), f"Net({given})"


@form("dataclass config")
def dataclass(d: Draft) -> tuple[str, str]:
    prefix = d.rng.choice(("config.{}", "self.config.{}", "cfg.{}"))
    name = prefix.removeprefix("self.").partition(".")[0]
    body = [f"self.layer{i} = {call}" for i, call in enumerate(d.calls(d.name(prefix)))]
    fields = "".join(f"    {key}: int = {value}\n" for key, value in d.named.items()) or "    unused: int = 1\n"
    text = f"from dataclasses import dataclass\n\n\n@dataclass\nclass Config:\n{fields}\n\n"
    kept = ["self.config = config"] if prefix.startswith("self") else []
    given = d.rng.choice(("Config()", "Config()", f"Config({', '.join(f'{k}={v}' for k, v in d.named.items())})"))
    return text + d.net(*kept, *body, arguments=f"{name}{d.rng.choice(('', ': Config'))}"), f"Net({given})"


@form("dict config")
def dictionary(d: Draft) -> tuple[str, str]:
    prefix = d.rng.choice(('cfg["{}"]', "cfg['{}']", 'cfg.get("{}", 1)', 'cfg["sizes"]["{}"]'))
    body = [f"self.layer{i} = {call}" for i, call in enumerate(d.calls(d.name(prefix)))]
    held = "{" + ", ".join(f'"{key}": {value}' for key, value in d.named.items()) + "}"
    held = f'{{"sizes": {held}}}' if "sizes" in prefix else held
    return f"CONFIG = {held}\n\n\n" + d.net(*body, arguments="cfg"), "Net(CONFIG)"


@form("**kwargs")
def kwargs(d: Draft) -> tuple[str, str]:
    body = [f"self.layer{i} = {call}" for i, call in enumerate(d.calls(d.name("{}")))]
    said = ", ".join(d.named) or "unused=1"
    text = d.net(*body, arguments=said, name="Block")
    given = ", ".join(f"{key}={value}" for key, value in d.named.items())
    outer = d.rng.choice((
        ("self.block = Block(**kwargs)", "**kwargs", f"Net({given})"),
        (f"self.block = Block(**dict({given}))", "", "Net()"),
        (f"options = dict({given})\nself.block = Block(**options)\nself.fc = nn.Linear(**{{'in_features': 2, "
         "'out_features': 3})", "", "Net()"),
        ("self.block = Block(*args)", "*args", f"Net({', '.join(map(str, d.named.values()))})"),
        ("self.block = Block(**kwargs)\nself.fc = nn.Linear(width, 2)", "width=3, **kwargs", f"Net({given})"),
    ))  # fmt: skip
    return f"{text}\n\n" + d.net(outer[0], arguments=outer[1]), outer[2]


@form("conditional")
def conditional(d: Draft) -> tuple[str, str]:
    body = []
    for i, call in enumerate(d.calls()):
        body.append(d.rng.choice((
            f"if depth > 2:\n    self.layer{i} = {call}\nelse:\n    self.layer{i} = nn.Linear(1, 1)",
            f"self.layer{i} = {call} if use else nn.Identity()",
            f"if norm == 'batch' and not use:\n    pass\nelif depth >= 3 or use:\n    self.layer{i} = {call}",
            f"if use:\n    self.layer{i} = {call}",
            f"self.layer{i} = nn.Identity() if rest is not None else {call}",
            f"if rest is None:\n    rest = {i + 1}\nself.layer{i} = nn.Linear(rest, 2)\nself.other{i} = {call}",
            f"assert depth > 0, 'deep'\nif isinstance(depth, int) and norm in ('batch', 'layer'):\n"
            f"    self.layer{i} = {call}",
            f"if not use:\n    raise ValueError('no')\nself.layer{i} = {call}",
            f"try:\n    self.layer{i} = {call}\nexcept ValueError:\n    pass",
        )))  # fmt: skip
    return d.net(*body, arguments="depth=3, use=True, norm='batch', rest=None"), "Net()"


@form("nested class")
def nested(d: Draft) -> tuple[str, str]:
    lines = [f"self.layer{i} = {call}" for i, call in enumerate(d.calls())]
    block = d.net(*lines, "self.fc = nn.Linear(width, width)", arguments="width", name="Block")
    outer = d.net("self.blocks = nn.Sequential(*[Block(i + 1) for i in range(2)])", "self.last = Block(width=4)")
    if d.rng.random() < 0.3:
        inner = "\n".join(f"    {line}".rstrip() for line in block.replace("super(Block, self)", "super()").split("\n"))
        inside = d.net("self.one = self.Block(2)", "self.two = Net.Block(3)")
        return inside.replace("class Net(nn.Module):\n", f"class Net(nn.Module):\n{inner}\n", 1), "Net()"
    return f"{block}\n\n{outer}", "Net()"


@form("ModuleDict")
def module_dict(d: Draft) -> tuple[str, str]:
    calls = d.calls()
    pairs = ", ".join(f'"k{i}": {call}' for i, call in enumerate(calls))
    lists = ", ".join(f'["k{i}", {call}]' for i, call in enumerate(calls))
    named = ", ".join(f"k{i} = {call}" for i, call in enumerate(calls))
    put = "\n".join(f'self.parts["k{i}"] = {call}' for i, call in enumerate(calls))
    written = d.rng.choice((
        f"self.parts = nn.ModuleDict({{{pairs}}})",
        f"self.parts = nn.ModuleDict([{lists}])",
        f"self.parts = nn.ModuleDict(dict(\n    {named},\n))",
        f"self.parts = nn.ModuleDict()\n{put}",
        "self.parts = nn.ModuleDict({str(i): nn.Linear(i + 1, 2) for i in range(2)})\n"
        f"self.parts.update({{{pairs}}})",
    ))  # fmt: skip
    return d.net(written), "Net()"


@form("functools.partial")
def partial(d: Draft) -> tuple[str, str]:
    body = []
    for i, call in enumerate(d.calls()):
        split = d.rng.randint(0, len(call.arguments))
        while split and "=" in call.arguments[split - 1] and not call.arguments[split - 1].startswith("nn."):
            split -= 1  # arguments by name are not said before those by place
        first, rest = call.arguments[:split], call.arguments[split:]
        made = f"make{i} = partial({', '.join([call.callee, *first])})"
        used = call.wrap.format(f"make{i}({', '.join(rest)})")
        body.append(f"{made}\nself.layer{i} = {used}")
    norm = "norm_layer = norm_layer or partial(nn.BatchNorm2d, eps=1e-6)\nself.norm = norm_layer(3)"
    head = d.rng.choice(("from functools import partial\n", "import functools\nfrom functools import partial\n"))
    return f"{head}\n\n" + d.net(*body, norm, arguments="norm_layer=None"), "Net()"


@form("*layers")
def unpacked(d: Draft) -> tuple[str, str]:
    body = ["layers = []"]
    for call in d.calls():
        body.append(d.rng.choice((
            f"layers.append({call})",
            f"layers += [{call}, nn.ReLU(inplace=True)]",
            f"layers.extend([{call}])",
            f"layers = layers + [{call}]",
            f"layers.insert(0, {call})",
            f"for width in [2, 3]:\n    layers += [nn.Linear(width, width), {call}]",
            f"layers = [*layers, {call}]",
        )))  # fmt: skip
    last = d.rng.choice((
        "self.net = nn.Sequential(*layers)", "self.net = nn.Sequential(*layers[:-1], layers[-1])",
        "self.net = nn.ModuleList(layers)", "modules = tuple(layers)\nself.net = nn.Sequential(*modules)",
    ))  # fmt: skip
    return d.net(*body, last), "Net()"


@form("_make_layer")
def make_layer(d: Draft) -> tuple[str, str]:
    lines = [f"self.layer{i} = {call}" for i, call in enumerate(d.calls())]
    block = d.net(
        "self.conv = nn.Conv2d(in_planes, planes, 3, stride, 1, bias=False)", *lines,
        "self.shortcut = nn.Sequential()",
        "if stride != 1 or in_planes != self.expansion * planes:\n"
        "    self.shortcut = nn.Sequential(nn.Conv2d(in_planes, self.expansion * planes, kernel_size=1))",
        arguments="in_planes, planes, stride=1", name="Block",
    ).replace("(nn.Module):\n", "(nn.Module):\n    expansion = 2\n\n", 1)  # fmt: skip
    outer = d.net(
        "self.in_planes = 4",
        "self.layer1 = self._make_layer(block, 2, num_blocks[0], stride=1)",
        "self.layer2 = self._make_layer(block, 4, num_blocks[1], stride=2)",
        "self.linear = nn.Linear(4 * block.expansion, num_classes)",
        arguments="block, num_blocks, num_classes=10", name="Net",
    )  # fmt: skip
    method = """
    def _make_layer(self, block, planes, num_blocks, stride):
        strides = [stride] + [1] * (num_blocks - 1)
        layers = []
        for stride in strides:
            layers.append(block(self.in_planes, planes, stride))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)
"""
    made = "Net(Block, [1, 2])"
    if d.rng.random() < 0.5:
        return f"{block}\n\n{outer}{method}\n\ndef Net3(**kwargs):\n    return {made[:-1]}, **kwargs)\n", "Net3()"
    return f"{block}\n\n{outer}{method}", made


@form("clones and factories")
def cloned(d: Draft) -> tuple[str, str]:
    calls = [
        call._replace(wrap=call.wrap.replace("nn.utils.weight_norm", "nn.utils.parametrizations.weight_norm"))
        for call in d.calls()
    ]  # what a hook has split cannot be copied
    text = (
        "import copy\n\n\ndef clones(module, N):\n"
        "    return nn.ModuleList([copy.deepcopy(module) for _ in range(N)])\n\n\n"
        "ACTIVATIONS = {'relu': nn.ReLU, 'prelu': nn.PReLU}\n\n\n"
    )
    body = [f"self.copies{i} = clones({call}, {d.rng.randint(1, 3)})" for i, call in enumerate(calls)]
    act = "self.act = ACTIVATIONS[act]()\nself.norm = getattr(nn, 'BatchNorm' + str(2) + 'd')(3)"
    return text + d.net(*body, act, arguments="act='prelu'"), "Net()"


# -- the texts --------------------------------------------------------------------------------------------------------

HEADS = (
    ("import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n", "nn."),
    ("import torch\nfrom torch import nn\n", "nn."),
    ("import torch\nfrom torch import nn\n", "torch.nn."),
    ("import torch\nfrom torch import nn\nfrom torch.nn import *\n", ""),
    ("import torch\nimport torch.nn as tnn\nfrom torch import nn\n", "tnn."),
)


def sources(count: int, seed: int) -> Iterator[Source]:
    """`count` texts: every form in turn, the kinds dealt to each form so that each comes to each."""
    rng = random.Random(seed)
    decks: dict[str, list[str]] = {name: [] for name in FORMS}
    order = [name for name in FORMS if name not in ALONE]
    turns = [*ALONE * len(KINDS), *(order[i % len(order)] for i in range(count - len(ALONE) * len(KINDS)))]
    for name in turns:
        kinds = []
        for _ in range(1 if name in ALONE else rng.randint(2, 4)):
            if not decks[name]:
                decks[name] = rng.sample(list(KINDS), len(KINDS))
            kinds.append(decks[name].pop())
        yield written(rng, name, tuple(kinds))


def written(rng: random.Random, name: str, kinds: tuple[str, ...]) -> Source:
    draft = Draft(rng, kinds)
    body, model = FORMS[name](draft)
    head, prefix = rng.choice(HEADS)
    parts = [head, *draft.before, body]
    if not body:  # one expression, as it is pasted
        if not draft.before and prefix != "tnn." and rng.random() < 0.5:
            parts = []
        said = rng.choice(("model = {}", "net = {}", "{}", "print({})"))
        last, told = said.format(model), model
    elif model == "Net()" and rng.random() < 0.4:
        last, told = "", model
    else:
        last, told = f"model = {model}", "model"
    text = re.sub(r"(?<![.\w])nn\.(?=[A-Z])", prefix, "\n\n".join([*parts, last]).strip() + "\n")
    return Source(text, name, kinds, re.sub(r"(?<![.\w])nn\.(?=[A-Z])", prefix, told))
