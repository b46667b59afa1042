"""Which layers of sequences a printed row can be: recurrent ones, attention, a transformer's encoder layer."""

from __future__ import annotations

from nparams.notation._summary.solve import Option, recurrent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.notation._summary.types import Asked


def rnn(word: str) -> Callable[[Asked], list[Option]]:
    def options(a: Asked) -> list[Option]:
        if a.family == "torch":
            return _torch_rnn(a, word)
        h, n = a.last(a.out), a.last(a.came)
        return recurrent(word, a.count, h, n, _vectors(word, a)) if h else []

    return options


def _vectors(word: str, a: Asked) -> tuple[int, ...]:
    """How many vectors of biases a gate has in Keras, the usual number first: cuDNN's have two, GRU since TF 2."""
    if a.type.startswith("cudnn"):
        return (2,)
    if word == "gru":
        return (2, 1, 0) if a.recent else (1, 2, 0) if a.last(a.came) is not None else ()
    return (1, 0)


def _torch_rnn(a: Asked, word: str) -> list[Option]:
    """Layers on top of each other, in one direction or both; torch has two vectors of biases a gate."""
    out, n = a.last(a.out), a.last(a.came)
    gates = {"simplernn": 1, "lstm": 4, "gru": 3}[word]
    found = []
    for ways in (1, 2):
        if not out or not n or out % ways:
            continue
        h = out // ways
        for layers in range(1, 9):
            for v in (2, 0):
                first, rest = h * (n + h + v), h * (out + h + v)
                if ways * gates * (first + (layers - 1) * rest) == a.count:
                    given: dict[str, object] = {"n": n, "h": h, "L": layers, "bidirectional": ways == 2, "bias": v > 0}
                    said = ", ".join(filter(None, (f"{layers} layers" if layers > 1 else "", "" if v else "no bias",
                                                   "both directions" if ways == 2 else "")))  # fmt: skip
                    told = f"{ways * gates}·{h}·({n} + {h} + {v})"
                    if layers > 1:
                        told += f" + {(layers - 1) * ways * gates}·{h}·({out} + {h} + {v})"
                    found.append(Option(word, given, told, 0 if v else 2, said))
    return found


def bidirectional(a: Asked) -> list[Option]:
    out, n = a.last(a.out), a.last(a.came)
    if not out or n is None:
        return []
    found = []
    for h in (out // 2 if out % 2 == 0 else 0, out):
        for word in ("lstm", "gru", "simplernn"):
            for option in recurrent(word, a.count, h, n, (1, 2) if word == "gru" else (1,), ways=2) if h else ():
                option.said = (
                    f"{word.upper()} of {h}" if h != out else f"{word.upper()} of {h}, its directions not joined"
                )
                option.rank = 0 if h != out else 1
                if h == out:
                    option.given["summed"] = True
                found.append(option)
        if found:
            break
    return found


def attention(a: Asked) -> list[Option]:
    d = a.last(a.out)
    if not d:
        return []
    found = []
    for bias in (True, False):
        rest, each = (a.count - d, 4 * d + 3) if bias else (a.count, 4 * d)
        if rest > 0 and rest % each == 0:
            inner = rest // each
            given: dict[str, object] = {"d": d, "bias": bias}
            if inner != d:
                given |= {"h": 1, "d_h": inner}
            told = f"3·({d}·{inner} + {inner}) + {inner}·{d} + {d}" if bias else f"4·{d}·{inner}"
            said = f"its heads together are {inner} wide" + ("" if bias else ", no bias")
            found.append(Option("attention", given, told, 0 if bias else 1, said if inner != d or not bias else ""))
    return found if a.family == "keras" else [o for o in found if "h" not in o.given]


def encoder(a: Asked) -> list[Option]:
    d = a.last(a.out)
    if not d:
        return []
    rest = a.count - 4 * d * d - 9 * d
    if rest <= 0 or rest % (2 * d + 1):
        return []
    f = rest // (2 * d + 1)
    told = f"4·{d}² + 4·{d} + 2·{d}·{f} + {f} + {d} + 4·{d}"
    return [Option("encoderlayer", {"d": d, "f": f}, told, 0, f"{f:,} inside its feed-forward part")]
