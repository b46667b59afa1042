"""Lines of a paste of shapes: what stands before a bracket is its name, what stands after it may be its count."""

from __future__ import annotations

import re

from nparams.errors import shown
from nparams.expr import product
from nparams.notation._shapes.text import Node, Reader, settled
from nparams.notation._shapes.tree import ARRAYS, HOLDERS, OLD, SIZES, TYPED, Entry, Tree, dtype_of

#: words that say what stands beside them: `Layer: fc1.weight | Size: torch.Size([16, 784]) | Values: ...`
LABELS = (
    r"\b(?:layer|layers|name|param|parameter|params|size|shape|tensor|dtype|type|key|weight shape|torch tensor|is)"
    r"\s*[:=]"
)
#: brackets after these words are no shapes
ASIDE = (
    r"(?i)(?:^|[\s|,;])(?:values?|grads?|data|mean|std|device|stride|numpy|requires_grad|grad_fn|sharding|min|max)"
    r"\s*[:=]\s*$"
)
#: the word right before a bracket, if it belongs to it
CALLED = re.compile(r"[A-Za-z_][\w.]{0,200}$")
#: what TensorFlow and Keras print of a variable, and how far its shape may stand from its beginning
VARIABLE = re.compile(r"<[\w.]*Variable\b")
REACH = 2_000
#: a line without brackets: fc1.weight 16x784, bias 16
PLAIN = re.compile(
    r"[ \t|'\"]*([\w./:-]*(?:weight|bias|kernel|gamma|beta|embedding|running_mean|running_var)[\w:]*)['\"]?"
    r"[ \t]*[ \t:=|,][ \t]*(\d{1,99}(?:[ \t]*[x×,][ \t]*\d{1,99}){0,31})[ \t|]*$"
)
#: a name with parts: fc1.weight, dense/kernel
PATH = r"\w[./]\w"
LONGEST_LINE = 1_000
#: a sentence with a word in brackets: it names no shape
SENTENCE = re.compile(r"[A-Za-z']+,? [A-Za-z']+[^\n]* [A-Za-z']+")
#: code that prints shapes
PRINTS = re.compile(
    r"\bprint\(|\bfor\s+\w+(?:\s*,\s*\w+)*\s+in\s|\.(?:get_weights|state_dict|named_parameters|items)\("
)
NUMBERED = re.compile(r"[\[(][^\[\]()\n]*\d[^\[\]()\n]*[\])]")
SIDES = re.compile(r"[\[(][^\[\]()\n]*[\d,][^\[\]()\n]*[\])]|[\[({]\s*$")
OPENING = re.compile(r"[\[({]")
TOTAL = re.compile(r"(?i)^[^\d\n]{0,40}\btotal\b[^\d\n]{0,40}?([\d,_]{1,60})\b")


def entries_of(text: str, notes: list[str]) -> tuple[list[Entry], int | None]:
    """Every tensor that a paste shows, in order, and the total that it declares."""
    if VARIABLE.search(text) is not None:
        return _variables(text), None
    text = bare(text)
    reader = Reader(text)
    tree = Tree(reader)
    lines = _Lines(reader, tree, notes)
    lines.run()
    if tree.elided:
        what = "1 tensor is" if tree.elided == 1 else f"{tree.elided:,} tensors are"
        notes.append(f'{what} printed with values left out ("..."), so the shape is not known: print .shape instead')
    return tree.found, lines.total


def bare(text: str) -> str:
    """The text without sentences and code among the shapes, which are left empty, and without marks of quotation."""
    lines = [re.sub(r"^[ \t]*>{1,3} ?(?=[\[({])", lambda m: " " * len(m[0]), line) for line in text.split("\n")]
    return "\n".join(" " * len(line) if is_aside(line) else line for line in lines)


def is_aside(line: str) -> bool:
    """Whether a line has brackets only as sentences (the vector of the [CLS] token) and code that prints have them."""
    if not ("(" in line or "[" in line) or len(line) > LONGEST_LINE:
        return False
    if PRINTS.search(line) is not None:
        return NUMBERED.search(line) is None
    return SENTENCE.search(line) is not None and SIDES.search(line) is None and "{" not in line


def _variables(text: str) -> list[Entry]:
    """<tf.Variable 'dense/kernel:0' shape=(784, 16) dtype=float32>, <Variable path=dense/kernel, shape=(784, 16)>."""
    reader = Reader(text)
    tree = Tree(reader)
    for match in VARIABLE.finditer(text):
        chunk = text[match.end() : match.end() + REACH]
        shape = re.search(r"shape=\(", chunk)
        if shape is None:
            reader.fail(match.start(), f"{shown(match[0] + chunk[:30])} shows no shape=(...)")
        name = re.search(r"^\s*'([^'\n]*)'|\bpath=([^,>\s]+)|\bname=([^,>\s]+)", chunk)
        dtype = re.search(r"dtype=(?:<dtype: ')?(\w+)", chunk)
        node = settled(reader.group(match.end() + shape.end() - 1))
        path = () if name is None else ((name[1] or name[2] or name[3]).removesuffix(":0"),)
        tree.add(path, tree.shape(node), dtype and dtype[1], node)
    return tree.found


class _Lines:
    """Goes from bracket to bracket; what stands between them is names, counts and words."""

    def __init__(self, reader: Reader, tree: Tree, notes: list[str]) -> None:
        self.reader = reader
        self.tree = tree
        self.text = reader.text
        self.notes = notes
        #: the name on a line of its own: fc1.weight Parameter containing:
        self.waiting: str | None = None
        #: of this line: its name and what it gave
        self.name: str | None = None
        self.first = 0
        #: whether this line had a bracket
        self.opened = False
        #: what the paste says that all is
        self.total: int | None = None

    def run(self) -> None:
        """Read the whole text."""
        at = 0
        while (match := OPENING.search(self.text, at)) is not None:
            head = self._lines(self.text[at : match.start()], at)
            at = self._group(head, match.start())
        self._lines(f"{self.text[at:]}\n", at)
        self._check_counts()

    def _lines(self, between: str, at: int) -> str:
        """What stands between two brackets: the end of one line, whole lines, and the front of the next."""
        if "\n" not in between:
            return between
        first, *whole, last = between.split("\n")
        if self.opened:
            self._after(first)
        else:
            self._plain(first, at)
        self._ended()
        for line in whole:
            self._plain(line, at)
        return last

    def _plain(self, line: str, at: int) -> None:
        """A line without brackets."""
        if len(line) > LONGEST_LINE:
            return
        if (old := re.search(OLD, line)) is not None:
            name = _name(line[: old.start()])
            node = Node("word", "", (at, at), [])
            self.tree.add((name,) if name else (), self.tree.sides(old[2].split("x"), node), old[1], node)
        elif (match := PLAIN.match(line)) is not None:
            node = Node("word", "", (at, at), [])
            self.tree.add((match[1],), self.tree.sides(re.findall(r"\d+", match[2]), node), None, node)
        elif (match := TOTAL.match(line)) is not None:
            self.total = int(match[1].replace(",", "").replace("_", "") or 0)
        elif line.rstrip().endswith("Parameter containing:"):
            self.waiting = _name(line[: line.rindex("Parameter")])

    def _group(self, head: str, start: int) -> int:
        """One bracket, under the name before it; where it ends."""
        self.opened = True
        word = CALLED.search(head[-201:])
        called = "" if word is None or not _belongs(word[0], self.text[start]) else word[0]
        front = head[: len(head) - len(called)]
        node = settled(self.reader.group(start, called))
        if re.search(ASIDE, front[-30:]) is not None:
            return self.reader.at
        name = self._named(front, start)
        if name is not None and self.name is None and len(self.tree.found) == self.first:
            self.name = name
        elif name is not None:
            self._ended()
            self.name = name
        before = len(self.tree.found)
        path = self.name or self.waiting
        self.waiting = None if called or node.kind == "seq" else self.waiting
        self._walk(node, (path,) if path else (), front)
        dtype = _dtype(front)
        for entry in self.tree.found[before:]:
            entry.dtype = entry.dtype or dtype
        return self.reader.at

    def _named(self, front: str, start: int) -> str | None:
        """The name before a bracket; a number among its words is not understood."""
        words = _words(front) if front.strip(" \t,;|") else []
        strange = next((word for word in words[1:] if word.strip(":=()").isdigit()), None)
        if strange is not None and not any(c in front for c in "'\"") and not any(re.search(PATH, w) for w in words):
            self.reader.fail(start, f"{shown(strange)} before a shape is not understood; write a name and its shape")
        return _name(front)

    def _walk(self, node: Node, path: tuple[str, ...], front: str) -> None:
        """Words in brackets beside a name say nothing of its shape: fc1 (Linear) [16, 784]."""
        words = all(item.kind in ("word", "str") for item in node.items) and not self.tree.is_shape(node)
        if node.kind == "seq" and words and node.items and path and not re.search(r"\d", self.tree.told(node)):
            return
        if node.kind == "seq" and not node.items and path and (_dtype(front) or path[0].endswith("_tracked")):
            self.tree.add(path, (), None, node)  # one number; behind a bare name [] may be a list of none
            return
        if front.rstrip().endswith("=") and path and "[" not in self.tree.told(node) and path[0] in ("shape", "size"):
            path = ()
        self.tree.walk(node, path)

    def _after(self, tail: str) -> None:
        """A number and nothing else after a shape is its count."""
        match = re.fullmatch(r"[ \t|,:=]*(\d{1,60}|\d{1,3}(?:[,_]\d{3}){1,20})[ \t|]*", tail)
        if match is not None and len(self.tree.found) == self.first + 1:
            self.tree.found[-1].claimed = int(match[1].replace(",", "").replace("_", ""))
        dtype = _dtype(tail)
        for entry in self.tree.found[self.first :]:
            entry.dtype = entry.dtype or dtype

    def _ended(self) -> None:
        """At the end of a line: several shapes under one name are numbered."""
        added = self.tree.found[self.first :]
        if self.name is not None and len(added) > 1:
            alike = [entry for entry in added if entry.name == self.name]
            if len(alike) > 1:
                for place, entry in enumerate(alike):
                    entry.name = f"{self.name}.{place}"
        self.name, self.first, self.opened = None, len(self.tree.found), False

    def _check_counts(self) -> None:
        """What the paste itself says its shapes come to."""
        for entry in self.tree.found:
            if entry.claimed is None or entry.shape is None:
                continue
            held = product(entry.shape)
            if isinstance(held, int) and held != entry.claimed:
                self.notes.append(
                    f"line {entry.line}: {entry} holds {held:,} numbers, not {entry.claimed:,} as it says"
                )
                if len(self.notes) > 20:
                    break


def _belongs(word: str, bracket: str) -> bool:
    """Whether a word right before a bracket is a function, and not the name of a tensor."""
    base = word.rpartition(".")[2]
    if bracket == "[":
        return base in TYPED
    if bracket == "{":
        return base in HOLDERS
    known = base in SIZES or base in ARRAYS or base in HOLDERS or base in ("ShapeDtypeStruct", "ShapedArray")
    return known or base.islower() is False or "." not in word


def _dtype(told: str) -> str | None:
    match = re.search(r"(?:torch|jnp|np|tf)\.(\w+)|\b((?:float|bfloat|int|uint)\d+|F32|BF16|F16)\b", told)
    return None if match is None else dtype_of(match[1] or match[2])


def _name(front: str) -> str | None:
    """The name in what stands before a bracket: a quoted one, else the first word that is no label and no type."""
    front = front[-1000:].strip(" \t,;|")
    if not front:
        return None
    if (quoted := re.findall(r"['\"]([^'\"\n]{1,500})['\"]", front)) != []:
        return str(quoted[-1]).removesuffix(":0")
    words = [w.strip("'\"").rstrip(":=").removesuffix(":0") for w in _words(front)]
    path = next((word for word in words if re.search(PATH, word)), None)
    if path is not None:
        return path
    words = [word for word in words if word and not word.isdigit() and word not in ("True", "False", "trainable")]
    return ".".join(words) if 0 < len(words) < 4 else words[0] if words else None


def _words(front: str) -> list[str]:
    """The words before a bracket without labels, types, and the number of the line."""
    front = re.sub(r"(?i)\b(layer|block|weight|bias)[ \t]+(\d+)\b", r"\1\2", front[-1000:])
    front = re.sub(LABELS, " ", front, flags=re.IGNORECASE)
    words = [w for w in re.split(r"[\s|,;]+", front) if w.strip(":=-*#>()[]{}<+→•")]
    words = [w for w in words if dtype_of(w) is None and w not in ("Parameter", "containing:", "has", "of", "with")]
    return words[1:] if len(words) > 1 and words[0].rstrip(".):").isdigit() else words


__all__ = ["entries_of"]
