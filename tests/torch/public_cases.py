"""Model files as people wrote them, inside packages that are pinned and never imported as such.

One row is a file of an unpacked package, which of its classes or functions, and what that is given.  A row is read and
built with the same values; `build` says how where a class takes them in a config.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


class Public(NamedTuple):
    file: str
    which: str
    given: dict[str, Any]
    build: Callable[[ModuleType], Any] | None = None

    @property
    def called(self) -> str:
        return f"{self.file}:{self.which}" + (f" {len(self.given)} given" if self.given else "")


VIT = {"image_size": 64, "patch_size": 16, "num_classes": 10, "dim": 64, "depth": 2, "heads": 4, "mlp_dim": 128}
GPT = {"vocab_size": 50257, "context_length": 1024, "emb_dim": 768, "n_heads": 12, "n_layers": 12, "drop_rate": 0.1,
       "qkv_bias": False}  # fmt: skip
EMFORMER = {"input_dim": 16, "num_heads": 4, "ffn_dim": 32, "num_layers": 2, "segment_length": 4}


def configured(name: str, given: dict[str, Any]) -> Callable[[ModuleType], Any]:
    """A class that takes one dict."""
    return lambda module: getattr(module, name)(given)


def rows(file: str, which: str, given: dict[str, Any] | None = None) -> list[Public]:
    return [Public(file, name, given or {}) for name in which.split()]


def resnet(block: str, *layers: int) -> Callable[[ModuleType], Any]:
    return lambda module: module.ResNet(getattr(module, block), [*layers])


PUBLIC: tuple[Public, ...] = (
    Public("torchvision/models/resnet.py", "resnet18", {}, resnet("BasicBlock", 2, 2, 2, 2)),
    Public("torchvision/models/resnet.py", "resnet50", {}, resnet("Bottleneck", 3, 4, 6, 3)),
    Public("torchvision/models/resnet.py", "resnet152", {}, resnet("Bottleneck", 3, 8, 36, 3)),
    Public(
        "torchvision/models/resnet.py", "resnext50_32x4d", {},
        lambda m: m.ResNet(m.Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4),
    ),
    Public("torchvision/models/vgg.py", "vgg16_bn", {}, lambda m: m.VGG(m.make_layers(m.cfgs["D"], batch_norm=True))),
    Public("torchvision/models/densenet.py", "densenet121", {}, lambda m: m.DenseNet()),
    *rows("torchvision/models/densenet.py", "DenseNet", {"growth_rate": 12, "block_config": (2, 3)}),
    *rows("torchvision/models/alexnet.py", "AlexNet"),
    *rows("torchvision/models/googlenet.py", "GoogLeNet", {"init_weights": False}),
    *rows("torchvision/models/googlenet.py", "GoogLeNet", {"init_weights": False, "aux_logits": False}),
    *rows("torchvision/models/inception.py", "Inception3", {"init_weights": False}),
    *rows("torchvision/models/squeezenet.py", "SqueezeNet", {"version": "1_1"}),
    *rows("torchvision/models/mnasnet.py", "MNASNet", {"alpha": 0.5}),
    *rows("torchvision/models/shufflenetv2.py", "ShuffleNetV2",
          {"stages_repeats": [4, 8, 4], "stages_out_channels": [24, 48, 96, 192, 1024]}),
    *rows("torchaudio/models/conv_tasnet.py", "ConvTasNet conv_tasnet_base"),
    *rows("torchaudio/models/wav2letter.py", "Wav2Letter"),
    *rows("torchaudio/models/deepspeech.py", "DeepSpeech", {"n_feature": 26}),
    *rows("torchaudio/models/wavernn.py", "WaveRNN",
          {"upsample_scales": [5, 5, 8], "n_classes": 512, "hop_length": 200}),
    *rows("torchaudio/models/tacotron2.py", "Tacotron2"),
    *rows("torchaudio/models/conformer.py", "Conformer",
          {"input_dim": 16, "num_heads": 4, "ffn_dim": 32, "num_layers": 2, "depthwise_conv_kernel_size": 31}),
    *rows("torchaudio/models/emformer.py", "Emformer", EMFORMER),
    *rows("vit_pytorch/vit.py", "ViT", VIT),
    *rows("vit_pytorch/vit.py", "ViT", {**VIT, "heads": 1, "dim_head": 64, "channels": 1}),
    *rows("vit_pytorch/simple_vit.py", "SimpleViT", VIT),
    *rows("vit_pytorch/deepvit.py", "DeepViT", VIT),
    *rows("vit_pytorch/local_vit.py", "LocalViT", VIT),
    *rows("vit_pytorch/parallel_vit.py", "ViT", VIT),
    *rows("vit_pytorch/cait.py", "CaiT", {**VIT, "cls_depth": 1}),
    *rows("vit_pytorch/xcit.py", "XCiT", {**VIT, "cls_depth": 1}),
    *rows("vit_pytorch/cvt.py", "CvT", {"num_classes": 10}),
    *rows("vit_pytorch/crossformer.py", "CrossFormer"),
    *rows("vit_pytorch/regionvit.py", "RegionViT"),
    *rows("vit_pytorch/pit.py", "PiT", {**VIT, "image_size": 224, "patch_size": 14, "depth": (2, 2)}),
    *rows("vit_pytorch/levit.py", "LeViT",
          {"image_size": 224, "num_classes": 10, "dim": (64, 128), "depth": 2, "heads": (2, 4), "mlp_mult": 2,
           "stages": 2}),
    *rows("vit_pytorch/twins_svt.py", "TwinsSVT", {"num_classes": 10}),
    *rows("vit_pytorch/nest.py", "NesT",
          {"image_size": 64, "patch_size": 4, "dim": 48, "heads": 3, "num_hierarchies": 3, "block_repeats": (2, 1, 1),
           "num_classes": 10}),
    *rows("vit_pytorch/mobile_vit.py", "MobileViT",
          {"image_size": (256, 256), "dims": [96, 120, 144],
           "channels": [16, 32, 48, 48, 64, 64, 80, 80, 96, 96, 384], "num_classes": 10}),
    *rows("vit_pytorch/max_vit.py", "MaxViT", {"num_classes": 10, "dim": 32, "depth": (1, 1), "dim_conv_stem": 16}),
    *rows("vit_pytorch/vit_3d.py", "ViT",
          {"image_size": 32, "image_patch_size": 8, "frames": 4, "frame_patch_size": 2, "num_classes": 10, "dim": 32,
           "depth": 1, "heads": 2, "mlp_dim": 64}),
    *rows("vit_pytorch/cross_vit.py", "CrossViT",
          {"image_size": 48, "num_classes": 10, "sm_dim": 32, "lg_dim": 48, "sm_enc_depth": 1, "lg_enc_depth": 2}),
    *rows("mlp_mixer_pytorch/mlp_mixer_pytorch.py", "MLPMixer",
          {"image_size": 64, "channels": 3, "patch_size": 16, "dim": 32, "depth": 3, "num_classes": 10}),
    *rows("g_mlp_pytorch/g_mlp_pytorch.py", "gMLP",
          {"num_tokens": 100, "dim": 32, "depth": 3, "seq_len": 16, "attn_dim": 8}),
    *rows("conformer/conformer.py", "Conformer", {"dim": 32, "depth": 2, "heads": 2, "dim_head": 16}),
    *rows("labml_nn/diffusion/ddpm/unet.py", "UNet"),
    *rows("labml_nn/resnet/__init__.py", "ResNetBase", {"n_blocks": [2, 3], "n_channels": [16, 32]}),
    *rows("labml_nn/resnet/__init__.py", "ResNetBase",
          {"n_blocks": [2, 3], "n_channels": [64, 128], "bottlenecks": [16, 32], "img_channels": 1,
           "first_kernel_size": 3}),
    *rows("labml_nn/unet/__init__.py", "UNet", {"in_channels": 3, "out_channels": 2}),
    *rows("labml_nn/transformers/mha.py", "MultiHeadAttention", {"heads": 4, "d_model": 32, "bias": False}),
    *rows("labml_nn/transformers/gmlp/__init__.py", "GMLPBlock", {"d_model": 16, "d_ffn": 32, "seq_len": 8}),
    *rows("labml_nn/graphs/gat/__init__.py", "GraphAttentionLayer",
          {"in_features": 16, "out_features": 32, "n_heads": 4}),
    *rows("labml_nn/rl/dqn/model.py", "Model"),
    *rows("labml_nn/gan/stylegan/__init__.py", "Generator", {"log_resolution": 5, "d_latent": 32}),
    *rows("labml_nn/gan/stylegan/__init__.py", "Discriminator", {"log_resolution": 5}),
    *rows("labml_nn/recurrent_highway_networks/__init__.py", "RHN",
          {"input_size": 8, "hidden_size": 16, "depth": 3, "n_layers": 2}),
    *rows("labml_nn/lstm/__init__.py", "LSTM", {"input_size": 8, "hidden_size": 16, "n_layers": 2}),
    *rows("llms_from_scratch/ch03.py", "MultiHeadAttention MultiHeadAttentionWrapper",
          {"d_in": 32, "d_out": 32, "context_length": 16, "dropout": 0.0, "num_heads": 2, "qkv_bias": True}),
    Public("llms_from_scratch/kv_cache/gpt2.py", "GPTModel", GPT, configured("GPTModel", GPT)),
    Public("llms_from_scratch/qwen3.py", "Qwen3Model", {"cfg": "QWEN3_CONFIG_1_7B"},
           lambda m: m.Qwen3Model(m.QWEN3_CONFIG_1_7B)),
    Public("llms_from_scratch/qwen3.py", "Qwen3Model", {"cfg": "QWEN3_CONFIG_30B_A3B"},
           lambda m: m.Qwen3Model(m.QWEN3_CONFIG_30B_A3B)),
    *rows("facenet_pytorch/models/inception_resnet_v1.py", "InceptionResnetV1"),
    *rows("rtdl_revisiting_models.py", "MLP",
          {"d_in": 8, "d_out": 1, "n_blocks": 3, "d_block": 32, "dropout": 0.1}),
    *rows("rtdl_revisiting_models.py", "ResNet",
          {"d_in": 8, "d_out": 1, "n_blocks": 2, "d_block": 16, "d_hidden": 32, "d_hidden_multiplier": None,
           "dropout1": 0.1, "dropout2": 0.0}),
)  # fmt: skip
