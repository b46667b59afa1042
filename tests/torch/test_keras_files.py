"""Keras files against Keras itself: what it writes is read alike, variable by variable, in all three forms."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as L

import nparams
from nparams.network import Network

I, OPTIMIZERS = L.Input, keras.optimizers
#: Keras warns of its own ways (of HDF5, of NumPy)
pytestmark = pytest.mark.filterwarnings("ignore")


FORMS = ("keras", "weights.h5", "h5")


@pytest.fixture(autouse=True, scope="module")
def _few_to_collect() -> Iterator[None]:
    """Keras collects garbage at every layer that it quantises: what torch holds is not looked through each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@keras.saving.register_keras_serializable("tests")
class Block(L.Layer):
    """A layer with layers, lists of layers, and variables of its own."""

    def __init__(self, n: int = 3, **more: object) -> None:
        super().__init__(**more)
        self.n = n
        self.first, self.zed, self.drop = L.Dense(n), L.Dense(n), L.Dropout(0.1)
        self.several, self.by_name = [L.Dense(n), [L.Dense(n)]], {"x": L.LayerNormalization()}

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.first.build(shape)
        for each in (self.zed, self.several[0], self.several[1][0], self.by_name["x"]):
            each.build((None, self.n))
        self.matrix = self.add_weight(shape=(self.n, self.n), name="matrix")
        self.built = True

    def call(self, x):
        x = self.several[1][0](self.several[0](self.zed(self.first(x))))
        return self.drop(self.by_name["x"](x)) @ self.matrix

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "n": self.n}


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    """A model whose layers are attributes, with an optimizer and a metric of its own."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)
        self.fc, self.z, self.block = L.Dense(4), L.Dense(2), Block(3)
        self.loss_tracker, self.g_optimizer = keras.metrics.Mean(name="loss"), keras.optimizers.Adam()

    def call(self, x):
        return self.z(self.block(self.fc(x)))


def sequential() -> keras.Model:
    return trained([I((8,)), L.Dense(16, "relu"), L.Dropout(0.5), L.BatchNormalization(), L.Dense(3, use_bias=False)])


def trained(stack: list[L.Layer], optimizer: object = "adam", y: tuple[int, ...] = ()) -> keras.Model:
    model = keras.Sequential(stack)
    model.compile(optimizer, "mse")
    x = np.zeros((2, *model.input_shape[1:]))
    model.fit(x, np.zeros((2, *(y or model.output_shape[1:]))), verbose=0)
    return model


def images() -> keras.Model:
    x = given = I((16, 16, 3))
    for each in (L.Conv2D(4, 3, use_bias=False), L.BatchNormalization(), L.SeparableConv2D(6, 3),
                 L.DepthwiseConv2D(3, depth_multiplier=2), L.Conv2DTranspose(5, 2), L.GroupNormalization(5),
                 L.PReLU(shared_axes=[1, 2]), L.GlobalAveragePooling2D(), L.Dense(7)):  # fmt: skip
        x = each(x)
    return keras.Model(given, x)


def sequences() -> keras.Model:
    given = I((10,))
    x = L.GRU(4, return_sequences=True)(L.LSTM(4, return_sequences=True)(L.Embedding(50, 6)(given)))
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    x = L.TimeDistributed(L.Dense(5))(L.SimpleRNN(4, return_sequences=True)(x))
    x = L.RMSNormalization()(L.LayerNormalization(center=False)(L.MultiHeadAttention(2, 3)(x, x)))
    cells = [L.LSTMCell(3), L.GRUCell(2, reset_after=False), L.LSTMCell(2)]
    return keras.Model(given, L.RNN(L.StackedRNNCells(cells))(x))


def attention() -> keras.Model:
    given = I((6, 4))
    x = L.Attention(use_scale=True, score_mode="concat")([given, given])
    x = L.GroupQueryAttention(4, 4, 2)(L.AdditiveAttention()([x, given]), x)
    return keras.Model(given, L.SeparableConv1D(4, 2)(L.Conv1D(3, 2)(x)))


def nested() -> keras.Model:
    inner = keras.Sequential([I((4,)), L.Dense(5, name="d"), L.BatchNormalization()], name="inner")
    second = keras.Sequential([I((5,)), L.Dense(5, name="d")], name="second")
    shared, given = L.Dense(5, name="shared"), I((4,))
    return keras.Model(given, shared(shared(second(inner(given)))))


def frozen() -> keras.Model:
    model = sequential()
    model.layers[0].trainable = model.layers[2].trainable = False
    return model


def quantised(mode: str) -> keras.Model:
    model = keras.Sequential([
        I((7,), dtype="int32"), L.Embedding(11, 9), L.EinsumDense("abc,cd->abd", output_shape=(7, 5), bias_axes="d"),
        L.Dense(3), L.Flatten(), L.Dense(5), L.Dense(1)])  # fmt: skip
    model.quantize(mode)
    return model


#: what it has before
BEFORE = 11 * 9 + 9 * 5 + 5 + 5 * 3 + 3 + 21 * 5 + 5 + 5 + 1


def blocks_of_int4() -> keras.Model:
    from keras.quantizers import Int4QuantizationConfig

    model = keras.Sequential([I((7,)), L.Dense(9), L.Dense(3), L.Dense(1)])
    model.quantize(config=Int4QuantizationConfig(block_size=4))
    return model


def adapted() -> keras.Model:
    model = keras.Sequential([I((7,), dtype="int32"), L.Embedding(11, 9), L.Dense(9), L.Flatten(), L.Dense(4)])
    model.layers[0].enable_lora(2)
    model.layers[1].enable_lora(3)
    return model


def subclassed() -> keras.Model:
    model = Subclassed()
    model(np.zeros((2, 5)))
    model.g_optimizer.build(model.trainable_variables)
    model.compile("adam", "mse", metrics=["mae", keras.metrics.AUC(name="auc")])
    model.fit(np.zeros((2, 5)), np.ones((2, 2)), verbose=0)
    return model


MODELS: dict[str, Callable[[], keras.Model]] = {
    "sequential": sequential, "images": images, "sequences": sequences, "attention": attention, "nested": nested,
    "frozen": frozen, "adapted": adapted, "subclassed": subclassed, "int8": lambda: quantised("int8"),
    "int4": lambda: quantised("int4"), "float8": lambda: quantised("float8"), "int4 in blocks": blocks_of_int4,
    "spectral": lambda: keras.Sequential([I((8, 8, 3)), L.SpectralNormalization(L.Conv2D(4, 3)), L.Flatten(),
                                          L.SpectralNormalization(L.Dense(3))]),
    "video": lambda: keras.Sequential([I((3, 8, 8, 2)), L.ConvLSTM2D(3, 2), L.Conv2D(2, 2)]),
    "normalised": lambda: keras.Sequential([I((6,)), L.Normalization(), L.Dense(2)]),
    "number types": lambda: keras.Sequential([I((6,)), L.Dense(2, dtype="bfloat16"), L.Dense(2, dtype="float16"),
                                              L.Dense(2, dtype="mixed_bfloat16"), L.Dense(2, dtype="float64")]),
    "two tables": lambda: keras.Sequential([I((4,), dtype="int32"), L.ReversibleEmbedding(10, 6, tie_weights=False)]),
    "plain SGD": lambda: trained([I((3,)), L.Dense(2)], "sgd"),
    "averages": lambda: trained([I((3,)), L.Dense(2)], keras.optimizers.Adam(use_ema=True, amsgrad=True)),
    "Lion": lambda: trained([I((3,)), L.Dense(2)], keras.optimizers.Lion()),
    "Muon": lambda: trained([I((3,)), L.Dense(2)], keras.optimizers.Muon()),
    "a loss scale": lambda: trained([I((3,)), L.Dense(2)], OPTIMIZERS.LossScaleOptimizer(OPTIMIZERS.Adam())),
}  # fmt: skip
#: forms that Keras does not write, or loses something in
LEFT_OUT = {("subclassed", "h5"), ("a loss scale", "h5")}


def saved(model: keras.Model, folder: Path, form: str) -> Path:
    path = folder / f"m.{form}"
    if form == "weights.h5":
        model.save_weights(path)
    else:
        model.save(path)
    return path


def ours(network: Network) -> dict[str, tuple[tuple[int, ...], str | None]]:
    """name -> stored size and number type, of what Keras calls the model's weights."""
    found = {}
    for t in network.tensors():
        if t.role != "other" and t.tied_to is None:
            assert t.size is not None
            size = t.stored[0] if t.stored is not None else t.size
            found[t.name] = (t.shape if t.stored is None else size, "int8" if t.dtype == "int4" else t.dtype)
    return found


def theirs(model: keras.Model, network: Network, *, merged: bool) -> dict[str, tuple[object, str]]:
    """The same by Keras: names without the model's own; a packed kernel by its size; LoRA merged into the kernel."""
    packed = {t.name for t in network.tensors() if t.stored is not None}
    found: dict[str, tuple[object, str]] = {}
    for v in model.weights:
        name = v.path.removeprefix(f"{model.name}/")
        if not (merged and "/lora_" in name):
            shape = tuple(v.shape)
            found[name] = (prod(shape) if name in packed else shape, str(v.dtype).removeprefix("torch."))
    return found


@pytest.mark.parametrize("name", MODELS)
def test_models(tmp_path: Path, name: str) -> None:
    keras.utils.clear_session()
    model = MODELS[name]()
    for form in FORMS:
        if (name, form) in LEFT_OUT:
            continue
        network = nparams.read(saved(model, tmp_path, form))
        found, expected = ours(network), theirs(model, network, merged=form != "h5")
        if name == "subclassed":  # Block's own matrix has no name in the file
            expected["block/kernel"] = expected.pop("block/matrix")
        assert found == expected, form
        check_flags(model, network, name, form)
        check_summary(model, network, name, form)
        if name in ("int8", "int4", "float8"):
            assert network.total == BEFORE
            assert network.totals.bookkeeping > 0


def check_flags(model: keras.Model, network: Network, name: str, form: str) -> None:
    """Roles and flags: what Keras made as not trainable is no parameter; what is frozen is one."""
    by_name = {v.path.removeprefix(f"{model.name}/"): v for v in model.weights}
    for t in network.tensors():
        v = by_name.get(t.name)
        if v is None or name in ("int8", "int4", "float8", "int4 in blocks"):
            continue
        if name not in ("frozen", "adapted"):
            assert (t.role == "buffer") == (not v.trainable), t.name
        if form != "weights.h5" and name != "subclassed":
            assert t.trainable == v.trainable, t.name


def check_summary(model: keras.Model, network: Network, name: str, form: str) -> None:
    """`also.framework` is what model.summary() prints: all variables, and the optimizer's once it is built."""
    if name == "adapted" and form == "weights.h5":
        return  # only the configuration tells of LoRA
    assert network.also["framework"] == model.count_params() + of_optimizer(model)


def of_optimizer(model: keras.Model) -> int:
    optimizer = getattr(model, "optimizer", None)
    return sum(prod(v.shape) for v in optimizer.variables) if optimizer is not None and optimizer.built else 0


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_tables_that_lead_back(tmp_path: Path, mode: str, tied: bool) -> None:
    keras.utils.clear_session()
    model = keras.Sequential([I((4,), dtype="int32"), L.ReversibleEmbedding(10, 7, tie_weights=tied)])
    model.quantize(mode)
    for form in FORMS:
        network = nparams.read(saved(model, tmp_path, form))
        assert network.total == 10 * 7 * (1 if tied else 2)
        assert network.also["framework"] == model.count_params()


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_gptq(tmp_path: Path, bits: int) -> None:
    from keras.quantizers import GPTQConfig

    settings = GPTQConfig(dataset=None, tokenizer=None, weight_bits=bits, group_size=4)
    check_calibrated(tmp_path, "gptq", settings, {4: "int4"}.get(bits, "uint8"))


def test_awq(tmp_path: Path) -> None:
    from keras.quantizers import AWQConfig

    check_calibrated(tmp_path, "awq", AWQConfig(dataset=None, tokenizer=None, group_size=4), "int4")


def check_calibrated(folder: Path, mode: str, settings: object, dtype: str) -> None:
    """As after calibration, which needs a text: the packed kernel instead of the first one."""
    keras.utils.clear_session()
    model = keras.Sequential([I((7,)), L.Dense(9), L.Dense(3, use_bias=False), L.EinsumDense(
        "ab,bc->ac", output_shape=(5,), bias_axes="c")])  # fmt: skip
    for each in model.layers:
        each.quantize(mode, config=settings)
        setattr(each, f"is_{mode}_calibrated", True)
        del each._kernel
    for form in FORMS:
        network = nparams.read(saved(model, folder, form))
        kernels = [(t.size, t.dtype) for t in network.tensors() if t.name.endswith("/kernel")]
        assert kernels == [(63, dtype), (27, dtype), (15, dtype)]
        assert network.total == 63 + 9 + 27 + 15 + 5


def test_shared_by_two_models(tmp_path: Path) -> None:
    keras.utils.clear_session()
    shared, first, given = L.Dense(4, name="shared"), I((4,)), I((4,))
    inner = keras.Model(first, shared(first), name="inner")
    model = keras.Model(given, shared(inner(given)))
    for form in FORMS:
        network = nparams.read(saved(model, tmp_path, form))
        assert network.total == model.count_params() == 20


def test_shards(tmp_path: Path) -> None:
    keras.utils.clear_session()
    model = keras.Sequential([I((64,)), *(L.Dense(64) for _ in range(6))])
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=4e-5)
    assert len(list(tmp_path.iterdir())) > 2
    network = nparams.read(tmp_path / "m.weights.json")
    assert ours(network) == theirs(model, network, merged=True)


# -- random models -----------------------------------------------------------------------------------------------------


def random_layers(rng: random.Random) -> list[L.Layer]:
    """Layers on images, then on vectors; each with random settings."""
    n = lambda: rng.randint(1, 9)  # noqa: E731
    yes = lambda: rng.random() < 0.5  # noqa: E731
    on_images = [
        lambda: L.Conv2D(n(), rng.randint(1, 3), use_bias=yes()),
        lambda: L.DepthwiseConv2D(2, depth_multiplier=rng.randint(1, 3), use_bias=yes()),
        lambda: L.SeparableConv2D(n(), 2, use_bias=yes()), lambda: L.Conv2DTranspose(n(), 2, use_bias=yes()),
        lambda: L.BatchNormalization(center=yes(), scale=yes()),
        lambda: L.LayerNormalization(center=True, scale=yes()), lambda: L.Dropout(0.1), lambda: L.PReLU(),
        lambda: L.SpectralNormalization(L.Conv2D(n(), 2)), lambda: L.RMSNormalization(),
    ]  # fmt: skip
    on_vectors = [
        lambda: L.Dense(n(), use_bias=yes()), lambda: L.BatchNormalization(center=yes(), scale=yes()),
        lambda: L.UnitNormalization(), lambda: L.Activation("relu"), lambda: Block(n()),
        lambda: keras.Sequential([L.Dense(n()), L.Dense(n(), use_bias=False)]),
    ]  # fmt: skip
    stack = [rng.choice(on_images)() for _ in range(rng.randint(0, 4))]
    stack.append(L.GlobalAveragePooling2D())
    stack += [rng.choice(on_vectors)() for _ in range(rng.randint(1, 5))]
    for each in stack:
        each.trainable = rng.random() < 0.9
    return stack


@pytest.mark.parametrize("seed", range(12))
def test_random_models(tmp_path: Path, seed: int) -> None:
    keras.utils.clear_session()
    rng = random.Random(seed)
    model = keras.Sequential([I((14, 14, rng.randint(1, 4))), *random_layers(rng)])
    if rng.random() < 0.5:
        model.compile(rng.choice(["adam", "rmsprop", "adagrad"]), "mse")
        model.optimizer.build(model.trainable_variables)
    totals = set()
    for form in FORMS:
        network = nparams.read(saved(model, tmp_path, form))
        found, expected = ours(network), theirs(model, network, merged=True)
        assert sorted(found.values(), key=str) == sorted(expected.values(), key=str)
        assert network.also["framework"] == model.count_params() + of_optimizer(model)
        totals.add(network.total)
    assert len(totals) == 1
