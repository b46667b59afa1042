"""Networks for small devices, by their stage tables: MobileNet 1-3, EfficientNet 1-2, ShuffleNet 2.

Names of layers are torchvision's, for MobileNet 1 those of Keras.
"""

from __future__ import annotations

from nparams.notation._names.lines import KERAS, Model, Net, bn, conv, dense, depthwise


def divisible(n: int, by: int, divisor: int = 1, least: int = 8) -> int:
    """n·by/divisor as the nearest multiple of 8 that is not more than a tenth smaller (_make_divisible of torchvision).

    >>> divisible(32, 11, 10), divisible(16, 18, 10)
    (32, 32)
    """
    found = max(least, (n * by + 4 * divisor) // (8 * divisor) * 8)
    return found + 8 if 10 * divisor * found < 9 * n * by else found


# -- MobileNet --------------------------------------------------------------------------------------------------------

#: Howard et al. 2017, table 1: filters of each pair of layers, stride
MOBILENET_V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
#: Sandler et al. 2018, table 2: expansion, filters, blocks, stride
MOBILENET_V2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
#: Howard et al. 2019, tables 1 and 2: kernel, inner filters, filters, squeeze-and-excitation, stride
MOBILENET_V3 = {
    "large": (((3, 16, 16, 0, 1), (3, 64, 24, 0, 2), (3, 72, 24, 0, 1), (5, 72, 40, 1, 2), (5, 120, 40, 1, 1),
               (5, 120, 40, 1, 1), (3, 240, 80, 0, 2), (3, 200, 80, 0, 1), (3, 184, 80, 0, 1), (3, 184, 80, 0, 1),
               (3, 480, 112, 1, 1), (3, 672, 112, 1, 1), (5, 672, 160, 1, 2), (5, 960, 160, 1, 1), (5, 960, 160, 1, 1)),
              1280, 5_483_032),
    "small": (((3, 16, 16, 1, 2), (3, 72, 24, 0, 2), (3, 88, 24, 0, 1), (5, 96, 40, 1, 2), (5, 240, 40, 1, 1),
               (5, 240, 40, 1, 1), (5, 120, 48, 1, 1), (5, 144, 48, 1, 1), (5, 288, 96, 1, 2), (5, 576, 96, 1, 1),
               (5, 576, 96, 1, 1)), 1024, 2_542_856),
}  # fmt: skip


def mobilenet_v1(classes: int = 1000) -> list[str]:
    """keras.applications.MobileNet: the classifier is a convolution of 1x1 with biases."""
    lines = ["input 224x224x3", conv("conv1", 32, 3, 2), bn("conv1_bn")]
    for k, (filters, s) in enumerate(MOBILENET_V1, 1):
        lines += [depthwise(f"conv_dw_{k}", 3, s), bn(f"conv_dw_{k}_bn"), conv(f"conv_pw_{k}", filters)]
        lines.append(bn(f"conv_pw_{k}_bn"))
    return [*lines, "gap as global_average_pooling2d", dense("conv_preds", classes)]


def unit(name: str, filters: int, k: int = 1, s: int = 1) -> list[str]:
    """A convolution and its norm (Conv2dNormActivation of torchvision)."""
    return [conv(f"{name}.0", filters, k, s), bn(f"{name}.1")]


def squeezed(name: str, last: str, squeeze: int, channels: int) -> list[str]:
    """Squeeze and excitation: a factor for each channel, from all channels."""
    return [f"adaptive avgpool 1x1 as {name}.avgpool", conv(f"{name}.fc1", squeeze, bias=True),
            conv(f"{name}.fc2", channels, bias=True), f"multiply {last} as {name}.scale"]  # fmt: skip


def mobilenet_v2(classes: int = 1000) -> list[str]:
    """Inverted residuals: wide inside, narrow between."""
    lines, came, at, last = ["input 3x224x224", *unit("features.0", 32, 3, 2)], 32, 0, "features.0.1"
    for expand, filters, blocks, stride in MOBILENET_V2:
        for block in range(blocks):
            at += 1
            s, name, k = stride if not block else 1, f"features.{at}.conv", 0
            if expand != 1:
                lines += unit(f"{name}.0", came * expand)
                k = 1
            lines += [depthwise(f"{name}.{k}.0", 3, s), bn(f"{name}.{k}.1"), conv(f"{name}.{k + 1}", filters)]
            lines.append(bn(f"{name}.{k + 2}"))
            before, last = last, f"{name}.{k + 2}"
            if s == 1 and came == filters:
                lines.append(f"add {before} as features.{at}.add")
                last = f"features.{at}.add"
            came = filters
    return [*lines, *unit(f"features.{at + 1}", 1280), "gap as avgpool", dense("classifier.1", classes)]


def mobilenet_v3(blocks: tuple[tuple[int, int, int, int, int], ...], hidden: int, classes: int = 1000) -> list[str]:
    """Inverted residuals, some with squeeze and excitation to a quarter."""
    lines, came, last = ["input 3x224x224", *unit("features.0", 16, 3, 2)], 16, "features.0.1"
    for at, (k, inner, filters, has_se, s) in enumerate(blocks, 1):
        squeeze = divisible(inner // 4, 1) if has_se else 0
        more, last = _inverted(f"features.{at}", last, came, inner, filters, k, s, squeeze)
        lines, came = lines + more, filters
    at = len(blocks) + 1
    return [*lines, *unit(f"features.{at}", 6 * came), "gap as avgpool", dense("classifier.0", hidden),
            dense("classifier.3", classes)]  # fmt: skip


def _inverted(
    name: str, last: str, came: int, inner: int, filters: int, k: int, s: int, squeeze: int
) -> tuple[list[str], str]:
    """Wider, filtered, squeezed (by fully connected layers), narrow again; the name of what it sends."""
    at, lines = 0, []
    if inner != came:
        lines += unit(f"{name}.block.0", inner)
        at = 1
    lines += [depthwise(f"{name}.block.{at}.0", k, s), bn(f"{name}.block.{at}.1")]
    if squeeze:
        lines += squeezed(f"{name}.block.{at + 1}", f"{name}.block.{at}.1", squeeze, inner)
        at += 1
    lines += unit(f"{name}.block.{at + 1}", filters)
    end = f"{name}.block.{at + 1}.1"
    if s != 1 or came != filters:
        return lines, end
    return [*lines, f"add {last} as {name}.add"], f"{name}.add"


HOWARD = "Howard et al."
MOBILENETS = (
    Model(
        "mobilenet mobilenet-v1 mobilenet-1",
        f"{HOWARD} 2017 (arXiv 1704.04861), table 1; keras/src/applications/mobilenet.py",
        Net("MobileNet as Keras builds it", mobilenet_v1, {"classes": 1000},
            (4_231_976, "keras.applications.MobileNet, trained weights; the paper says 4.2 million"),
            convention=KERAS, whose="keras torch textbook", top="conv_preds"),
    ),
    Model(
        "mobilenet-v2 mobilenet-2",
        "Sandler et al. 2018 (arXiv 1801.04381), table 2; torchvision/models/mobilenetv2.py",
        Net("MobileNetV2", mobilenet_v2, {"classes": 1000},
            (3_504_872, "torchvision: MobileNet_V2_Weights num_params"), whose="torch keras textbook",
            top="classifier"),
    ),
    *(
        Model(
            f"mobilenet-v3-{size}" + (" mobilenet-v3 mobilenet-3" if size == "large" else ""),
            f"{HOWARD} 2019 (arXiv 1905.02244), tables 1 and 2; torchvision/models/mobilenetv3.py",
            Net(f"MobileNetV3 {size}", mobilenet_v3, {"blocks": blocks, "hidden": hidden, "classes": 1000},
                (total, f"torchvision: MobileNet_V3_{size.title()}_Weights num_params"), whose="torch keras textbook",
                top="classifier"),
        )
        for size, (blocks, hidden, total) in MOBILENET_V3.items()
    ),
)  # fmt: skip


# -- EfficientNet -----------------------------------------------------------------------------------------------------

#: Tan and Le 2019, table 1: expansion, kernel, stride, filters before and after, blocks
STAGES = ((1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3), (6, 5, 1, 80, 112, 3),
          (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1))  # fmt: skip
#: width and depth in tenths, total (torchvision num_params)
SCALES = ((10, 10, 5_288_548), (10, 11, 7_794_184), (11, 12, 9_109_994), (12, 14, 12_233_232), (14, 18, 19_341_616),
          (16, 22, 30_389_784), (18, 26, 43_040_704), (20, 31, 66_347_960))  # fmt: skip
#: Tan and Le 2021, table 4; torchvision/models/efficientnet.py: the same columns, the first three stages fused
STAGES_V2 = {
    "s": (((1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4), (4, 3, 2, 64, 128, 6),
           (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15)), 21_458_488),
    "m": (((1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5), (4, 3, 2, 80, 160, 7),
           (6, 3, 1, 160, 176, 14), (6, 3, 2, 176, 304, 18), (6, 3, 1, 304, 512, 5)), 54_139_356),
    "l": (((1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7), (4, 3, 2, 96, 192, 10),
           (6, 3, 1, 192, 224, 19), (6, 3, 2, 224, 384, 25), (6, 3, 1, 384, 640, 7)), 118_515_272),
}  # fmt: skip
FUSED = 3


def efficientnet(
    stages: tuple[tuple[int, ...], ...], width: int, depth: int, last_filters: int, fused: int, norm: bool = False,
    classes: int = 1000,
) -> list[str]:  # fmt: skip
    """Inverted residuals squeezed to a quarter of what came in; `fused`: stages with one convolution instead of two."""
    first = divisible(stages[0][3], width, 10)
    lines = ["input 3x224x224", *(["buffer 7 as normalization"] if norm else []), *unit("features.0", first, 3, 2)]
    came, last = first, "features.0.1"
    for stage, (expand, k, stride, _, after, blocks) in enumerate(stages, 1):
        filters = divisible(after, width, 10)
        for block in range(-(-blocks * depth // 10)):
            name, s = f"features.{stage}.{block}", stride if not block else 1
            inner = came * expand
            made = _fused if stage <= fused else _inverted
            more, last = made(name, last, came, inner, filters, k, s, max(1, came // 4))
            lines, came = lines + more, filters
    at = len(stages) + 1
    return [*lines, *unit(f"features.{at}", last_filters or 4 * came), "gap as avgpool", dense("classifier.1", classes)]


def _fused(
    name: str, last: str, came: int, inner: int, filters: int, k: int, s: int, squeeze: int
) -> tuple[list[str], str]:
    lines = unit(f"{name}.block.0", inner, k, s)
    if inner != came:
        lines += unit(f"{name}.block.1", filters)
    end = f"{name}.block.{int(inner != came)}.1"
    if s != 1 or came != filters:
        return lines, end
    return [*lines, f"add {last} as {name}.add"], f"{name}.add"


def _efficientnets() -> list[Model]:
    found = []
    for b, (width, depth, total) in enumerate(SCALES):
        args = {"stages": STAGES, "width": width, "depth": depth, "last_filters": 0, "fused": 0, "classes": 1000}
        found.append(Model(
            f"efficientnet-b{b}" + (" efficientnet" if b == 0 else ""),
            "Tan and Le 2019 (arXiv 1905.11946), table 1; torchvision/models/efficientnet.py",
            Net(f"EfficientNet-B{b}", efficientnet, args, whose="torch textbook", top="classifier",
                published=(total, f"torchvision: EfficientNet_B{b}_Weights num_params")),
            Net(f"EfficientNet-B{b} as Keras builds it", efficientnet, {**args, "norm": True},
                tags="keras tensorflow tf",
                published=(total, f"keras.applications.EfficientNetB{b}, trained weights"), convention=KERAS,
                top="classifier",
                differs="the mean and variance of the images stored in it (7 numbers, no parameters)"),
        ))  # fmt: skip
    for size, (stages, total) in STAGES_V2.items():
        args = {"stages": stages, "width": 10, "depth": 10, "last_filters": 1280, "fused": FUSED, "classes": 1000}
        found.append(Model(
            f"efficientnet-v2-{size}",
            "Tan and Le 2021 (arXiv 2104.00298), table 4; torchvision/models/efficientnet.py",
            Net(f"EfficientNetV2-{size.upper()}", efficientnet, args, top="classifier", whose="torch keras textbook",
                published=(total, f"torchvision: EfficientNet_V2_{size.upper()}_Weights num_params")),
        ))  # fmt: skip
    return found


# -- ShuffleNet -------------------------------------------------------------------------------------------------------

#: torchvision/models/shufflenetv2.py: filters of the first layer, three stages and the last layer; total (num_params)
SHUFFLENETS = {
    "0.5": ((24, 48, 96, 192, 1024), 1_366_792), "1.0": ((24, 116, 232, 464, 1024), 2_278_604),
    "1.5": ((24, 176, 352, 704, 1024), 3_503_624), "2.0": ((24, 244, 488, 976, 2048), 7_393_996),
}  # fmt: skip


def shufflenet_v2(filters: tuple[int, ...], classes: int = 1000) -> list[str]:
    """Stages of 4, 8 and 4 units; half of the channels go past a unit, except where the stride is 2."""
    lines = ["input 3x224x224", *unit("conv1", filters[0], 3, 2), "maxpool 3 stride 2 pad 1 as maxpool"]
    last = "maxpool"
    for stage, (units, out) in enumerate(zip((4, 8, 4), filters[1:-1], strict=True), 2):
        for k in range(units):
            name, half = f"stage{stage}.{k}", out // 2
            if k == 0:
                lines += [depthwise(f"{name}.branch1.0", 3, 2), bn(f"{name}.branch1.1")]
                lines += [conv(f"{name}.branch1.2", half), bn(f"{name}.branch1.3"), f"goto {last}"]
            else:
                lines.append(f"identity on {half} as {name}.half")
            lines += [conv(f"{name}.branch2.0", half), bn(f"{name}.branch2.1")]
            lines += [depthwise(f"{name}.branch2.3", 3, 1 if k else 2), bn(f"{name}.branch2.4")]
            lines += [conv(f"{name}.branch2.5", half), bn(f"{name}.branch2.6")]
            lines.append(f"concat {f'{name}.half' if k else f'{name}.branch1.3'} as {name}.concat")
            last = f"{name}.concat"
    return [*lines, *unit("conv5", filters[-1]), "gap as avgpool", dense("fc", classes)]


def _shufflenets() -> list[Model]:
    source = "Ma et al. 2018 (arXiv 1807.11164), table 5; torchvision/models/shufflenetv2.py"
    return [
        Model(f"shufflenet-v2-x{size}" + (" shufflenet-v2 shufflenet" if size == "1.0" else ""), source,
              Net(f"ShuffleNetV2 x{size}", shufflenet_v2, {"filters": filters, "classes": 1000}, top="fc",
                  published=(total, f"torchvision: ShuffleNet_V2_X{size.replace('.', '_')}_Weights num_params"),
                  whose="torch textbook"))
        for size, (filters, total) in SHUFFLENETS.items()
    ]  # fmt: skip


MODELS = [*MOBILENETS, *_efficientnets(), *_shufflenets()]
