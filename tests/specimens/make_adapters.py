#!/usr/bin/env python3
"""Writes tiny LoRA adapters in adapters/ for models of make_models.py and, for each, what transformers computes in
float32 once PEFT has merged it (merge_and_unload).

    python tests/specimens/make_adapters.py

It needs torch, safetensors, transformers 5 and peft (made with 0.21.2). tests/unit/test_lora.c reads every folder that
adapters/list.tsv names:
    adapter_config.json, adapter_model.safetensors   as save_pretrained writes them
    expected.safetensors                             as make_models.py describes it, and
                                                     merged.MODULE [out, in], the change of a layer, B A times its scale
Each adapter, and its scale alone, moves the numbers by more than MOVES of make_models.py.
"""
import json
import shutil
import zlib
from pathlib import Path

import peft
import torch
from safetensors.torch import load_file, save_file

from make_models import MOVES, deviation, keep_expected, load, measure, sequences_of

HERE = Path(__file__).resolve().parent
OUT = HERE / "adapters"
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
GPT2 = dict(target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True)

# name, model, settings, dtype
ADAPTERS = [
    ("llama_all", "llama", dict(r=3, lora_alpha=7, target_modules=ALL), "float32"),
    ("llama_head", "llama", dict(r=2, lora_alpha=5, target_modules=["q_proj", "lm_head"]), "float32"),
    ("llama_bf16", "llama_bf16", dict(r=4, lora_alpha=6, target_modules=["q_proj", "v_proj"]), "bfloat16"),
    ("llama_f16_shards", "llama_f16_shards", dict(r=1, lora_alpha=2, target_modules="all-linear"), "float16"),
    ("mistral_rslora", "mistral", dict(r=4, lora_alpha=6, use_rslora=True, target_modules=ALL,
                                       layers_to_transform=[1]), "float32"),
    ("qwen2_patterns", "qwen2", dict(
        r=3, lora_alpha=6, target_modules=ALL, rank_pattern={"q_proj": 2, "layers.1.mlp.down_proj": 5},
        alpha_pattern={"v_proj": 2, "^model.layers.0.self_attn.q_proj": 9, "mlp.down_proj": 4}), "float32"),
    ("gemma3_all", "gemma3", dict(r=2, lora_alpha=4, target_modules="all-linear"), "float32"),
    ("gpt2_conv", "gpt2", dict(r=3, lora_alpha=5, **GPT2), "float32"),
    ("gpt2_openai", "gpt2_openai", dict(r=2, lora_alpha=5, **GPT2), "float32"),
    ("gpt_neox_qkv", "gpt_neox", dict(r=3, lora_alpha=5, target_modules=["query_key_value", "dense",
                                                                         "dense_h_to_4h", "dense_4h_to_h"]), "float32"),
]


def adapted(base, settings, seed):
    model = peft.get_peft_model(load(HERE / "models" / base), peft.LoraConfig(task_type="CAUSAL_LM", **settings))
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_" in name:
                p.copy_(torch.randn(p.shape, generator=g) * 0.25)
    return model.eval()


def save(name, model, base, dtype):
    path = OUT / name
    shutil.rmtree(path, ignore_errors=True)
    model.save_pretrained(path)
    (path / "README.md").unlink(missing_ok=True)
    tensors = {k: v.to(getattr(torch, dtype)) for k, v in load_file(path / "adapter_model.safetensors").items()}
    save_file(tensors, path / "adapter_model.safetensors", {"format": "pt"})
    settings = json.loads((path / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = f"tiny/{base}"
    settings["target_modules"] = sorted(settings["target_modules"])
    (path / "adapter_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    return path


def changes(model):
    """What merging adds to the layers of the first block and to the head, [out, in]."""
    out = {}
    for name, module in model.named_modules():
        if isinstance(module, peft.tuners.lora.LoraLayer) and (".1." in name or "lm_head" in name):
            delta = module.get_delta_weight("default")
            short = name.removeprefix("base_model.model.")
            out[f"merged.{short}"] = (delta.T if module.fan_in_fan_out else delta).detach().contiguous()
    return out


def main():
    table = []
    for name, base, settings, dtype in ADAPTERS:
        seed = zlib.crc32(name.encode())
        path = save(name, adapted(base, settings, seed), base, dtype)
        model = peft.PeftModel.from_pretrained(load(HERE / "models" / base), path).eval().float()
        deltas = changes(model)
        merged = model.merge_and_unload()
        sequences = sequences_of(name, merged.config.vocab_size, (1, 6, 14))
        expected, hooked, noise = keep_expected(path, name, merged, sequences, None)
        save_file({**load_file(path / "expected.safetensors"), **deltas}, path / "expected.safetensors")
        plain = deviation(measure(load(HERE / "models" / base), sequences, hooked), expected)
        other = peft.PeftModel.from_pretrained(load(HERE / "models" / base), path).eval().float()
        for module in other.modules():
            if isinstance(module, peft.tuners.lora.LoraLayer):
                module.scaling["default"] = 1.0
        unscaled = deviation(measure(other.merge_and_unload(), sequences, hooked), expected)
        table += [(name, "float32 rather than double", noise), (name, "adapter", plain), (name, "scale", unscaled)]
        assert min(plain, unscaled) > MOVES, table[-3:]
    (OUT / "list.tsv").write_text("".join(f"{name}\t{base}\n" for name, base, *_ in ADAPTERS))
    (OUT / "parts.tsv").write_text("".join(f"{n}\t{w}\t{by:.1e}\n" for n, w, by in table))
    print((OUT / "parts.tsv").read_text(), end="")


if __name__ == "__main__":
    main()
