"""Trains a TopK SAE with another library, for the bench's comparison.

    train_reference.py LIBRARY TRAIN.npy OUT STEPS BATCH WIDTH K LR

LIBRARY is sae-lens, sae-lens-sparse (its sparse activations) or dictionary_learning. All residuals are in memory; each
library's own training step, loss and dead-latent handling; the learning rate rises over a twentieth of the steps and
falls over the last fifth, as scry's does. Writes the SAE to OUT and prints JSON: the seconds of the training itself,
without imports, loading and saving.
"""
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

library, path, out = sys.argv[1:4]
steps, batch, width, k = map(int, sys.argv[4:8])
lr = float(sys.argv[8])
warmup, decay = steps // 20, steps // 5
x = torch.tensor(np.load(path))
d = x.shape[1]
torch.manual_seed(1)
Path(out).mkdir(parents=True, exist_ok=True)


def batches():
    while True:
        order = torch.randperm(len(x))
        for i in range(0, len(x) - batch + 1, batch):
            yield x[order[i:i + batch]]


if library.startswith("sae-lens"):
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.config import LoggingConfig, SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    sae = TopKTrainingSAE(TopKTrainingSAEConfig(d_in=d, d_sae=width, k=k, normalize_activations="expected_average_only_in",
                                                use_sparse_activations=library.endswith("sparse")))
    cfg = SAETrainerConfig(
        n_checkpoints=0, checkpoint_path=None, save_final_checkpoint=False, total_training_samples=steps * batch,
        device="cpu", autocast=False, lr=lr, lr_end=None, lr_scheduler_name="constant", lr_warm_up_steps=warmup,
        adam_beta1=0.9, adam_beta2=0.999, lr_decay_steps=decay, n_restart_cycles=1, train_batch_size_samples=batch,
        dead_feature_window=1000, feature_sampling_window=2000, logger=LoggingConfig(log_to_wandb=False))
    cfg.lr_end = lr / 10
    trainer = SAETrainer(cfg, sae, batches())
    # the factor's estimate takes 1,000 batches, whatever the length of the run: it is left out of the time
    trainer.activation_scaler.estimate_scaling_factor(d_in=d, data_provider=batches(), n_batches_for_norm_estimate=1000)
    factor = trainer.activation_scaler.scaling_factor
    trainer.activation_scaler.estimate_scaling_factor = lambda **_: None
    start = time.perf_counter()
    trainer.fit()
    seconds = time.perf_counter() - start
    sae.save_inference_model(out)
else:
    from dictionary_learning.trainers.top_k import TopKTrainer

    s = (d ** 0.5) / float(x.norm(dim=1).mean())
    trainer = TopKTrainer(steps=steps, activation_dim=d, dict_size=width, k=k, layer=0, lm_name="", lr=lr,
                          warmup_steps=warmup, decay_start=steps - decay, threshold_start_step=steps, seed=1, device="cpu")
    source = batches()
    start = time.perf_counter()
    for step in range(steps):
        trainer.update(step, next(source) * s)
    seconds = time.perf_counter() - start
    trainer.ae.scale_biases(1 / s)
    torch.save(trainer.ae.state_dict(), f"{out}/ae.pt")
    config = {k: v for k, v in trainer.config.items() if isinstance(v, (str, int, float))}
    Path(f"{out}/config.json").write_text(json.dumps({"trainer": config}))
print(json.dumps({"seconds": seconds, "tokens": steps * batch}))
