"""The tree of a model's layers: kinds, letters and formulas where a layer's arrays are those of its class."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.frameworks._keras import expected, roles
from nparams.layers._keras.shape import told
from nparams.layers.layer import parsed
from nparams.network import PARAMETER_ROLES, Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.frameworks._keras.collect import Collected
    from nparams.frameworks._keras.walk import Met

    Aside = Sequence[tuple[str, str, int, int]]

#: what a formula says of an adapter, by kind
ADAPTED = {"Dense": ("n_in*r", "r*n_out"), "Embedding": ("V*r", "r*d")}
WHY = ("Beside its table of weights, which is frozen, a matrix that brings {r} numbers in,", "and one back out.")
KEPT = frozenset((*PARAMETER_ROLES, "buffer"))


def build(met: Sequence[Met], aside: Aside, tensors: Sequence[Tensor]) -> Module:
    """The whole tree, the inner layers first."""
    made: dict[int, Module] = {}
    for one in reversed(met):
        last = met[one.end - 1].last
        made[one.place] = module(one, [made.pop(child.place) for child in one.children], tensors, last)
    top = made[0]
    extra = [Module(name, kind, tensors=tensors[first:last]) for name, kind, first, last in aside]
    if not top.name:
        top.children = [*top.children, *extra]
        return top
    return Module(children=[top, *extra])


def module(met: Met, children: list[Module], tensors: Sequence[Tensor], last: int) -> Module:
    """One layer: a row of its own where all in it is what its class says."""
    klass = expected.klass_of(met.cls.library)
    own = list(tensors[met.first : met.last])
    if klass is not None and not met.cls.model:
        if not expected.is_around(klass) or klass.name == "Bidirectional":
            like = expected.module_of(met, klass)
            held = list(tensors[met.first : last])
            if like is not None and _matches(like, held):
                return _alike(met, like, held)
            if not met.built and any(t.shape is None for t in held):
                return Module(met.name or met.cls.name, like.kind if like else klass.kind, tensors=held)
        elif klass.name == "TimeDistributed" and len(children) == 1 and not own and not children[0].children:
            return _over_time(met, children[0])
    kind = met.cls.name if klass is None or own or children else klass.kind
    if not met.name:
        return Module("", met.cls.name if own else None, tensors=own, children=children)
    out = children[-1].out if met.cls.model and children else None
    return Module(met.name, kind, tensors=own, children=children, takes=_ends(met), out=out)


def _matches(like: Module, held: Sequence[Tensor]) -> bool:
    """Whether the arrays of a layer are those that its class has; quantisation makes the kernel anew, as the last."""
    mine = [(t.role, t.shape) for t in held if t.role in KEPT and t.name.rpartition("/")[2] not in roles.ADAPTERS]
    if like.children or any(shape is None for _, shape in mine):
        return False
    theirs = [(t.role, t.shape) for t in like.tensors if t.role in KEPT]
    return sorted(map(str, mine)) == sorted(map(str, theirs))


def _alike(met: Met, like: Module, held: list[Tensor]) -> Module:
    """The textbook's module with the arrays that are there."""
    made = Module(
        met.name or met.cls.name, like.kind, like.args, takes=_numbers(like.takes), out=_numbers(like.out),
        tensors=held, why=like.why,
    )  # fmt: skip
    counted = [t for t in held if t.role in PARAMETER_ROLES]
    tied = [t for t in counted if t.tied_to is not None]
    adapted = [t for t in counted if t.name.rpartition("/")[2] in roles.ADAPTERS]
    if tied and len(tied) == len(counted):
        owner = str(tied[0].tied_to).rpartition("/")[0] or tied[0].tied_to
        made.formula, made.why = 0, ((0, "", f"It is {owner} itself (shared): it adds nothing."),)
    elif adapted and not tied:
        _adapt(made, like, adapted)
    elif not tied:
        made.formula = like.formula
    return made


def _adapt(made: Module, like: Module, adapted: list[Tensor]) -> None:
    """The formula of a layer with LoRA: its own, and two thin matrices."""
    parts = ADAPTED.get(str(like.kind))
    if parts is None or len(adapted) != 2 or like.formula is None or adapted[0].shape is None:
        return
    made.args["r"] = adapted[0].shape[-1]
    old = like.formula.args if isinstance(like.formula, Expr) and like.formula.op == "add" else (like.formula,)
    made.formula = Expr("add", (*old, *map(parsed, parts)))
    made.why = (*like.why, *((parsed(part), "weight", text) for part, text in zip(parts, WHY, strict=True)))


def _over_time(met: Met, inner: Module) -> Module:
    """TimeDistributed around one layer: that layer, once for all steps."""
    inner.name = met.name
    inner.takes = _ends(met)
    steps = met.shapes[0][1] if met.shapes and len(met.shapes[0]) > 1 else None
    if inner.out is not None and isinstance(steps, int):
        inner.out = (steps, *inner.out)
    return inner


def _ends(met: Met) -> tuple[Any, ...] | None:
    return told(met.shapes[0]) if met.shapes else None


def _numbers(shape: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    """A shape without stand-ins for what is not known."""
    return shape if shape is not None and all(isinstance(side, int) for side in shape) else None


def layers(found: Collected) -> tuple[int, int]:
    """How many layers there are, and how many of them have parameters; one inside another of Keras's own not."""
    count = held = at = 0
    while at < len(found.met):
        met = found.met[at]
        klass = expected.klass_of(met.cls.library)
        whole = not met.children or (klass is not None and not expected.is_around(klass) and not met.cls.model)
        count += whole
        last = found.met[met.end - 1].last if whole else met.last
        held += any(_is_parameter(found, k) for k in range(met.first, last))
        at = met.end if whole else at + 1
    return count, held


def _is_parameter(found: Collected, k: int) -> bool:
    kind = found.tensors.kinds[k]
    return (kind.role if isinstance(kind, Tensor) else kind[2]) in PARAMETER_ROLES
