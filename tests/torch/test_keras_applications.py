"""The networks of keras.applications, read from their source as text: the count that building them gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

from nparams.notation import keras_code  # noqa: E402

FILES = Path(keras.__file__).parent / "src" / "applications"
#: file, function, count_params() of Keras 3.15 with weights=None
NETWORKS = """
vgg16 VGG16 138357544
vgg19 VGG19 143667240
resnet ResNet50 25636712
resnet ResNet101 44707176
resnet ResNet152 60419944
xception Xception 22910480
inception_v3 InceptionV3 23851784
inception_resnet_v2 InceptionResNetV2 55873736
mobilenet MobileNet 4253864
mobilenet_v2 MobileNetV2 3538984
mobilenet_v3 MobileNetV3Small 2554968
mobilenet_v3 MobileNetV3Large 5507432
densenet DenseNet121 8062504
densenet DenseNet169 14307880
densenet DenseNet201 20242984
nasnet NASNetMobile 5326716
nasnet NASNetLarge 88949818
efficientnet EfficientNetB0 5330571
efficientnet EfficientNetB1 7856239
efficientnet EfficientNetB4 19466823
efficientnet_v2 EfficientNetV2B0 7200312
efficientnet_v2 EfficientNetV2S 21612360
convnext ConvNeXtTiny 28589128
convnext ConvNeXtBase 88591464
"""
ROWS = [line.split() for line in NETWORKS.split("\n") if line]
BUILT = ("MobileNet", "MobileNetV3Small", "EfficientNetB0")


@pytest.mark.parametrize(("file", "which", "count"), ROWS)
def test_source_gives_the_count(file: str, which: str, count: str) -> None:
    network = keras_code.read((FILES / f"{file}.py").read_text(), which=which)
    assert network.also.get("framework", network.total) == int(count)
    if which in BUILT:
        assert getattr(keras.applications, which)(weights=None).count_params() == int(count)


def test_a_file_of_several_lists_them() -> None:
    with pytest.raises(Exception, match="the code holds several models: ResNet50, ResNet101, ResNet152"):
        keras_code.read((FILES / "resnet.py").read_text())
