"""Networks of residual and dense blocks: ResNet, ResNeXt, wide ResNet, pre-activation ResNet, DenseNet.

Names of layers are those of torchvision/models/resnet.py and densenet.py, and for Keras those of
keras/src/applications/resnet.py.
"""

from __future__ import annotations

from nparams.notation._names.lines import KERAS, Model, Net, bn, conv, dense

HE = "He et al. 2015 (arXiv 1512.03385), table 1"

#: blocks in each stage, whether they are bottlenecks, and the total (torchvision: ResNet18_Weights ... num_params)
RESNETS = {
    18: ((2, 2, 2, 2), False, 11_689_512), 34: ((3, 4, 6, 3), False, 21_797_672),
    50: ((3, 4, 6, 3), True, 25_557_032), 101: ((3, 4, 23, 3), True, 44_549_160),
    152: ((3, 8, 36, 3), True, 60_192_808),
}  # fmt: skip
#: trained weights of keras.applications: ResNet50 ... and ResNet50V2 ..., which Keras 3.15 counts
KERAS_RESNETS = {50: (25_583_592, 25_568_360), 101: (44_601_832, 44_577_896), 152: (60_268_520, 60_236_904)}
#: the same begun by a convolution of 3x3 without a pool, for 10 classes (github.com/kuangliu/pytorch-cifar)
SMALL = {18: 11_173_962, 34: 21_282_122, 50: 23_520_842, 101: 42_512_970, 152: 58_156_618}
#: the same shape with groups, or wider inside: names, depth, groups, width of a group, total (torchvision num_params)
GROUPED = (
    ("resnext50-32x4d resnext50", "ResNeXt-50 32x4d", 50, 32, 4, 25_028_904),
    ("resnext101-32x8d resnext101", "ResNeXt-101 32x8d", 101, 32, 8, 88_791_336),
    ("resnext101-64x4d", "ResNeXt-101 64x4d", 101, 64, 4, 83_455_272),
    ("wide-resnet50-2 wide-resnet50", "Wide ResNet-50-2", 50, 1, 128, 68_883_240),
    ("wide-resnet101-2 wide-resnet101", "Wide ResNet-101-2", 101, 1, 128, 126_886_696),
)


def resnet(
    stages: tuple[int, ...],
    bottleneck: bool,
    groups: int = 1,
    width: int = 64,
    small: bool = False,
    classes: int = 1000,
) -> list[str]:
    """torchvision's ResNet: the stride stands in the convolution of 3x3; `small`: begun for images of 32x32."""
    lines = ["input 3x224x224", conv("conv1", 64, 7, 2), bn("bn1"), "maxpool 3 stride 2 pad 1 as maxpool"]
    last, came = "maxpool", 64
    if small:
        lines, last = ["input 3x32x32", conv("conv1", 64, 3), bn("bn1")], "bn1"
    for stage, blocks in enumerate(stages):
        planes = 64 << stage
        inner = planes * width // 64 * groups
        out = planes * (4 if bottleneck else 1)
        for block in range(blocks):
            at, s = f"layer{stage + 1}.{block}", 2 if stage and not block else 1
            if bottleneck:
                lines += [conv(f"{at}.conv1", inner), bn(f"{at}.bn1"), conv(f"{at}.conv2", inner, 3, s, g=groups),
                          bn(f"{at}.bn2"), conv(f"{at}.conv3", out), bn(f"{at}.bn3")]  # fmt: skip
            else:
                lines += [conv(f"{at}.conv1", out, 3, s), bn(f"{at}.bn1"), conv(f"{at}.conv2", out, 3), bn(f"{at}.bn2")]
            if came != out or s != 1:
                end = f"{at}.bn{3 if bottleneck else 2}"
                lines += [f"goto {last}", conv(f"{at}.downsample.0", out, 1, s), bn(f"{at}.downsample.1")]
                lines.append(f"add {end} as {at}.add")
            else:
                lines.append(f"add {last} as {at}.add")
            last, came = f"{at}.add", out
    return [*lines, "gap as avgpool", dense("fc", classes)]


def keras_resnet(stages: tuple[int, ...], classes: int = 1000) -> list[str]:
    """keras.applications.ResNet50: all convolutions have biases, the stride stands in the first of a block."""
    lines = ["input 224x224x3", conv("conv1_conv", 64, 7, 2, bias=True), bn("conv1_bn"),
             "maxpool 3 stride 2 pad 1 as pool1_pool"]  # fmt: skip
    last = "pool1_pool"
    for stage, blocks in enumerate(stages):
        inner = 64 << stage
        for block in range(blocks):
            at, s = f"conv{stage + 2}_block{block + 1}", 2 if stage and not block else 1
            if not block:
                lines += [conv(f"{at}_0_conv", 4 * inner, 1, s, bias=True), bn(f"{at}_0_bn"), f"goto {last}"]
                last = f"{at}_0_bn"
            for k, (filters, side) in enumerate(((inner, 1), (inner, 3), (4 * inner, 1)), 1):
                lines += [conv(f"{at}_{k}_conv", filters, side, s if k == 1 else 1, bias=True), bn(f"{at}_{k}_bn")]
            lines.append(f"add {last} as {at}_add")
            last = f"{at}_add"
    return [*lines, "gap as avg_pool", dense("predictions", classes)]


def keras_resnet_v2(stages: tuple[int, ...], classes: int = 1000) -> list[str]:
    """keras.applications.ResNet50V2: norms before convolutions, strides at the end of a stage."""
    lines = ["input 224x224x3", conv("conv1_conv", 64, 7, 2, bias=True), "maxpool 3 stride 2 pad 1 as pool1_pool"]
    last = "pool1_pool"
    for stage, blocks in enumerate(stages):
        inner = 64 << stage
        for block in range(blocks):
            at = f"conv{stage + 2}_block{block + 1}"
            s = 2 if block == blocks - 1 and stage < len(stages) - 1 else 1
            lines.append(bn(f"{at}_preact_bn"))
            if not block:
                lines += [conv(f"{at}_0_conv", 4 * inner, 1, s, bias=True), f"goto {at}_preact_bn"]
                last = f"{at}_0_conv"
            elif s == 2:
                lines += [f"goto {last}", f"maxpool 1 stride 2 as {at}_pool", f"goto {at}_preact_bn"]
                last = f"{at}_pool"
            lines += [conv(f"{at}_1_conv", inner), bn(f"{at}_1_bn"), conv(f"{at}_2_conv", inner, 3, s),
                      bn(f"{at}_2_bn"), conv(f"{at}_3_conv", 4 * inner, bias=True),
                      f"add {last} as {at}_out"]  # fmt: skip
            last = f"{at}_out"
    return [*lines, bn("post_bn"), "gap as avg_pool", dense("predictions", classes)]


def resnet_cifar(blocks: int, classes: int = 10) -> list[str]:
    """§4.2: three stages of 16, 32 and 64 filters; where they grow, the short way is padded by zeros (option A)."""
    lines = ["input 3x32x32", conv("conv1", 16, 3), bn("bn1")]
    last = "bn1"
    for stage in range(3):
        filters = 16 << stage
        for block in range(blocks):
            at, s = f"layer{stage + 1}.{block}", 2 if stage and not block else 1
            lines += [conv(f"{at}.conv1", filters, 3, s), bn(f"{at}.bn1"), conv(f"{at}.conv2", filters, 3)]
            lines.append(bn(f"{at}.bn2"))
            if s == 1:
                lines.append(f"add {last} as {at}.add")
            last = f"{at}.add" if s == 1 else f"{at}.bn2"
    return [*lines, "gap as avgpool", dense("fc", classes)]


def _resnets() -> list[Model]:
    found = []
    for depth, (stages, bottleneck, total) in RESNETS.items():
        args = {"stages": stages, "bottleneck": bottleneck, "classes": 1000}
        nets = [Net(f"ResNet-{depth} as torchvision builds it", resnet, args, top="fc", whose="torch textbook",
                    published=(total, f"torchvision: ResNet{depth}_Weights num_params"))]  # fmt: skip
        if depth in KERAS_RESNETS:
            nets.append(Net(
                f"ResNet-{depth} as Keras builds it", keras_resnet, {"stages": stages, "classes": 1000},
                (KERAS_RESNETS[depth][0], f"keras.applications.ResNet{depth}, trained weights"),
                tags="keras tensorflow tf",
                convention=KERAS, differs="every convolution has biases", top="predictions",
            ))  # fmt: skip
        nets.append(Net(
            f"ResNet-{depth} begun for images of 32x32, as for CIFAR-10", resnet,
            {**args, "bottleneck": bottleneck, "small": True, "classes": 10}, top="fc", whose="",
            tags="cifar cifar10 small",
            published=(SMALL[depth], "github.com/kuangliu/pytorch-cifar, models/resnet.py, counted"),
            differs="a first convolution of 3x3, and 10 classes",
        ))  # fmt: skip
        found.append(Model(f"resnet{depth}", f"{HE}; torchvision/models/resnet.py", *nets))
    for depth, (_, total) in KERAS_RESNETS.items():
        found.append(Model(
            f"resnet{depth}v2", "He et al. 2016 (arXiv 1603.05027); keras/src/applications/resnet.py",
            Net(f"ResNet-{depth} V2 as Keras builds it", keras_resnet_v2,
                {"stages": RESNETS[depth][0], "classes": 1000},
                (total, f"keras.applications.ResNet{depth}V2, trained weights"), convention=KERAS, top="predictions"),
        ))  # fmt: skip
    return found


def _grouped() -> list[Model]:
    return [
        Model(names, "Xie et al. 2017 (arXiv 1611.05431); Zagoruyko and Komodakis 2016 (1605.07146); "
              "torchvision/models/resnet.py",
              Net(f"{told} as torchvision builds it", resnet,
                  {"stages": RESNETS[depth][0], "bottleneck": True, "groups": groups, "width": width, "classes": 1000},
                  (total, f"torchvision: {told} num_params"), top="fc", whose="torch textbook"))
        for names, told, depth, groups, width, total in GROUPED
    ]  # fmt: skip


#: He et al. 2015, table 6: layers, and parameters in round numbers
CIFAR = {20: (270_000, 2), 32: (460_000, 2), 44: (660_000, 2), 56: (850_000, 2), 110: (1_700_000, 2)}


def _cifar() -> list[Model]:
    return [
        Model(f"resnet{depth}", "He et al. 2015 (arXiv 1512.03385), §4.2 and table 6",
              Net(f"ResNet-{depth} for CIFAR-10", resnet_cifar, {"blocks": (depth - 2) // 6, "classes": 10},
                  (total, "He et al. 2015, table 6", digits), top="fc", tags="cifar cifar10", whose="torch textbook"))
        for depth, (total, digits) in CIFAR.items()
    ]  # fmt: skip


# -- DenseNet ---------------------------------------------------------------------------------------------------------

#: layers in each block, growth, first filters, total (torchvision num_params), whether keras.applications has it too
DENSENETS = {
    121: ((6, 12, 24, 16), 32, 64, 7_978_856, True), 161: ((6, 12, 36, 24), 48, 96, 28_681_000, False),
    169: ((6, 12, 32, 32), 32, 64, 14_149_480, True), 201: ((6, 12, 48, 32), 32, 64, 20_013_928, True),
}  # fmt: skip


def densenet(blocks: tuple[int, ...], growth: int, first: int, classes: int = 1000) -> list[str]:
    """Each layer reads what all before it in its block sent."""
    at = "features"
    lines = ["input 3x224x224", conv(f"{at}.conv0", first, 7, 2), bn(f"{at}.norm0")]
    lines.append(f"maxpool 3 stride 2 pad 1 as {at}.pool0")
    last, channels = f"{at}.pool0", first
    for block, layers in enumerate(blocks, 1):
        for layer in range(1, layers + 1):
            name = f"{at}.denseblock{block}.denselayer{layer}"
            lines += [bn(f"{name}.norm1"), conv(f"{name}.conv1", 4 * growth), bn(f"{name}.norm2"),
                      conv(f"{name}.conv2", growth, 3), f"concat {last} as {name}.concat"]  # fmt: skip
            last, channels = f"{name}.concat", channels + growth
        if block < len(blocks):
            channels //= 2
            name = f"{at}.transition{block}"
            lines += [bn(f"{name}.norm"), conv(f"{name}.conv", channels), f"avgpool 2 as {name}.pool"]
            last = f"{name}.pool"
    return [*lines, bn(f"{at}.norm5"), "gap as avgpool", dense("classifier", classes)]


def _densenets() -> list[Model]:
    return [
        Model(f"densenet{depth}", "Huang et al. 2016 (arXiv 1608.06993), table 1; torchvision/models/densenet.py",
              Net(f"DenseNet-{depth}", densenet,
                  {"blocks": blocks, "growth": growth, "first": first, "classes": 1000},
                  (total, f"torchvision: DenseNet{depth}_Weights num_params"), top="classifier",
                  whose="torch textbook keras" if keras else "torch textbook"))
        for depth, (blocks, growth, first, total, keras) in DENSENETS.items()
    ]  # fmt: skip


MODELS = [*_resnets(), *_cifar(), *_grouped(), *_densenets()]
