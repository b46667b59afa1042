"""Names of Keras and TensorFlow that code uses, and what each stands for."""

from __future__ import annotations

from nparams.layers._keras.layers import KLASSES, snake

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    Args = list[Any]
    Kwargs = dict[str, Any]


#: words that stand for these where a paste leaves its imports out
USUAL = {
    "keras": "keras", "layers": "keras.layers", "tf": "tensorflow", "tensorflow": "tensorflow", "K": "keras.backend",
    "models": "keras.models", "L": "keras.layers", "tfl": "keras.layers", "kl": "keras.layers", "KL": "keras.layers",
    "np": "numpy", "numpy": "numpy", "math": "math", "ops": "keras.ops", "regularizers": "keras.regularizers",
    "initializers": "keras.initializers", "optimizers": "keras.optimizers", "activations": "keras.activations",
    "backend": "keras.backend", "applications": "keras.applications", "partial": "functools.partial", "os": "os",
    "l2": "keras.regularizers.l2", "l1": "keras.regularizers.l1", "Adam": "keras.optimizers.Adam",
    "SGD": "keras.optimizers.SGD", "RMSprop": "keras.optimizers.RMSprop", "Adadelta": "keras.optimizers.Adadelta",
    "merge": "keras.layers.merge", "concatenate": "keras.layers.concatenate", "add": "keras.layers.add",
    "load_model": "keras.models.load_model", "utils": "keras.utils", "mnist": "keras.datasets.mnist",
    "cifar10": "keras.datasets.cifar10", "imdb": "keras.datasets.imdb", "tfa": "tensorflow_addons",
    "multiply": "keras.layers.multiply", "average": "keras.layers.average", "nn": "tensorflow.nn",
}  # fmt: skip


#: those that code declares empty and fills later (keras_applications: layers = None)
MODULES = ("layers", "backend", "models")


#: what TensorFlow's shapes have beside what tuples have
SHAPE_NAMES = ("as_list", "rank", "ndims", "dims", "num_elements")


#: the families of keras.applications, as their names begin
APPLICATIONS = (
    "VGG1", "ResNet", "Xception", "Inception", "MobileNet", "DenseNet", "NASNet", "EfficientNet", "ConvNeXt", "RegNet",
)  # fmt: skip
MODELS = ("Sequential", "Model", "Functional")


#: first parts of dotted names that are Keras's, or of what code around it uses
ROOTS = frozenset("keras tensorflow tf tf_keras tensorflow_addons keras_contrib keras_core numpy np jax".split())


#: functions that are layers under small letters: concatenate([a, b]), and those of tf.layers
FUNCTIONS = {snake(name): name for name in KLASSES} | {
    "max_pooling1d": "MaxPooling1D", "max_pooling2d": "MaxPooling2D", "max_pooling3d": "MaxPooling3D",
}  # fmt: skip


MERGES = ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot")


#: modes of merge() and Merge of Keras 1
MODES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate", "dot": "Dot",
         "cos": "Dot", "min": "Minimum"}  # fmt: skip


#: what keras.datasets and tf.keras.datasets give: images or values, for training and for testing
DATASETS = {
    "mnist": ((60000, 28, 28), (10000, 28, 28)), "fashion_mnist": ((60000, 28, 28), (10000, 28, 28)),
    "cifar10": ((50000, 32, 32, 3), (10000, 32, 32, 3)), "cifar100": ((50000, 32, 32, 3), (10000, 32, 32, 3)),
    "boston_housing": ((404, 13), (102, 13)), "california_housing": ((16512, 8), (4128, 8)),
    "imdb": ((25000,), (25000,)), "reuters": ((8982,), (2246,)),
}  # fmt: skip
