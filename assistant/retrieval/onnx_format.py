"""Writes models in the ONNX file format, from numpy arrays alone.

Covers what an encoder of texts needs: nodes with numbers as attributes, arrays, inputs and outputs of free size. Field
numbers are those of ``onnx.proto3`` (ONNX IR specification, version 9); the coding is Protocol Buffers' wire format.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: ``TensorProto.DataType`` of the array types used.
DATA_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
IR_VERSION, OPERATORS, CONTRIBUTED = 9, 17, "com.microsoft"
_FLOAT, _INT = 1, 2


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(place: int, value: int) -> bytes:
    return _varint(place << 3) + _varint(value)


def _block(place: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return _varint(place << 3 | 2) + _varint(len(raw)) + raw


def _tensor(name: str, array: NDArray[np.generic]) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    raw = np.ascontiguousarray(array).tobytes()
    return dims + _number(2, DATA_TYPES[array.dtype.name]) + _block(8, name) + _block(9, raw)


def _attribute(name: str, value: int | float) -> bytes:
    if isinstance(value, float):
        return _block(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, _FLOAT)
    return _block(1, name) + _varint(3 << 3) + _varint(value & 0xFFFFFFFFFFFFFFFF) + _number(20, _INT)


def _value(name: str, kind: str, sizes: Sequence[str | int]) -> bytes:
    dims = b"".join(_block(1, _block(2, s) if isinstance(s, str) else _number(1, s)) for s in sizes)
    tensor = _number(1, DATA_TYPES[kind]) + _block(2, dims)
    return _block(1, name) + _block(2, _block(1, tensor))


@dataclass
class Graph:
    """A computation under construction; every method returns the name of what it added."""

    nodes: list[bytes] = field(default_factory=list)
    arrays: list[bytes] = field(default_factory=list)
    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)

    def array(self, name: str, array: NDArray[np.generic]) -> str:
        """A constant."""
        self.arrays.append(_tensor(name, array))
        return name

    def node(
        self, operator: str, inputs: Sequence[str], output: str, *, domain: str = "", **attributes: int | float
    ) -> str:
        """One operator with one output; an empty input name leaves that input out."""
        content = b"".join(_block(1, i) for i in inputs) + _block(2, output) + _block(3, output) + _block(4, operator)
        content += b"".join(_block(5, _attribute(n, v)) for n, v in attributes.items())
        self.nodes.append(content + (_block(7, domain) if domain else b""))
        return output

    def input(self, name: str, kind: str, sizes: Sequence[str | int]) -> str:
        """An input; a size given as a word is free."""
        self.inputs.append(_value(name, kind, sizes))
        return name

    def output(self, name: str, kind: str, sizes: Sequence[str | int]) -> str:
        """An output; a size given as a word is free."""
        self.outputs.append(_value(name, kind, sizes))
        return name

    def model(self) -> bytes:
        """The whole model as a file's bytes."""
        graph = b"".join(_block(1, n) for n in self.nodes) + _block(2, "encoder")
        graph += b"".join(_block(5, a) for a in self.arrays)
        graph += b"".join(_block(11, i) for i in self.inputs) + b"".join(_block(12, o) for o in self.outputs)
        operators = _block(8, _block(1, "") + _number(2, OPERATORS)) + _block(8, _block(1, CONTRIBUTED) + _number(2, 1))
        return _number(1, IR_VERSION) + _block(2, "marketing-assistant") + _block(7, graph) + operators
