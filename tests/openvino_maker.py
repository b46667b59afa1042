"""Writes OpenVINO's IR as XML, right or wrong: what the tests and the fuzzer feed the reader.

openvinotoolkit/openvino src/core/xml_util/src/xml_serialize_util.cpp writes it so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from xml.sax.saxutils import quoteattr

BITS = {"f64": 64, "f32": 32, "f16": 16, "bf16": 16, "f8e4m3": 8, "f8e8m0": 8, "f4e2m1": 4, "nf4": 4, "i64": 64,
        "i32": 32, "i8": 8, "i4": 4, "u8": 8, "u4": 4, "u2": 2, "u1": 1, "boolean": 8, "string": 64}  # fmt: skip
#: a layer, and which of its outputs
Port = tuple[int, int]


class Graph:
    """The layers of one graph; each adding method returns the number of the layer."""

    def __init__(self, start: int = 0) -> None:
        self.layers: list[str] = []
        self.edges: list[str] = []
        self.taken: dict[int, int] = {}
        #: where the next constant's numbers lie in the .bin
        self.offset = start

    def param(self, name: str = "x", shape: str = "1,4") -> int:
        return self.op("Parameter", name=name, data={"shape": shape, "element_type": "f32"})

    def const(
        self, name: str, shape: Sequence[int] = (), kind: str = "f32", offset: int | None = None,
        size: int | None = None, data: Mapping[str, str] | None = None,
    ) -> int:  # fmt: skip
        """A constant; its offset is behind the last one's, its size that of its shape."""
        size = -(-prod(shape) * BITS[kind] // 8) if size is None else size
        at = self.offset if offset is None else offset
        said = {"element_type": kind, "shape": ", ".join(map(str, shape)), "offset": str(at), "size": str(size)}
        self.offset = max(self.offset, at + size)
        return self.op("Const", name=name, data=said if data is None else data, dims=shape)

    def op(
        self, kind: str, *inputs: int | Port | None, name: str = "", version: str = "opset1", outputs: int = 1,
        data: Mapping[str, str] | None = None, dims: Sequence[int] = (), inside: str = "", precision: str = "FP32",
    ) -> int:  # fmt: skip
        """Any other layer; an input is a layer (its first output), (layer, which output), or None."""
        number = len(self.layers)
        parts = [f"<layer id={quoteattr(str(number))} name={quoteattr(name or f'{kind}_{number}')} "
            f"type={quoteattr(kind)}"
                 f" version={quoteattr(version)}>"]  # fmt: skip
        if data is not None:
            parts.append(f"<data {' '.join(f'{key}={quoteattr(value)}' for key, value in data.items())}/>")
        if inputs:
            ports = "".join(f'<port id="{k}"><dim>1</dim></port>' for k in range(len(inputs)))
            parts.append(f"<input>{ports}</input>")
        if outputs:
            said = "".join(f"<dim>{n}</dim>" for n in dims)
            ports = "".join(
                f'<port id="{len(inputs) + k}" precision="{precision}">{said}</port>' for k in range(outputs)
            )
            parts.append(f"<output>{ports}</output>")
        self.layers.append("".join([*parts, inside, "</layer>"]))
        self.taken[number] = len(inputs)
        for k, given in enumerate(inputs):
            if given is not None:
                layer, which = given if isinstance(given, tuple) else (given, 0)
                self.edge(layer, self.taken[layer] + which, number, k)
        return number

    def edge(self, start: int, port: int, end: int, to: int) -> None:
        self.edges.append(f'<edge from-layer="{start}" from-port="{port}" to-layer="{end}" to-port="{to}"/>')

    @property
    def inner(self) -> str:
        return f"<layers>{''.join(self.layers)}</layers><edges>{''.join(self.edges)}</edges>"

    def xml(self, version: int | str = 11, name: str = "net", more: str = "") -> bytes:
        """The whole file."""
        text = f'<?xml version="1.0"?>\n<net name={quoteattr(name)} version="{version}">\n{self.inner}{more}\n</net>\n'
        return text.encode("utf-8", "surrogateescape")


def body(
    graph: Graph, starts: Sequence[Port], results: Sequence[Port], back: Sequence[Port] = (), kind: str = ""
) -> str:
    """A body in a layer: (port of the layer, layer inside) in and out, (layer, layer) round."""
    ins = "".join(f'<input external_port_id="{o}" internal_layer_id="{i}"/>' for o, i in starts)
    outs = "".join(f'<output external_port_id="{o}" internal_layer_id="{i}"/>' for o, i in results)
    edges = "".join(f'<edge from-layer="{a}" to-layer="{b}"/>' for a, b in back)
    back_edges = f"<back_edges>{edges}</back_edges>" if back else ""
    return f"<{kind}port_map>{ins}{outs}</{kind}port_map>{back_edges}<{kind}body>{graph.inner}</{kind}body>"


def dense(rows: int = 3, columns: int = 4, name: str = "fc") -> Graph:
    """A dense layer with a bias."""
    made = Graph()
    x = made.param()
    product = made.op("MatMul", x, made.const(f"{name}.weight", (rows, columns)))
    made.op("Result", made.op("Add", product, made.const(f"{name}.bias", (1, rows))), outputs=0)
    return made


def old(version: int, layers: str, edges: str = "") -> bytes:
    """A file of IR v2 to v7."""
    inner = f"<layers>{layers}</layers><edges>{edges}</edges>"
    return f'<?xml version="1.0" ?><net batch="1" name="old" version="{version}">{inner}</net>'.encode()


def old_layer(number: int, kind: str, blobs: str = "", precision: str = "FP32", more: str = "") -> str:
    held = f"<blobs>{blobs}</blobs>" if blobs else ""
    return (
        f'<layer id="{number}" name="{kind.lower()}{number}" precision="{precision}" type="{kind}">{more}{held}</layer>'
    )


def blob(name: str, offset: int, size: int, precision: str = "") -> str:
    kind = f' precision="{precision}"' if precision else ""
    return f'<{name} offset="{offset}" size="{size}"{kind}/>'
