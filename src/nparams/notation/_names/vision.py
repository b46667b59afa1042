"""Vision transformers and their kin: ViT, DeiT, Swin, ConvNeXt, MLP-Mixer."""

from __future__ import annotations

from nparams.notation._names.lines import Model, Net, conv, dense

# -- ViT --------------------------------------------------------------------------------------------------------------

#: Dosovitskiy et al. 2020, table 1: layers, width, feed-forward, heads
SIZES = {"b": (12, 768, 3072, 12), "l": (24, 1024, 4096, 16), "h": (32, 1280, 5120, 16)}
#: patch, total at 224 pixels and 1,000 classes (torchvision num_params; those of h/14 are for 518 pixels)
VITS = {
    ("b", 16): (86_567_656, "torchvision: ViT_B_16_Weights num_params"),
    ("b", 32): (88_224_232, "torchvision: ViT_B_32_Weights num_params"),
    ("l", 16): (304_326_632, "torchvision: ViT_L_16_Weights num_params"),
    ("l", 32): (306_535_400, "torchvision: ViT_L_32_Weights num_params"),
    ("h", 14): (632_045_800, "torchvision: ViT_H_14_Weights.IMAGENET1K_SWAG_LINEAR_V1 num_params"),
}
WORDS = {"b": "base", "l": "large", "h": "huge"}
#: Touvron et al. 2020 (arXiv 2012.12877), table 1: the same with other widths
DEITS = {"tiny": (192, 768, 3, 5_717_416, 5), "small": (384, 1536, 6, 22_050_664, 22)}


def vit(layers: int, d: int, f: int, heads: int, patch: int, classes: int = 1000) -> list[str]:
    """Patches, a class token, learned positions, encoder layers with norms before, a last norm, one dense layer."""
    return [
        "input 224x224x3", f"patch embedding {patch} {d} as conv_proj", "class token as class_token",
        "positions as encoder.pos_embedding",
        f"encoder {d} heads {heads} ff {f} layers {layers} as encoder.layers",
        "layernorm as encoder.ln", dense("heads.head", classes),
    ]  # fmt: skip


def _vits() -> list[Model]:
    source = "Dosovitskiy et al. 2020 (arXiv 2010.11929), table 1; torchvision/models/vision_transformer.py"
    found = []
    for (size, patch), published in VITS.items():
        layers, d, f, heads = SIZES[size]
        word = WORDS[size]
        names = [
            f"vit-{size}/{patch}",
            f"vit-{word}-{patch}",
            f"vit-{word}-patch{patch}",
            f"vit-{word}-patch{patch}-224",
        ]
        names += (
            ["vit", "vision-transformer", "vit-base", "deit-base", "deit-base-patch16-224"]
            if (size, patch) == ("b", 16)
            else []
        )
        found.append(Model(
            " ".join(names), source,
            Net(f"ViT-{size.upper()}/{patch} at 224x224", vit, whose="torch textbook", top="heads", published=published,
                args={"layers": layers, "d": d, "f": f, "heads": heads, "patch": patch, "classes": 1000}),
        ))  # fmt: skip
    for word, (d, f, heads, total, _) in DEITS.items():
        found.append(Model(
            f"deit-{word} deit-{word}-patch16-224 vit-{word} vit-{'s' if word == 'small' else 'ti'}/16 "
            f"vit-{word}-patch16-224",
            "Touvron et al. 2020 (arXiv 2012.12877), table 1; timm/models/deit.py",
            Net(f"DeiT-{word} at 224x224", vit, whose="torch textbook", top="heads",
                published=(total, f"timm: deit_{word}_patch16_224; table 1 of the paper in millions"),
                args={"layers": 12, "d": d, "f": f, "heads": heads, "patch": 16, "classes": 1000}),
        ))  # fmt: skip
    return found


# -- Swin -------------------------------------------------------------------------------------------------------------

#: Liu et al. 2021, §3.3: width, blocks, heads, total (torchvision num_params)
SWINS = {
    "t": (96, (2, 2, 6, 2), (3, 6, 12, 24), 28_288_354), "s": (96, (2, 2, 18, 2), (3, 6, 12, 24), 49_606_258),
    "b": (128, (2, 2, 18, 2), (4, 8, 16, 32), 87_768_224),
}  # fmt: skip


def swin(width: int, blocks: tuple[int, ...], heads: tuple[int, ...], classes: int = 1000) -> list[str]:
    """Attention in windows of 7x7 with a bias for each distance; four neighbours become one place between stages."""
    lines = ["input 224x224x3", conv("features.0.0", width, 4, 4, p=0, bias=True), "layernorm as features.0.2"]
    last = "features.0.2"
    for stage, (count, h) in enumerate(zip(blocks, heads, strict=True)):
        d, at = width << stage, f"features.{2 * stage + 1}"
        if stage:
            merge = f"features.{2 * stage}"
            lines += [f"pixel unshuffle 2 as {merge}.patches", f"layernorm as {merge}.norm"]
            last = f"{merge}.reduction"
            lines.append(dense(last, d, bias=False))
        for k in range(count):
            block = f"{at}.{k}"
            lines += [
                f"layernorm as {block}.norm1", f"relpos window 7 heads {h} as {block}.attn.bias",
                f"attention {d} heads {h} as {block}.attn.heads", f"add {last} as {block}.add1",
                f"layernorm as {block}.norm2", f"ffn {4 * d} as {block}.mlp", f"add {block}.add1 as {block}.add2",
            ]  # fmt: skip
            last = f"{block}.add2"
    return [*lines, "layernorm as norm", "gap as avgpool", dense("head", classes)]


# -- ConvNeXt ---------------------------------------------------------------------------------------------------------

#: Liu et al. 2022, §3: widths, blocks, total (torchvision num_params)
CONVNEXTS = {
    "tiny": ((96, 192, 384, 768), (3, 3, 9, 3), 28_589_128), "small": ((96, 192, 384, 768), (3, 3, 27, 3), 50_223_688),
    "base": ((128, 256, 512, 1024), (3, 3, 27, 3), 88_591_464),
    "large": ((192, 384, 768, 1536), (3, 3, 27, 3), 197_767_336),
}  # fmt: skip


def convnext(widths: tuple[int, ...], blocks: tuple[int, ...], classes: int = 1000) -> list[str]:
    """A filter of 7x7 for each channel, a norm, two dense layers at each position, a factor for each channel."""
    lines = ["input 224x224x3", conv("features.0.0", widths[0], 4, 4, p=0, bias=True), "layernorm as features.0.1"]
    last = "features.0.1"
    for stage, (d, count) in enumerate(zip(widths, blocks, strict=True)):
        if stage:
            last = f"features.{2 * stage}.1"
            lines += [f"layernorm as features.{2 * stage}.0", conv(last, d, 2, 2, p=0, bias=True)]
        for k in range(count):
            at = f"features.{2 * stage + 1}.{k}"
            lines += [
                f"depthwise conv 7x7 pad 3 as {at}.block.0", f"layernorm as {at}.block.2", dense(f"{at}.block.3",
                                                            4 * d),
                dense(f"{at}.block.5", d), f"layerscale as {at}.layer_scale", f"add {last} as {at}.add",
            ]  # fmt: skip
            last = f"{at}.add"
    return [*lines, "gap as avgpool", "layernorm as classifier.0", dense("classifier.2", classes)]


# -- MLP-Mixer --------------------------------------------------------------------------------------------------------

#: Tolstikhin et al. 2021, table 1: patch, layers, width, hidden of tokens and of channels, total, in round numbers
MIXERS = {
    "s16": (16, 8, 512, 256, 2048, 18_528_264, "18M"), "s32": (32, 8, 512, 256, 2048, 19_104_624, "19M"),
    "b16": (16, 12, 768, 384, 3072, 59_880_472, "59M"), "b32": (32, 12, 768, 384, 3072, 60_293_428, "60M"),
    "l16": (16, 24, 1024, 512, 4096, 208_196_168, "207M"), "l32": (32, 24, 1024, 512, 4096, 206_939_264, "206M"),
}  # fmt: skip


def mixer(patch: int, layers: int, d: int, tokens: int, channels: int, classes: int = 1000) -> list[str]:
    """Dense layers along the patches, then along the channels."""
    places = (224 // patch) ** 2
    return [
        "input 224x224x3", f"patch embedding {patch} {d} as stem",
        f"{layers} x (layernorm; transpose; dense {tokens}; dense {places}; transpose; layernorm; dense {channels}; "
        f"dense {d}) as blocks",
        "layernorm as norm", "gap as pool", dense("head", classes),
    ]  # fmt: skip


def _kin() -> list[Model]:
    found = []
    for size, (width, blocks, heads, total) in SWINS.items():
        word = {"t": "tiny", "s": "small", "b": "base"}[size]
        found.append(Model(
            f"swin-{size} swin-{word} swin-{word}-patch4-window7-224",
            "Liu et al. 2021 (arXiv 2103.14030), §3.3; torchvision/models/swin_transformer.py",
            Net(f"Swin-{size.upper()}", swin, {"width": width, "blocks": blocks, "heads": heads, "classes": 1000},
                (total, f"torchvision: Swin_{size.upper()}_Weights num_params"), whose="torch textbook", top="head"),
        ))  # fmt: skip
    for word, (widths, depth, total) in CONVNEXTS.items():
        found.append(Model(
            f"convnext-{word} convnext-{word[0]}",
            "Liu et al. 2022 (arXiv 2201.03545), §3; torchvision/models/convnext.py",
            Net(f"ConvNeXt-{word}", convnext, {"widths": widths, "blocks": depth, "classes": 1000}, top="classifier",
                published=(total, f"torchvision: ConvNeXt_{word.title()}_Weights num_params"),
                whose="torch keras textbook"),
        ))  # fmt: skip
    for size, (patch, layers, d, tokens, channels, total, told) in MIXERS.items():
        found.append(Model(
            f"mlp-mixer-{size[0]}/{size[1:]} mixer-{size}" + (" mlp-mixer mixer" if size == "b16" else ""),
            "Tolstikhin et al. 2021 (arXiv 2105.01601), table 1; timm/models/mlp_mixer.py",
            Net(f"MLP-Mixer {size[0].upper()}/{size[1:]}", mixer, whose="torch textbook", top="head",
                published=(total, f"timm: mixer_{size}_224; the paper says {told}"),
                args={"patch": patch, "layers": layers, "d": d, "tokens": tokens, "channels": channels,
                      "classes": 1000}),
        ))  # fmt: skip
    return found


MODELS = [*_vits(), *_kin()]
