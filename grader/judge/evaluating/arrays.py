"""Arrays: `.npy`, `.npz` and safetensors. No pickle; headers are checked before memory is taken."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .running import Unusable, check_size, contents, shown

Array = NDArray[Any]
Shape = tuple[int | None, ...]
"""None stands for any length."""
MAX_MEMBERS = 2000
MAX_HEADER_BYTES = 1024 * 1024
_SAFETENSORS_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}


def read_npy(path: Path, *, kinds: str, shape: Shape, most_bytes: int) -> Array:
    """The array of a `.npy` file. `kinds` are the allowed `dtype.kind` letters; floats must be finite."""
    return _array(contents(path, most_bytes), shown(path), kinds=kinds, shape=shape)


def read_npz(path: Path, *, kinds: str, most_bytes: int) -> dict[str, Array]:
    """Every array of a `.npz` file by name; `most_bytes` bounds the file and what it unpacks to."""
    check_size(path, most_bytes)
    name = shown(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > most_bytes:
                raise Unusable(f"{name} unpacks to more than {most_bytes:,} bytes or {MAX_MEMBERS} arrays")
            found = {}
            for member in members:
                if not member.filename.endswith(".npy"):
                    raise Unusable(f"{name} holds something that is no array: {ascii(member.filename)[:80]}")
                with archive.open(member) as stream:
                    data = stream.read(member.file_size + 1)
                if len(data) != member.file_size:
                    raise Unusable(f"{name} lies about its sizes")
                key = member.filename.removesuffix(".npy")
                if key in found:
                    raise Unusable(f"{name} holds two arrays of one name")
                found[key] = _array(data, f"{name}: {ascii(key)[1:-1][:80]}", kinds=kinds, shape=None)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise Unusable(f"{name} is no .npz file") from error
    except (ValueError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise Unusable(f"{name} is damaged") from error
    return found


def read_safetensors(path: Path, *, kinds: str, most_bytes: int) -> dict[str, Array]:
    """Every tensor by name. Format: eight bytes of header length, a JSON header, then the tensors' bytes.

    Refuses tensors that overlap, leave gaps or lie outside the file, as the format demands.
    """
    data, name = contents(path, most_bytes), shown(path)
    header, body = _safetensors_header(data, name)
    found: dict[str, Array] = {}
    spans = []
    for key, entry in header.items():
        if key == "__metadata__":
            continue
        dtype, shape, begin, end = _safetensors_entry(entry, name)
        if not 0 <= begin <= end <= len(body) or end - begin != math.prod(shape) * dtype.itemsize:
            raise Unusable(f"{name}: a tensor's place does not fit its shape")
        spans.append((begin, end))
        array = np.frombuffer(body[begin:end], dtype=dtype).reshape(shape)
        found[key] = _checked(array, f"{name}: {ascii(key)[1:-1][:80]}", kinds=kinds, shape=None)
    place = 0
    for begin, end in sorted(spans):
        if begin != place:
            raise Unusable(f"{name}: tensors overlap or leave gaps")
        place = end
    if place != len(body):
        raise Unusable(f"{name}: bytes that belong to no tensor")
    return found


def require_shapes(arrays: Mapping[str, Array], wanted: Mapping[str, tuple[int, ...]], name: str) -> None:
    """`Unusable` unless the file holds exactly the wanted arrays, each of its shape."""
    missing = sorted(wanted.keys() - arrays.keys())
    if missing:
        raise Unusable(f"{name} lacks {', '.join(missing[:5])}")
    for key, shape in wanted.items():
        if arrays[key].shape != shape:
            raise Unusable(f"{name}: {key} has the shape {arrays[key].shape}, not {shape}")


def _array(data: bytes, name: str, *, kinds: str, shape: Shape | None) -> Array:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        reader = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        found, fortran, dtype = reader(stream, max_header_size=10_000)
    except (ValueError, EOFError, KeyError, SyntaxError, TypeError, RecursionError, struct.error) as error:
        raise Unusable(f"{name} is no .npy file of numbers") from error
    body = data[stream.tell() :]
    if dtype.hasobject or dtype.kind not in kinds or dtype.itemsize == 0:
        raise Unusable(f"{name} has the dtype {dtype}")
    if any(size < 0 for size in found) or len(body) != math.prod(found) * dtype.itemsize:
        raise Unusable(f"{name} is damaged: its length does not fit its shape")
    array = np.frombuffer(body, dtype=dtype).reshape(found, order="F" if fortran else "C")
    return _checked(array, name, kinds=kinds, shape=shape)


def _checked(array: Array, name: str, *, kinds: str, shape: Shape | None) -> Array:
    if array.dtype.kind not in kinds:
        raise Unusable(f"{name} has the dtype {array.dtype}")
    if shape is not None and not _fits(array.shape, shape):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise Unusable(f"{name} must have the shape ({wanted}), not {array.shape}")
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise Unusable(f"{name} holds NaN or infinity")
    return array


def _fits(found: tuple[int, ...], wanted: Shape) -> bool:
    return len(found) == len(wanted) and all(
        want is None or size == want for size, want in zip(found, wanted, strict=True)
    )


def _safetensors_header(data: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    if len(data) < 8:
        raise Unusable(f"{name} is no safetensors file")
    (size,) = struct.unpack("<Q", data[:8])
    if size > min(MAX_HEADER_BYTES, len(data) - 8):
        raise Unusable(f"{name} is no safetensors file")
    try:
        header = json.loads(data[8 : 8 + size])
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{name}: its header is no JSON") from error
    if not isinstance(header, dict) or len(header) > MAX_MEMBERS:
        raise Unusable(f"{name}: its header is no object of at most {MAX_MEMBERS} tensors")
    return header, data[8 + size :]


def _safetensors_entry(entry: Any, name: str) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    try:
        dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        numbers = [*shape, begin, end]
    except (TypeError, KeyError, ValueError) as error:
        raise Unusable(f"{name}: a tensor is described badly") from error
    if dtype not in _SAFETENSORS_DTYPES or any(type(value) is not int or value < 0 for value in numbers):
        raise Unusable(f"{name}: a tensor is described badly")
    return np.dtype(_SAFETENSORS_DTYPES[dtype]), tuple(shape), begin, end
