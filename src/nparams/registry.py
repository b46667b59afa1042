"""The tables of sources, views and commands: rows of data that name modules by string.  Nothing is imported here.

Help, `nparams formats`, shell completion and the docs derive from these rows.  To add a file format: one module in
files/, one row below, rows in its table of test cases.
"""


class Source:
    """A form that a network comes in, and how it is recognised."""

    __slots__ = ("example", "form", "kind", "magic", "module", "suffixes", "what")

    def __init__(
        self,
        form: str,
        kind: str,
        module: str,
        what: str,
        example: str,
        suffixes: tuple[str, ...] = (),
        magic: tuple[tuple[int, bytes], ...] = (),
    ) -> None:
        self.form = form
        #: "text", "file" or "folder"
        self.kind = kind
        self.module = module
        self.what = what
        self.example = example
        self.suffixes = suffixes
        #: ((offset, bytes), ...): any one of them claims the file
        self.magic = magic


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


SOURCES = (
    Source("sizes", "text", "nparams.notation.sizes", "layer sizes of a fully connected network", "784-16-16-10"),
    Source(
        "stack", "text", "nparams.notation.stack", "a list of layers",
        "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10",
    ),
    Source(
        "safetensors", "file", "nparams.files.safetensors", "safetensors checkpoint", "model.safetensors",
        (".safetensors",), ((8, b"{"),),
    ),
    Source(
        "safetensors-index", "file", "nparams.files.safetensors_index", "sharded safetensors, by its index",
        "model.safetensors.index.json", (".safetensors.index.json",),
    ),
    Source(
        "gguf", "file", "nparams.files.gguf", "GGUF (llama.cpp), whole or split", "model.gguf",
        (".gguf",), ((0, b"GGUF"),),
    ),
    Source("folder", "folder", "nparams.files.folder", "a directory with one model in it", "path/to/model/"),
)  # fmt: skip

VIEWS = (
    View("table", "nparams.views.table", "one row a layer (the default)"),
    View("tree", "nparams.views.tree", "the tree of modules"),
    View("formula", "nparams.views.formula", "the closed form, and its parts"),
    View("latex", "nparams.views.latex", "the closed form in LaTeX"),
    View("explain", "nparams.views.explain", "step by step, as a teacher would"),
    View("json", "nparams.views.json", "one JSON object"),
    View("csv", "nparams.views.csv", "the rows as comma-separated values"),
    View("markdown", "nparams.views.markdown", "the table in Markdown"),
)

COMMANDS = (
    Command("layers", "nparams.cli.layers", "list every kind of layer that a list may name; layers NAME tells of one"),
    Command("formats", "nparams.cli.formats", "list every form that can be read"),
    Command("completion", "nparams.cli.completion", "print a completion script for bash, zsh or fish"),
    Command("help", "nparams.cli.help", "show this help"),
)
