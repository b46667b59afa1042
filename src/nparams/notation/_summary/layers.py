"""Which layers a printed row can be: by its type, its count, and the shapes that come in and go out.

The kinds are those of Keras (keras/src/layers) and torch.nn; what each holds is the textbook's (layers/).
"""

from __future__ import annotations

from math import prod

from nparams.notation._summary.sequences import attention, bidirectional, encoder, rnn
from nparams.notation._summary.solve import UNUSUAL, Option, conv, dense
from nparams.notation._summary.types import Asked, plain_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def options(asked: Asked) -> list[Option] | None:
    """Everything that the row can be; None for a type that is not known here."""
    make = MAKERS.get(plain_type(asked.type))
    return None if make is None else make(asked)


# -- one function a type ----------------------------------------------------------------------------------------------


def _dense(a: Asked) -> list[Option]:
    if a.kernel and len(a.kernel) == 2 and all(a.kernel):  # torch-summary prints (n_in, n_out)
        n, f = a.kernel
        return dense(a.count, f or 0, n)
    f, n = a.last(a.out), a.last(a.came)
    if f is None and n and a.out is None and a.row.takes is not None:  # only what comes in is printed
        ways = [dense(a.count, a.count // (n + bias), n) for bias in (1, 0) if a.count % (n + bias) == 0]
        return [option for found in ways for option in found][:1]
    return dense(a.count, f, n) if f else []


def _conv(a: Asked, word: str = "conv") -> list[Option]:
    kernel = _kernel(a)
    for front, f in enumerate(a.channels(a.out, a.rank)):
        c = _entering(a, front)
        if a.kernel and len(a.kernel) == a.rank + 2:  # torch-summary prints the whole weight, channels first
            c = a.kernel[0] if c is None else c
        found = conv(a.count, f, c, a.rank, kernel)
        for option in found:
            option.word = word
        if found:
            return found
    return []


def _entering(a: Asked, front: int) -> int | None:
    """The channels that come in, at the same end as those that go out."""
    if not a.came or len(a.came) != a.rank + 1:
        return None
    return a.came[0] if front or a.family != "keras" else a.came[-1]


def _kernel(a: Asked) -> tuple[int, ...] | None:
    if not a.kernel or not all(a.kernel):
        return None
    sides = a.kernel[-a.rank :]
    return tuple(side for side in sides if side) if len(sides) == a.rank else None


def _transposed(a: Asked) -> list[Option]:
    return [option for option in _conv(a, "convtranspose") if "g" not in option.given]


def _depthwise(a: Asked) -> list[Option]:
    found = []
    for front, out in enumerate(a.channels(a.out, a.rank)):
        c = _entering(a, front) or out
        if out % c:
            continue
        for option in conv(a.count, out, 1, a.rank):
            if "g" not in option.given and len(set(option.given["k"])) == 1:  # type: ignore[call-overload]
                k = option.given["k"]
                m = out // c
                given = {"k": k, "c_in": c, "m": m, "rank": a.rank, "bias": option.given["bias"]}
                found.append(Option("depthwiseconv", given, option.told, option.rank, option.said))
        if found:
            break
    return found


def _separable(a: Asked) -> list[Option]:
    found = []
    for front, f in enumerate(a.channels(a.out, a.rank)):
        c = _entering(a, front)
        for bias in (True, False):
            rest = a.count - f * bias
            for side in range(1, 16):
                each = side**a.rank + f
                inputs = c or (rest // each if rest % each == 0 else 0)
                if inputs > 0 and inputs * each == rest:
                    given = {"k": (side,) * a.rank, "c_in": inputs, "c_out": f, "rank": a.rank, "bias": bias}
                    sides = "·".join([str(side)] * a.rank)
                    told = f"{sides}·{inputs} + {inputs}·{f}{f' + {f}' if bias else ''}"
                    at = (0 if side % 2 and side > 1 else 1 if c else UNUSUAL) + (0 if bias else 2)
                    said = f"kernel {'x'.join([str(side)] * a.rank)}" + ("" if c else f" on {inputs} channels")
                    found.append(Option("sepconv", given, told, at, said + ("" if bias else ", no bias")))
        if found:
            break
    return found


def _embedding(a: Asked) -> list[Option]:
    d = a.kernel[-1] if a.kernel and len(a.kernel) == 2 else a.last(a.out)
    if not d or a.count % d or not a.count:
        return []
    rows = a.count // d
    return [Option("embedding", {"V": rows, "d": d}, f"{rows:,}·{d}", 0, f"{rows:,} rows of {d}")]


def _batchnorm(a: Asked) -> list[Option]:
    sides = [side for side in a.out or () if side]
    found = []
    if a.family == "keras":
        for times, given in ((4, {}), (3, {"scale": False}), (2, {"affine": False})):
            if a.count % times == 0 and (a.count // times in sides or (not sides and times == 4)):
                c = a.count // times
                said = {4: "", 3: "one of scale and shift is off", 2: "no scale, no shift"}[times]
                found.append(Option("batchnorm", {"c": c, **given}, f"{times}·{c}", 4 - times, said))
    elif a.count % 2 == 0 and (a.count // 2 in a.channels(a.out) or not sides):
        found.append(Option("batchnorm", {"c": a.count // 2}, f"2·{a.count // 2}"))
    elif a.count % 4 == 0 and a.count // 4 in sides:  # Paddle counts statistics too, as Keras does
        found.append(Option("batchnorm", {"c": a.count // 4, "statistics": True}, f"4·{a.count // 4}"))
    return found


def _norm(word: str) -> Callable[[Asked], list[Option]]:
    def options(a: Asked) -> list[Option]:
        sides = [side for side in a.out or () if side]
        if a.count % 2 == 0 and (a.count // 2 in sides or not sides):
            given: dict[str, object] = {"c": a.count // 2}
            given |= {"affine": True} if word == "instancenorm" else {}  # off in torch unless asked for
            return [Option(word, given, f"2·{a.count // 2}")]
        if a.count in sides:
            return [Option(word, {"c": a.count, "bias": False}, str(a.count), 1, "no shift")]
        return _whole(a, word) if word == "layernorm" else []

    return options


def _whole(a: Asked, word: str) -> list[Option]:
    """A norm over several last sides."""
    size = 1
    shape: list[int] = []
    for side in reversed(a.out or ()):
        if not side:
            break
        size *= side
        shape.insert(0, side)
        if a.count in (size, 2 * size):
            given: dict[str, object] = {"shape": tuple(shape), "bias": a.count == 2 * size}
            return [Option(word, given, f"{'2·' if given['bias'] else ''}{'·'.join(map(str, shape))}")]
    return []


def _rms(a: Asked) -> list[Option]:
    return [Option("rmsnorm", {"c": a.count}, str(a.count))] if a.count in (a.out or (a.count,)) else []


def _distributed(a: Asked) -> list[Option]:
    """A layer at every step by itself: dense, or a convolution where images go through."""
    found = [option for option in _dense(a) if a.came is not None or option.rank == 0]
    if a.out is None or len(a.out) < 4:
        return found
    inner = Asked(a.row, f"conv{len(a.out) - 2}d", a.count, a.came[1:] if a.came else None, a.family, a.recent)
    inner.out = a.out[1:]
    if a.came is not None:
        return found or _conv(inner)
    return []


def _convlstm(a: Asked) -> list[Option]:
    found = []
    for front, f in enumerate(a.channels(a.out, a.rank)[:1]):
        c = a.came[0 if front else -1] if a.came else None
        for bias in (True, False):
            if not c or a.count % (4 * f):
                continue
            q = a.count // (4 * f) - bias
            if q % (c + f) == 0:
                side = next((k for k in range(1, 16) if k**a.rank == q // (c + f)), 0)
                if side:
                    given = {"h": f, "k": (side,) * a.rank, "c_in": c, "rank": a.rank, "bias": bias}
                    told = f"4·({'·'.join([str(side)] * a.rank)}·({c} + {f}){' + 1' if bias else ''})·{f}"
                    found.append(Option("convlstm", given, told, 0, f"kernel {'x'.join([str(side)] * a.rank)}"))
    return found


def _prelu(a: Asked) -> list[Option]:
    sides = [side for side in a.out or () if side]
    return [Option("prelu", {"c": a.count}, str(a.count))] if a.count in (1, *sides, prod(sides)) else []


def _statistics(a: Asked) -> list[Option]:
    """Normalization keeps a mean and a variance of each feature and a counter: measured, not trained."""
    return [Option("buffer", {"shape": (a.count,)}, str(a.count))]


MAKERS: dict[str, Callable[[Asked], list[Option]]] = {
    "dense": _dense, "linear": _dense, "lazylinear": _dense, "nondynamicallyquantizablelinear": _dense,
    "conv": _conv, "convolution": _conv, "lazyconv": _conv, "atrousconvolution": _conv,
    "convtranspose": _transposed, "deconvolution": _transposed, "depthwiseconv": _depthwise,
    "separableconv": _separable, "separableconvolution": _separable,
    "embedding": _embedding, "embeddingbag": _embedding,
    "batchnormalization": _batchnorm, "batchnorm": _batchnorm, "syncbatchnorm": _batchnorm,
    "layernormalization": _norm("layernorm"), "layernorm": _norm("layernorm"),
    "groupnormalization": _norm("groupnorm"), "groupnorm": _norm("groupnorm"),
    "instancenorm": _norm("instancenorm"), "instancenormalization": _norm("instancenorm"),
    "rmsnormalization": _rms, "rmsnorm": _rms,
    "lstm": rnn("lstm"), "cudnnlstm": rnn("lstm"), "gru": rnn("gru"), "cudnngru": rnn("gru"),
    "simplernn": rnn("simplernn"), "rnn": rnn("simplernn"), "bidirectional": bidirectional,
    "timedistributed": _distributed, "multiheadattention": attention, "transformerencoderlayer": encoder,
    "convlstm": _convlstm, "prelu": _prelu, "normalization": _statistics,
}  # fmt: skip
