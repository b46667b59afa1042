"""Keras code as people paste it: totals, what Keras's own summary says, notes and refusals."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nparams
from nparams.errors import NotationError, NparamsError, UsageError
from nparams.notation import keras_code

MNIST = """
model = Sequential()
model.add(Conv2D(32, kernel_size=(3, 3), activation='relu', input_shape=(28, 28, 1)))
model.add(Conv2D(64, (3, 3), activation='relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(128, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(10, activation='softmax'))
model.compile(loss=keras.losses.categorical_crossentropy, optimizer=keras.optimizers.Adadelta())
model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=1, validation_data=(x_test, y_test))
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
"""

#: code, total, what Keras's own summary says where that is another number, where it comes from
CASES: list[tuple[str, object, int | None, str]] = [
    # one layer
    ("Dense(64, input_dim=10)", 704, None, "USERS.md, notations 2"),
    ("Conv2D(32,(3,3),input_shape=(28,28,1))", 320, None, "USERS.md, notations 2"),
    ("keras.layers.SimpleRNN(1, input_shape=[None, 1])", 3, None, "discuss.pytorch.org/t/113371"),
    ("LSTM(256, input_dim=4096, input_length=16)", 4457472, None, "stackoverflow.com/q/38080035"),
    ("tf.keras.layers.Dense(10)", "10*n_in + 10", None, "the size that comes in is not said"),
    ("Conv2D(64, 3)", "576*c_in + 64", None, "the channels are not said"),
    ("layers.Embedding(1000, 64)", 64000, None, "keras.layers.Embedding"),
    ("Bidirectional(LSTM(10, return_sequences=True), input_shape=(5, 10))", 1680, None, "keras.io/layers/wrappers"),
    ("TimeDistributed(Conv2D(64, (3, 3)), input_shape=(10, 299, 299, 3))", 1792, None, "keras.io/layers/wrappers"),
    ("BatchNormalization(input_shape=(64,))", 128, 256, "two of four numbers a channel are trained"),
    ("CuDNNLSTM(32, input_shape=(10, 8))", 5376, None, "keras 2: two bias vectors: 4*(32*(8+32) + 2*32)"),
    ("GRU(32, input_shape=(None, 32))", 6336, None, "stats.stackexchange.com/q/458685"),
    ("GRU(20, reset_after=False, input_shape=(29, 13))", 2040, None, "boohere.com/de/detail/123934.html"),
    ("Embedding(30522, 768)", 23440896, None, "alike in PyTorch"),
    ("LSTM(64)", "256*n + 16640", None, "the size that comes in is not said"),
    ("Bidirectional(GRU(4, reset_after=False))", "24*n + 120", None, "the same"),
    ("layers.MultiHeadAttention(num_heads=2, key_dim=8)", "65*n + 48", None, "3*(n*16 + 16) + 16*n + n"),
    # lists and add
    ("model.add(LSTM(256, input_dim=4096, input_length=16))", 4457472, None, "stackoverflow.com/q/38080035"),
    ("model.add(Dense(10, input_shape=(784,)))\nmodel.add(Activation('softmax'))\n", 7850, None, "SO 36946671"),
    (MNIST, 1199882, None, "keras-team/keras 2.x, examples/mnist_cnn.py"),
    ("Sequential([Dense(64, input_dim=10), Dense(1)])", 769, None, "codemia.io: 704 + 65"),
    ("model = tf.keras.Sequential (name='Exam CNN Model')\nmodel.add (Conv2D(3,(3,3) , input_shape =(18,18,3)))\n"
     "model. add(Conv2D(2,(2,2)))\nmodel. add (Flatten( ))\nmodel. add (Dense (2))\nmodel. summary ( )",
     1012, None, "math-gpt.org: an exam question"),
    ("model = Sequential()\nmodel.add(Dense(7, input_shape=(4,)))\nmodel.add(Activation('sigmoid'))\n"
     "model.add(Dense(13))\nmodel.add(Activation('sigmoid'))\nmodel.add(Dense(5))\n", 209, None,
     "github.com/ybdesire/machinelearning"),
    ("model = Sequential()\nmodel.add(Dense(512, input_dim=4096))\nmodel.add(BatchNormalization())\n"
     "model.add(Dropout(0.5))\nmodel.add(Dense(80))\n", 2139728, 2140752, "stackoverflow.com/q/42521005"),
    ("model = Sequential()\nmodel.add(Bidirectional(LSTM(10, return_sequences=True), input_shape=(5, 10)))\n"
     "model.add(Bidirectional(LSTM(10)))\nmodel.add(Dense(5))\n", 4265, None, "keras.io/layers/wrappers"),
    ("model = Sequential()\nmodel.add(Embedding(20000, 128, input_length=80))\nmodel.add(LSTM(128, dropout=0.2, "
     "recurrent_dropout=0.2))\nmodel.add(Dense(1, activation='sigmoid'))", 2691713, None, "keras 2, imdb_lstm.py"),
    ("layers = [Conv2D(8, 3, input_shape=(12, 12, 3)), Flatten(), Dense(4)]\nmodel = Sequential(layers)", 3428, None,
     "a list made before"),
    ("model = Sequential()\nfor n in [64, 32]:\n    model.add(Dense(n))\nmodel.build((None, "
     "10))", 2784, None, "a loop"),
    ("def dense(n):\n    return Dense(n, activation='relu')\nmodel = Sequential([Input((8,)), dense(4), dense(2)])", 46,
     None, "a helper"),
    ("a = Sequential([Dense(3, input_dim=2)])\na.add(Dense(9))\na.pop()\na.add(Dense(1))", 13, None, "pop"),
    ("model = Sequential()\nmodel.add(Dense(3))\nmodel.fit(np.random.rand(100, 5), np.zeros(100))", 18, None, "fit"),
    # Keras 1 and before
    ("model = Sequential()\nmodel.add(Convolution2D(32, 5, 5, input_shape=(28, 28, 1)))\n"
     "model.add(MaxPooling2D(pool_size=(2, 2)))\nmodel.add(Convolution2D(64, 5, 5))\n"
     "model.add(MaxPooling2D(pool_size=(2, 2)))\nmodel.add(Flatten())\nmodel.add(Dense(100))\nmodel.add((Dense(2)))\n"
     "print model.summary()", 154798, None, "stackoverflow.com/q/44608552, in Python 2"),
    ("Convolution2D(64, 3, 3, border_mode='same', input_shape=(3, 256, 256), "
     "dim_ordering='th')", 1792, None, "Keras 1"),
    ("Convolution2D(nb_filter=16, nb_row=3, nb_col=5, input_shape=(20, 20, 2))", 496, None, "Keras 1"),
    ("Convolution1D(64, 3, border_mode='same', input_shape=(10, 32))", 6208, None, "Keras 1"),
    ("LSTM(output_dim=32, input_dim=64, input_length=10)", 12416, None, "Keras 1"),
    ("model.add(GRU(output_dim=20, input_shape=(29, 13), inner_activation='hard_sigmoid'))", 2040, None, "one bias"),
    ("model = Sequential()\nmodel.add(Dense(784, 128, init='uniform'))\nmodel.add(Dense(128, 10))", 101770, None,
     "Keras 0: what comes in is said first"),
    ("left = Sequential()\nleft.add(Dense(50, input_shape=(784,)))\nright = Sequential()\n"
     "right.add(Dense(50, input_shape=(784,)))\nmodel = Sequential()\n"
     "model.add(Merge([left, right], mode='concat'))\nmodel.add(Dense(10))", 79510, None, "keras 1 docs: Merge"),
    ("a = Input((8,))\nb = Dense(8)(a)\nc = merge([a, b], mode='sum')\nmodel = Model(input=a, output=Dense(1)(c))", 81,
     None, "Keras 1: merge(), Model(input=, output=)"),
    ("model.add(MaxoutDense(16, nb_feature=4, input_dim=10))", 704, None, "Keras 1: 4*(10*16 + 16)"),
    ("model.add(Highway(input_dim=10))", 220, None, "Keras 1: 2*(10*10 + 10)"),
    ("model.add(LocallyConnected2D(32, 3, 3, input_shape=(32, 32, 3)))", 806400, None, "Keras 1: 900*(27*32 + 32)"),
    ("model.add(AtrousConvolution2D(64, 3, 3, atrous_rate=(2,2), input_shape=(3, 256, 256), dim_ordering='th'))", 1792,
     None, "Keras 1"),
    # graphs
    ("inputs = Input(shape=(784,))\nx = Dense(64, activation='relu')(inputs)\nx = Dense(64, activation='relu')(x)\n"
     "predictions = Dense(10, activation='softmax')(x)\nmodel = Model(inputs=inputs, outputs=predictions)", 55050, None,
     "keras 2 docs, functional guide"),
    ("tweet_a = Input(shape=(280, 256))\ntweet_b = Input(shape=(280, 256))\nshared_lstm = LSTM(64)\n"
     "encoded_a = shared_lstm(tweet_a)\nencoded_b = shared_lstm(tweet_b)\n"
     "merged_vector = keras.layers.concatenate([encoded_a, encoded_b], axis=-1)\n"
     "predictions = Dense(1, activation='sigmoid')(merged_vector)\n"
     "model = Model(inputs=[tweet_a, tweet_b], outputs=predictions)", 82305, None, "keras 2 docs: shared layers"),
    ("input_img = Input(shape=(256, 256, 3))\n"
     "tower_1 = Conv2D(64, (1, 1), padding='same')(input_img)\ntower_1 = Conv2D(64, (3, 3), padding='same')(tower_1)\n"
     "tower_2 = Conv2D(64, (1, 1), padding='same')(input_img)\ntower_2 = Conv2D(64, (5, 5), padding='same')(tower_2)\n"
     "tower_3 = MaxPooling2D((3, 3), strides=(1, 1), padding='same')(input_img)\n"
     "tower_3 = Conv2D(64, (1, 1), padding='same')(tower_3)\n"
     "output = keras.layers.concatenate([tower_1, tower_2, tower_3], axis=1)", 140160, None,
     "keras 2 docs: an Inception module, without Model(): 2*256 + 256 + 36928 + 102464"),
    ("x = Input((32, 32, 3))\ny = Conv2D(3, 3, padding='same')(x)\nz = x + y * 0.5\nm = Model(x, "
     "GlobalMaxPool2D()(z))", 84,
     None, "arithmetic on arrays"),
    ("i = Input((4,))\nused = Dense(3)(i)\nunused = Dense(100)(i)\nmodel = Model(i, used)", 15, None,
     "a layer that leads to no output is not in the model"),
    ("i = Input((10, 4))\nx = Lambda(lambda t: t[:, -1])(i)\nm = Model(i, Dense(2)(x))", 10, None, "Lambda"),
    ("i = Input((10, 4))\nx = layers.MultiHeadAttention(2, 8)(i, i)\nm = Model(i, Dense(1)(Flatten()(x)))", 349, None,
     "3*(4*16 + 16) + 16*4 + 4 + 41"),
    ("enc = Input((8,))\ne = Dense(3)(enc)\ndec = Input((3,))\nd = Dense(8)(dec)\nencoder = Model(enc, e)\n"
     "decoder = Model(dec, d)\nae = Model(enc, decoder(encoder(enc)))", 59, None, "nested models"),
    # classes
    ("class MyModel(Model):\n    def __init__(self):\n        super().__init__()\n        self.dense = Dense(4)\n\n"
     "    def call(self, inputs):\n        return self.dense(inputs)\n\nmodel = MyModel()\nmodel.build((None, 10))\n"
     "model.summary()", 44, None, "github.com/tensorflow/tensorflow/issues/22963"),
    ("class MyModel(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
     "        self.dense1 = tf.keras.layers.Dense(32, activation='relu')\n"
     "        self.dense2 = tf.keras.layers.Dense(5, activation='softmax')\n\n    def call(self, inputs):\n"
     "        x = self.dense1(inputs)\n        return self.dense2(x)\n\nmodel = MyModel()\nmodel(tf.ones((1, "
     "10)))", 517,
     None, "github.com/tensorflow/tensorflow/issues/65436"),
    ("class MyModel(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
     "        self.dense1 = keras.layers.Dense(4)\n        self.dense2 = keras.layers.Dense(2)\n"
     "        self.unbuilt_dense = keras.layers.Dense(1)\n\n    def build(self, input_shape):\n"
     "        self.dense1.build(input_shape)\n        input_shape = self.dense1.compute_output_shape(input_shape)\n"
     "        self.dense2.build(input_shape)\n\n    def call(self, inputs):\n        x = self.dense1(inputs)\n"
     "        return self.dense2(x)\n\nm = MyModel()\nm.build((None, 2))", 22, None,
     "github.com/keras-team/keras/pull/19863"),
    ("class Linear(keras.layers.Layer):\n    def __init__(self, units=32):\n        super().__init__()\n"
     "        self.units = units\n\n    def build(self, input_shape):\n"
     "        self.w = self.add_weight(shape=(input_shape[-1], self.units), trainable=True)\n"
     "        self.b = self.add_weight(shape=(self.units,), trainable=True)\n"
     "        self.n = self.add_weight(shape=(2,), trainable=False)\n\n    def call(self, inputs):\n"
     "        return ops.matmul(inputs, self.w) + self.b\n\n"
     "model = keras.Sequential([keras.Input((10,)), Linear(4), Dense(1)])", 49, 51,
     "keras.io/guides/making_new_layers_and_models_via_subclassing"),
    ("class Net(Sequential):\n    def __init__(self, n):\n        super().__init__()\n        self.add(Dense(n, "
     "input_dim=4))\n"
     "        self.add(Dense(1))\n\nnet = Net(3)", 19, None, "a class below Sequential"),
    ("class Net(keras.Model):\n    def __init__(self, width=8, n_out=2):\n        super().__init__()\n"
     "        self.layers_ = [Dense(width) for _ in range(3)]\n        self.out = Dense(n_out)\n\n"
     "    def call(self, x):\n"
     "        for layer in self.layers_:\n            x = layer(x)\n        return self.out(x)\n", "8*n_in + 170", None,
     "a class that nobody makes an object of"),
    # functions and files of functions
    ("def unet(pretrained_weights=None, input_size=(16, 16, 1)):\n    inputs = Input(input_size)\n"
     "    conv1 = Conv2D(4, 3, padding='same')(inputs)\n    pool1 = MaxPooling2D(pool_size=(2, 2))(conv1)\n"
     "    drop = Dropout(0.5)(Conv2D(8, 3, padding='same')(pool1))\n"
     "    up = Conv2D(4, 2, padding='same')(UpSampling2D(size=(2, 2))(drop))\n"
     "    merge6 = concatenate([conv1, up], axis=3)\n    out = Conv2D(1, 1, activation='sigmoid')(merge6)\n"
     "    model = Model(inputs, out)\n    if pretrained_weights:\n        model.load_weights(pretrained_weights)\n"
     "    return model\n", 477, None, "a file with one function, as zhixuhao/unet has it"),
    ("class Builder(object):\n    @staticmethod\n    def build(n):\n        i = Input((3,))\n"
     "        return Model(i, Dense(n)(i))\n", "4*n", None, "a static method, as raghakot/keras-resnet has them"),
    ("from .imagenet_utils import _obtain_input_shape\nlayers = None\nmodels = None\n\n"
     "def Net(include_top=True, input_shape=None, classes=10, **kwargs):\n"
     "    global layers, models\n    layers, models = get_submodules_from_kwargs(kwargs)\n"
     "    input_shape = _obtain_input_shape(input_shape, default_size=32, require_flatten=include_top)\n"
     "    img_input = layers.Input(shape=input_shape)\n    x = layers.Conv2D(8, (3, 3))(img_input)\n"
     "    x = layers.Flatten()(x)\n    return models.Model(img_input, layers.Dense(classes)(x))\n", 72234, None,
     "modules that names keep, as keras_applications has them"),
    ("model = Sequential()\nmodel.add(ZeroPadding2D((1,1),input_shape=(3,224,224)))\n"
     "model.add(Convolution2D(64, 3, 3, activation='relu'))\nmodel.add(MaxPooling2D((2,2), strides=(2,2)))\n"
     "model.add(Flatten())\nmodel.add(Dense(10))\n", 8029962, None, "Keras 1, channels first by the shape alone"),
    ("from six.moves import range\nmodel = Sequential([Input((4,))])\nfor _ in range(2):\n    model.add(Dense(4))", 40,
     None, "names of Python 2 and 3"),
    ("chars = set()\nfor line in open(path):\n    for c in line:\n        chars.add(c)\n"
     "model = Sequential([LSTM(8, input_shape=(40, len(chars))), Dense(len(chars))])", "41*len_chars + 288", None,
     "a set that a loop over a file fills is not known to be empty"),
    ("class Cell(keras.layers.Layer):\n    def __init__(self, units):\n        super().__init__()\n"
     "        self.units = self.state_size = units\n\n    def build(self, input_shape):\n"
     "        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name='kernel')\n"
     "        self.recurrent = self.add_weight(shape=(self.units, self.units), name='recurrent')\n\n"
     "    def call(self, inputs, states):\n        h = K.dot(inputs, self.kernel) + K.dot(states[0], self.recurrent)\n"
     "        return h, [h]\n\nx = keras.Input((None, 5))\nm = keras.Model(x, "
     "Dense(1)(layers.RNN(Cell(4))(x)))", 41, None,
     "keras.io/api/layers/recurrent_layers/rnn: a cell of one's own"),
    ("x = Input((8, 4))\ny = tf.reduce_mean(tf.nn.relu(x), axis=1)\nz = tf.reshape(x, (-1, 32))\n"
     "m = Model(x, Dense(1)(tf.concat([y, z], -1)))", 37, None, "functions on arrays"),
    ("model.add(Embedding(input_dim=100, output_dim=8, input_length=10))\nmodel.add(SimpleRNN(units=4, "
     "return_sequences=True))\nmodel.add(Flatten())\nmodel.add(Dense(2))", 934, None, "names of Keras 2"),
    ("model = Sequential()\nmodel.add(Lambda(lambda x: x/127.5 - 1., input_shape=(66, 200, 3)))\n"
     "model.add(Convolution2D(24, 5, 5, subsample=(2, 2), activation='elu'))\n"
     "model.add(Convolution2D(36, 5, 5, subsample=(2, 2), activation='elu'))\n"
     "model.add(Convolution2D(48, 5, 5, subsample=(2, 2), activation='elu'))\n"
     "model.add(Convolution2D(64, 3, 3, activation='elu'))\nmodel.add(Convolution2D(64, 3, 3, activation='elu'))\n"
     "model.add(Dropout(keep_prob))\nmodel.add(Flatten())\nmodel.add(Dense(100))\nmodel.add(Dense(50))\n"
     "model.add(Dense(10))\nmodel.add(Dense(1))", 252219, None, "Bojarski et al. 2016 (arXiv 1604.07316), in Keras 1"),
    ("import tensorflow as tf\nx = tf.placeholder(tf.float32, [None, 784])\n"
     "h = tf.layers.dense(x, 64, activation=tf.nn.relu)\ny = tf.layers.dense(inputs=h, units=10)", 50890, None,
     "tf.layers of TensorFlow 1"),
    # what is not said
    ("model.add(LSTM(128, input_shape=(X.shape[1], X.shape[2])))\nmodel.add(Dense(y.shape[1], activation='softmax'))",
     "512*X_shape2 + 129*y_shape1 + 66048", None, "sizes of data that is not there"),
    ("model = Sequential()\nmodel.add(Dense(32, input_shape=(n_features,)))\nmodel.add(Dense(num_classes))",
     "32*n_features + 33*num_classes + 32", None, "names without a value"),
    ("(x_train, y_train), _ = mnist.load_data()\nx_train = x_train.reshape(-1, 784).astype('float32') / 255\n"
     "model = Sequential([Dense(10, input_shape=(x_train.shape[1],))])", 7850, None, "the shape of a known data set"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "total", "framework", "source"), CASES, ids=range(len(CASES)))
def test_case(code: str, total: object, framework: int | None, source: str) -> None:
    network = keras_code.read(code)
    assert (network.total if isinstance(total, int) else str(network.total)) == total, source
    assert network.also.get("framework") == framework, source
    assert keras_code.may_be(code), code
    assert "\n" not in network.read_as
    assert len(network.read_as) <= 200
    assert str(network)
    assert network.to_json()


#: code, options, the whole text of the refusal or a part of it
REFUSED = [
    ("model = Sequential()\nmodel.add(Dense(0, input_dim=3))", "line 2: dense (Dense): units is 0"),
    ("keras.layers.Conv2D(8, 3, lora_rank=2, input_shape=(9, 9, 3))", "lora_rank is counted for Dense only"),
    ("Dense(10, foo=3)", 'it has no argument "foo": it takes units, activation, use_bias, lora_rank'),
    ("m = Sequential([Input((8, 8, 1)), Conv2D(4, 9)])", "a kernel of 9 does not fit on a side of 8"),
    ("m = Sequential([Input((8, 8, 1)), LSTM(4)])", "it takes 3 sides, the batch among them, but (None, 8, 8, "
     "1) comes in"),
    ("a = Input((3,))\nb = Input((4,))\nm = Model([a, b], Add()([a, b]))", "line 3: add (Add): shapes"),
    ("x = Input((4,))\nd = Dense(2)\ny = d(d(x))\nm = Model(x, y)", "line 3: dense (Dense): it is called again"),
    ("m = Sequential([Input((4,)), Reshape((3, 3))])", "4 values come in, but (3, 3) holds 9"),
    ("base = VGG16(weights='imagenet', include_top=False)\nm = Sequential()\nm.add(base)", "VGG16"),
    ("base = keras.applications.VGG16()\nm = Model(base.input, Dense(2)(base.output))", 'nparams "vgg16" counts it'),
    ("a = Sequential([Dense(3, input_dim=2)])\nb = Sequential([Dense(4, input_dim=2)])", "several models: a, "
     "b; choose"),
    ("model = Sequential()\nfor i in range(n_layers):\n    model.add(Dense(8))", "--set n_layers=..."),
    ("model = keras.models.load_model('x.h5')", "reads a model from a file"),
    ("import keras\nprint(keras.__version__)", "no layer and no model of Keras is made here"),
    ("model.add(Dense(10)", "is not Python"),
    ("x = Input((4,))\nm = Model(x, bert(x))", "the outputs of this Model are not known"),
    ("m = Sequential([Input((4,)), hub_layer])", "which is no layer that the text explains"),
    ("Bidirectional(Dense(3), input_shape=(4, 4), merge_mode='x')", "merge_mode"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "part"), REFUSED, ids=range(len(REFUSED)))
def test_refusal(code: str, part: str) -> None:
    with pytest.raises(NparamsError) as caught:
        keras_code.read(code)
    text = str(caught.value)
    assert part in text, text
    assert "\n" not in text


def test_values_and_choices() -> None:
    two = "a = Sequential([Dense(3, input_dim=2)])\nb = Sequential([Dense(4, input_dim=2)])"
    assert keras_code.read(two, which="b").total == 12
    assert keras_code.read("Dense(n, input_dim=d)", set={"n": "3", "d": 4}).total == 15
    assert keras_code.read("Dense(3)", set={"n_in": 7}).total == 24
    loop = "model = Sequential([Input((8,))])\nfor i in range(n_layers):\n    model.add(Dense(8))"
    assert keras_code.read(loop, set={"n_layers": 3}).total == 216
    data = "model.add(LSTM(8, input_shape=(X.shape[1], X.shape[2])))"
    assert keras_code.read(data, set={"X_shape2": "5"}).total == 448
    with pytest.raises(UsageError, match="the code has no name"):
        keras_code.read("Dense(3, input_dim=2)", set={"width": 7})
    with pytest.raises(NotationError, match='the code has no "c"'):
        keras_code.read(two, which="c")


def test_what_is_frozen_and_what_is_shared() -> None:
    code = "base = Sequential([Dense(4, input_dim=3)])\nbase.trainable = False\nx = Input((3,))\n"
    network = keras_code.read(code + "m = Model(x, Dense(2)(base(x)))")
    assert (network.total, network.totals.trainable, network.totals.frozen) == (26, 10, 16)
    assert [row.name for row in network.layers] == ["sequential.dense", "dense_1"]
    tied = "d = Dense(4)\nx = Input((4,))\na = Model(x, d(x))\nm = Model(x, d(a(x)))"
    network = keras_code.read(tied)
    assert network.total == 20
    assert any("shared" in note for note in network.notes)


def test_notes_say_what_was_assumed() -> None:
    def notes(code: str) -> str:
        return "\n".join(keras_code.read(code).notes)

    assert "reset_after=True" in notes("GRU(4, input_shape=(3, 2))")
    assert "24 fewer parameters" in notes("Bidirectional(GRU(4), input_shape=(3, 2))")
    assert "one bias vector, as Keras 1 made it" in notes("GRU(output_dim=4, input_shape=(3, 2), init='uniform')")
    assert "a kernel of 3x3" in notes("Convolution2D(8, 3, 3, input_shape=(9, 9, 1))")
    assert "how many values come in is not said; n_in stands for it" in notes("Dense(4)")
    assert "num_classes has no value in the code" in notes("Dense(num_classes, input_dim=3)")
    assert "Keras's own summary says 12" in notes("BatchNormalization(input_shape=(3,))")


#: what other notations are for
OTHERS = (
    "784-16-16-10", "conv 32 3x3; dense 10", "input 784; dense 10", "nn.Linear(784, 10)", "Dense(5 => 7)",
    "Chain(Dense(784 => 32, relu), Dense(32 => 10))", "import torch.nn as nn\nnn.Sequential(nn.Linear(3, 4))",
    "(0): Linear(in_features=784, out_features=10, bias=True)", "dense_1 (Dense)  (None, 10)  7850", "[(784, "
    "16), (16,)]",
    "resnet50", "L=12 H=768 A=12 V=30522", "32C3-MP2-64C3-P2-128-N10", "model.keras", "nn.LSTM(32, 128, 2)",
    "LSTM(32, 128, num_layers=2)", "Conv2d(3, 64, 7)", "(5*5*3+1)*100", "",
)  # fmt: skip


def test_other_notations_are_left_alone() -> None:
    for text in OTHERS:
        assert not keras_code.may_be(text), text


def test_read_as_is_one_line() -> None:
    read = "Sequential([Conv2D(32,(3,3),input_shape=(28,28,1)), MaxPooling2D((2,2)), Flatten(), Dense(10)])"
    told = "Sequential: Input(28, 28, 1) -> Conv2D(32, 3x3) -> MaxPooling2D(2x2) -> Flatten -> Dense(10)"
    network = nparams.read(read)
    assert (network.form, network.read_as) == ("keras-code", told)


PIECES = st.sampled_from([
    "Dense(", "Conv2D(", "3", "(3, 3)", ")", ", ", "input_shape=", "(8, 8, 1)", "\n"
    "", "model.add(", "model = Sequential()",
    "x", " = ", "Input((4,))", "Model(", "LSTM(4)", "Bidirectional(", "for i in range(9):\n    ", "def f(x):\n"
    "    return ",
    "class N(keras.Model):\n    def call(self, x):\n        return ", "x[:, 0]", "None", "-1", "n", "*", "Flatten()",
    "Reshape((-1, 2))", "Concatenate()([x, x])", "keras.layers.", "10**99", "Lambda(lambda t: t)", "=", "'same'",
    "Merge([",
    "EinsumDense('ab,bc->ac', 3)", "MultiHeadAttention(2, 3)(x, x)", "Dot(1)", "padding=", "units=", "TimeDistributed(",
])  # fmt: skip


def said(text: str) -> str:
    """What reading a text says: its table, or the refusal."""
    try:
        return str(keras_code.read(text)) and ""
    except NparamsError as error:
        return str(error)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_only_our_errors_leave_it(text: str) -> None:
    assert "\n" not in said(text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([case[0] for case in CASES]), st.data())
def test_broken_pastes(code: str, data: st.DataObject) -> None:
    """Real pastes with a piece cut out or doubled."""
    a, b = sorted(data.draw(st.tuples(st.integers(0, len(code)), st.integers(0, len(code)))))
    for text in (code[:a] + code[b:], code[:b] + code[a:]):
        assert "\n" not in said(text)


def test_a_long_paste_is_read() -> None:
    lines = ["model = Sequential()", "model.add(Dense(8, input_dim=8))", *["model.add(Dense(8))"] * 3000]
    assert keras_code.read("\n".join(lines)).total == 72 * 3001


def test_what_never_ends_is_refused() -> None:
    for code in ("while True:\n    x = Dense(3)", "def f(x):\n    return f(x)\nf(Dense(3))", "Dense(" * 400):
        with pytest.raises(NparamsError):
            keras_code.read(code)
