"""Convolutions of Keras: plain, transposed, depthwise, separable, unshared; pooling is in _keras/pool.py.

Source: keras/src/layers/convolutional/ (3.15); keras/layers/local.py of Keras 2 for unshared ones.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import mul, product
from nparams.layers._keras.dense import arrays
from nparams.layers._keras.klass import Klass
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import fit, flow_of_sides, grown, slid
from nparams.layers.flow import Flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Dim, Shape

PADDINGS = "valid same causal full"


class Image:
    """What comes in, taken apart: the batch, the sides, the channels, and whether those stand first."""

    def __init__(self, k: KerasLayer, shape: Shape) -> None:
        rank = k.klass.preset["rank"]
        assert isinstance(rank, int)
        self.rank = rank
        whole = fit(shape, rank + 2)
        self.first = k.channels_first()
        self.batch: Dim = whole[0]
        self.channels: Dim = whole[1] if self.first else whole[-1]
        self.sides: tuple[Dim, ...] = whole[2:] if self.first else whole[1:-1]

    def shape(self, sides: tuple[Dim, ...], channels: Dim) -> Shape:
        """A shape of the same layout."""
        return (self.batch, channels, *sides) if self.first else (self.batch, *sides, channels)

    def flow(self) -> Flow:
        """The textbook's flow."""
        flow = flow_of_sides(self.sides, self.channels)
        return Flow(flow.positions, flow.channels, first=self.first)


class Slide:
    """A kernel of a layer and how it slides."""

    def __init__(self, k: KerasLayer, image: Image) -> None:
        self.kernel = k.sides("kernel_size", image.rank)
        self.strides = k.sides("strides", image.rank)
        self.padding = k.word("padding", PADDINGS)
        self.dilation = k.sides("dilation_rate", image.rank) if "dilation_rate" in k.klass.params else (1,) * image.rank

    def given(self) -> dict[str, object]:
        """Under the textbook's letters."""
        return {"k": self.kernel, "s": self.strides, "p": self.padding, "d": self.dilation, "rank": len(self.kernel)}

    def out(self, image: Image) -> tuple[Dim, ...]:
        """The sides that go out."""
        windows = zip(image.sides, self.kernel, self.strides, self.dilation, strict=True)
        return tuple(slid(n, k, s, d, self.padding) for n, k, s, d in windows)


def _filters(k: KerasLayer) -> Size:
    return k.size("filters", "c_out", "the number of filters")


def _conv(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    slide, c_out = Slide(k, image), _filters(k)
    groups = k.size("groups", "g", "the number of groups")
    layer = k.textbook(
        "conv", {"c_out": c_out, "g": groups, "bias": k.flag("use_bias"), **slide.given()}, image.flow()
    )  # fmt: skip
    c_in = layer.args["c_in"]
    out = image.shape(slide.out(image), c_out)
    each = c_in if groups == 1 else c_in // groups
    k.holds(
        layer, arrays(layer, ("kernel", (*slide.kernel, each, c_out)), ("bias", (c_out,))),
        image.shape(image.sides, c_in), out,
    )  # fmt: skip
    return out


def _transposed(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    slide, c_out = Slide(k, image), _filters(k)
    extra = None if k.args.get("output_padding") is None else k.sides("output_padding", image.rank, least=0)
    given = {"c_out": c_out, "extra": extra, "bias": k.flag("use_bias"), **slide.given()}
    layer = k.textbook("convtranspose", given, image.flow())
    c_in = layer.args["c_in"]
    windows = zip(image.sides, slide.kernel, slide.strides, slide.dilation, extra or (None,) * image.rank, strict=True)
    sides = tuple(grown(n, w, s, d, slide.padding, more) for n, w, s, d, more in windows)
    out = image.shape(sides, c_out)
    k.holds(
        layer, arrays(layer, ("kernel", (*slide.kernel, c_out, c_in)), ("bias", (c_out,))),
        image.shape(image.sides, c_in), out,
    )  # fmt: skip
    return out


def _depthwise(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    slide, m = Slide(k, image), k.size("depth_multiplier", "m", "filters for each channel")
    layer = k.textbook("depthwiseconv", {"m": m, "bias": k.flag("use_bias"), **slide.given()}, image.flow())
    c_in = layer.args["c_in"]
    out = image.shape(slide.out(image), mul(c_in, m))
    k.holds(
        layer, arrays(layer, ("kernel", (*slide.kernel, c_in, m)), ("bias", (mul(c_in, m),))),
        image.shape(image.sides, c_in), out,
    )  # fmt: skip
    return out


def _separable(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    slide, c_out = Slide(k, image), _filters(k)
    m = k.size("depth_multiplier", "m", "filters for each channel")
    given = {"c_out": c_out, "m": m, "bias": k.flag("use_bias"), **slide.given()}
    layer = k.textbook("separableconv", given, image.flow())
    c_in = layer.args["c_in"]
    out = image.shape(slide.out(image), c_out)
    named = (
        ("depthwise_kernel", (*slide.kernel, c_in, m)),
        ("pointwise_kernel", (*(1,) * image.rank, mul(c_in, m), c_out)),
        ("bias", (c_out,)),
    )
    k.holds(layer, arrays(layer, *named), image.shape(image.sides, c_in), out)
    return out


def _local(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """Weights of its own at each position, so the sides must be known."""
    image = Image(k, shapes[0])
    if not all(n is not None for n in image.sides):
        raise NotationError("it has weights for each position, so the sides must be known: input_shape=(28, 28, 1)")
    slide, c_out = Slide(k, image), _filters(k)
    layer = k.textbook(
        "locallyconnected", {"c_out": c_out, "bias": k.flag("use_bias"), **slide.given()}, image.flow()
    )  # fmt: skip
    c_in = layer.args["c_in"]
    sides = slide.out(image)
    places = product([n for n in sides if n is not None])
    out = image.shape(sides, c_out)
    named = (("kernel", (places, product((*slide.kernel, c_in)), c_out)), ("bias", (*sides, c_out)))
    k.holds(layer, arrays(layer, *named), image.shape(image.sides, c_in), out)
    return out


SLIDES = "strides=1 padding=valid data_format=None dilation_rate=1"
LAST = "activation=None use_bias=True"


def _ranks(name: str, takes: str, make: object, ranks: tuple[int, ...] = (1, 2, 3)) -> list[Klass]:
    return [
        Klass(name.replace("#", f"{rank}D"), takes, make, rank=rank)  # type: ignore[arg-type]
        for rank in ranks
    ]


KLASSES = (
    *_ranks("Conv#", f"filters kernel_size {SLIDES} groups=1 {LAST}", _conv),
    *_ranks(
        "Conv#Transpose",
        f"filters kernel_size strides=1 padding=valid output_padding=None data_format=None dilation_rate=1 {LAST}",
        _transposed, (1, 2),
    ),
    *_ranks(
        "Conv#Transpose",
        f"filters kernel_size strides=1 padding=valid data_format=None output_padding=None dilation_rate=1 {LAST}",
        _transposed, (3,),
    ),
    *_ranks(
        "DepthwiseConv#",
        f"kernel_size strides=1 padding=valid depth_multiplier=1 data_format=None dilation_rate=1 {LAST}",
        _depthwise, (1, 2),
    ),
    *_ranks("SeparableConv#", f"filters kernel_size {SLIDES} depth_multiplier=1 {LAST}", _separable, (1, 2)),
    *_ranks("LocallyConnected#", f"filters kernel_size strides=1 padding=valid data_format=None {LAST}", _local,
            (1, 2)),
)  # fmt: skip
