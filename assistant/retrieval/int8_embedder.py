"""The embedder's network with 8-bit weights, run by ONNX Runtime: the same vectors, faster.

The network is written from the stored weights when it is loaded (a fraction of a second), so nothing is downloaded and
no second copy of the weights lies on disk. Matrices are kept as 8-bit numbers with one scale per :data:`BLOCK` inputs;
activations are rounded per row and block, so that a text's vector does not depend on the texts embedded beside it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import ModelUnavailable
from assistant.retrieval.embedders import (
    BUNDLED,
    MAX_THREADS,
    Done,
    Embedder,
    identity,
    local_folder,
    normalised,
    whole_words,
)
from assistant.retrieval.onnx_format import CONTRIBUTED, Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Weights that share one scale: fewer are more exact and slower.
BLOCK = 64
BATCH = 32


class Unsupported(ModelUnavailable):
    """The model is not one whose network is known here, or ONNX Runtime refuses it."""


class Int8Embedder(Embedder):
    """A sentence-transformers model of the BERT family with mean pooling, in 8 bits.

    Args:
        name: the bundled model's name, or a folder that holds a saved model.

    Raises:
        Unsupported: from any method that needs the network: another kind of model, or a name without a local folder.
        ModelUnavailable: the folder or the package is not there.
    """

    def __init__(self, name: str = BUNDLED) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._network: _Network | None = None
        self._id: str | None = None

    @property
    def id(self) -> str:
        if self._id is None:
            self._id = f"{identity(self.name)}+int8"
        return self._id

    @property
    def language(self) -> frozenset[str]:
        return whole_words(self.name)

    @property
    def dimension(self) -> int:
        return self._loaded().width

    def embed(self, texts: Sequence[str], done: Done | None = None) -> NDArray[np.float32]:
        network = self._loaded()
        tokens = [network.tokens(text) for text in texts]
        vectors = np.zeros((len(texts), network.width), dtype=np.float32)
        # sorted by length, a batch holds texts of about one length and little of it is padding
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i]), reverse=True)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            vectors[rows] = network.run([tokens[i] for i in rows])
            if done is not None:
                done(min(start + BATCH, len(order)), len(order))
        return normalised(vectors)

    def _loaded(self) -> _Network:
        with self._lock:
            if self._network is None:
                folder = local_folder(self.name)
                if folder is None:
                    raise Unsupported("Only a model in a local folder can be run in 8 bits", received=self.name)
                self._network = _Network(folder)
            return self._network


class _Network:
    """Tokenizer and session of one model folder."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        settings = _settings(folder)
        self.width = int(settings["hidden_size"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(settings["longest"])
        self._session = _session(network(_weights(folder), settings))

    def tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text).ids)

    def run(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Vectors [n, d], not normalised, of n token lists."""
        longest = max(len(t) for t in tokens)
        ids = np.zeros((len(tokens), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, given in enumerate(tokens):
            ids[row, : len(given)], mask[row, : len(given)] = given, 1
        return self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]  # type: ignore[no-any-return]


def _settings(folder: Path) -> dict[str, Any]:
    """The model's own description, with ``longest``: tokens a text may have.

    Raises:
        Unsupported: it is not BERT with mean pooling.
    """
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        pooling = next(m["path"] for m in modules if m["type"].endswith("Pooling"))
        pooled = json.loads((folder / pooling / "config.json").read_text(encoding="utf-8"))
        sentence = folder / "sentence_bert_config.json"
        limit = json.loads(sentence.read_text(encoding="utf-8")).get("max_seq_length") if sentence.exists() else None
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise Unsupported("This folder does not describe a model that can be run in 8 bits", received=folder,
                          hint="The full-precision path may still load it.") from error
    kinds = {m["type"].rpartition(".")[2] for m in modules}
    plain = kinds <= {"Transformer", "Pooling", "Normalize"} and (folder / "tokenizer.json").exists()
    mean = pooled.get("pooling_mode_mean_tokens") or pooled.get("pooling_mode") == "mean"
    bert = settings.get("model_type") == "bert" and settings.get("hidden_act") == "gelu"
    if not (plain and mean and bert and settings.get("position_embedding_type", "absolute") == "absolute"):
        raise Unsupported("Only models of the BERT family with mean pooling can be run in 8 bits",
                          received=settings.get("model_type"))
    return {**settings, "longest": int(limit or settings["max_position_embeddings"])}


def _weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        stored = load_file(str(folder / "model.safetensors"))
    except (OSError, SafetensorError) as error:
        raise Unsupported("The weights of the model cannot be read", received=error) from error
    return {name.removeprefix("bert."): array.astype(np.float32, copy=False) for name, array in stored.items()
            if array.dtype.kind == "f"}


def _session(model: bytes) -> Any:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as states

    options = onnxruntime.SessionOptions()
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    options.intra_op_num_threads = int(wanted) if wanted.isdigit() else min(MAX_THREADS, len(os.sched_getaffinity(0)))
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # waiting threads sleep: a chat that waits for its next question must not keep processors busy
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (states.Fail, states.InvalidGraph, states.NotImplemented, states.InvalidArgument) as error:
        raise Unsupported("ONNX Runtime cannot run the embedder in 8 bits here", received=error) from error


def quantised(weights: NDArray[np.float32], block: int = BLOCK) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A matrix [n, k] as 8-bit numbers [n, k/block, block] around 128 and their scales [n, k/block]."""
    rows, columns = weights.shape
    blocks = weights.reshape(rows, columns // block, block)
    scales = np.abs(blocks).max(axis=2) / 127
    scales[scales == 0] = 1.0
    rounded = np.round(blocks / scales[:, :, None]) + 128
    return rounded.clip(0, 255).astype(np.uint8), scales.astype(np.float32)


def network(weights: dict[str, NDArray[np.float32]], settings: dict[str, Any]) -> bytes:
    """BERT (Devlin et al. 2019) with mean pooling as an ONNX model: token ids and mask [n, t] in, vectors [n, d] out.

    Raises:
        Unsupported: a weight is absent, or a width is not a multiple of :data:`BLOCK`.
    """
    graph = Graph()
    graph.input("input_ids", "int64", ("texts", "tokens"))
    graph.input("attention_mask", "int64", ("texts", "tokens"))
    width = int(settings["hidden_size"])
    if width % BLOCK or int(settings["intermediate_size"]) % BLOCK:
        raise Unsupported("The widths of this model do not divide into blocks of weights", received=width)
    try:
        x = _embeddings(graph, weights, settings)
        graph.node("Cast", ["attention_mask"], "mask", to=6)
        for layer in range(int(settings["num_hidden_layers"])):
            x = _layer(graph, weights, settings, layer, x)
    except KeyError as error:
        raise Unsupported("A weight of the network is not stored", received=error.args[0]) from error
    graph.node("Cast", ["attention_mask"], "present", to=1)
    graph.node("Unsqueeze", ["present", graph.array("last", np.array([2]))], "present_column")
    graph.node("Mul", [x, "present_column"], "kept")
    graph.node("ReduceSum", ["kept", graph.array("tokens_axis", np.array([1]))], "vectors", keepdims=0)
    graph.output("vectors", "float32", ("texts", width))
    return graph.model()


def _norm(graph: Graph, weights: dict[str, NDArray[np.float32]], name: str) -> list[str]:
    return [graph.array(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias")]


def _embeddings(graph: Graph, weights: dict[str, NDArray[np.float32]], settings: dict[str, Any]) -> str:
    """Word and position embeddings, summed and normalised; every token is of the first type."""
    place = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    words = graph.array("words", weights["embeddings.word_embeddings.weight"])
    graph.node("Gather", [words, "input_ids"], "word")
    graph.node("Shape", ["input_ids"], "shape")
    first, second = graph.array("first", np.array([0])), graph.array("second", np.array([1]))
    graph.node("Gather", ["shape", second], "length")
    graph.node("Slice", [graph.array("places", place), first, "length", first], "place")
    graph.node("Add", ["word", "place"], "embedded")
    norm = _norm(graph, weights, "embeddings.LayerNorm")
    return graph.node("LayerNormalization", ["embedded", *norm], "layer_in", axis=-1,
                      epsilon=float(settings["layer_norm_eps"]))


def _linear(graph: Graph, weights: dict[str, NDArray[np.float32]], name: str, x: str) -> str:
    matrix = weights[f"{name}.weight"]
    numbers, scales = quantised(matrix)
    parts = [x, graph.array(f"{name}.q", numbers), graph.array(f"{name}.s", scales), "", "",
             graph.array(f"{name}.bias", weights[f"{name}.bias"])]
    return graph.node("MatMulNBits", parts, f"{name}.out", domain=CONTRIBUTED, K=matrix.shape[1], N=matrix.shape[0],
                      bits=8, block_size=BLOCK, accuracy_level=4)


def _layer(
    graph: Graph, weights: dict[str, NDArray[np.float32]], settings: dict[str, Any], layer: int, x: str
) -> str:
    at = f"encoder.layer.{layer}"
    epsilon = float(settings["layer_norm_eps"])
    asked = [_linear(graph, weights, f"{at}.attention.self.{part}", x) for part in ("query", "key", "value")]
    seen = graph.node("MultiHeadAttention", [*asked, "", "mask"], f"{at}.seen", domain=CONTRIBUTED,
                      num_heads=int(settings["num_attention_heads"]))
    out = _linear(graph, weights, f"{at}.attention.output.dense", seen)
    norm = _norm(graph, weights, f"{at}.attention.output.LayerNorm")
    middle = graph.node("SkipLayerNormalization", [out, x, *norm], f"{at}.middle", domain=CONTRIBUTED, epsilon=epsilon)
    wide = _linear(graph, weights, f"{at}.intermediate.dense", middle)
    wide = graph.node("Gelu", [wide], f"{at}.wide", domain=CONTRIBUTED)
    out = _linear(graph, weights, f"{at}.output.dense", wide)
    norm = _norm(graph, weights, f"{at}.output.LayerNorm")
    return graph.node("SkipLayerNormalization", [out, middle, *norm], f"{at}.end", domain=CONTRIBUTED, epsilon=epsilon)
