"""The tables of sources, views and commands: rows of data that name modules by string.  Nothing is imported here.

Help, `nparams formats`, shell completion and the docs derive from these rows.  To add a file format: one module in
files/, one row below, rows in its table of test cases.
"""


class Source:
    """A form that a network comes in, and how it is recognised."""

    __slots__ = (
        "beside", "example", "form", "inside", "kind", "looks", "magic", "module", "options", "own", "packages",
        "schemes", "suffixes", "what",
    )  # fmt: skip

    def __init__(
        self,
        form: str,
        kind: str,
        module: str,
        what: str,
        example: str,
        suffixes: tuple[str, ...] = (),
        magic: tuple[tuple[int, bytes], ...] = (),
        inside: tuple[str, ...] = (),
        looks: bool = False,
        options: str = "",
        own: str = "",
        packages: str = "",
        schemes: str = "",
        beside: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.form = form
        #: "text", "file", "folder", "address" (where a file or folder lies), "object" (what a program holds) or "call"
        #: (code of the user's that is run)
        self.kind = kind
        self.module = module
        self.what = what
        self.example = example
        self.suffixes = suffixes
        #: ((offset, bytes), ...): any one of them claims the file; an offset below 0 is one from its end
        self.magic = magic
        #: endings of a member's name: a zip archive that holds such a member is this
        self.inside = inside
        #: (ending, ending of another file): beside a file of the same name that ends so, such a file is this
        self.beside = beside
        #: whether the module's may_be(head) tells a file of this kind, which has no magic
        self.looks = looks
        #: the options that its read() takes: of texts bias, convention, set (values for names) and which; of objects
        #: inputs (what a module that makes its arrays when it is called is to be given)
        self.options = options.split()
        #: whose definitions the form itself brings along, where it does
        self.own = own
        #: objects only: its module is asked for claims(object) once one of these packages has been imported
        self.packages = packages.split()
        #: addresses only: how they begin, before ://
        self.schemes = schemes.split()


class View:
    """A rendering of a Network, and its option on the command line."""

    __slots__ = ("help", "module", "name")

    def __init__(self, name: str, module: str, help: str) -> None:
        self.name = name
        self.module = module
        self.help = help


class Command:
    """A further question on the command line."""

    __slots__ = ("help", "module", "name")

    def __init__(self, name: str, module: str, help: str) -> None:
        self.name = name
        self.module = module
        self.help = help


#: what the name of an index may say of its shards' numbers (diffusers, `_add_variant`)
INDEXED = ("", ".fp16", ".bf16", ".fp32")
#: endings by which joblib chooses how to compress (joblib/numpy_pickle.py `dump`)
PACKED = ("z", "gz", "bz2", "xz", "lzma")
#: of Darknet's weights: 0.1.0 to 0.2.5
VERSIONS = tuple((minor, patch) for minor in (1, 2) for patch in range(6))
SOURCES = (
    # texts, in the order in which they are asked whether this is theirs (sizes and lists last: see _read.py)
    Source(
        "sizes", "text", "nparams.notation.sizes", "layer sizes of a fully connected network", "784-16-16-10",
        options="bias convention",
    ),
    Source(
        "config", "text", "nparams.architectures.config", "config.json of a model of the transformers library",
        '{"model_type": "llama", "hidden_size": 4096, ...}', options="set which free library",
    ),
    Source(
        "hyper", "text", "nparams.notation.hyper", "hyper-parameters of a transformer", "L=12 H=768 A=12 V=30522",
        options="set",
    ),
    Source(
        "name", "text", "nparams.notation.name", "the name of a textbook network", "resnet50", options="convention",
    ),
    Source(
        "summary", "text", "nparams.notation.summary",
        "a printed summary (Keras, torchinfo, Flax, YOLO, ...)",
        "dense_1 (Dense)  (None, 10)  7850", options="which",
    ),
    Source(
        "torch-print", "text", "nparams.notation.torch_print", "what print(model) shows of a PyTorch model",
        "(0): Linear(in_features=784, out_features=10, bias=True)", own="torch",
    ),
    Source(
        "flux", "text", "nparams.notation.flux", "Flux (Julia) layers",
        "Chain(Dense(784 => 32, relu), Dense(32 => 10))",
        options="convention",
    ),
    Source(
        "keras-code", "text", "nparams.notation.keras_code", "Keras code: layers, Sequential, functional, classes",
        "model.add(Dense(64, input_dim=10))", options="set which", own="keras",
    ),
    Source(
        "torch-code", "text", "nparams.notation.torch_code", "PyTorch code: layers, Sequential, whole files of classes",
        "nn.Conv2d(3, 64, 7)", options="set which", own="torch",
    ),
    Source(
        "shapes", "text", "nparams.notation.shapes", "shapes of tensors", "[(784, 16), (16,)]",
    ),
    Source(
        "paper", "text", "nparams.notation.paper", "layers as tables in papers write them", "32C3-MP2-64C3-P2-128-N10",
        options="bias convention",
    ),
    Source(
        "arithmetic", "text", "nparams.notation.arithmetic", "arithmetic", "(5*5*3+1)*100",
    ),
    Source(
        "stack", "text", "nparams.notation.stack", "a list of layers",
        "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", options="bias convention",
    ),
    Source(
        "safetensors", "file", "nparams.files.safetensors", "safetensors checkpoint", "model.safetensors",
        (".safetensors",), ((8, b"{"),),
    ),
    Source(
        "safetensors-index", "file", "nparams.files.safetensors_index", "sharded safetensors, by its index",
        "model.safetensors.index.json", tuple(f".safetensors.index{each}.json" for each in INDEXED),
    ),
    Source(
        "pytorch-index", "file", "nparams.files.pytorch_index", "sharded PyTorch checkpoint, by its index",
        "pytorch_model.bin.index.json", tuple(f".bin.index{each}.json" for each in INDEXED),
    ),
    Source(
        "gguf", "file", "nparams.files.gguf", "GGUF (llama.cpp), whole or split", "model.gguf",
        (".gguf",), ((0, b"GGUF"),),
    ),
    Source(
        "pt2", "file", "nparams.files.pt2", "torch.export archive of PyTorch", "model.pt2",
        (".pt2",), inside=("archive_format", "serialized_exported_program.json", "serialized_state_dict.pt"),
    ),
    Source(
        "llamafile", "file", "nparams.files.llamafile", "llamafile: a program with a GGUF file inside",
        "model.llamafile", (".llamafile",),
        ((0, b"MZqFpD='"), (0, b"jartsr='"), (0, b"APEDBG='"), (0, b"\x7fELF")),
    ),
    Source(
        "dduf", "file", "nparams.files.dduf", "DDUF, or a zipped diffusers pipeline", "model.dduf", (".dduf",),
        inside=("model_index.json",),
    ),
    Source(
        "ncnn", "file", "nparams.files.ncnn", "ncnn model: layers and their numbers", "model.param",
        (".param", ".param.bin"), ((0, b"7767517\n"), (0, b"7767517\r"), (0, b"\xdd\x85\x76\0")), looks=True,
        beside=((".bin", ".param"), (".bin", ".param.bin")),
    ),
    Source(
        "torchscript", "file", "nparams.files.torchscript", "TorchScript archive of PyTorch", "model.jit",
        (".jit", ".torchscript", ".ptl"), inside=("/constants.pkl", "/code/.data/", "/model.json"),
    ),
    Source(
        "pytorch", "file", "nparams.files.pytorch", "PyTorch checkpoint (torch.save since 1.6)", "model.pt",
        (".pt", ".pth", ".ckpt", ".bin"), inside=("/data.pkl",),
    ),
    Source(
        "pytorch-legacy", "file", "nparams.files.pytorch_legacy", "PyTorch checkpoint (torch.save before 1.6)",
        "model.pth",
        magic=(  # the number in protocols 2 and 3, 4 and 5, 0 and 1
            (2, b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."),
            (11, b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."),
            (0, b"L119547037146038801333356L\n."),
        ),
    ),
    Source(
        "dcp", "file", "nparams.files.dcp", "distributed PyTorch checkpoint, by its list", "checkpoint/.metadata",
        (".metadata",), looks=True,
    ),
    Source(
        "paddle", "file", "nparams.files.paddle", "Paddle checkpoint or inference model", "model.pdparams",
        (".pdparams", ".pdmodel", ".pdiparams"), looks=True,
    ),
    Source(
        "paddle-json", "file", "nparams.files.paddle", "Paddle program as JSON", "inference.json",
        magic=((0, b'{"base_code":{"magic":"pir"'),),
    ),
    Source(
        "nemo", "file", "nparams.files.nemo", "NeMo archive", "model.nemo", (".nemo",), looks=True,
    ),
    Source(
        "pickle", "file", "nparams.files.pickles", "pickle of arrays, read as data", "weights.pkl",
        (".pkl", ".pickle"), looks=True,
    ),
    Source(
        "joblib", "file", "nparams.files.joblib", "joblib or compressed pickle (scikit-learn)", "mlp.joblib",
        (".joblib", *(f".{kind}.{packed}" for kind in ("joblib", "pkl", "pickle") for packed in PACKED)), looks=True,
    ),
    Source(
        "keras", "file", "nparams.files.keras", "Keras 3 archive", "model.keras",
        (".keras",), inside=("model.weights.h5", "model.weights.npz", "model.weights.json"),
    ),
    Source(
        "keras-shards", "file", "nparams.files.keras_shards", "Keras weights in several files, by their map",
        "model.weights.json", (".weights.json",),
    ),
    Source(
        "hdf5", "file", "nparams.files.hdf5", "HDF5: models and weights of Keras, plain arrays", "model.weights.h5",
        (".h5", ".hdf5"), tuple((at, b"\x89HDF\r\n\x1a\n") for at in (0, 512, 1024, 2048, 4096)),
    ),
    Source(
        "onnx", "file", "nparams.files.onnx", "ONNX model", "model.onnx", (".onnx",), looks=True,
    ),
    Source(
        "caffe", "file", "nparams.files.caffe", "Caffe model", "model.caffemodel", (".caffemodel",), looks=True,
    ),
    Source(
        "darknet", "file", "nparams.files.darknet", "Darknet weights, with their .cfg", "yolov3.weights",
        (".weights",), tuple((0, bytes((0, 0, 0, 0, minor, 0, 0, 0, patch, 0, 0, 0))) for minor, patch in VERSIONS),
    ),
    Source(
        "darknet-cfg", "file", "nparams.files.darknet_cfg", "Darknet network, by its .cfg alone", "yolov3.cfg",
        (".cfg",),
    ),
    Source(
        "tflite", "file", "nparams.files.tflite", "TensorFlow Lite (LiteRT) model", "model.tflite",
        (".tflite",), ((4, b"TFL3"),),
    ),
    Source(
        "tf-checkpoint", "file", "nparams.files.tf_checkpoint", "TensorFlow checkpoint, by its index",
        "model.ckpt.index", (".index",), ((-8, b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"),), looks=True,
    ),
    Source(
        "saved-model", "file", "nparams.files.saved_model", "SavedModel of TensorFlow", "saved_model.pb",
        ("saved_model.pb",), looks=True,
    ),
    Source(
        "graphdef", "file", "nparams.files.graphdef", "frozen graph of TensorFlow (GraphDef)", "frozen.pb",
        (".pb", ".graphdef"), looks=True,
    ),
    Source(
        "flax-msgpack", "file", "nparams.files.flax_msgpack", "Flax checkpoint (msgpack)", "flax_model.msgpack",
        (".msgpack",), looks=True,
    ),
    Source(
        "flax-msgpack-index", "file", "nparams.files.flax_msgpack_index", "sharded Flax checkpoint, by its index",
        "flax_model.msgpack.index.json", (".msgpack.index.json",),
    ),
    Source(
        "orbax", "file", "nparams.files.orbax", "Orbax checkpoint (JAX), a folder", "_METADATA",
        ("_METADATA", "manifest.ocdbt"),
    ),
    Source(
        "openvino", "file", "nparams.files.openvino", "OpenVINO IR (.xml; its .bin is not read)", "openvino_model.xml",
        (".xml",), looks=True, beside=((".bin", ".xml"),),
    ),
    Source(
        "coreml", "file", "nparams.files.coreml", "Core ML model or package", "model.mlmodel",
        (".mlmodel", "Manifest.json"), looks=True,
    ),
    Source(
        "npz", "file", "nparams.files.npz", "NumPy arrays, zipped", "weights.npz", (".npz",), inside=(".npy",),
    ),
    Source(
        "npy", "file", "nparams.files.npy", "one NumPy array", "kernel.npy", (".npy",), ((0, b"\x93NUMPY"),),
    ),
    Source("folder", "folder", "nparams.files.folder", "a directory with one model in it", "path/to/model/"),
    # where files and folders lie that are not here; what is fetched is read as one of the forms above
    Source(
        "hub", "address", "nparams.remote.hub", "a model on the hub, or one file of it", "hf://org/model@revision/file",
        schemes="hf",
    ),
    Source(
        "web", "address", "nparams.remote.web", "a file on a web server, or a page of a hub",
        "https://host/model.safetensors", schemes="https http",
    ),
    Source(
        "store", "address", "nparams.remote.store", "an object store: Amazon, Google, Azure (extra remote)",
        "s3://bucket/path/model.safetensors", schemes="s3 s3a gs gcs az azure abfs abfss",
    ),
    # what a program holds, in the order in which they are asked (on its torch backend a Keras model is a PyTorch module
    # too, and an Equinox module is a tree of arrays); only those whose package has been imported already
    Source(
        "keras-live", "object", "nparams.frameworks.keras", "a live Keras 3 or tf_keras model, or one layer",
        "keras.Sequential([...])", packages="keras tf_keras",
    ),
    Source(
        "torch", "object", "nparams.frameworks.torch", "a live PyTorch model, its state dict or its parameters",
        "torch.nn.Linear(784, 10)", packages="torch",
    ),
    Source(
        "equinox", "object", "nparams.frameworks.equinox", "a live Equinox module", "equinox.nn.MLP(...)",
        packages="equinox",
    ),
    Source(
        "flax", "object", "nparams.frameworks.flax", "Flax: an nnx module, variables, a TrainState, a linen module",
        "flax.nnx.Linear(784, 10, rngs=...)", packages="flax", options="inputs",
    ),
    Source(
        "config-live", "object", "nparams.architectures.live", "a live configuration of the transformers library",
        "transformers.LlamaConfig(num_hidden_layers=12)", packages="transformers", options="set which free library",
    ),
    Source(
        "sklearn", "object", "nparams.frameworks.sklearn", "a fitted scikit-learn model", "MLPClassifier().fit(x, y)",
        packages="sklearn",
    ),
    Source(
        "arrays", "object", "nparams.frameworks.arrays", "a dict or list of arrays (JAX, NumPy, Haiku)",
        '{"linear": {"w": w, "b": b}}', packages="jax numpy",
    ),
    # code of the user's, run because the user asked for that in so many words
    Source(
        "python", "call", "nparams.frameworks.call", "a model that your code makes (it is imported and run)",
        "python:package.module:Net(hidden=16)", options="set",
    ),
)  # fmt: skip

#: forms that a text, a file or a directory can be read as: --from takes these
TYPED = tuple(row.form for row in SOURCES if row.kind in ("text", "file", "folder", "address"))
FORMS = frozenset(row.form for row in SOURCES)

VIEWS = (
    View("table", "nparams.views.table", "one row a layer (the default)"),
    View("tree", "nparams.views.tree", "the tree of modules"),
    View("formula", "nparams.views.formula", "the closed form, and its parts"),
    View("latex", "nparams.views.latex", "the closed form in LaTeX"),
    View("explain", "nparams.views.explain", "step by step, as a teacher would"),
    View("exercises", "nparams.views.exercises", "an exercise sheet with solutions, in Markdown"),
    View("json", "nparams.views.json", "one JSON object"),
    View("csv", "nparams.views.csv", "the rows as comma-separated values"),
    View("markdown", "nparams.views.markdown", "the table in Markdown"),
    View("html", "nparams.views.html", "a page of its own: the tree to be opened, the table"),
    View("svg", "nparams.views.svg", "a picture: columns of nodes, a treemap, or blocks"),
    View("report", "nparams.views.report", "what is suspicious in a file; none found is no promise that it is safe"),
)

COMMANDS = (
    Command("why", "nparams.cli.why", "why SOURCE N: which mistakes in counting give N"),
    Command("diff", "nparams.cli.diff", "diff A B: what makes two totals differ, item by item"),
    Command("check", "nparams.cli.check", "check SOURCE --max N: exit 1 if it has more (--expect, --min)"),
    Command("solve", "nparams.cli.solve", "solve SOURCE --total N: which sizes give N parameters (--max, --min)"),
    Command("scan", "nparams.cli.scan", "scan PATH ... -o DIR: every model below, counted into one table"),
    Command("formula", "nparams.cli.formula", "formula TYPE: the closed form in the fields of a config.json"),
    Command("layers", "nparams.cli.layers", "layers [NAME]: every kind of layer that a list may name, or one"),
    Command("formats", "nparams.cli.formats", "formats: every form that can be read"),
    Command("serve", "nparams.cli.serve", "serve: the page in a browser, on this machine only"),
    Command("completion", "nparams.cli.completion", "completion SHELL: what bash, zsh or fish complete with"),
    Command("help", "nparams.cli.help", "help: this help"),
)
