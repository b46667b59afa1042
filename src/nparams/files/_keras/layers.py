"""Which dataset of a HDF5 file of Keras belongs to which layer, by the attributes layer_names and weight_names.

A layer may be called Conv/BatchNorm: its group then lies inside that of a layer Conv.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._hdf5 import Dataset, Group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: names of many layers do not fit into one attribute of 64 KB: then layer_names0, layer_names1 …
MOST_PIECES = 10_000


class Claim:
    """A layer, and its variables in Keras's order as (name, dataset)."""

    __slots__ = ("layer", "variables")

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self.variables: list[tuple[str, Dataset]] = []


def claims(weights: Group, source: str, apart: frozenset[str]) -> tuple[list[Claim], list[tuple[str, Dataset]]]:
    """(the layers with their variables, the datasets that no layer names).

    `apart` are groups that hold no layers.  Without layer_names every group is a layer.  Raises FormatError for a name
    that comes twice, or leads nowhere.
    """
    found = {path: each for path, each in walk(weights) if path.split("/")[0] not in apart}
    names = texts(weights, "layer_names")
    if names is None:
        names = sorted(dict.fromkeys(path.split("/")[0] for path in found if "/" in path), key=counted)
    made: dict[str, Claim] = {}
    open_: dict[str, Claim] = {}
    for name in names:
        group = weights.get(name)
        if name in made or not isinstance(group, Group):
            what = f"{shown(name)}, which is not there" if name not in made else f"{shown(name)} twice"
            raise FormatError(f"{place(source)}: layer_names of {shown(weights.name)} names {what}")
        claim = made[name] = Claim(name)
        order = texts(group, "weight_names")
        if order is None:
            open_[_plain(name)] = claim
        for path in dict.fromkeys(order or ()):
            each = found.pop(_plain(f"{name}/{path}"), None)
            if each is None:
                told = f"weight_names of {shown(group.name)} names {shown(path)}, which is not there"
                raise FormatError(f"{place(source)}: {told}")
            claim.variables.append((path, each))
    return list(made.values()), _shared_out(found, open_)


def _shared_out(found: dict[str, Dataset], open_: dict[str, Claim]) -> list[tuple[str, Dataset]]:
    """Give layers without weight_names what lies in their groups; what is left is nobody's."""
    left: list[tuple[str, Dataset]] = []
    for path, each in found.items():
        end = path.rfind("/")
        while end > 0 and path[:end] not in open_:
            end = path.rfind("/", 0, end)
        if end > 0:
            open_[path[:end]].variables.append((path[end + 1 :], each))
        else:
            left.append((path, each))
    return left


def _plain(path: str) -> str:
    """A path without empty steps."""
    return "/".join(filter(None, path.split("/"))) if "//" in path or path[:1] == "/" or path[-1:] == "/" else path


def counted(text: str) -> tuple[str, int, str]:
    """A key by which dense_2 comes before dense_10, and 2 before 10.

    >>> sorted(["dense_10", "dense_2", "dense"], key=counted)
    ['dense', 'dense_2', 'dense_10']
    """
    stem = text.rstrip("0123456789")
    digits = text[len(stem) :]
    return stem, int(digits) if 0 < len(digits) < 10 else -1, text


def texts(group: Group, name: str) -> list[str] | None:
    """The texts in an attribute, or in its numbered pieces; None where there is none."""
    attributes = group.attrs()
    if name in attributes:
        return _texts(attributes[name].value())
    found: list[str] = []
    for k in range(MOST_PIECES):
        piece = attributes.get(f"{name}{k}")
        if piece is None:
            return found if k else None
        found += _texts(piece.value())
    return found


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def walk(group: Group) -> Iterator[tuple[str, Dataset]]:
    """(path from here, dataset) of everything below a group, in order."""
    stack: list[tuple[str, Group | Dataset]] = [("", group)]
    while stack:
        path, each = stack.pop()
        if isinstance(each, Dataset):
            yield path, each
        else:
            before = f"{path}/" if path else ""
            stack.extend((before + name, member) for name, member in reversed(each.items()))
