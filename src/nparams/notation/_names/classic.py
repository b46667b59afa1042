"""The first convolutional networks, and those that only stack layers: LeNet, AlexNet, VGG, SqueezeNet, U-Net, capsules.

Names of layers are torchvision's where torchvision has the network.
"""

from __future__ import annotations

from nparams.notation._names.lines import KERAS, TEXTBOOK, TORCH, Model, Net, bn, conv, dense

LECUN = "LeCun et al. 1998, Gradient-based learning applied to document recognition"
KRIZHEVSKY = "Krizhevsky et al. 2012, ImageNet classification with deep convolutional neural networks"


# -- LeNet ------------------------------------------------------------------------------------------------------------


def lenet_1998() -> list[str]:
    """§II.B: S2 and S4 have a coefficient and a bias for each map, C3 sees its inputs by table I."""
    return [
        "input 32x32x1", "conv 6 5x5 as C1", "avgpool 2 as S2.mean", "depthwise conv 1x1 as S2.affine",
        "conv 16 5x5 table 6x3 9x4 1x6 as C3", "avgpool 2 as S4.mean", "depthwise conv 1x1 as S4.affine",
        "conv 120 5x5 as C5", "flatten", "dense 84 as F6", "buffer 10x84 as RBF",
    ]  # fmt: skip


def lenet(filters: tuple[int, ...], hidden: tuple[int, ...], pad: int, classes: int = 10) -> list[str]:
    """Two convolutions of 5x5, each pooled by 2, and dense layers."""
    lines = ["input 28x28x1"]
    for k, count in enumerate(filters, 1):
        lines += [conv(f"conv{k}", count, 5, p=pad if k == 1 else 0, bias=True), f"pool 2 as pool{k}"]
    return [*lines, "flatten", *(dense(f"fc{k}", n) for k, n in enumerate((*hidden, classes), 1))]


def mlp(sizes: tuple[int, ...]) -> list[str]:
    """Dense layers only."""
    return [f"input {sizes[0]}", *(dense(f"fc{k}", n) for k, n in enumerate(sizes[1:], 1))]


LENETS = (
    Model(
        "lenet-5 lenet", LECUN,
        Net("LeNet-5 as it is taught today: full connections, plain pooling, 84-10 output", lenet,
            {"filters": (6, 16), "hidden": (120, 84), "pad": 2, "classes": 10},
            (61_706, "Zhang et al., Dive into Deep Learning, §7.6 (its layers; 61,706 in its summaries)"),
            tags="modern today d2l", convention=TORCH, whose="torch keras"),
        Net("LeNet-5 of 1998: C3 sees its inputs by table I, sub-sampling is trained, the output units are fixed",
            lenet_1998, {}, (60_000, f"{LECUN}, §II.B: \"only 60,000 trainable free parameters\""),
            tags="1998 original paper lecun", convention=TEXTBOOK,
            differs="C3 only partly connected, a coefficient and a bias for each sub-sampled map, and an output layer "
            "of 840 numbers set by hand, which are no parameters"),
        Net("LeNet-5 on 28x28 images without padding", lenet,
            {"filters": (6, 16), "hidden": (120, 84), "pad": 0, "classes": 10},
            (44_426, "PyTorch and Keras tutorials that feed MNIST unpadded: fc1 reads 256 values"),
            tags="unpadded valid 28x28",
            differs="images of 28x28 not padded to 32x32, so fc1 reads 256 values, not 400"),
        Net("the LeNet that comes with Caffe", lenet, {"filters": (20, 50), "hidden": (500,), "pad": 0, "classes": 10},
            (431_080, "Han et al. 2015 (arXiv 1506.02626), table 1, LeNet-5: 431K", 3), tags="caffe",
            differs="20 and 50 filters, and one hidden layer of 500"),
    ),
    Model("lenet-300-100", f"{LECUN}, §III.C",
          Net("LeNet-300-100, fully connected", mlp, {"sizes": (784, 300, 100, 10)},
              (266_610, "Han et al. 2015 (arXiv 1506.02626), table 1: 267K", 3), whose="textbook torch keras")),
)  # fmt: skip


# -- AlexNet ----------------------------------------------------------------------------------------------------------


def alexnet(groups: int, classes: int = 1000) -> list[str]:
    """§3.5 and figure 2; with 2 groups the layers that see only the maps of their own GPU."""
    return [
        "input 227x227x3", "conv 96 11x11 stride 4 as conv1", "maxpool 3 stride 2 as pool1",
        conv("conv2", 256, 5, g=groups, bias=True), "maxpool 3 stride 2 as pool2",
        conv("conv3", 384, 3, bias=True), conv("conv4", 384, 3, g=groups, bias=True),
        conv("conv5", 256, 3, g=groups, bias=True), "maxpool 3 stride 2 as pool5", "flatten",
        dense("fc6", 4096), dense("fc7", 4096), dense("fc8", classes),
    ]  # fmt: skip


def alexnet_one_weird_trick(classes: int = 1000) -> list[str]:
    """torchvision/models/alexnet.py."""
    return [
        "input 3x224x224", conv("features.0", 64, 11, 4, p=2, bias=True), "maxpool 3 stride 2 as features.2",
        conv("features.3", 192, 5, bias=True), "maxpool 3 stride 2 as features.5",
        conv("features.6", 384, 3, bias=True), conv("features.8", 256, 3, bias=True),
        conv("features.10", 256, 3, bias=True), "maxpool 3 stride 2 as features.12",
        "adaptive avgpool 6x6 as avgpool", "flatten",
        dense("classifier.1", 4096), dense("classifier.4", 4096), dense("classifier.6", classes),
    ]  # fmt: skip


ALEXNETS = (
    Model(
        "alexnet", KRIZHEVSKY,
        Net("AlexNet of the paper: conv2, conv4 and conv5 see only the maps of their own GPU", alexnet,
            {"groups": 2, "classes": 1000}, (60_965_224,
             "bvlc_alexnet.caffemodel holds them in 243.9 MB, 4 bytes each; the paper says 60 million"),
            tags="grouped paper 2012 original caffe bvlc", convention=TEXTBOOK, top="fc6 fc7 fc8"),
        Net("AlexNet without groups", alexnet, {"groups": 1, "classes": 1000},
            (62_378_344, "textbook recounts of the paper's layers, all maps connected"),
            tags="ungrouped nogroups", differs="every layer connected to all maps of the one before", top="fc6 fc7 fc8",
            whose="keras"),
        Net("AlexNet as torchvision builds it", alexnet_one_weird_trick, {"classes": 1000},
            (61_100_840, "torchvision: AlexNet_Weights num_params"),
            tags="torchvision torch pytorch oneweirdtrick owt", top="classifier",
            differs="64, 192, 384, 256 and 256 filters (Krizhevsky 2014, One weird trick, arXiv 1404.5997)"),
    ),
)  # fmt: skip


# -- VGG --------------------------------------------------------------------------------------------------------------

#: torchvision/models/vgg.py, cfgs (columns A, B, D and E of table 1): M is a pool
CONFIGURATIONS = {
    11: "64 M 128 M 256 256 M 512 512 M 512 512 M",
    13: "64 64 M 128 128 M 256 256 M 512 512 M 512 512 M",
    16: "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M",
    19: "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M",
}
#: torchvision: VGG11_Weights ... num_params, plain and with batch normalisation
VGG_TOTALS = {
    11: (132_863_336, 132_868_840), 13: (133_047_848, 133_053_736),
    16: (138_357_544, 138_365_992), 19: (143_667_240, 143_678_248),
}  # fmt: skip
#: the same for 10 classes of images of 32x32 (github.com/kuangliu/pytorch-cifar)
VGG_SMALL = {11: 9_231_114, 13: 9_416_010, 16: 14_728_266, 19: 20_040_522}


def vgg(configuration: str, norm: bool, small: bool = False, classes: int = 1000) -> list[str]:
    """Convolutions of 3x3 by a configuration, and three dense layers; `small`: for images of 32x32, one dense layer."""
    lines, at = ["input 3x32x32" if small else "input 3x224x224"], 0
    for word in configuration.split():
        if word == "M":
            lines.append(f"maxpool 2 as features.{at}")
            at += 1
            continue
        lines += [conv(f"features.{at}", int(word), 3, bias=True), *([bn(f"features.{at + 1}")] if norm else [])]
        at += 3 if norm else 2
    if small:
        return [*lines, "flatten", dense("classifier", classes)]
    return [*lines, "adaptive avgpool 7x7 as avgpool", "flatten",
            dense("classifier.0", 4096), dense("classifier.3", 4096), dense("classifier.6", classes)]  # fmt: skip


def _vggs() -> list[Model]:
    source = "Simonyan and Zisserman 2014 (arXiv 1409.1556), table 1; torchvision/models/vgg.py"
    found = []
    for depth, configuration in CONFIGURATIONS.items():
        plain, normed = VGG_TOTALS[depth]
        args = {"configuration": configuration, "norm": False, "classes": 1000}
        found.append(Model(
            f"vgg{depth}", source,
            Net(f"VGG-{depth}", vgg, args, (plain, f"torchvision: VGG{depth}_Weights num_params"), top="classifier",
                whose="torch keras textbook"),
            Net(f"VGG-{depth} with batch normalisation", vgg, {**args, "norm": True}, top="classifier",
                tags="bn batchnorm",
                published=(normed, f"torchvision: VGG{depth}_BN_Weights num_params"), whose="",
                differs="batch normalisation after each convolution"),
            Net(f"VGG-{depth} for images of 32x32, as for CIFAR-10", vgg,
                {**args, "norm": True, "small": True, "classes": 10}, top="classifier", tags="cifar cifar10 small",
                whose="",
                published=(VGG_SMALL[depth], "github.com/kuangliu/pytorch-cifar, models/vgg.py, counted"),
                differs="batch normalisation, one dense layer, and 10 classes"),
        ))  # fmt: skip
    return found


# -- SqueezeNet, U-Net, capsules --------------------------------------------------------------------------------------

#: torchvision/models/squeezenet.py: the first convolution, then M for a pool or the squeeze width of a fire module
SQUEEZENETS = {
    "1.0": ((96, 7), "M 16x64 16x64 32x128 M 32x128 48x192 48x192 64x256 M 64x256", 1_248_424),
    "1.1": ((64, 3), "M 16x64 16x64 M 32x128 32x128 M 48x192 48x192 64x256 64x256", 1_235_496),
}


def squeezenet(first: tuple[int, int], fires: str, classes: int = 1000) -> list[str]:
    """Fire modules: a few filters of 1x1, then of 1x1 and 3x3 side by side."""
    lines = ["input 3x224x224", conv("features.0", first[0], first[1], 2, p=0, bias=True)]
    for at, word in enumerate(fires.split(), 2):
        name = f"features.{at}"
        if word == "M":
            lines.append(f"maxpool 3 stride 2 as {name}")
            continue
        squeeze, expand = map(int, word.split("x"))
        lines += [
            conv(f"{name}.squeeze", squeeze, bias=True), conv(f"{name}.expand1x1", expand, bias=True),
            f"goto {name}.squeeze", conv(f"{name}.expand3x3", expand, 3, bias=True),
            f"concat {name}.expand1x1 as {name}.concat",
        ]  # fmt: skip
    return [*lines, conv("classifier.1", classes, bias=True), "gap as classifier.3"]


def unet(channels: int, classes: int, pad: int, norm: bool, bias: bool) -> list[str]:
    """Two convolutions of 3x3 a level, five levels, up again by 2x2 transposed convolutions; cropped where unpadded."""
    lines = [f"input 572x572x{channels}" if pad == 0 else f"input 256x256x{channels}"]
    side, sides, widths = 572, [], (64, 128, 256, 512, 1024)
    for level, width in enumerate(widths, 1):
        lines += _two(f"down{level}", width, pad, norm, bias)
        side -= 4
        if width != widths[-1]:
            sides.append(side)
            lines.append(f"maxpool 2 as pool{level}")
            side //= 2
    for level, width in enumerate(widths[-2::-1], 1):
        side *= 2
        skip = f"down{5 - level}.conv2" if not norm else f"down{5 - level}.norm2"
        lines.append(f"deconv {width} 2x2 stride 2 as up{level}.up")
        if pad == 0:
            lines += [f"goto {skip}", f"crop {(sides[4 - level] - side) // 2} as up{level}.crop"]
            skip = f"up{level}.up"
        lines += [f"concat {skip} as up{level}.concat", *_two(f"up{level}", width, pad, norm, bias)]
        side -= 4
    return [*lines, conv("out", classes, bias=True)]


def _two(name: str, width: int, pad: int, norm: bool, bias: bool) -> list[str]:
    lines = []
    for k in (1, 2):
        lines += [conv(f"{name}.conv{k}", width, 3, p=pad, bias=bias), *([bn(f"{name}.norm{k}")] if norm else [])]
    return lines


def capsnet(decoder: bool) -> list[str]:
    """§4: one convolution, primary capsules, digit capsules; the decoder reads all ten of them."""
    lines = ["input 28x28x1", "conv 256 9x9 as conv1", "primarycaps 32 8 9x9 stride 2 as primarycaps",
             "digitcaps 10 16 as digitcaps"]  # fmt: skip
    return (
        [*lines, "flatten", *(dense(f"decoder.{k}", n) for k, n in enumerate((512, 1024, 784)))] if decoder else lines
    )


FOREST = "Ronneberger et al. 2015 (arXiv 1505.04597), §2 and figure 1"
SABOUR = "Sabour et al. 2017 (arXiv 1710.09829)"
UNETS = (
    Model(
        "u-net", FOREST,
        Net("U-Net of the paper: 1 channel in, 2 classes, no padding", unet,
            {"channels": 1, "classes": 2, "pad": 0, "norm": False, "bias": True},
            (31_030_658, "recounts of figure 1: 31.03 million"), tags="paper 2015 original", convention=TEXTBOOK),
        Net("U-Net with padding and batch normalisation, 3 channels in, 2 classes", unet,
            {"channels": 3, "classes": 2, "pad": 1, "norm": True, "bias": False},
            (31_037_698, "github.com/milesial/Pytorch-UNet, UNet(3, 2): 31.04 million", 4),
            tags="torch pytorch milesial batchnorm bn",
            differs="3 channels in, batch normalisation, no biases in convolutions of 3x3"),
        Net("U-Net for masks: 1 channel in, 1 class, padded", unet,
            {"channels": 1, "classes": 1, "pad": 1, "norm": False, "bias": True},
            (31_030_593, "Keras implementations with Conv2DTranspose, one sigmoid output"), tags="keras binary mask",
            convention=KERAS, differs="one class, so one filter less in the last layer"),
    ),
)  # fmt: skip
CAPSULES = (
    Model(
        "capsnet capsule-network", f"{SABOUR}, §4",
        Net("CapsNet with its decoder", capsnet, {"decoder": True}, (8_215_568, f"{SABOUR}, §5: 8.2M parameters", 2),
            whose="textbook torch keras"),
        Net("CapsNet without its decoder", capsnet, {"decoder": False},
            (6_804_224, f"{SABOUR}, §5: 6.8M without the reconstruction subnetwork", 2),
            tags="nodecoder withoutdecoder noreconstruction withoutreconstruction", whose="",
            differs="no decoder, which only training uses"),
    ),
)  # fmt: skip


def _squeezenets() -> list[Model]:
    source = "Iandola et al. 2016 (arXiv 1602.07360), table 1; torchvision/models/squeezenet.py"
    return [
        Model(f"squeezenet{version}" + (" squeezenet" if version == "1.0" else ""), source,
              Net(f"SqueezeNet {version}", squeezenet, {"first": first, "fires": fires, "classes": 1000},
                  (total, f"torchvision: SqueezeNet{version.replace('.', '_')}_Weights num_params"), top="classifier",
                  whose="torch textbook"))
        for version, (first, fires, total) in SQUEEZENETS.items()
    ]  # fmt: skip


MODELS = [*LENETS, *ALEXNETS, *_vggs(), *_squeezenets(), *UNETS, *CAPSULES]
