"""SavedModel folders: every operation of the graph is on a list; no file, no code, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from .batches import Array, in_batches
from .running import ARTIFACT, Unusable, measuring, shown

MAX_FILES = 16
MAX_NODES = 50_000
_FILES = ("saved_model.pb", "fingerprint.pb", "keras_metadata.pb")
# What a forward pass of a classifier, a ranker or a small language model is made of.
_COMPUTING_NAMES = """
Add AddN AddV2 All Any ArgMax ArgMin AvgPool BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd BroadcastTo
Cast Ceil ClipByValue Concat ConcatV2 Const Conv2D Cos CumSum Cumsum DepthwiseConv2dNative Div DivNoNan
Einsum Elu Equal Erf Exp ExpandDims FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars
FakeQuantWithMinMaxVarsPerChannel Fill Floor FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2
FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual Identity IdentityN If IsFinite IsInf IsNan
LeakyRelu Less LessEqual Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool Maximum
Mean Min Minimum MirrorPad Mul Neg NoOp NotEqual OneHot OnesLike Pack Pad PadV2 PartitionedCall Placeholder
PlaceholderWithDefault Pow PreventGradient Prod Range Rank ReadVariableOp RealDiv Reciprocal Relu Relu6
Reshape ResizeBilinear ResizeNearestNeighbor ResourceGather ReverseV2 Round Rsqrt Select SelectV2 Selu Shape
Sigmoid Sign Sin Size Slice Softmax Softplus Softsign SparseSoftmaxCrossEntropyWithLogits Split SplitV Sqrt
Square SquaredDifference Squeeze StatefulPartitionedCall StatelessIf StatelessWhile StopGradient
StridedSlice Sub Sum Tanh Tile TopKV2 Transpose Unpack VarHandleOp VarIsInitializedOp Where While Xdivy
Xlogy ZerosLike
"""
COMPUTING = frozenset(_COMPUTING_NAMES.split())
# What saving and loading its own variables needs; never reachable from the signature that is called.
_STORING_NAMES = """
AssignVariableOp DisableCopyOnRead MergeV2Checkpoints RestoreV2 SaveV2 ShardedFilename StaticRegexFullMatch
StringJoin
"""
_STORING = frozenset(_STORING_NAMES.split())


def open_signature(folder: Path, *, most_bytes: int, signature: str = "serving_default") -> Any:
    """The callable of one signature, loaded once the whole graph has been looked through."""
    if folder.parts[:1] == ARTIFACT.parts:
        measuring()
    name = shown(folder)
    _check_files(folder, name, most_bytes)
    _check_graph(folder, name)
    try:
        signatures = tf.saved_model.load(str(folder)).signatures
    except Exception as error:  # TensorFlow raises whatever its kernels raise
        raise Unusable(f"TensorFlow cannot load {name}: {type(error).__name__}") from error
    if signature not in signatures:
        raise Unusable(f"{name} has no signature {signature}")
    return signatures[signature]


def run_rows(call: Any, rows: Array, name: str, *, batch: int = 256) -> Array:
    """The one output of a signature with one input, for each row, as float32."""

    def run(some: Array) -> Any:
        (argument,) = call.structured_input_signature[1]
        (output,) = call(**{argument: tf.constant(some)}).values()
        return output

    return in_batches(run, rows, name, batch)


def _check_files(folder: Path, name: str, most_bytes: int) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    for path in files:
        inside = path.relative_to(folder)
        if inside.as_posix() not in _FILES and inside.parts[0] != "variables":
            raise Unusable(f"{name} holds a file that is not loaded: {ascii(inside.as_posix())[1:-1][:80]}")
    if len(files) > MAX_FILES or total > most_bytes:
        raise Unusable(f"{name} has more than {MAX_FILES} files or {most_bytes:,} bytes")


def _check_graph(folder: Path, name: str) -> None:
    try:
        model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    except (OSError, DecodeError, ValueError) as error:
        raise Unusable(f"{name} holds no readable saved_model.pb") from error
    count = 0
    for graph in model.meta_graphs:
        storing = {
            function.signature.name
            for function in graph.graph_def.library.function
            if any(node.op in _STORING for node in function.node_def)
        }
        nodes = [*graph.graph_def.node]
        nodes += [node for function in graph.graph_def.library.function for node in function.node_def]
        count += len(nodes)
        if count > MAX_NODES:
            raise Unusable(f"{name} has more than {MAX_NODES:,} operations")
        for node in nodes:
            if node.op not in COMPUTING and node.op not in _STORING:
                raise Unusable(f"{name} uses the operation {ascii(node.op)[1:-1][:60]}, which is not allowed")
        _check_signatures(graph, storing, name)


def _check_signatures(graph: Any, storing: set[str], name: str) -> None:
    """No signature reaches a function that reads or writes files."""
    called = {
        function.signature.name: {
            value.func.name
            for node in function.node_def
            for value in node.attr.values()
            if value.HasField("func")
        }
        for function in graph.graph_def.library.function
    }
    waiting = [key for key in called if "signature_wrapper" in key]
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in storing:
            raise Unusable(f"{name}: a signature reads or writes files")
        if key not in seen:
            seen.add(key)
            waiting.extend(called.get(key, ()))
