"""Networks as plain lists of layers, counted by the textbook with one thing done wrong: written apart from nparams.

A layer is a tuple; `counted` adds up weights and biases with plain arithmetic, `wrong` names what is done differently.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

Layer = tuple[object, ...]
Wrong = frozenset[str]
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
RIGHT: Wrong = frozenset()


class Made:
    """A network: how it is typed, its layers, and which mistakes it leaves room for."""

    def __init__(self, typed: str, layers: list[Layer], room: list[str], bias: str | None = None) -> None:
        self.typed = typed
        self.layers = layers
        self.room = room
        self.bias = bias


def counted(layers: list[Layer], wrong: Wrong = RIGHT) -> int:
    """The number of parameters, with mistakes."""
    last = max(k for k, layer in enumerate(layers) if layer[0] in COUNTS)
    total = 0
    for k, layer in enumerate(layers):
        name, *sizes = layer
        if name not in COUNTS:
            continue
        weights, biases = COUNTS[str(name)](*sizes, wrong=wrong, first=k == 0)  # type: ignore[operator]
        if "no biases of the output" in wrong and k == last:
            biases = 0
        if "no biases" in wrong:
            biases = 0
        if "one bias for each layer" in wrong and biases:
            biases = 1
        if "biases counted twice" in wrong:
            biases *= 2
        if "norms left out" in wrong and name in ("batchnorm", "layernorm"):
            weights = biases = 0
        times = 2 if f"layers counted twice:{k}" in wrong else 0 if f"layers left out:{k}" in wrong else 1
        total += times * (weights + biases)
    if "biases of the inputs" in wrong:
        total += int(layers[0][1])  # type: ignore[call-overload]
    return total


def dense(n_in: int, n_out: int, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    by_inputs = "biases by what comes in" in wrong
    return (n_in + n_out if "sizes added" in wrong else n_in * n_out), n_in if by_inputs else n_out


def conv(c_in: int, c_out: int, k: int, side: int, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    weights, biases = k * k * c_in * c_out, c_out
    if "input channels forgotten" in wrong:
        weights = k * k * c_out
    if "one filter" in wrong:
        return k * k * c_in, 1
    if "one side of the kernel" in wrong:
        weights = k * c_in * c_out
    if "image size multiplied in" in wrong:
        weights *= side * side
    if "biases by what comes in" in wrong:
        biases = c_in
    return weights, biases


def depthwise(c: int, k: int, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    return k * k * c * (c if "groups ignored" in wrong else 1), c


def flattened(
    side: int, wrong_side: int, rounded: int, channels: int, n_out: int, *, wrong: Wrong, first: bool
) -> tuple[int, int]:
    """The dense layer after a flatten."""
    n_in = side * side * channels
    if "another image before the dense layer" in wrong:
        n_in = wrong_side * wrong_side * channels
    if "a factor of the flattened size forgotten" in wrong:
        n_in = channels
    return dense(n_in, n_out, wrong=wrong, first=False)


def norm(c: int, *, wrong: Wrong, first: bool, statistics: bool = False) -> tuple[int, int]:
    kept = 2 * c if statistics and "statistics counted" in wrong else 0
    return c + kept, 0 if "norms without shifts" in wrong else c


def batchnorm(c: int, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    return norm(c, wrong=wrong, first=first, statistics=True)


def cell(
    name: str, n: int, h: int, ways: int, doubled: bool, steps: int, *, wrong: Wrong, first: bool
) -> tuple[int, int]:
    g = GATES[name]
    if "number of gates" in wrong and g > 1:
        g = 1
    if "input of both directions not doubled" in wrong and doubled:
        n //= 2
    if "time steps used" in wrong and first:
        n = steps
    if "number of directions" in wrong:
        ways = 1
    back = 0 if "recurrence forgotten" in wrong else h * h
    ahead = 0 if "what comes in forgotten" in wrong else n * h
    return ways * g * (ahead + back), ways * g * h * (2 if "one or two bias vectors" in wrong else 1)


def head(n_in: int, n_out: int, doubled: bool, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    """The dense layer after recurrent ones."""
    return dense(
        n_in // 2 if doubled and "input of both directions not doubled" in wrong else n_in,
        n_out,
        wrong=wrong,
        first=False,
    )


def table(V: int, d: int, kind: str, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    return 0 if f"a table left out:{kind}" in wrong else V * d, 0


def tied(V: int, d: int, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    """An output layer that is the embedding itself: only its biases are new."""
    return V * d if "what is shared counted twice" in wrong else 0, V


def attention(d: int, heads: int, kv: int, L: int, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    if "one block too many or too few" in wrong:
        L -= 1
    narrow = d if "shared key and value heads ignored" in wrong else d // heads * kv
    matrices = 2 * d * d + 2 * d * narrow
    if "matrices of attention" in wrong:
        matrices -= d * d
    if "heads multiplied in" in wrong:
        matrices += (heads - 1) * (d * d + 2 * d * narrow)
    return L * matrices, L * (2 * d + 2 * narrow)


def feed(d: int, f: int, L: int, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    if "one block too many or too few" in wrong:
        L -= 1
    return L * (1 if "matrices of feed-forward layers" in wrong else 2) * d * f, L * (d + f)


def layernorm(d: int, L: int, *, wrong: Wrong, first: bool) -> tuple[int, int]:
    L -= L > 1 and "one block too many or too few" in wrong
    return L * d, 0 if "norms without shifts" in wrong else L * d


COUNTS = {"dense": dense, "conv": conv, "depthwise": depthwise, "flattened": flattened, "batchnorm": batchnorm,
          "cell": cell, "head": head, "table": table, "tied": tied, "attention": attention, "feed": feed,
          "layernorm": layernorm}  # fmt: skip

# -- random networks ---------------------------------------------------------------------------------------------------

ANY = ["no biases", "no biases of the output", "one bias for each layer", "biases counted twice"]


def perceptron(r: Random) -> Made:
    """784-16-16-10."""
    sizes = [r.randint(3, 900), *(r.randint(3, 130) for _ in range(r.randint(1, 3))), r.randint(2, 30)]
    layers: list[Layer] = [("dense", a, b) for a, b in pairwise(sizes)]
    room = [*ANY, "biases of the inputs", "biases by what comes in", "sizes added"]
    room += [f"layers left out:{r.randrange(len(layers))}", f"layers counted twice:{r.randrange(len(layers))}"]
    return Made("-".join(map(str, sizes)), layers, room)


def image(r: Random) -> Made:
    """Convolutions, norms, pools, a flatten, dense layers."""
    side, c = r.choice([20, 24, 28, 32, 37]), r.choice([1, 3])
    words, layers = [f"input {side}x{side}x{c}"], list[Layer]()
    kept, up, normed, thin = side, side, False, False
    for _ in range(r.randint(1, 3)):
        k, out = r.choice([3, 5]), r.choice([6, 8, 12, 16, 20, 32])
        if side < 2 * k + 2:
            break
        side = side - k + 1
        words.append(f"conv {out} {k}x{k} valid")
        layers.append(("conv", c, out, k, side))
        c = out
        if r.random() < 0.3:
            words.append("batchnorm")
            layers.append(("batchnorm", c))
            normed = True
        if r.random() < 0.2:
            words.append("depthwise conv 3x3 same")
            layers.append(("depthwise", c, 3))
            thin = True
        if r.random() < 0.6:
            words.append("maxpool 2")
            side, kept, up = side // 2, kept // 2, -(-up // 2)
    n_out = r.randint(10, 120)
    words += ["flatten", f"dense {n_out}", "dense 10"]
    layers += [("flattened", side, kept, up, c, n_out), ("dense", n_out, 10)]
    room = [*ANY, "input channels forgotten", "one filter", "one side of the kernel", "image size multiplied in",
            "another image before the dense layer", "a factor of the flattened size forgotten",
            *(["statistics counted", "norms left out", "norms without shifts"] if normed else []),
            *(["groups ignored"] if thin else [])]  # fmt: skip
    held = r.randrange(len(layers))
    return Made("; ".join(words), layers, [*room, f"layers left out:{held}", f"layers counted twice:{held}"])


def sequence(r: Random) -> Made:
    """Recurrent layers and a dense one."""
    steps, n = r.randint(5, 60), r.randint(2, 80)
    words, layers, doubled, gated = [f"input {steps}x{n}"], list[Layer](), False, False
    both = False
    for _ in range(r.randint(1, 2)):
        name, h, ways = r.choice(["lstm", "gru", "rnn"]), r.randint(4, 120), r.choice([1, 1, 2])
        words.append(f"{'bidirectional ' if ways == 2 else ''}{name} {h} seq")
        layers.append(("cell", name, n, h, ways, doubled, steps))
        n, doubled, gated, both = h * ways, ways == 2, gated or name != "rnn", both or ways == 2
    n_out = r.randint(1, 40)
    words.append(f"dense {n_out}")
    layers.append(("head", n, n_out, doubled))
    room = [*ANY, "recurrence forgotten", "what comes in forgotten", "time steps used", "one or two bias vectors",
            *(["number of gates"] if gated else []),
            *(["number of directions", "input of both directions not doubled"] if both else [])]  # fmt: skip
    return Made("; ".join(words), layers, room)


def transformer(r: Random) -> Made:
    """Embeddings, equal blocks, an output layer, shared or not."""
    heads = r.choice([4, 8])
    d, V, n, L = heads * r.choice([8, 16, 24]), r.randint(200, 5_000), r.randint(16, 300), r.randint(2, 6)
    kv, f = r.choice([1, 2, heads]), r.choice([2, 4]) * heads * 20 + r.randint(0, 9)
    own = r.random() < 0.5
    words = [f"embedding {V} {d} as emb", f"positions {n}", f"{L} x encoder {d} heads {heads} kv {kv} ff {f}",
             f"dense {V}" if own else f"dense {V} tied to emb"]  # fmt: skip
    layers: list[Layer] = [
        ("table", V, d, "emb"), ("table", n, d, "positions"), ("attention", d, heads, kv, L),
        ("layernorm", d, L), ("feed", d, f, L), ("layernorm", d, L), ("dense", d, V) if own else ("tied", V, d),
    ]  # fmt: skip
    room = ["no biases", "a table left out:emb", "a table left out:positions", "matrices of attention",
            "heads multiplied in", "matrices of feed-forward layers", "norms left out", "norms without shifts",
            "one block too many or too few",
            *([] if kv == heads else ["shared key and value heads ignored"]),
            *([] if own else ["what is shared counted twice"])]  # fmt: skip
    return Made("; ".join(words), layers, room)


FAMILIES = (perceptron, image, sequence, transformer)


def made(r: Random) -> Made:
    """A random network of a random family."""
    return r.choice(FAMILIES)(r)


# -- the same networks as Keras code -----------------------------------------------------------------------------------

CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}
#: words of a list -> the call of Keras; GRU as texts count it
KERAS = {
    "input": lambda p: f"Input(({', '.join(p[1].split('x'))},))",
    "conv": lambda p: f"Conv2D({p[1]}, {p[2].partition('x')[0]})",
    "batchnorm": lambda p: "BatchNormalization()",
    "depthwise": lambda p: "DepthwiseConv2D(3, padding='same')",
    "maxpool": lambda p: "MaxPooling2D(2)",
    "flatten": lambda p: "Flatten()",
    "dense": lambda p: f"Dense({p[1]})",
    "bidirectional": lambda p: f"Bidirectional({KERAS[p[1]](p[1:])})",
    **{
        word: lambda p: f"{CELLS[p[0]]}({p[1]}, return_sequences=True{', reset_after=False' if p[0] == 'gru' else ''})"
        for word in CELLS
    },
}


def keras_code(network: Made) -> str:
    """Sequential([...]) of an image or a sequence network."""
    calls = [KERAS[words.split()[0]](words.split()) for words in network.typed.split("; ")]
    return f"Sequential([{', '.join(calls)}])"
