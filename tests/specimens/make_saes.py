#!/usr/bin/env python3
"""Writes the small SAEs in sae/ and, for each, what its own library makes of the residuals in sae/x.npy.

    SAELENS5=DIR OPENMOSS=DIR OPENMOSS_OLD=DIR python tests/specimens/make_saes.py

It needs torch, numpy, safetensors and, from PyPI:
    sae-lens 6.18.0          SAELens 6; its reader of Gemma Scope's files
    dictionary-learning 0.1.0
    eai-sparsify 1.3.3
and beside them, as unpacked sources that are imported without their package's __init__:
    SAELENS5       the wheel sae-lens 5.11.0
    OPENMOSS       OpenMOSS/Language-Model-SAEs at 95281ac, directory src   (config.json)
    OPENMOSS_OLD   the same at f03b365, directory src                       (hyperparams.json)
A family whose library is missing is left as it is. One thing follows a formula instead of a library,
as none is published: Qwen-Scope's TopK (relu(x W_enc^T + b_enc), the k largest).

Every file here is read by tests/unit/test_sae.c: sae/NAME/ is the SAE, sae/NAME.h.npz the latents.
"""
import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import torch

OUT = Path(__file__).resolve().parent / "sae"
D, F, N, K = 8, 24, 32, 5
SEED = 20260303


def residuals():
    """Residuals with a mean, as real ones have."""
    rng = np.random.default_rng(SEED)
    return (rng.normal(size=(N, D)) * 2.0 + rng.normal(size=D)).astype(np.float32)


def weights(unit=False):
    """One set of weights for all families, so that those which mean the same give the same latents."""
    rng = np.random.default_rng(SEED + 1)
    W_dec = rng.normal(size=(F, D)) * rng.uniform(0.5, 1.5, size=(F, 1))
    if unit:
        W_dec /= np.linalg.norm(W_dec, axis=1, keepdims=True)
    w = {
        "W_enc": rng.normal(size=(D, F)) * 0.4,
        "b_enc": rng.normal(size=F) * 0.3,
        "W_dec": W_dec,
        "b_dec": rng.normal(size=D) * 0.5,
        "threshold": rng.uniform(0.1, 0.8, size=F),
        "b_gate": rng.normal(size=F) * 0.3,
        "b_mag": rng.normal(size=F) * 0.3,
        "r_mag": rng.normal(size=F) * 0.3,
    }
    return {k: torch.tensor(v, dtype=torch.float32) for k, v in w.items()}


X = torch.tensor(residuals())


def fresh(name):
    path = OUT / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def keep(name, h):
    h = h.detach().to_dense().float().numpy()
    assert h.shape == (N, F) and np.isfinite(h).all()
    share = (h != 0).mean()
    assert 0.02 < share < 0.98, (name, share)
    np.savez_compressed(OUT / f"{name}.h.npz", h=np.ascontiguousarray(h, dtype=np.float32))
    print(f"{name}: {share:.0%} of latents are not 0")


def set_weights(module, names=None, unit=False):
    w = weights(unit)
    with torch.no_grad():
        for key, parameter in dict(list(module.named_parameters()) + list(module.named_buffers())).items():
            source = (names or {}).get(key, key)
            if source is None:
                continue
            value = w[source]
            if value.shape != parameter.shape:
                value = value.T
            assert value.shape == parameter.shape, key
            parameter.copy_(value)


def edit(path, **changes):
    settings = json.loads(path.read_text())
    settings.update(changes)
    path.write_text(json.dumps({k: v for k, v in settings.items() if v != "DELETE"}))


# ---- SAELens 6


def saelens6():
    import sae_lens
    from sae_lens import SAE
    from sae_lens.loading.pretrained_sae_loaders import gemma_2_sae_huggingface_loader

    classes = {
        "standard": (sae_lens.StandardSAE, sae_lens.StandardSAEConfig),
        "topk": (sae_lens.TopKSAE, sae_lens.TopKSAEConfig),
        "jumprelu": (sae_lens.JumpReLUSAE, sae_lens.JumpReLUSAEConfig),
        "gated": (sae_lens.GatedSAE, sae_lens.GatedSAEConfig),
    }

    meta = lambda: sae_lens.saes.sae.SAEMetadata(model_name="tiny", hook_name="blocks.1.hook_resid_post")

    def inference(name, architecture, **settings):
        make, config = classes[architecture]
        sae = make(config(d_in=D, d_sae=F, metadata=meta(), **settings))
        set_weights(sae)
        sae.save_model(fresh(name))
        keep(name, SAE.load_from_disk(OUT / name).encode(X))

    inference("saelens6_standard", "standard")
    inference("saelens6_no_b_dec", "standard", apply_b_dec_to_input=False)
    inference("saelens6_constant_norm", "standard", normalize_activations="constant_norm_rescale")
    inference("saelens6_layer_norm", "standard", normalize_activations="layer_norm")
    inference("saelens6_average_folded", "standard", normalize_activations="expected_average_only_in")
    inference("saelens6_topk", "topk", k=K)
    inference("saelens6_topk_rescaled", "topk", k=K, rescale_acts_by_decoder_norm=True)
    inference("saelens6_jumprelu", "jumprelu")
    inference("saelens6_gated", "gated")

    # weights and settings say bfloat16; what they mean in single precision
    sae = classes["standard"][0](classes["standard"][1](d_in=D, d_sae=F, dtype="bfloat16", metadata=meta()))
    set_weights(sae)
    sae.save_model(fresh("saelens6_bf16"))
    keep("saelens6_bf16", SAE.load_from_disk(OUT / "saelens6_bf16", dtype="float32").encode(X))

    def checkpoint(name, make, config, final=None, **settings):
        """A training checkpoint, and what the inference model that training ends with gives."""
        sae = make(config(d_in=D, d_sae=F, metadata=meta(), **settings))
        set_weights(sae, {"topk_threshold": None, "log_threshold": None})
        if hasattr(sae, "topk_threshold"):
            sae.topk_threshold.fill_(1.1)
        sae.save_model(fresh(name))
        if settings.get("normalize_activations") == "expected_average_only_in":
            (OUT / name / "activation_scaler.json").write_text(json.dumps({"scaling_factor": 0.375}))
            sae.fold_activation_norm_scaling_factor(0.375)
        path = fresh(final or "scratch")
        sae.save_inference_model(path)
        h = SAE.load_from_disk(path).encode(X)
        keep(name, h)
        if final:
            keep(final, h)
        else:
            shutil.rmtree(path)

    checkpoint("saelens6_batchtopk_checkpoint", sae_lens.BatchTopKTrainingSAE, sae_lens.BatchTopKTrainingSAEConfig,
               final="saelens6_batchtopk", k=K)
    checkpoint("saelens6_matryoshka_checkpoint", sae_lens.MatryoshkaBatchTopKTrainingSAE,
               sae_lens.MatryoshkaBatchTopKTrainingSAEConfig, k=K, matryoshka_widths=[8, 24])
    checkpoint("saelens6_average_checkpoint", sae_lens.StandardTrainingSAE, sae_lens.StandardTrainingSAEConfig,
               normalize_activations="expected_average_only_in")

    # Gemma Scope, read by SAELens's own reader of it
    w = {k: v.numpy() for k, v in weights().items() if k in ("W_enc", "W_dec", "b_enc", "b_dec", "threshold")}
    np.savez(fresh("gemma_scope_npz") / "params.npz", **w)
    lower = {k.lower(): v for k, v in w.items()}
    np.savez_compressed(fresh("gemma_scope_packed") / "params.npz", **lower)
    from safetensors.numpy import save_file

    save_file(lower, fresh("gemma_scope_2") / "params.safetensors")
    import sae_lens.loading.pretrained_sae_loaders as loaders

    loaders.hf_hub_download = lambda **kw: str(OUT / "gemma_scope_npz" / "params.npz")
    cfg, state, _ = gemma_2_sae_huggingface_loader(
        "google/gemma-scope-2b-pt-res", "layer_1/width_16k/average_l0_20", cfg_overrides={"d_in": D, "d_sae": F})
    sae = SAE.from_dict(loaders.handle_config_defaulting(cfg))
    sae.load_state_dict(state)
    for name in ("gemma_scope_npz", "gemma_scope_packed", "gemma_scope_2"):
        keep(name, sae.encode(X))


# ---- SAELens 5 (in a process of its own, as the package has the same name)


def package(name, path):
    """A package whose __init__ is not run."""
    module = types.ModuleType(name)
    module.__path__ = [str(path)]
    sys.modules[name] = module
    return module


def saelens5():
    root = Path(os.environ["SAELENS5"]) / "sae_lens"
    package("sae_lens", root).__version__ = "5.11.0"
    logger = __import__("logging").getLogger("sae_lens")
    sys.modules["sae_lens"].logger = logger
    from sae_lens.sae import SAE, SAEConfig

    def write(name, arch, activation="relu", kwargs=None, normalize="none", after=None, **changes):
        sae = SAE(SAEConfig(
            architecture=arch, d_in=D, d_sae=F, activation_fn_str=activation, activation_fn_kwargs=kwargs or {},
            apply_b_dec_to_input=True, finetuning_scaling_factor=False, context_size=8, model_name="tiny",
            hook_name="blocks.1.hook_resid_post", hook_layer=1, hook_head_index=None, prepend_bos=True,
            dataset_path="none", dataset_trust_remote_code=True, normalize_activations=normalize, dtype="float32",
            device="cpu", sae_lens_training_version="5.11.0"))
        set_weights(sae)
        sae.save_model(fresh(name))
        if changes:
            edit(OUT / name / "cfg.json", **changes)
        if after:
            after(OUT / name)
        keep(name, SAE.load_from_disk(str(OUT / name)).encode(X))

    def add_ones(path):
        from safetensors.torch import load_file, save_file

        state = load_file(path / "sae_weights.safetensors")
        save_file({**state, "scaling_factor": torch.ones(F)}, path / "sae_weights.safetensors")

    write("saelens5_standard", "standard")
    # as the oldest: no architecture, a bool for the norm, old names of keys, factors of one
    write("saelens5_oldest", "standard", architecture="DELETE", normalize_activations=True,
          hook_point="blocks.1.hook_resid_post", hook_name="DELETE", activation_fn="relu", activation_fn_str="DELETE",
          after=add_ones)
    write("saelens5_tanh_relu", "standard", "tanh-relu")
    write("saelens5_topk_as_standard", "standard", "topk", {"k": K})
    write("saelens5_topk", "topk", "topk", {"k": K}, dtype="torch.float32")
    write("saelens5_jumprelu", "jumprelu")
    write("saelens5_gated", "gated", normalize="constant_norm_rescale")


# ---- sparsify


def sparsify():
    from sparsify import SparseCoder, SparseCoderConfig

    names = {"encoder.weight": "W_enc", "encoder.bias": "b_enc"}

    def write(name, dtype=torch.float32, latents=F, **settings):
        cfg = SparseCoderConfig(num_latents=latents, expansion_factor=F // D, k=K, **settings)
        coder = SparseCoder(D, cfg, dtype=dtype)
        set_weights(coder, names)
        coder.save_to_disk(fresh(name))
        coder = SparseCoder.load_from_disk(OUT / name).float()
        top = coder.encode(X)
        keep(name, torch.zeros(N, F).scatter(-1, top.top_indices, top.top_acts))

    write("sparsify_topk")
    write("sparsify_bf16", dtype=torch.bfloat16, latents=0)
    edit(OUT / "sparsify_topk" / "cfg.json", signed=False, an_unknown_key=[1, 2])


# ---- dictionary_learning


def dictionary_learning():
    from dictionary_learning import dictionary as dl
    from dictionary_learning.trainers.batch_top_k import BatchTopKSAE
    from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKSAE
    from dictionary_learning.trainers.top_k import AutoEncoderTopK

    linear = {"encoder.weight": "W_enc", "encoder.bias": "b_enc", "decoder.weight": "W_dec", "decoder.bias": "b_dec",
              "bias": "b_dec", "decoder_bias": "b_dec", "gate_bias": "b_gate", "mag_bias": "b_mag", "k": None,
              "group_sizes": None}

    def config(path, ae, **more):
        trainer = {"dict_class": type(ae).__name__, "activation_dim": D, "dict_size": F, "lr": 5e-5, "layer": 1,
                   "lm_name": "tiny", **more}
        (path / "config.json").write_text(json.dumps({"trainer": trainer, "buffer": {"ctx_len": 8}}))

    def write(name, ae, load=None, unit=False, one_threshold=False, more=None, with_config=True):
        names = dict(linear)
        if one_threshold:
            names["threshold"] = None
        set_weights(ae, names, unit)
        if one_threshold:
            ae.threshold.fill_(1.1)
        path = fresh(name)
        torch.save(ae.state_dict(), path / "ae.pt")
        if with_config:
            config(path, ae, **(more or {}))
        loaded = (load or type(ae)).from_pretrained(path / "ae.pt")
        keep(name, loaded.encode(X))
        return ae

    write("dl_autoencoder", dl.AutoEncoder(D, F))  # from_pretrained folds the decoder's norms
    write("dl_autoencoder_unit", dl.AutoEncoder(D, F), unit=True, with_config=False)
    write("dl_autoencoder_new", dl.AutoEncoderNew(D, F))
    write("dl_gated", dl.GatedAutoEncoder(D, F), with_config=False)
    write("dl_jumprelu", dl.JumpReluAutoEncoder(D, F), with_config=False)
    write("dl_topk", AutoEncoderTopK(D, F, K), one_threshold=True, more={"k": K})
    ae = write("dl_batchtopk", BatchTopKSAE(D, F, K), one_threshold=True, more={"k": K})
    write("dl_matryoshka", MatryoshkaBatchTopKSAE(D, F, K, [8, 16]), one_threshold=True)

    # a backup that an interrupted run left: the weights under "ae", biases still divided by norm_factor
    path = fresh("dl_backup")
    ae.scale_biases(1 / 2.5)
    optimizer = torch.optim.Adam([ae.b_dec], lr=1e-3)
    torch.save({"step": 7, "ae": ae.state_dict(), "optimizer": optimizer.state_dict(),
                "config": {"dict_class": "BatchTopKSAE"}, "norm_factor": 2.5}, path / "ae.pt")
    config(path, ae, k=K, norm_factor=2.5)
    ae.scale_biases(2.5)
    keep("dl_backup", ae.encode(X))

    # checkpoints/ae_STEP.pt, with config.json one directory up
    path = fresh("dl_checkpoint")
    config(path, ae, k=K)
    (path / "checkpoints").mkdir()
    torch.save(ae.state_dict(), path / "checkpoints" / "ae_100.pt")
    keep("dl_checkpoint", ae.encode(X))

    # to be refused: the threshold was never learned
    path = fresh("refused_dl_batchtopk")
    ae.threshold.fill_(-1)
    torch.save(ae.state_dict(), path / "ae.pt")
    config(path, ae, k=K)


# ---- OpenMOSS


def openmoss():
    package("llamascopium", Path(os.environ["OPENMOSS"]) / "llamascopium")
    from llamascopium.models.sae import SAEConfig, SparseAutoEncoder

    hook = "blocks.1.hook_resid_post"
    names = {"W_E": "W_enc", "b_E": "b_enc", "W_D": "W_dec", "b_D": "b_dec",
             "activation_function.log_jumprelu_threshold": "threshold"}

    def write(name, file="sae_weights.safetensors", **settings):
        cfg = SAEConfig(hook_point_in=hook, hook_point_out=hook, d_model=D, expansion_factor=F / D, device="cpu",
                        dtype=torch.float32, **settings)
        sae = SparseAutoEncoder(cfg)
        set_weights(sae, names)
        if settings.get("act_fn") == "jumprelu":
            sae.activation_function.log_jumprelu_threshold.data.log_()
        if settings.get("norm_activation") == "dataset-wise":
            sae.set_dataset_average_activation_norm({hook: 5.5})
        path = fresh(name)
        cfg.save_hyperparameters(path)
        sae.save_checkpoint(path / file)
        sae = SparseAutoEncoder.from_local(str(path), device="cpu", dtype=torch.float32)
        keep(name, sae.encode(sae.normalize_activations({hook: X})[hook]))

    import importlib.metadata as metadata

    real = metadata.version
    import llamascopium.models.sparse_dictionary as sd

    sd.version = lambda name: "0" if name == "llamascopium" else real(name)
    write("openmoss_jumprelu", act_fn="jumprelu", norm_activation="dataset-wise")
    write("openmoss_topk", file="sae_weights.pt", act_fn="topk", top_k=K, norm_activation="token-wise")
    write("openmoss_relu", act_fn="relu", norm_activation="inference", use_decoder_bias=False)
    write("openmoss_topk_plain", act_fn="topk", top_k=K, norm_activation="inference",
          sparsity_include_decoder_norm=False)


def openmoss_old():
    package("lm_saes", Path(os.environ["OPENMOSS_OLD"]) / "lm_saes")
    from lm_saes.config import InitializerConfig, SAEConfig
    from lm_saes.initializer import Initializer
    from lm_saes.sae import SparseAutoEncoder
    from safetensors.torch import save_file

    names = {"encoder.weight": "W_enc", "encoder.bias": "b_enc", "decoder.weight": "W_dec", "decoder.bias": "b_dec"}

    def write(name, norm=None, **settings):
        cfg = SAEConfig(hook_point_in="blocks.1.hook_resid_post", d_model=D, d_sae=F, expansion_factor=F // D,
                        device="cpu", dtype=torch.float32, **settings)
        sae = SparseAutoEncoder(cfg)
        set_weights(sae, names)
        path = fresh(name)
        (path / "checkpoints").mkdir()
        save_file({k: v.contiguous() for k, v in sae.state_dict().items() if k in names},
                  path / "checkpoints" / "final.safetensors")
        cfg.save_hyperparameters(path)
        edit(path / "hyperparams.json", dataset_average_activation_norm=norm, device="cpu", dtype="torch.float32")
        # what Initializer.initialize_sae_from_config does in state "inference"
        if cfg.norm_activation == "dataset-wise":
            sae.standardize_parameters_of_dataset_norm(norm)
        if cfg.sparsity_include_decoder_norm:
            sae.transform_to_unit_decoder_norm()
        keep(name, sae.encode(X * sae.compute_norm_factor(X, "in")))

    write("llama_scope_jumprelu", norm={"in": 5.5, "out": 4.5}, act_fn="jumprelu", jump_relu_threshold=0.75,
          norm_activation="dataset-wise", apply_decoder_bias_to_pre_encoder=False)
    write("llama_scope_topk", act_fn="topk", top_k=K, norm_activation="token-wise",
          sparsity_include_decoder_norm=False, apply_decoder_bias_to_pre_encoder=True)


# ---- Qwen-Scope: a bare dict, matrices the other way round; by formula


def qwen_scope():
    w = weights()
    bare = {"W_enc": w["W_enc"].T.contiguous(), "b_enc": w["b_enc"], "W_dec": w["W_dec"].T.contiguous(),
            "b_dec": w["b_dec"]}
    path = fresh("qwen_scope")
    torch.save(bare, path / "layer1.sae.pt")
    (path / "cfg.json").write_text(json.dumps({"architecture": "topk", "k": K, "apply_b_dec_to_input": False}))
    top = torch.relu(X @ bare["W_enc"].T + bare["b_enc"]).topk(K, dim=-1)
    keep("qwen_scope", torch.zeros(N, F).scatter(-1, top.indices, top.values))


FAMILIES = {"saelens6": (saelens6, "sae_lens"), "saelens5": (saelens5, "SAELENS5"), "sparsify": (sparsify, "sparsify"),
            "dictionary_learning": (dictionary_learning, "dictionary_learning"), "openmoss": (openmoss, "OPENMOSS"),
            "openmoss_old": (openmoss_old, "OPENMOSS_OLD"), "qwen_scope": (qwen_scope, "torch")}


def main():
    if len(sys.argv) == 2:
        FAMILIES[sys.argv[1]][0]()
        return
    OUT.mkdir(exist_ok=True)
    np.save(OUT / "x.npy", residuals())
    for name, (_, needs) in FAMILIES.items():
        if needs.isupper() and needs not in os.environ:
            print(f"{name}: {needs} is not set, left as it is")
            continue
        # a process each: two of them share a package's name
        if subprocess.run([sys.executable, __file__, name]).returncode:
            print(f"{name}: FAILED")


if __name__ == "__main__":
    main()
