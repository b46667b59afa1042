"""The dense layer in lists of layers (dense.py has its arrays), and adapters beside it.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), §6.1; Hu et al. 2021 (arXiv 2106.09685) for adapters.
"""

from __future__ import annotations

from nparams.layers.dense import WHY_BIASES, WHY_WEIGHTS
from nparams.layers.flow import Flow
from nparams.layers.kind import BIAS, Kind, Param

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.layer import Layer


def _make(l: Layer) -> None:
    _image(l)
    n_in, n_out = l.width("n_in"), l.size("n_out")
    l.frozen = l.given.get("r") is not None
    l.array("weight", (n_out, n_in), "n_in*n_out", WHY_WEIGHTS[2])
    l.bias((n_out,), "n_out", WHY_BIASES[2])
    if l.given.get("r") is not None:
        adapter(l, n_in, n_out)
    l.sends = l.takes.but(channels=n_out, spread=False)


def _image(l: Layer) -> None:
    """An image into a dense layer: texts connect every pixel; the frameworks act on the last side."""
    if l.takes.unseen and l.convention == "textbook":
        l.takes = l.takes.but(positions=(), channels=None, spread=True)
        return
    sides = l.takes.positions or ()
    l.last_side()
    if len(sides) == 1 and sides[0] == l.takes.channels:
        l.setting.note(
            f"{l.name}: {sides[0]}·{sides[0]} is read as a sequence, and every step is treated by itself; write "
            "flatten before it to connect every value"
        )
    if len(sides) < 2:
        return
    told = "·".join(map(str, l.takes.shape or ()))
    if l.convention == "textbook":
        l.setting.note(f"{l.name}: every one of the {told} values is connected, as after a flatten")
        l.takes = l.takes.but(positions=(), channels=l.takes.size, spread=True)
    else:
        l.setting.note(
            f"{l.name}: {l.convention} treats each position of {told} by itself; write flatten before it "
            "to connect every value"
        )


def adapter(l: Layer, n_in: Size, n_out: Size) -> None:
    """LoRA: W + B·A with A (r, n_in) and B (n_out, r), W frozen; DoRA also learns the length of each row of W.

    Hu et al. 2021 (arXiv 2106.09685) §4.1; Liu et al. 2024 (arXiv 2402.09353) §4; as peft stores them.
    """
    r = l.size("r")
    l.args.update({"n_in": n_in, "n_out": n_out})
    l.frozen = False
    l.say("The weights above are frozen; what is trained is an adapter beside them, B·A.")
    l.array("lora_A", (r, n_in), "r*n_in", "A brings the {n_in} values that come in down to {r}.")
    l.array("lora_B", (n_out, r), "r*n_out", "B brings those {r} up to the {n_out} that go out.")
    if l.flag("dora"):
        l.array("magnitude", (n_out,), "n_out", "DoRA learns the length of each of the {n_out} rows as well.")
    for t in l.tensors:
        t.trainable = t.trainable is None


def _lora(l: Layer) -> None:
    if l.takes.positions and l.given.get("n_out") is None and len(l.takes.positions) == 1:  # on 4096x11008
        l.given = {**l.given, "n_out": l.takes.channels}
        l.takes = Flow((), l.takes.positions[0])
    adapter(l, l.width("n_in"), l.size("n_out"))
    l.why[0] = (0, "", "Only the adapter of a layer is counted here, B·A; the layer itself stays as it is.")
    for t in l.tensors:
        t.trainable = None
    l.sends = l.takes.but(channels=l.args["n_out"], spread=False)


UNITS = Param("n_out", "units neurons nodes outputs out classes dim", "the number of neurons", noun=True)
RANK = Param("r", "lora rank", "the rank of the adapter", default=None)
DORA = Param("dora", "dora", "also learns magnitudes (DoRA)", "flag", False)

KINDS = (
    Kind(
        "Dense", "dense fc linear fullyconnected affine fclayer denselayer fullyconnectedlayer linearlayer output "
        "outputlayer hidden hiddenlayer layer",
        "every value that comes in is connected to every neuron", _make,
        params=(UNITS, Param("n_in", "inputs in infeatures", "how many values come in", noun=True), BIAS, RANK, DORA),
        orders=("n_out", "n_in n_out"), example="dense 10 on 784",
        source="Goodfellow et al. 2016, §6.1; torch.nn.Linear; keras.layers.Dense",
        rivals={"torch": "Linear", "keras": "Dense"},
        differs={
            "torch": "acting on the last side, at each position of an image by itself",
            "keras": "acting on the last side, at each position of an image by itself",
        },
    ),
    Kind(
        "LoRA", "lora loraadapter adapter", "only the adapter of a layer: two thin matrices", _lora,
        params=(Param("r", "rank r", "the rank of the adapter"),
                Param("n_in", "inputs in", "how many values come in", noun=True),
                Param("n_out", "to out outputs units", "how many values go out", noun=True), DORA),
        orders=("r", "r n_in n_out"), example="lora 16 on 4096 to 4096",
        source="Hu et al. 2021 (arXiv 2106.09685), §4.1",
    ),
)  # fmt: skip
