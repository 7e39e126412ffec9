"""Artifacts that attack whoever opens them: a map of eight numbers to four, in each format, made hostile.

Each source runs as a submission and leaves `out/model…`; the evaluator below opens it and measures it on
hidden inputs. `says` is a part of the sentence that the candidate reads.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArtifactAttack:
    number: int
    """Of the list of attacks that the platform must survive."""
    name: str
    format: str
    source: str
    says: str


def _attack(number: int, format: str, name: str, source: str, says: str) -> ArtifactAttack:
    return ArtifactAttack(number, name, format, textwrap.dedent(source), says)


OUTPUTS = {
    "npy": "model.npy",
    "npz": "model.npz",
    "safetensors": "model.safetensors",
    "json": "model.json",
    "csv": "model.csv",
    "tflite": "model.tflite",
    "keras": "model.keras",
    "saved-model": "model/",
    "onnx": "model.onnx",
}
EVALUATORS = {
    "npy": """
        from artifacts.arrays import read_npy
        model = read_npy(ARTIFACT / "model.npy", kinds="fi", shape=(8, 4), most_bytes=4096)
        return (inputs @ model).argmax(axis=1)
    """,
    "npz": """
        from artifacts.arrays import read_npz, require_shapes
        arrays = read_npz(ARTIFACT / "model.npz", kinds="f", most_bytes=65536)
        require_shapes(arrays, {"weights": (8, 4)}, "model.npz")
        return (inputs @ arrays["weights"]).argmax(axis=1)
    """,
    "safetensors": """
        from artifacts.arrays import read_safetensors, require_shapes
        arrays = read_safetensors(ARTIFACT / "model.safetensors", kinds="f", most_bytes=65536)
        require_shapes(arrays, {"weights": (8, 4)}, "model.safetensors")
        return (inputs @ arrays["weights"]).argmax(axis=1)
    """,
    "json": """
        from artifacts.documents import number, read_json
        found = read_json(ARTIFACT / "model.json", most_bytes=65536)
        number(found, "bias", "model.json", low=-1, high=1)
        return np.zeros(len(inputs), dtype=np.int64)
    """,
    "csv": """
        from artifacts.documents import read_csv
        rows = read_csv(ARTIFACT / "model.csv", header=("row", "class"), rows=64, most_bytes=65536)
        return np.array([int(row[1]) for row in rows])
    """,
    "tflite": """
        from artifacts.tflite import open_model, run_rows
        model = open_model(ARTIFACT / "model.tflite", inputs=(1, 8), outputs=(1, 4), most_bytes=2**20,
                           most_tensor_bytes=2**20)
        return run_rows(model, inputs, "model.tflite").argmax(axis=1)
    """,
    "keras": """
        from artifacts.keras_model import open_model, run_rows
        model = open_model(ARTIFACT / "model.keras", inputs=(None, 8), outputs=(None, 4), most_bytes=2**20,
                           most_parameters=10_000)
        return run_rows(model, inputs, "model.keras").argmax(axis=1)
    """,
    "saved-model": """
        from artifacts.saved_model import open_signature, run_rows
        call = open_signature(ARTIFACT / "model", most_bytes=2**20)
        return run_rows(call, inputs, "model").argmax(axis=1)
    """,
    "onnx": """
        from artifacts.onnx_model import open_model, run_rows
        model = open_model(ARTIFACT / "model.onnx", inputs=(None, 8), outputs=(None, 4), most_bytes=2**20,
                           most_parameters=10_000)
        return run_rows(model, inputs, "model.onnx").argmax(axis=1)
    """,
}

_WEIGHTS = "import numpy as np\nw = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)\n"
_KERAS = """
import keras, numpy as np
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, use_bias=False)])
model.set_weights([np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)])
"""
_TFLITE = (
    _KERAS
    + """
import tensorflow as tf
data = bytearray(tf.lite.TFLiteConverter.from_keras_model(model).convert())
def leave(data):
    open("/work/out/model.tflite", "wb").write(bytes(data))
"""
)
_MODULE = """
import tensorflow as tf, numpy as np
class Model(tf.Module):
    def __init__(self):
        self.w = tf.Variable(np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32))
"""
_SIGNATURE = """
    @tf.function(input_signature=[tf.TensorSpec((None, 8), tf.float32)])
    def call(self, x):
        BODY
        return {"out": y}
m = Model()
tf.saved_model.save(m, "/work/out/model", signatures={"serving_default": m.call})
"""


def _saved(body: str) -> str:
    return _MODULE + _SIGNATURE.replace("BODY", body)


_ONNX = """
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
w = numpy_helper.from_array(np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32), "w")
x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])
def leave(nodes, weights=(w,), x=x, y=y, opsets=(("", 17),)):
    graph = helper.make_graph(nodes, "g", [x], [y], list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(*one) for one in opsets], ir_version=8)
    open("/work/out/model.onnx", "wb").write(model.SerializeToString())
product = helper.make_node("MatMul", ["x", "w"], ["y"])
"""

_ZIPPED = (
    _KERAS
    + """
import zipfile, json, io, h5py
model.save("/work/good.keras")
with zipfile.ZipFile("/work/good.keras") as z:
    parts = {name: z.read(name) for name in z.namelist()}
def leave(parts, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile("/work/out/model.keras", "w", compression) as z:
        for name, data in parts.items(): z.writestr(name, data)
config = json.loads(parts["config.json"])
"""
)

HONEST: dict[str, str] = {
    "npy": _WEIGHTS + "np.save('/work/out/model.npy', w)",
    "npz": _WEIGHTS + "np.savez_compressed('/work/out/model.npz', weights=w)",
    "safetensors": _WEIGHTS
    + """
import json, struct
header = json.dumps({"weights": {"dtype": "F32", "shape": [8, 4], "data_offsets": [0, 128]}}).encode()
open("/work/out/model.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + w.tobytes())
""",
    "json": "open('/work/out/model.json', 'w').write('{\"bias\": 0.5}')",
    "csv": "import sys\n"
    "open('/work/out/model.csv', 'w').write('row,class\\n' + ''.join(f'{i},{i % 4}\\n' for i in range(64)))",
    "tflite": _TFLITE + "leave(data)",
    "keras": _KERAS + "model.save('/work/out/model.keras')",
    "saved-model": _saved("y = tf.nn.softmax(x @ self.w)"),
    "onnx": _ONNX + "leave([product])",
}

_HEADER = """
import json, struct
def leave(entries, body=bytes(128)):
    header = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    open("/work/out/model.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + body)
good = {"dtype": "F32", "shape": [8, 4], "data_offsets": [0, 128]}
"""

ATTACKS: tuple[ArtifactAttack, ...] = (
    # 55: pickle and JSON bombs
    _attack(
        55,
        "npy",
        "pickled array",
        """
        import numpy as np
        class Run:
            def __reduce__(self): return (print, ("ESCAPED",))
        np.save("/work/out/model.npy", np.array([Run()], dtype=object), allow_pickle=True)
        """,
        "dtype object",
    ),
    _attack(
        55,
        "npy",
        "bare pickle",
        "import pickle\nopen('/work/out/model.npy','wb').write(pickle.dumps([1]))",
        "no .npy",
    ),
    _attack(
        55,
        "json",
        "deep nesting",
        "open('/work/out/model.json','w').write('['*20000 + ']'*20000)",
        "model.json",
    ),
    _attack(55, "json", "forty levels", "open('/work/out/model.json','w').write('['*40 + ']'*40)", "nested"),
    _attack(
        55,
        "json",
        "a key twice",
        "open('/work/out/model.json','w').write('{\"bias\": 9, \"bias\": 0}')",
        "twice",
    ),
    _attack(53, "json", "not a number", "open('/work/out/model.json','w').write('{\"bias\": NaN}')", "NaN"),
    _attack(
        53, "json", "true as a number", "open('/work/out/model.json','w').write('{\"bias\": true}')", "number"
    ),
    _attack(
        55,
        "json",
        "huge integer",
        "open('/work/out/model.json','w').write('{\"bias\": ' + '9'*60000 + '}')",
        "model.json",
    ),
    _attack(55, "json", "too large", "open('/work/out/model.json','w').write(' '*70000 + '{}')", "bytes"),
    _attack(
        55,
        "csv",
        "endless field",
        "open('/work/out/model.csv','w').write('row,class\\n\"' + 'x'*60000)",
        "model.csv",
    ),
    _attack(
        55,
        "csv",
        "other columns",
        "open('/work/out/model.csv','w').write('class,row\\n' + '0,0\\n'*64)",
        "must begin",
    ),
    _attack(
        55,
        "csv",
        "no text",
        "open('/work/out/model.csv','wb').write(b'row,class\\n\\xff\\x00\\n')",
        "model.csv",
    ),
    # 53: numbers that are none
    _attack(53, "npy", "NaN", _WEIGHTS + "w[0,0] = np.nan\nnp.save('/work/out/model.npy', w)", "NaN"),
    _attack(
        53,
        "npy",
        "infinity",
        _WEIGHTS + "w[0,0] = np.inf\nnp.save('/work/out/model.npy', w)",
        "NaN or infinity",
    ),
    _attack(
        53, "npy", "texts", "import numpy as np\nnp.save('/work/out/model.npy', np.full((8,4),'9'))", "dtype"
    ),
    # 58: shapes and sizes that lie
    _attack(
        58,
        "npy",
        "a shape of 2^62",
        """
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }"
        header = header.ljust(117) + chr(10)
        open('/work/out/model.npy','wb').write(b'\\x93NUMPY\\x01\\x00' + len(header).to_bytes(2,'little') + header.encode())
        """,
        "damaged",
    ),
    _attack(
        58,
        "npy",
        "a negative shape",
        """
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (-8, -4), }"
        header = header.ljust(117) + chr(10)
        open('/work/out/model.npy','wb').write(b'\\x93NUMPY\\x01\\x00' + len(header).to_bytes(2,'little') + header.encode() + bytes(128))
        """,
        "model.npy",
    ),
    _attack(
        58,
        "npy",
        "code in the header",
        """
        header = "__import__('os').system('echo ESCAPED')"
        header = header.ljust(117) + chr(10)
        open('/work/out/model.npy','wb').write(b'\\x93NUMPY\\x01\\x00' + len(header).to_bytes(2,'little') + header.encode())
        """,
        "no .npy",
    ),
    _attack(
        58,
        "npz",
        "zip bomb",
        "import numpy as np\nnp.savez_compressed('/work/out/model.npz', weights=np.zeros((3000, 3000), np.float32))",
        "unpacks to more",
    ),
    _attack(
        58,
        "npz",
        "sizes that lie",
        _WEIGHTS
        + """
import io, zipfile
np.savez_compressed('/work/out/model.npz', weights=np.zeros((3000, 3000), np.float32))
data = bytearray(open('/work/out/model.npz','rb').read())
for mark, place in ((b'PK\\x01\\x02', 24), (b'PK\\x03\\x04', 22)):
    at = data.find(mark)
    data[at+place:at+place+4] = (300).to_bytes(4, 'little')
open('/work/out/model.npz','wb').write(data)
""",
        "model.npz",
    ),
    _attack(
        43,
        "npz",
        "names that climb",
        _WEIGHTS
        + """
import io, zipfile
b = io.BytesIO(); np.save(b, w)
with zipfile.ZipFile('/work/out/model.npz', 'w') as z: z.writestr('../../weights.npy', b.getvalue())
""",
        "lacks weights",
    ),
    _attack(
        55,
        "npz",
        "a pickle inside",
        "import zipfile\nwith zipfile.ZipFile('/work/out/model.npz','w') as z: z.writestr('weights.pkl', b'x')",
        "no array",
    ),
    _attack(
        58,
        "safetensors",
        "header of 2^63",
        "open('/work/out/model.safetensors','wb').write(b'\\xff'*7 + b'\\x7f' + bytes(9))",
        "no safetensors",
    ),
    _attack(58, "safetensors", "overlap", _HEADER + "leave({'weights': good, 'x': good})", "overlap"),
    _attack(
        58,
        "safetensors",
        "outside the file",
        _HEADER + "leave({'weights': good | {'data_offsets': [0, 256]}})",
        "place",
    ),
    _attack(
        58,
        "safetensors",
        "negative place",
        _HEADER + "leave({'weights': good | {'data_offsets': [-128, 0]}})",
        "badly",
    ),
    _attack(
        58,
        "safetensors",
        "shape of 2^62",
        _HEADER + "leave({'weights': good | {'shape': [2**62, 4]}})",
        "place",
    ),
    _attack(
        58, "safetensors", "bytes of nobody", _HEADER + "leave({'weights': good}, bytes(4096))", "no tensor"
    ),
    _attack(55, "safetensors", "deep header", _HEADER + "leave(b'['*50000)", "JSON"),
    # 58: TensorFlow Lite
    _attack(
        58,
        "tflite",
        "no model",
        "open('/work/out/model.tflite','wb').write(b'x'*100)",
        "not a TensorFlow Lite",
    ),
    _attack(58, "tflite", "truncated", _TFLITE + "leave(data[:len(data)//2])", "model.tflite"),
    _attack(
        58,
        "tflite",
        "offsets that lead nowhere",
        _TFLITE + "data[0:4] = (2**31 - 8).to_bytes(4, 'little')\nleave(data)",
        "",
    ),
    _attack(
        58,
        "tflite",
        "huge tensors",
        """
        import tensorflow as tf
        @tf.function(input_signature=[tf.TensorSpec((1, 8), tf.float32)])
        def f(x): return tf.reduce_sum(tf.broadcast_to(tf.reshape(x, (1, 8, 1)), (20000, 8, 2000)), 2)[:1, :4] * x[0, 0]
        data = tf.lite.TFLiteConverter.from_concrete_functions([f.get_concrete_function()]).convert()
        open('/work/out/model.tflite', 'wb').write(data)
        """,
        "model.tflite",
    ),
    _attack(
        57,
        "tflite",
        "operations of full TensorFlow",
        """
        import tensorflow as tf
        @tf.function(input_signature=[tf.TensorSpec((1, 8), tf.float32)])
        def f(x):
            tf.io.write_file('/work/ESCAPED', 'x')
            return x[:, :4] + tf.cast(tf.strings.length(tf.io.read_file('/etc/passwd')), tf.float32)
        c = tf.lite.TFLiteConverter.from_concrete_functions([f.get_concrete_function()])
        c.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        open('/work/out/model.tflite', 'wb').write(c.convert())
        """,
        "built-in operations",
    ),
    _attack(
        58,
        "tflite",
        "another border",
        """
        import keras, tensorflow as tf
        model = keras.Sequential([keras.Input((9,)), keras.layers.Dense(4)])
        open('/work/out/model.tflite', 'wb').write(tf.lite.TFLiteConverter.from_keras_model(model).convert())
        """,
        "one input of the shape",
    ),
    # 56: Keras
    _attack(
        56,
        "keras",
        "Lambda layer",
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Lambda(lambda x: x[:, :4] * 2)])
        model.save('/work/out/model.keras')
        """,
        "Lambda",
    ),
    _attack(
        56,
        "keras",
        "a function by name",
        _ZIPPED
        + """
layer = config["config"]["layers"][1]
layer["config"]["activation"] = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
parts["config.json"] = json.dumps(config); leave(parts)
""",
        "only Keras",
    ),
    _attack(
        56,
        "keras",
        "a foreign module",
        _ZIPPED
        + """
config["config"]["layers"][1]["module"] = "subprocess"
config["config"]["layers"][1]["class_name"] = "Popen"
parts["config.json"] = json.dumps(config); leave(parts)
""",
        "subprocess.Popen",
    ),
    _attack(
        56,
        "keras",
        "another framework's layer",
        _ZIPPED
        + """
config["config"]["layers"][1]["class_name"] = "TFSMLayer"
config["config"]["layers"][1]["config"] = {"filepath": "/work/other", "call_endpoint": "serve"}
parts["config.json"] = json.dumps(config); leave(parts)
""",
        "TFSMLayer",
    ),
    _attack(
        56,
        "keras",
        "a registered class of its own",
        """
        import keras
        @keras.saving.register_keras_serializable(package='mine')
        class Mine(keras.layers.Layer):
            def call(self, x): return x[:, :4]
        model = keras.Sequential([keras.Input((8,)), Mine()])
        model.save('/work/out/model.keras')
        """,
        "only Keras",
    ),
    _attack(
        57,
        "keras",
        "HDF5 external file",
        _ZIPPED
        + """
b = io.BytesIO()
with h5py.File(b, 'w') as f:
    f.create_dataset('layers/dense/vars/0', shape=(8, 4), dtype='f4', external=[('/etc/passwd', 0, 128)])
leave(parts | {"model.weights.h5": b.getvalue()})
""",
        "another file",
    ),
    _attack(
        57,
        "keras",
        "HDF5 external link",
        _ZIPPED
        + """
b = io.BytesIO()
with h5py.File(b, 'w') as f:
    f['layers'] = h5py.ExternalLink('/work/inputs/secret.h5', '/x')
leave(parts | {"model.weights.h5": b.getvalue()})
""",
        "another place",
    ),
    _attack(
        58,
        "keras",
        "HDF5 of 2^40 numbers",
        _ZIPPED
        + """
b = io.BytesIO()
with h5py.File(b, 'w') as f:
    f.create_dataset('layers/dense/vars/0', shape=(2**20, 2**20), dtype='f4', chunks=(64, 64), compression='gzip')
leave(parts | {"model.weights.h5": b.getvalue()})
""",
        "parameters",
    ),
    _attack(
        58,
        "keras",
        "zip bomb",
        _ZIPPED + "leave(parts | {'model.weights.h5': bytes(2**24)}, zipfile.ZIP_DEFLATED)",
        "unpacks to more",
    ),
    _attack(
        43,
        "keras",
        "names that climb",
        _ZIPPED + "leave(parts | {'../../evaluate.py': b'print(1)'})",
        "belong to no Keras",
    ),
    _attack(
        55,
        "keras",
        "deep configuration",
        _ZIPPED + "leave(parts | {'config.json': b'['*100000})",
        "nested too deep",
    ),
    _attack(
        58,
        "keras",
        "a billion weights",
        _ZIPPED
        + """
config["config"]["layers"][1]["config"]["units"] = 10**9
parts["config.json"] = json.dumps(config); leave(parts)
""",
        "",
    ),
    # 57: SavedModel
    _attack(
        57,
        "saved-model",
        "reads a file",
        _saved("y = x[:, :4] + tf.cast(tf.strings.length(tf.io.read_file('/etc/passwd')), tf.float32)"),
        "ReadFile",
    ),
    _attack(
        57,
        "saved-model",
        "writes a file",
        _saved("tf.io.write_file('/work/ESCAPED', 'x'); y = x[:, :4]"),
        "WriteFile",
    ),
    _attack(
        57,
        "saved-model",
        "Python code",
        _saved("y = tf.py_function(lambda v: v[:, :4], [x], tf.float32)"),
        "PyFunc",
    ),
    _attack(57, "saved-model", "prints", _saved("tf.print('ESCAPED'); y = x[:, :4]"), "not allowed"),
    _attack(
        57,
        "saved-model",
        "a table read from a file",
        """
        import tensorflow as tf
        open('/work/words', 'w').write('a\\nb\\n')
        class Model(tf.Module):
            def __init__(self):
                self.t = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer('/work/words', tf.string,
                    tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER), -1)
            @tf.function(input_signature=[tf.TensorSpec((None, 8), tf.float32)])
            def call(self, x): return {"out": x[:, :4] + tf.cast(self.t.lookup(tf.constant('a')), tf.float32)}
        m = Model()
        tf.saved_model.save(m, "/work/out/model", signatures={"serving_default": m.call})
        """,
        "",
    ),
    _attack(
        57,
        "saved-model",
        "restores inside its signature",
        _saved(
            "y = x[:, :4] + tf.raw_ops.RestoreV2(prefix='/work/inputs/x', tensor_names=['a'], shape_and_slices=[''],"
            " dtypes=[tf.float32])[0]"
        ),
        "reads or writes",
    ),
    _attack(
        58,
        "saved-model",
        "endless loop",
        _saved("y = tf.while_loop(lambda v: tf.reduce_sum(v) > -1e30, lambda v: [v * 1.0], [x])[0][:, :4]"),
        "",
    ),
    _attack(
        58,
        "saved-model",
        "too much memory",
        _saved("y = tf.reduce_sum(tf.ones((60000, 60000))) * x[:, :4]"),
        "",
    ),
    _attack(
        58,
        "saved-model",
        "no protobuf",
        "import os\nos.makedirs('/work/out/model')\nopen('/work/out/model/saved_model.pb','wb').write(b'\\xff'*99)",
        "saved_model.pb",
    ),
    _attack(
        58,
        "saved-model",
        "a file beside",
        HONEST["saved-model"] + "\nopen('/work/out/model/run.py','w').write('x')",
        "not loaded",
    ),
    _attack(
        58,
        "saved-model",
        "too large",
        _MODULE.replace("(8, 4)", "(8, 4)")
        + """
        self.big = tf.Variable(np.random.default_rng(0).normal(size=(1000, 1000)).astype(np.float32))
"""
        + _SIGNATURE.replace("BODY", "y = x @ self.w"),
        "bytes",
    ),
    # 57, 58: ONNX
    _attack(
        58, "onnx", "no protobuf", "open('/work/out/model.onnx','wb').write(b'\\xff' * 99)", "no ONNX model"
    ),
    _attack(58, "onnx", "empty", "open('/work/out/model.onnx','wb').close()", "model.onnx"),
    _attack(
        57,
        "onnx",
        "weights in another file",
        _ONNX
        + """
far = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[8, 4], data_location=TensorProto.EXTERNAL)
far.external_data.add(key="location", value="../../../etc/passwd")
leave([product], [far])
""",
        "another file",
    ),
    _attack(
        57,
        "onnx",
        "operations of another domain",
        _ONNX
        + "leave([helper.make_node('Run', ['x'], ['y'], domain='mine')], opsets=(('', 17), ('mine', 1)))",
        "standard domain",
    ),
    _attack(
        58,
        "onnx",
        "a tensor of 2^40 numbers",
        _ONNX
        + """
shape = numpy_helper.from_array(np.array([2**20, 2**20], np.int64), "s")
nodes = [helper.make_node("ConstantOfShape", ["s"], ["c"]), helper.make_node("ReduceSum", ["c"], ["t"], keepdims=0),
         helper.make_node("MatMul", ["x", "w"], ["p"]), helper.make_node("Add", ["p", "t"], ["y"])]
leave(nodes, [w, shape])
""",
        "",
    ),
    _attack(58, "onnx", "sizes that lie", _ONNX + "w.dims[0] = 2**40\nleave([product])", "parameters"),
    _attack(
        58,
        "onnx",
        "another border",
        _ONNX + "leave([product], x=helper.make_tensor_value_info('x', TensorProto.FLOAT, ['n', 9]))",
        "model.onnx",
    ),
    _attack(
        58,
        "onnx",
        "endless loop",
        _ONNX
        + """
body = helper.make_graph(
    [helper.make_node("Identity", ["cond"], ["again"]), helper.make_node("Mul", ["v", "v"], ["next"])], "body",
    [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("cond", TensorProto.BOOL, []),
     helper.make_tensor_value_info("v", TensorProto.FLOAT, ["n", 4])],
    [helper.make_tensor_value_info("again", TensorProto.BOOL, []), helper.make_tensor_value_info("next", TensorProto.FLOAT, ["n", 4])])
most = numpy_helper.from_array(np.array(2**60, np.int64), "most")
true = numpy_helper.from_array(np.array(True), "true")
leave([helper.make_node("MatMul", ["x", "w"], ["p"]), helper.make_node("Loop", ["most", "true", "p"], ["y"], body=body)], [w, most, true])
""",
        "",
    ),
)
