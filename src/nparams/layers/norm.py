"""Normalisation: batch, layer, group, instance and root mean square; a scale for each channel.

γ (scale) and β (shift) are trained.  Running means and variances are measured: they are kept as buffers and are no
parameters, though Keras's own summary counts them.
Source: Ioffe and Szegedy 2015 (arXiv 1502.03167), alg. 1; Ba et al. 2016 (1607.06450), eq. 4; Wu and He 2018
(1803.08494), §3.1; Ulyanov et al. 2016 (1607.08022); Zhang and Sennrich 2019 (1910.07467), eq. 4.
"""

from __future__ import annotations

from nparams.expr import product
from nparams.layers.kind import Kind, Param

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.layer import Layer

SCALE = "One scale γ for each channel ({c})."
SHIFT = "One shift β for each channel."


def _affine(l: Layer, shape: tuple[Size, ...], letter: str = "c") -> None:
    """γ and β of that shape, whichever it has; β counts as a bias."""
    if l.flag("affine") and l.flag("scale"):
        l.array("weight", shape, letter, SCALE)
    if l.flag("affine") and l.flag("bias"):
        l.array("bias", shape, letter, SHIFT if l.flag("scale") else "One shift β for each channel ({c}).", "bias")
    if len(l.why) == 2:
        l.formula = f"2*{letter}"
    if not l.why:
        l.say("It has neither scales nor shifts.")


def _batch(l: Layer) -> None:
    c = l.width("c", "the number of channels")
    _affine(l, (c,))
    _statistics(l, c)


def _statistics(l: Layer, c: Size) -> None:
    """What is measured while training, if it is kept."""
    if not l.flag("statistics"):
        return
    l.say(
        "The mean and the variance of each channel are measured while training, not learned: 2·{c} numbers that are "
        "kept, and no parameters."
    )
    l.buffer("running_mean", (c,))
    l.buffer("running_var", (c,))
    if l.convention == "torch":
        l.say("PyTorch counts the batches besides: one more number that is kept.")
        l.buffer("num_batches_tracked", ())


def _layer(l: Layer) -> None:
    """γ and β over the last sides, however many are said."""
    l.last_side()
    said = l.given.get("shape")
    if said is not None and len(said) > 1:
        came = l.takes.shape
        l.check(
            came is None or l.takes.positions is None or came[-len(said) :] == said,
            f"it normalises {'x'.join(map(str, said))}, but {'x'.join(map(str, came or ()))} comes in",
        )
        l.args["c"] = product(said)
        l.setting.positions_matter = True
        return _affine(l, said)
    if said is not None:
        l.given = {**l.given, "c": said[0]}
    return _affine(l, (l.width("c", "the number of channels"),))


def _group(l: Layer) -> None:
    c, groups = l.width("c", "the number of channels"), l.value("g")
    if groups is not None:
        l.divisible(c, groups, f"{groups} groups cannot share {c} channels equally; choose a divisor")
    _affine(l, (c,))
    l.say("How many groups share a mean and a variance plays no part in the count.")


def _instance(l: Layer) -> None:
    if l.convention == "torch" and "affine" not in l.given:
        l.given = {**l.given, "affine": False}
    c = l.width("c", "the number of channels")
    _affine(l, (c,))
    _statistics(l, c)


def _rms(l: Layer) -> None:
    _layer(l)
    l.say("There is no shift: it divides by the root of the mean square and subtracts nothing.")


def _scale(l: Layer) -> None:
    c = l.width("c", "the number of channels")
    l.array("weight", (c,), "c", "One learned factor for each of the {c} channels.")


def _prelu(l: Layer) -> None:
    c, shape = l.takes.channels, l.takes.shape
    why = "One slope for negative values in each of the {c} channels."
    if l.given.get("c") is not None:
        n = l.size("c")
        l.check(
            n == 1 or c is None or isinstance(c, type(n)) is False or n == c,
            f"it has {n} slopes, but {c} channels come in",
        )
        why = "It learns {c} slope(s) for negative values."
    elif l.convention == "torch":
        l.args["c"] = 1
        why = "One slope for negative values, shared by all channels: PyTorch's default."
    elif l.convention == "keras" and l.takes.positions and shape is not None:
        l.args["c"] = product(shape)
        l.setting.positions_matter = True
        why = "One slope for each of the {c} values that come in: Keras's default."
    else:
        l.width("c", "the number of channels")
    l.array("weight", (l.args["c"],), "c", why)


CHANNELS = Param("c", "channels features c dim numfeatures", "the number of channels", noun=True)
SHAPE = Param("shape", "normalizedshape shape channels features dim", "what is normalised", "shape")
BETA = Param("bias", "bias center beta shift offset", "whether it has shifts β", "flag", True)
GAMMA = Param("scale", "scale gamma", "whether it has scales γ", "flag", True)
AFFINE = Param("affine", "affine elementwiseaffine", "whether it has scales and shifts", "flag", True)
STATISTICS = Param(
    "statistics", "statistics trackrunningstats runningstats", "whether it keeps statistics", "flag", True
)
KEPT = Param("statistics", "statistics trackrunningstats runningstats", "whether it keeps statistics", "flag", False)
OVER = Param("shape", "normalizedshape shape", "what is normalised", "shape")
NUMBER_OF_GROUPS = Param("g", "groups g numgroups", "the number of groups", noun=True, counts=False)
LEARNED = (BETA, GAMMA, AFFINE)
LAST_SIDE = dict.fromkeys(("torch", "keras"), "acting on the last side, not on channels that stand first")

KINDS = (
    Kind(
        "BatchNorm",
        "batchnorm bn batchnormalization batchnormalisation batchnormlayer",
        "scales and shifts each channel; its statistics are no parameters",
        _batch,
        params=(CHANNELS, *LEARNED, STATISTICS),
        orders=("c",),
        width="c",
        presets={f"batchnorm{rank}d": {} for rank in (1, 2, 3)},
        example="batchnorm 64",
        source="Ioffe and Szegedy 2015 (arXiv 1502.03167), alg. 1; torch.nn.BatchNorm2d; "
        "keras.layers.BatchNormalization",
        rivals={"torch": "BatchNorm1d BatchNorm2d BatchNorm3d", "keras": "BatchNormalization"},
    ),
    Kind(
        "LayerNorm",
        "layernorm ln layernormalization layernormalisation norm",
        "scales and shifts each channel",
        _layer,
        params=(Param("c", "", "the number of channels"), SHAPE, *LEARNED),
        orders=("shape",),
        width="c",
        example="layernorm 768",
        source="Ba et al. 2016 (arXiv 1607.06450), eq. 4; torch.nn.LayerNorm; keras.layers.LayerNormalization",
        rivals={"torch": "LayerNorm", "keras": "LayerNormalization"},
        differs=LAST_SIDE,
    ),
    Kind(
        "GroupNorm",
        "groupnorm gn groupnormalization groupnormalisation",
        "scales and shifts each channel",
        _group,
        params=(NUMBER_OF_GROUPS, CHANNELS, *LEARNED),
        orders=("g", "g c"),
        width="c",
        example="groupnorm 32 on 64",
        source="Wu and He 2018 (arXiv 1803.08494), §3.1; torch.nn.GroupNorm; keras.layers.GroupNormalization",
        rivals={"torch": "GroupNorm", "keras": "GroupNormalization"},
    ),
    Kind(
        "InstanceNorm",
        "instancenorm instancenormalization instancenormalisation",
        "scales and shifts each channel",
        _instance,
        params=(CHANNELS, *LEARNED, KEPT),
        orders=("c",),
        width="c",
        presets={f"instancenorm{rank}d": {} for rank in (1, 2, 3)},
        example="instancenorm 64",
        source="Ulyanov et al. 2016 (arXiv 1607.08022); torch.nn.InstanceNorm2d; keras: GroupNormalization(groups=-1)",
        rivals={"torch": "InstanceNorm1d InstanceNorm2d InstanceNorm3d", "keras": "GroupNormalization"},
        differs={"torch": "scales and shifts, which are off there unless asked for (affine)"},
    ),
    Kind(
        "RMSNorm",
        "rmsnorm rmsnormalization",
        "scales each channel; no shifts",
        _rms,
        params=(CHANNELS, OVER, Param("bias", "", "", "flag", False), GAMMA, AFFINE),
        orders=("c",),
        width="c",
        example="rmsnorm 4096",
        source="Zhang and Sennrich 2019 (arXiv 1910.07467), eq. 4; torch.nn.RMSNorm; keras.layers.RMSNormalization",
        rivals={"torch": "RMSNorm", "keras": "RMSNormalization"},
        differs=LAST_SIDE,
    ),
    Kind(
        "Scale",
        "layerscale channelscale",
        "a learned factor for each channel",
        _scale,
        params=(CHANNELS,),
        orders=("c",),
        width="c",
        example="layerscale 768",
        source="Touvron et al. 2021 (arXiv 2103.17239), §2",
    ),
    Kind(
        "PReLU",
        "prelu parametricrelu",
        "a learned slope for negative values",
        _prelu,
        params=(CHANNELS,),
        orders=("c",),
        width="c",
        example="prelu 64",
        source="He et al. 2015 (arXiv 1502.01852), §2.1; torch.nn.PReLU; keras.layers.PReLU",
        rivals={"torch": "PReLU", "keras": "PReLU"},
        differs={"torch": "one slope for all channels", "keras": "a slope for every value, not for every channel"},
    ),
)
