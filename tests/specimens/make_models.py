#!/usr/bin/env python3
"""Writes tiny models of random weights in models/ and, for each, what transformers computes with it in float32.

    python tests/specimens/make_models.py [NAME ...]

It needs torch, safetensors and transformers 5 (made with 5.24). tests/unit/test_model.c reads every folder that
models/list.tsv names:
    config.json, model.safetensors   as save_pretrained writes them, or edited to an older spelling
    expected.safetensors             ids [tokens] and lengths [sequences] of some sequences, packed;
                                     blocks.L.hook_NAME [rows, d_model] and logits [rows, vocabulary];
                                     rows [rows], which packed rows these are, where they are not all

Weights are large enough that every part of a model counts. To show it, each part is left out once, by another
config or another module, and the numbers have to move by more than MOVES; models/parts.tsv is that table. A deviation
is the largest of a row, relative to the root mean square of the row.
"""
import contextlib
import copy
import json
import shutil
import sys
import zlib
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import nn

OUT = Path(__file__).resolve().parent / "models"
TOLERANCE = 1e-4  # of test_model.c
MOVES = 50 * TOLERANCE
NOISE = TOLERANCE / 5  # float32 against the same in double
LENGTHS = (1, 6, 14)
torch.set_num_threads(1)
transformers.logging.set_verbosity_error()

# where a family has its blocks, and the module whose output or input is a hook
LLAMA = dict(blocks="model.layers", attn_out="self_attn", resid_mid="post_attention_layernorm", mlp_out="mlp")
GEMMA = dict(blocks="model.layers", attn_out="post_attention_layernorm", resid_mid="pre_feedforward_layernorm",
             mlp_out="post_feedforward_layernorm")
GPT2 = dict(blocks="transformer.h", attn_out="attn", resid_mid="ln_2", mlp_out="mlp")
NEOX = dict(blocks="gpt_neox.layers", attn_out="attention", resid_mid="post_attention_layernorm", mlp_out="mlp")
PLACES = dict(llama=LLAMA, mistral=LLAMA, qwen2=LLAMA, qwen3=LLAMA, gemma2=GEMMA, gemma3_text=GEMMA, gpt2=GPT2,
              gpt_neox=NEOX)


# ---- running ------------------------------------------------------------------------------------------------------


def sequences_of(name, vocabulary, lengths):
    g = torch.Generator().manual_seed(zlib.crc32(name.encode()) + 1)
    ids = [torch.randint(0, vocabulary, (n,), generator=g) for n in lengths]
    ids[-1][0], ids[-1][1] = vocabulary - 1, 0
    return ids


def blocks_of(model):
    return model.get_submodule(PLACES[model.config.model_type]["blocks"])


def measure(model, sequences, hooked, rows=None):
    """What the hooks of block `hooked`, the stream after every block and the logits are, packed."""
    place = PLACES[model.config.model_type]
    parallel = getattr(model.config, "use_parallel_residual", False)
    got, handles = {}, []

    def keep(name, value):
        value = value[0] if isinstance(value, tuple) else value
        got.setdefault(name, []).append(value.detach().reshape(-1, value.shape[-1]))

    def output(module, name):
        handles.append(module.register_forward_hook(lambda m, args, out: keep(name, out)))

    def entry(module, name):
        handles.append(module.register_forward_pre_hook(
            lambda m, args, kwargs: keep(name, args[0] if args else kwargs["hidden_states"]), with_kwargs=True))

    for i, block in enumerate(blocks_of(model)):
        output(block, f"blocks.{i}.hook_resid_post")
        if i == hooked:
            entry(block, f"blocks.{i}.hook_resid_pre")
            output(block.get_submodule(place["attn_out"]), f"blocks.{i}.hook_attn_out")
            output(block.get_submodule(place["mlp_out"]), f"blocks.{i}.hook_mlp_out")
            if not parallel:
                entry(block.get_submodule(place["resid_mid"]), f"blocks.{i}.hook_resid_mid")
    with torch.no_grad():
        for ids in sequences:
            keep("logits", model(ids[None], use_cache=False).logits)
    for handle in handles:
        handle.remove()
    got = {name: torch.cat(parts) for name, parts in got.items()}
    if not parallel:
        b = f"blocks.{hooked}.hook_"
        assert torch.allclose(got[b + "resid_pre"] + got[b + "attn_out"], got[b + "resid_mid"], atol=1e-4)
        assert torch.allclose(got[b + "resid_mid"] + got[b + "mlp_out"], got[b + "resid_post"], atol=1e-4)
    return {name: value if rows is None else value[rows] for name, value in got.items()}


def deviation(found, expected):
    """The largest of all rows, relative to the row's root mean square."""
    worst = 0.0
    for name, e in expected.items():
        f, e = found[name].double(), e.double()
        rms = e.pow(2).mean(-1).sqrt()
        worst = max(worst, ((f - e).abs().amax(-1) / rms).max().item())
    return worst


# ---- random weights -----------------------------------------------------------------------------------------------


def fill(model, seed, gain):
    g = torch.Generator().manual_seed(seed)
    gemma = model.config.model_type.startswith("gemma")
    conv = model.config.model_type == "gpt2"
    with torch.no_grad():
        for name, p in model.named_parameters():
            x = torch.randn(p.shape, generator=g)
            if name.endswith("bias"):
                x *= 0.4
                if any(part in name for part in ("gate_proj", "c_fc", "dense_h_to_4h")):
                    x -= 3  # where the kinds of gelu differ most
                if any(part in name for part in ("down_proj", "mlp.c_proj", "dense_4h_to_h")):
                    x *= 0.1
            elif p.dim() == 1:  # a norm's weight
                x = torch.rand(p.shape, generator=g) * 1.2 + (-0.6 if gemma else 0.4)
            elif any(part in name for part in ("embed_tokens", "wte", "wpe", "embed_in")):
                x *= 0.3 if gemma else 0.7
            else:
                x *= gain / p.shape[0 if conv else 1] ** 0.5
                if any(part in name for part in ("q_proj", "k_proj", "c_attn", "query_key_value")):
                    x *= 1.5
                if any(part in name for part in ("mlp.c_proj", "dense_4h_to_h")):
                    x *= 2.5
                if gemma and "gate_proj" in name:
                    x[:, 0] = -1.0  # the same, by a dimension that is large in every token
            if gemma and "pre_feedforward_layernorm" in name:
                x[0] = 0.0
            if gemma and "embed_tokens" in name:
                x[:, 0] = 0.8
            p.copy_(x)


# ---- leaving a part out -------------------------------------------------------------------------------------------
# A part is a function (model) -> context: within it the model computes without the part. Models are copies.


def config_with(**changes):
    """The same weights under another config."""

    def leave(model):
        config = copy.deepcopy(model.config)
        for key, value in changes.items():
            if isinstance(value, dict) and isinstance(getattr(config, key), dict):
                value = {**getattr(config, key), **value}
            setattr(config, key, value)
        config._attn_implementation = "eager"
        other = type(model)(config).eval()
        other.load_state_dict(model.state_dict())
        return contextlib.nullcontext(other)

    return leave


def each(pattern, change):
    """Changes every parameter whose name contains one of the words of the pattern."""

    def leave(model):
        found = 0
        with torch.no_grad():
            for name, p in model.named_parameters():
                if any(part in name for part in pattern.split()):
                    p.copy_(change(p))
                    found += 1
        assert found, pattern
        return contextlib.nullcontext(model)

    return leave


def without_bias(pattern):
    return each(pattern, torch.zeros_like)


def ones(pattern):
    return each(pattern, torch.ones_like)


def skip(pattern):
    """The modules of that name hand on what they get."""

    def leave(model):
        found = [(m, n) for m in model.modules() for n, _ in m.named_children() if n in pattern.split()]
        assert found, pattern
        for m, n in found:
            setattr(m, n, nn.Identity())
        return contextlib.nullcontext(model)

    return leave


def patched(name, function):
    """A function of the family's module replaced."""

    @contextlib.contextmanager
    def leave(model):
        module = sys.modules[type(model).__module__]
        old = getattr(module, name)
        setattr(module, name, function)
        yield model
        setattr(module, name, old)

    return leave


def other_groups(x, n):  # key/value head h % kv_heads instead of h / group
    return x.repeat(1, n, 1, 1)


def rotate_pairs(x):  # (x0, x1), (x2, x3), ... turned together, instead of the two halves
    return torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)


def unscaled(model):
    model.get_input_embeddings().embed_scale.fill_(1.0)
    return contextlib.nullcontext(model)


def other_head(model):
    head = nn.Linear(model.config.hidden_size, model.config.vocab_size, bias=False)
    model.set_output_embeddings(head)
    return contextlib.nullcontext(model)


def embedding_as_head(model):
    model.get_output_embeddings().weight = model.get_input_embeddings().weight
    return contextlib.nullcontext(model)


def side_by_side(model):  # [3, heads, head_dim] instead of [heads, 3, head_dim]
    heads = model.config.num_attention_heads
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "query_key_value" in name:
                p.copy_(p.reshape(heads, 3, -1, *p.shape[1:]).transpose(0, 1).reshape(p.shape))
    return contextlib.nullcontext(model)


FULL = lambda n: config_with(layer_types=["full_attention"] * n)
ACT = {"silu": "gelu", "gelu": "gelu_new", "gelu_new": "gelu", "gelu_pytorch_tanh": "gelu", "relu": "gelu"}


def common_parts(model):
    """Those that a family always has."""
    c, family, parts = model.config, model.config.model_type, {}
    gemma, gpt2 = family.startswith("gemma"), family == "gpt2"
    act = next(k for k in ("hidden_activation", "hidden_act", "activation_function") if getattr(c, k, None))
    parts["activation " + getattr(c, act)] = config_with(**{act: ACT[getattr(c, act)]})
    eps = next(k for k in ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon") if hasattr(c, k))
    parts["epsilon of norms"] = config_with(**{eps: getattr(c, eps) / 5})
    weight = "ln_" if gpt2 else "norm"
    parts["weights of norms"] = each(weight, lambda p: torch.full_like(p, 0.0 if gemma else 1.0) if p.dim() else p)
    if gemma:
        parts["1 + w in norms"] = each("norm", lambda p: p - 1)
        parts["norms after attention"] = skip("post_attention_layernorm")
        parts["norms after the MLP"] = skip("post_feedforward_layernorm")
        parts["embedding times sqrt(d)"] = unscaled
        parts["query_pre_attn_scalar"] = config_with(query_pre_attn_scalar=c.head_dim)
    parts["final norm"] = skip("ln_f" if gpt2 else "final_layer_norm" if family == "gpt_neox" else "norm")
    if gpt2:
        parts["learned positions"] = each("wpe", torch.zeros_like)
        parts["Conv1D [in, out]"] = each("attn.c_proj.weight", lambda p: p.T.clone())
    else:
        parts["rotary halves"] = patched("rotate_half", rotate_pairs)
        parts["rotary at all"] = patched("rotate_half", torch.zeros_like)
    if getattr(c, "num_key_value_heads", c.num_attention_heads) not in (1, c.num_attention_heads):
        parts["grouped heads"] = patched("repeat_kv", other_groups)
    if family == "gpt_neox":
        parts["q, k, v by head"] = side_by_side
        parts["partial rotary"] = config_with(rope_parameters={"partial_rotary_factor": 1.0})
        parts["parallel residual"] = config_with(use_parallel_residual=not c.use_parallel_residual)
    if family in ("qwen3", "gemma3_text"):
        parts["norm of q"] = skip("q_norm")
        parts["norm of k"] = skip("k_norm")
    named = [n for n, _ in model.named_parameters() if n.endswith("bias")]
    for part in ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "c_attn", "attn.c_proj",
                 "c_fc", "mlp.c_proj", "query_key_value", "attention.dense", "dense_h_to_4h", "dense_4h_to_h", "norm",
                 "ln_1", "ln_2", "ln_f"):
        # a key's bias adds the same to all scores of a query, unless positions turn it
        if any(part in n for n in named):
            parts[f"bias of {part}"] = each_bias(part)
    parts["tied head" if c.tie_word_embeddings else "head of its own"] = \
        other_head if c.tie_word_embeddings else embedding_as_head
    return parts


def each_bias(part):
    def leave(model):
        with torch.no_grad():
            for name, p in model.named_parameters():
                if name.endswith("bias") and part in name:
                    p.zero_()
        return contextlib.nullcontext(model)

    return leave


# ---- specimens ----------------------------------------------------------------------------------------------------

SIZES = dict(vocab_size=29, hidden_size=12, intermediate_size=18, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=64, rms_norm_eps=3e-2, pad_token_id=None, bos_token_id=1, eos_token_id=2)
THETA = {"rope_type": "default", "rope_theta": 100.0}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 40}
GEMMA2 = dict(SIZES, num_hidden_layers=3, num_key_value_heads=2, head_dim=4, query_pre_attn_scalar=11,
              sliding_window=5, attn_logit_softcapping=3.0, final_logit_softcapping=2.5,
              hidden_activation="gelu_pytorch_tanh", rope_parameters=THETA)
GEMMA3 = dict(SIZES, num_hidden_layers=3, num_key_value_heads=2, head_dim=4, query_pre_attn_scalar=2,
              sliding_window=5, hidden_activation="gelu_pytorch_tanh",
              layer_types=["sliding_attention", "full_attention", "sliding_attention"],
              rope_parameters={"full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 300.0},
                               "sliding_attention": {"rope_type": "default", "rope_theta": 20.0}})
GPT = dict(vocab_size=29, n_positions=40, n_embd=12, n_layer=2, n_head=3, n_inner=18, layer_norm_epsilon=3e-2,
           activation_function="gelu_new", bos_token_id=1, eos_token_id=2)
PYTHIA = dict(vocab_size=29, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2,
              max_position_embeddings=64, layer_norm_eps=3e-2, hidden_act="gelu", bos_token_id=1, eos_token_id=2,
              rope_parameters={"rope_type": "default", "rope_theta": 100.0, "partial_rotary_factor": 0.5})


def older(kind="rope_type", drop=()):
    """Edits a config to the spelling of transformers 4."""

    def edit(config, tensors):
        rope = config.pop("rope_parameters")
        if "full_attention" in rope:
            config["rope_theta"] = rope["full_attention"].pop("rope_theta")
            config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
            rope = rope["full_attention"]
        elif config["model_type"] == "gpt_neox":
            config["rotary_emb_base"], config["rotary_pct"] = rope.pop("rope_theta"), rope.pop("partial_rotary_factor")
        else:
            config["rope_theta"] = rope.pop("rope_theta")
        name = rope.pop("rope_type")
        config["rope_scaling"] = None if name == "default" else {kind: name, **rope}
        config["torch_dtype"] = config.pop("dtype")
        for key in drop:
            del config[key]

    return edit


def pythia_masks(config, tensors):
    """What Pythia's checkpoints have beside weights."""
    older()(config, tensors)
    for i in range(config["num_hidden_layers"]):
        prefix = f"gpt_neox.layers.{i}.attention."
        tensors[prefix + "bias"] = torch.tril(torch.ones(1, 1, 8, 8, dtype=torch.uint8))
        tensors[prefix + "masked_bias"] = torch.tensor(-1e9)
        tensors[prefix + "rotary_emb.inv_freq"] = torch.tensor([1.0, 0.1])


def openai_names(config, tensors):
    """As openai-community/gpt2: no prefix, and a mask in each block."""
    for key in list(tensors):
        tensors[key.removeprefix("transformer.")] = tensors.pop(key)
    for i in range(config["n_layer"]):
        tensors[f"h.{i}.attn.bias"] = torch.tril(torch.ones(1, 1, 8, 8))
    config["architectures"] = ["GPT2LMHeadModel"]


def bare_names(config, tensors):
    """As saved from the model without its head."""
    for key in list(tensors):
        tensors[key.removeprefix("model.")] = tensors.pop(key)


class Specimen:
    def __init__(self, name, family, config, parts=None, dtype="float32", edit=None, shard=None, lengths=LENGTHS,
                 rows=None, gain=1.3, quick=False):
        self.__dict__.update(name=name, family=family, config=config, parts=parts or {}, dtype=dtype, edit=edit,
                             shard=shard, lengths=lengths, rows=rows, gain=gain, quick=quick)


def llama(name, parts=None, **rest):
    keys = ("dtype", "edit", "shard", "lengths", "rows", "gain", "quick")
    return Specimen(name, "llama", dict(SIZES, rope_parameters=THETA) | {k: v for k, v in rest.items() if k not in keys},
                    parts, **{k: v for k, v in rest.items() if k in keys})


THETA_PART = {"rope_theta": config_with(rope_parameters={"rope_theta": 10000.0})}
DEFAULT_ROPE = {"rope scaling": config_with(rope_parameters=THETA)}
LONG = (330, 1, 140)
LONG_ROWS = [0, 1, 62, 63, 64, 65, 99, 100, 101, 127, 128, 129, 191, 192, 255, 256, 257, 299, 300, 319, 320, 328, 329,
             330, 331, 332, 394, 395, 396, 458, 459, 460, 469, 470]
SMALL = dict(vocab_size=29, hidden_size=16, intermediate_size=20, max_position_embeddings=400)

SPECIMENS = [
    llama("llama", dict(THETA_PART), num_key_value_heads=2, head_dim=4),
    llama("llama_bf16", num_key_value_heads=2, tie_word_embeddings=True, hidden_size=16, dtype="bfloat16"),
    llama("llama_f16_shards", num_key_value_heads=1, hidden_size=16, dtype="float16", shard="2KB"),
    llama("llama_biases", attention_bias=True, mlp_bias=True, num_attention_heads=3, hidden_act="gelu_pytorch_tanh"),
    llama("llama_llama3", dict(DEFAULT_ROPE, **{
        "smooth part of llama3": config_with(rope_parameters={"low_freq_factor": 3.999}),
        "llama3 rather than linear": config_with(rope_parameters={"rope_type": "linear"})}),
        num_key_value_heads=2, head_dim=8, rope_parameters=LLAMA3, lengths=(1, 6, 18)),
    llama("llama_llama3_older", dict(DEFAULT_ROPE), num_key_value_heads=2, head_dim=8, rope_parameters=LLAMA3,
          edit=older(), tie_word_embeddings=True, dtype="bfloat16"),
    llama("llama_linear_older", dict(DEFAULT_ROPE), hidden_size=16, edit=older("type"),
          rope_parameters={"rope_type": "linear", "rope_theta": 100.0, "factor": 3.0}),
    llama("llama_oldest", hidden_size=16, rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
          edit=older(drop=["rope_theta", "rope_scaling", "head_dim", "num_key_value_heads", "attention_bias",
                           "mlp_bias", "tie_word_embeddings", "attention_dropout"])),
    llama("llama_relu", hidden_size=16, hidden_act="relu", num_key_value_heads=2, edit=bare_names,
          tie_word_embeddings=True),
    llama("llama_wide_head", num_attention_heads=2, num_key_value_heads=1, head_dim=44, lengths=(3, 9)),
    llama("llama_long", **SMALL, num_attention_heads=2, num_key_value_heads=1, lengths=LONG, rows=LONG_ROWS,
          rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, gain=1.0, quick=True),
    Specimen("mistral", "mistral", dict(SIZES, num_key_value_heads=2, head_dim=4, sliding_window=5,
                                        rope_parameters=THETA), dict(THETA_PART, window=config_with(sliding_window=None),
                                                                     **{"window of 5, not 6": config_with(sliding_window=6)})),
    Specimen("mistral_older", "mistral", dict(SIZES, hidden_size=16, num_key_value_heads=2, sliding_window=None,
                                              rope_parameters=THETA), dtype="bfloat16", edit=older(), shard="2KB"),
    Specimen("mistral_long", "mistral", dict(SIZES, **SMALL, num_attention_heads=2, num_key_value_heads=1,
                                             sliding_window=100, rope_parameters=THETA), {
        "window": config_with(sliding_window=None), "window of 100, not 101": config_with(sliding_window=101)},
        lengths=LONG, rows=LONG_ROWS, gain=1.0, quick=True),
    Specimen("qwen2", "qwen2", dict(SIZES, hidden_size=16, num_key_value_heads=2, tie_word_embeddings=True,
                                    rope_parameters=THETA), dict(THETA_PART), dtype="bfloat16"),
    Specimen("qwen2_window_older", "qwen2", dict(SIZES, hidden_size=16, num_key_value_heads=2, use_sliding_window=True,
                                                 sliding_window=5, max_window_layers=1, rope_parameters=THETA), {
        "window": FULL(2), "window of the last block only": config_with(layer_types=["sliding_attention"] * 2)},
        edit=older(drop=["layer_types"])),
    Specimen("qwen2_no_window_older", "qwen2", dict(SIZES, hidden_size=16, num_key_value_heads=2,
                                                    rope_parameters=THETA), {
        "use_sliding_window": config_with(sliding_window=5, layer_types=["sliding_attention"] * 2)},
        edit=lambda c, t: (older(drop=["layer_types"])(c, t), c.update(sliding_window=5, max_window_layers=0))),
    Specimen("qwen3", "qwen3", dict(SIZES, num_key_value_heads=2, head_dim=4, tie_word_embeddings=True,
                                    rope_parameters=THETA), dict(THETA_PART)),
    Specimen("qwen3_biases_older", "qwen3", dict(SIZES, num_key_value_heads=2, head_dim=4, attention_bias=True,
                                                 rope_parameters=THETA), dtype="bfloat16", edit=older()),
    Specimen("gemma2", "gemma2", GEMMA2, dict(THETA_PART, window=FULL(3), **{
        "softcap of attention": config_with(attn_logit_softcapping=None),
        "softcap of logits": config_with(final_logit_softcapping=None),
        "alternating layers": config_with(layer_types=["full_attention", "sliding_attention", "full_attention"])})),
    Specimen("gemma2_older", "gemma2", dict(GEMMA2, sliding_window=4), {"window": FULL(3)}, dtype="bfloat16",
             edit=older(drop=["layer_types"])),
    Specimen("gemma2_long", "gemma2", dict(GEMMA2, **SMALL, num_hidden_layers=2, num_attention_heads=2,
                                           num_key_value_heads=1, sliding_window=70), {
        "window": FULL(2), "window of 70, not 71": config_with(sliding_window=71)},
        lengths=LONG, rows=LONG_ROWS, gain=1.0, quick=True),
    Specimen("gemma3", "gemma3_text", GEMMA3, {
        "window": FULL(3),
        "theta of full layers": config_with(rope_parameters={"full_attention": {
            "rope_type": "linear", "factor": 4.0, "rope_theta": 20.0}}),
        "theta of sliding layers": config_with(rope_parameters={"sliding_attention": {
            "rope_type": "default", "rope_theta": 300.0}}),
        "linear scaling of full layers": config_with(rope_parameters={"full_attention": {
            "rope_type": "default", "rope_theta": 300.0}}),
        "linear scaling of full layers only": config_with(rope_parameters={"sliding_attention": {
            "rope_type": "linear", "factor": 4.0, "rope_theta": 20.0}})}),
    Specimen("gemma3_older", "gemma3_text", dict(GEMMA3), {"window": FULL(3)}, dtype="bfloat16",
             edit=lambda c, t: (older(drop=["layer_types"])(c, t), c.update(sliding_window_pattern=2))),
    Specimen("gpt2", "gpt2", GPT),
    Specimen("gpt2_openai", "gpt2", dict(GPT, n_inner=None, n_embd=8, n_head=2), edit=openai_names),
    Specimen("gpt2_by_layer", "gpt2", dict(GPT, scale_attn_by_inverse_layer_idx=True, activation_function="gelu"), {
        "scale_attn_by_inverse_layer_idx": config_with(scale_attn_by_inverse_layer_idx=False)}),
    Specimen("gpt_neox", "gpt_neox", PYTHIA, dict(THETA_PART)),
    Specimen("gpt_neox_sequential", "gpt_neox", dict(PYTHIA, use_parallel_residual=False)),
    Specimen("gpt_neox_pythia", "gpt_neox", PYTHIA, dict(THETA_PART), dtype="float16", edit=pythia_masks),
    Specimen("gpt_neox_no_bias", "gpt_neox", dict(PYTHIA, attention_bias=False, tie_word_embeddings=True)),
]


# ---- writing ------------------------------------------------------------------------------------------------------


def make(spec):
    path = OUT / spec.name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    config = transformers.AutoConfig.for_model(spec.family, **spec.config)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    fill(model, zlib.crc32(spec.name.encode()), spec.gain)
    model.to(getattr(torch, spec.dtype)).save_pretrained(path, max_shard_size=spec.shard or "1GB")
    (path / "generation_config.json").unlink(missing_ok=True)
    if spec.edit:
        settings = json.loads((path / "config.json").read_text())
        if spec.shard:
            spec.edit(settings, {})
        else:
            tensors = load_file(path / "model.safetensors")
            spec.edit(settings, tensors)
            save_file(tensors, path / "model.safetensors", {"format": "pt"})
        (path / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
    files = len(list(path.glob("*.safetensors")))
    assert (files > 1) == bool(spec.shard), f"{spec.name}: {files} files of weights"
    return path


def load(path):
    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager")
    return model.eval()


def keep_expected(path, name, model, sequences, rows):
    hooked = len(blocks_of(model)) // 2
    expected = measure(model, sequences, hooked, rows)
    noise = deviation(measure(copy.deepcopy(model).double(), sequences, hooked, rows), expected)
    assert noise < NOISE, (name, noise)
    out = {k: v.contiguous() for k, v in expected.items()}
    out["ids"] = torch.cat(sequences).to(torch.int32)
    out["lengths"] = torch.tensor([len(s) for s in sequences], dtype=torch.int32)
    if rows is not None:
        out["rows"] = torch.tensor(rows, dtype=torch.int32)
    save_file(out, path / "expected.safetensors")
    return expected, hooked, noise


def without(part, model, sequences, hooked, rows):
    with part(copy.deepcopy(model)) as other:
        other.config._attn_implementation = "eager"
        return measure(other.eval(), sequences, hooked, rows)


def moves(spec, model, sequences, expected, hooked):
    parts = dict({} if spec.quick else common_parts(model), **spec.parts)
    table = []
    for what, part in parts.items():
        found = without(part, model, sequences, hooked, spec.rows)
        found = {k: found[k] for k in expected if k in found}
        table.append((spec.name, what, deviation(found, {k: expected[k] for k in found})))
    return table


def main(names):
    table = []
    for spec in SPECIMENS:
        if names and spec.name not in names:
            continue
        path = make(spec)
        model = load(path)
        sequences = sequences_of(spec.name, model.config.vocab_size, spec.lengths)
        expected, hooked, noise = keep_expected(path, spec.name, model, sequences, spec.rows)
        rows = moves(spec, model, sequences, expected, hooked)
        table += [(spec.name, "float32 rather than double", noise)] + rows
        size = sum(f.stat().st_size for f in path.iterdir())
        print(f"{spec.name}: {size / 1000:.0f} kB, float32 within {noise:.1e} of double", flush=True)
        for _, what, by in rows:
            print(f"    without {what:<38} {by:9.2g}{'' if by > MOVES else '   TOO LITTLE'}", flush=True)
    little = [row for row in table if row[2] <= MOVES and not row[1].startswith("float32")]
    if not names:
        (OUT / "list.tsv").write_text("".join(f"{s.name}\t{s.family}\n" for s in SPECIMENS))
        (OUT / "parts.tsv").write_text("".join(f"{n}\t{w}\t{by:.1e}\n" for n, w, by in table))
    assert not little, f"parts that move the numbers by too little: {little}"


if __name__ == "__main__":
    main(sys.argv[1:])
