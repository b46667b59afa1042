"""Networks of parallel branches: GoogLeNet (Inception 1), Inception 3, Xception.

Names of layers are those of torchvision/models/googlenet.py and inception.py,
and of keras/src/applications/xception.py.
"""

from __future__ import annotations

from nparams.notation._names.lines import KERAS, TEXTBOOK, Model, Net, bn, conv, dense

# -- GoogLeNet --------------------------------------------------------------------------------------------------------

#: Szegedy et al. 2014, table 1: filters of 1x1, 3x3 reduced and 3x3, 5x5 reduced and 5x5, and behind the pool
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
}  # fmt: skip


def googlenet(norm: bool, aux: bool, large: int, classes: int = 1000) -> list[str]:
    """`norm`: batch normalisation instead of biases; `aux`: the two classifiers for training; `large`: the side of the
    kernel of the third branch."""

    def unit(name: str, filters: int, k: int = 1, s: int = 1) -> list[str]:
        if not norm:
            return [conv(name, filters, k, s, bias=True)]
        return [conv(f"{name}.conv", filters, k, s), bn(f"{name}.bn")]

    end = ".bn" if norm else ""
    lines = ["input 3x224x224", *unit("conv1", 64, 7, 2), "maxpool 3 stride 2 ceil as maxpool1", *unit("conv2", 64)]
    lines += [*unit("conv3", 192, 3), "maxpool 3 stride 2 ceil as maxpool2"]
    last = "maxpool2"
    for module, (one, three_in, three, five_in, five, pool) in MODULES.items():
        at = f"inception{module}"
        lines += unit(f"{at}.branch1", one)
        lines += [f"goto {last}", *unit(f"{at}.branch2.0", three_in), *unit(f"{at}.branch2.1", three, 3)]
        lines += [f"goto {last}", *unit(f"{at}.branch3.0", five_in), *unit(f"{at}.branch3.1", five, large)]
        lines += [f"goto {last}", f"maxpool 3 stride 1 pad 1 as {at}.branch4.0", *unit(f"{at}.branch4.1", pool)]
        lines.append(
            f"concat {at}.branch1{end} {at}.branch2.1{end} {at}.branch3.1{end} {at}.branch4.1{end} as {at}.concat"
        )
        last = f"{at}.concat"
        if aux and module in ("4a", "4d"):
            name = f"aux{1 if module == '4a' else 2}"
            lines += [f"adaptive avgpool 4x4 as {name}.pool", *unit(f"{name}.conv", 128), "flatten",
                      dense(f"{name}.fc1", 1024), dense(f"{name}.fc2", classes), f"goto {last}"]  # fmt: skip
        if module in ("3b", "4e"):
            last = f"maxpool{int(module[0])}"
            lines.append(f"maxpool {3 if module == '3b' else 2} stride 2 ceil as {last}")
    return [*lines, "gap as avgpool", dense("fc", classes)]


SZEGEDY = "Szegedy et al. 2014 (arXiv 1409.4842), table 1"
GOOGLENETS = (
    Model(
        "googlenet inception-v1 inception-1", f"{SZEGEDY}; torchvision/models/googlenet.py",
        Net("GoogLeNet as torchvision ships it: batch normalisation, without the classifiers for training", googlenet,
            {"norm": True, "aux": False, "large": 3, "classes": 1000},
            (6_624_904, "torchvision: GoogLeNet_Weights num_params"), tags="torchvision torch pytorch noaux",
            top="fc"),
        Net("GoogLeNet as torchvision builds it, with its two classifiers for training", googlenet,
            {"norm": True, "aux": True, "large": 3, "classes": 1000},
            (13_004_888, "torchvision.models.googlenet(aux_logits=True)"), tags="aux withaux auxlogits",
            differs="the two classifiers for training", whose="", top="fc aux1 aux2"),
        Net("GoogLeNet of the paper: biases, kernels of 5x5, without the classifiers for training", googlenet,
            {"norm": False, "aux": False, "large": 5, "classes": 1000},
            (6_998_552,
             "BVLC GoogLeNet (Caffe), deploy.prototxt, counted; table 1 of the paper rounds to 6.8 million"),
             tags="paper original 2014",
            convention=TEXTBOOK,
            differs="biases instead of batch normalisation, kernels of 5x5 where torchvision has 3x3", top="fc"),
        Net("GoogLeNet of the paper with its two classifiers for training", googlenet,
            {"norm": False, "aux": True, "large": 5, "classes": 1000},
            (13_378_280, "bvlc_googlenet.caffemodel holds them in 53.5 MB, 4 bytes each"), tags="paperaux caffe bvlc",
            convention=TEXTBOOK,
            differs="biases, kernels of 5x5, and the two classifiers for training", whose="", top="fc aux1 aux2"),
    ),
)  # fmt: skip


# -- Inception 3 ------------------------------------------------------------------------------------------------------

#: a branch: names, filters and kernels; v is a valid convolution of stride 2
A = ("1x1 64", "5x5_1 48, 5x5_2 64 5x5", "3x3dbl_1 64, 3x3dbl_2 96 3x3, 3x3dbl_3 96 3x3")
B = ("3x3 384 3x3 v", "3x3dbl_1 64, 3x3dbl_2 96 3x3, 3x3dbl_3 96 3x3 v")
C = ("1x1 192", "7x7_1 c, 7x7_2 c 1x7, 7x7_3 192 7x1",
     "7x7dbl_1 c, 7x7dbl_2 c 7x1, 7x7dbl_3 c 1x7, 7x7dbl_4 c 7x1, 7x7dbl_5 192 1x7")  # fmt: skip
D = ("3x3_1 192, 3x3_2 320 3x3 v", "7x7x3_1 192, 7x7x3_2 192 1x7, 7x7x3_3 192 7x1, 7x7x3_4 192 3x3 v")
E = ("1x1 320", "3x3_1 384, 3x3_2a 384 1x3 | 3x3_2b 384 3x1",
     "3x3dbl_1 448, 3x3dbl_2 384 3x3, 3x3dbl_3a 384 1x3 | 3x3dbl_3b 384 3x1")  # fmt: skip
#: torchvision/models/inception.py: the blocks, c of C, and the filters behind the pool (0: the pool alone)
BLOCKS = (
    ("Mixed_5b", A, 0, 32), ("Mixed_5c", A, 0, 64), ("Mixed_5d", A, 0, 64), ("Mixed_6a", B, 0, 0),
    ("Mixed_6b", C, 128, 192), ("Mixed_6c", C, 160, 192), ("Mixed_6d", C, 160, 192), ("Mixed_6e", C, 192, 192),
    ("Mixed_7a", D, 0, 0), ("Mixed_7b", E, 0, 192), ("Mixed_7c", E, 0, 192),
)  # fmt: skip
STEM = (("1a_3x3", 32, 3, 2, 0), ("2a_3x3", 32, 3, 1, 0), ("2b_3x3", 64, 3, 1, 1), ("", 0, 0, 0, 0),
        ("3b_1x1", 80, 1, 1, 0), ("4a_3x3", 192, 3, 1, 0), ("", 0, 0, 0, 0))  # fmt: skip


def inception_v3(aux: bool, scale: bool = True, classes: int = 1000) -> list[str]:
    """`scale`: whether batch normalisation has scales (torchvision) or only shifts (Keras)."""

    def unit(name: str, filters: int, k: int | str = 1, s: int = 1, p: int | None = None) -> list[str]:
        return [conv(f"{name}.conv", filters, k, s, p=p), bn(f"{name}.bn", scale=scale)]

    lines, pools, last = ["input 3x299x299"], 0, ""
    for name, filters, k, s, p in STEM:
        if name:
            lines += unit(f"Conv2d_{name}", filters, k, s, p)
        else:
            pools += 1
            last = f"maxpool{pools}"
            lines.append(f"maxpool 3 stride 2 as {last}")
    for at, branches, c, pooled in BLOCKS:
        ends = []
        for branch in branches:
            more, sent = _branch(f"{at}.branch", branch, c, unit)
            lines += [*more, f"goto {last}"]
            ends += sent
        if pooled:
            lines += [f"avgpool 3 stride 1 pad 1 as {at}.pool", *unit(f"{at}.branch_pool", pooled)]
        else:
            lines.append(f"maxpool 3 stride 2 as {at}.branch_pool.bn")
        last = f"{at}.concat"
        lines.append(f"concat {' '.join([*ends, f'{at}.branch_pool.bn'])} as {last}")
        if aux and at == "Mixed_6e":
            lines += ["avgpool 5 stride 3 as AuxLogits.pool", *unit("AuxLogits.conv0", 128),
                      *unit("AuxLogits.conv1", 768, 5, 1, 0), "flatten", dense("AuxLogits.fc", classes),
                      f"goto {last}"]  # fmt: skip
    return [*lines, "gap as avgpool", dense("fc", classes)]


def _branch(name: str, text: str, c: int, unit: object) -> tuple[list[str], list[str]]:
    """The lines of one branch, and the names of what it sends."""
    lines: list[str] = []
    ends: list[str] = []
    before = ""
    for part in text.split(", "):
        ends = []
        for k, one in enumerate(part.split(" | ")):
            words = one.split()
            filters = c if words[1] == "c" else int(words[1])
            side = words[2] if len(words) > 2 else "1x1"
            valid = words[-1] == "v"
            lines += [f"goto {before}"] if k else []
            lines += unit(name + words[0], filters, side, 2 if valid else 1, 0 if valid else None)  # type: ignore[operator]
            ends.append(f"{name}{words[0]}.bn")
        before = f"{name}{words[0]}.bn" if len(ends) == 1 else before
    return lines, ends


INCEPTIONS = (
    Model(
        "inception-v3 inception inception-3",
        "Szegedy et al. 2015 (arXiv 1512.00567), table 1; torchvision/models/inception.py",
        Net("Inception 3 as torchvision builds it, with its classifier for training", inception_v3,
            {"aux": True, "classes": 1000}, (27_161_264, "torchvision: Inception_V3_Weights num_params"),
            tags="torchvision torch pytorch aux withaux auxlogits", top="fc AuxLogits", whose="torch textbook"),
        Net("Inception 3 without the classifier for training", inception_v3, {"aux": False, "classes": 1000},
            (23_834_568, "torchvision.models.inception_v3(aux_logits=False)"), tags="noaux withoutaux",
            differs="no classifier for training", whose="", top="fc"),
        Net("Inception 3 as Keras builds it", inception_v3, {"aux": False, "scale": False, "classes": 1000},
            (23_817_352, "keras.applications.InceptionV3, trained weights"), tags="keras tensorflow tf",
            convention=KERAS,
            differs="no classifier for training, and batch normalisation without scales", top="fc"),
    ),
)  # fmt: skip


# -- Xception ---------------------------------------------------------------------------------------------------------

#: Chollet 2017, figure 5: blocks with a short way of their own: number, filters of the separable convolutions
ENTRY = ((2, (128, 128)), (3, (256, 256)), (4, (728, 728)))
MIDDLE = range(5, 13)


def xception(classes: int = 1000) -> list[str]:
    """keras.applications.Xception: separable convolutions, none with biases."""
    lines = ["input 299x299x3", conv("block1_conv1", 32, 3, 2, p=0), bn("block1_conv1_bn"),
             conv("block1_conv2", 64, 3, p=0), bn("block1_conv2_bn")]  # fmt: skip
    last = "block1_conv2_bn"
    for block, filters in (*ENTRY, *((block, (728,) * 3) for block in MIDDLE), (13, (728, 1024))):
        at = f"block{block}"
        for k, count in enumerate(filters, 1):
            lines += [f"sepconv {count} 3x3 same no bias as {at}_sepconv{k}", bn(f"{at}_sepconv{k}_bn")]
        if block in MIDDLE:
            lines.append(f"add {last} as {at}_add")
        else:
            lines += [f"maxpool 3 stride 2 pad 1 as {at}_pool", f"goto {last}",
                      conv(f"{at}_short_conv", filters[-1], 1, 2), bn(f"{at}_short_bn"),
                      f"add {at}_pool as {at}_add"]  # fmt: skip
        last = f"{at}_add"
    for k, count in enumerate((1536, 2048), 1):
        lines += [f"sepconv {count} 3x3 same no bias as block14_sepconv{k}", bn(f"block14_sepconv{k}_bn")]
    return [*lines, "gap as avg_pool", dense("predictions", classes)]


XCEPTIONS = (
    Model(
        "xception", "Chollet 2017 (arXiv 1610.02357), figure 5; keras/src/applications/xception.py",
        Net("Xception as Keras builds it", xception, {"classes": 1000},
            (22_855_952, "keras.applications.Xception, trained weights; table 3 of the paper says 22,855,952"),
            convention=KERAS, whose="keras torch textbook", top="predictions"),
    ),
)  # fmt: skip

MODELS = [*GOOGLENETS, *INCEPTIONS, *XCEPTIONS]
