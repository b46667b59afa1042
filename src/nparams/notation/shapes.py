"""Shapes of tensors, however they are pasted: `[(784, 16), (16,)]`, lines of `name torch.Size([200, 20])`, dicts, JSON.

Every pair of brackets is read into a small tree (_shapes/text), the tree into names and shapes (_shapes/tree), lines
that have no brackets by themselves (_shapes/lines), and names into roles by the one table of roles (_shapes/roles).
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.notation._question import asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network
    from nparams.notation._shapes.tree import Entry

MAX_TEXT = 4_000_000
#: how much of a long paste is looked at to tell what it is
LOOK = 20_000
MAX_READ_AS = 200

# Patterns as text, so that a list of sizes that is asked about compiles none of them.
#: words that only shapes of tensors have
SURE = (
    r"llama_model_loader: - tensor|torch\.Size\(|TensorShape\(|ShapeDtypeStruct\(|Tensor of size \d"
    r"|Variable [^\n>]{0,300}shape=\(|\"data_offsets\""
    r"|\bParameter containing:|(?:float|bfloat|int|uint|f|bf|i|u)(?:8|16|32|64)\[[\d, ]*\]"
    r"|\b(?:tensor|array|Array|DeviceArray|Parameter|Tensor)\(\s*\[|(?:tensor|array|Array)\(-?\d"
)
NUMBERS = r"\d+(?:\s*,\s*\d+)*\s*,?"
#: a name, what divides it from its shape, the shape, and no more words
SYMBOLS = r"[A-Za-z]\w*(?:\s*[,*]\s*\w+)+\s*,?"
SIDES = rf"[\[(][ \t]*(?:{NUMBERS}|{SYMBOLS})?[ \t]*[\])]"
TYPE = r"(?:(?:dtype=)?(?:torch|jnp|np|tf)?\.?\w*(?:float|int)\d+[ \t|,]*)?"
LINE = (
    r"[ \t|'\"]*((?:\d+[./])*[A-Za-z_][\w./:-]*)['\"]?(?:[ \t]\d{1,4}(?=:))?(?:[ \t]*[:=|,][ \t]*|[ \t]+)"
    rf"(?:(?:True|False)[ \t]*[|,][ \t]*)?{TYPE}(?:shape=)?{SIDES}[ \t|,]*"
    rf"(?:(?:[A-Za-z]\w*[ \t]*[:=]?[ \t]*)?{SIDES}[ \t|,]*)*{TYPE}[ \t|,=\d]*"
    r"(?:(?:requires_grad=)?(?:True|False))?[ \t|]*[.;]?"
)
#: fc1.weight 16x784
FLAT = (
    r"[ \t|]*[\w./:-]*(?:weight|bias|kernel|gamma|beta|running_mean|running_var)[\w:]*[ \t:=|,]+"
    r"\d+(?:[ \t]*[x×,][ \t]*\d+)*[ \t|]*"
)
#: words in the names of tensors
NAMES = r"[./]|weight|bias|kernel|gamma|beta|embed|running_|^w[tpe]e$|^[Ww]_|_\d+$|^[WUwb]\d*$"
#: numbers in brackets and nothing else, in lists or one a line
BARE = r"(?:[\s\d,()\[\]]|\.\.\.|…|None)+"
NESTED = r"\s*[\[(]\s*[\[(]|[^\n]*[\])][\s,]+[\[(]"
#: {'params': {'Dense_0': {'bias': (16,), 'kernel': (784, 16)}}}, ('fc.weight', (10, 784)), with symbols too
KEYED = rf"['\"][\w./:-]+['\"]\s*[:,]\s*[\[(]\s*(?:{NUMBERS}|{SYMBOLS})?\s*[\])]\s*[,)}}\]]"
SYMBOLIC = r"\s*[\[(]?\s*(?:[\[(][\w\s*+,]+[\])][\s,]*){2,}[\])]?\s*"


def may_be(text: str) -> bool:
    """Whether `text` shows shapes of tensors.

    >>> may_be("[(784, 16), (16,)]"), may_be("fc.weight: torch.Size([10, 784])"), may_be("784-16-10")
    (True, True, False)
    """
    if len(text) > MAX_TEXT:
        return False
    head = asked(text)[:LOOK]
    if re.search(r"\n[ \t]*>{0,3}[ \t]*[\[(]|\bprint\(", head):
        from nparams.notation._shapes.lines import bare

        head = bare(head).strip()
    if not any(c.isalnum() for c in head):
        return False
    if not any(c in head for c in "(["):
        return "Tensor of size" in head or _is_flat(head) or _is_told(text)
    if ";" in head and _is_told(text):
        return True
    if re.search(r"=>|->|;\s*\w|\bdef |\bclass |\bimport |\bChain\(|\bnn\.", head):
        return False
    if re.search(SURE, head):
        return True
    if re.fullmatch(BARE, head):
        return re.match(NESTED, head) is not None or "None" in head
    if head.lstrip()[:1] in ("{", "[", "(") or re.match(r"\s*(?:\w+\s*=\s*)?(?:Ordered|Frozen)?[Dd]ict\(", head):
        return _is_list(head)
    return _is_table(head) or _is_told(text)


def _is_told(text: str) -> bool:
    """Names of weights with shapes in a running text."""
    if not re.search(r"(?i)\b[WbUV]\d*\b|theta|Θ|weight|bias|kernel|\w\.\w", text[:LOOK]):
        return False
    from nparams.notation._shapes.told import told

    return told(text) is not None


def _is_list(head: str) -> bool:
    """A list or dict of names with shapes, or shapes in symbols."""
    if re.search(KEYED, head) or re.match(r"\s*FrozenDict\(", head):
        return not re.search(r"['\"](?:n_layer|hidden_size|d_model|model_type|betas)['\"]\s*:", head)
    several = re.search(r"[\[(][^\[\]()]*,[^\[\]()]*[\])]", head) is not None
    return several and len(head) < LOOK and re.fullmatch(SYMBOLIC, head) is not None and any(map(str.isalpha, head))


def _is_flat(head: str) -> bool:
    """Lines of fc1.weight 16x784, without brackets."""
    lines = [line for line in head.split("\n")[:200] if line.strip()]
    return (
        "weight" in head or "kernel" in head
        if all(len(line) < 1_000 and re.fullmatch(FLAT, line) for line in lines)
        else False
    )


def _is_table(head: str) -> bool:
    """Lines of names with shapes: every line that has brackets is one, and the names are no layers of a list."""
    lines = [line for line in head.split("\n")[:200] if "[" in line or "(" in line]
    if len(head) == LOOK and len(lines) > 1:
        lines.pop()
    found = [re.fullmatch(LINE, line.rstrip()) for line in lines]
    names = [match[1].rstrip(":") for match in found if match is not None]
    if not names or len(names) < 0.8 * len(lines):
        from nparams.notation._shapes.lines import is_aside

        if not names or len(names) < 0.8 * sum(not is_aside(line) for line in lines):
            return False
    return any(re.search(NAMES, name) for name in names) and not re.search(
        r"(?m)^[ \t]*(?:input|conv|kernel_size|\w*_?shape|stride|padding|pool\w*)\s*[=:(\[ ]", head
    )


def read(text: str) -> Network:
    """The network that holds the tensors whose shapes `text` shows: each name's role is told by the table of roles.

    Raises NotationError with the line of what is no shape.

    >>> n = read("fc1.weight  [16, 784]\\nfc1.bias  [16]\\nbn.running_mean  [16]")
    >>> n.total, n.biases, n.totals.buffers
    (12560, 16, 16)
    >>> read("[(1, 36), (9, 36), (36,)]").total
    396
    """
    if len(text) > MAX_TEXT:
        raise NotationError(f"{len(text):,} characters of shapes: at most {MAX_TEXT:,} are read")
    from nparams.network import Network
    from nparams.network.grouping import group
    from nparams.notation._shapes.lines import entries_of
    from nparams.notation._shapes.roles import tensors_of
    from nparams.notation._shapes.told import as_lines

    notes: list[str] = []
    entries, declared = entries_of(as_lines(text) or text, notes)
    if not entries:
        raise NotationError(f"{shown(text.strip())} holds no shape; write for example [(784, 16), (16,)]")
    tensors = tensors_of(entries, notes)
    network = Network(
        None if _is_numeric(entries) else group(tensors), tensors=tensors if _is_numeric(entries) else None,
        source=text, form="shapes", read_as=_read_as(entries), notes=notes,
        described=f"{len(tensors):,} tensor{'' if len(tensors) == 1 else 's'}, by their shapes",
    )  # fmt: skip
    if not _is_numeric(entries):
        _ = network.layers  # a division by nothing is found here, not while it is printed
    if declared is not None:
        _declare(network, declared)
    return network


def _is_numeric(entries: list[Entry]) -> bool:
    return all(isinstance(side, int) for entry in entries for side in entry.shape or ())


def _declare(network: Network, declared: int) -> None:
    """The total that the paste itself gives."""
    network.also["declared"] = declared
    if network.total != declared:
        total = network.total
        held = "not known" if total is None else f"{total:,}" if isinstance(total, int) else str(total)
        network.notes.append(f"the paste says that its total is {declared:,}; by its shapes it is {held}")


def _read_as(entries: list[Entry]) -> str:
    """The shapes in one line, cut where it gets long."""
    told, bare = "", all(entry.name is None for entry in entries)
    for place, entry in enumerate(entries):
        piece = str(entry)
        if len(told) + len(piece) > MAX_READ_AS and place:
            told += f", … ({len(entries) - place:,} more)"
            break
        told = f"{told}, {piece}" if told else piece[:MAX_READ_AS]
    return f"[{told}]" if bare else told


__all__ = ["may_be", "read"]
