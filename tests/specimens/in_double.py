"""Keeps a model of transformers in double precision. After model.double() the RMS norms and the softmax of attention
would still be computed in float32, and Gemma's scale of the embeddings be rounded to it. Angles of rotary positions stay
in float32, which is what the models were trained with; their sines and cosines are in double.
"""
import torch
from torch import nn

softmax = nn.functional.softmax


def softmax_as_it_is(x, dim=None, _stacklevel=3, dtype=None):
    return softmax(x, dim=dim, dtype=None if x.dtype == torch.float64 else dtype)


def rms_norm(module):
    eps = module.variance_epsilon if hasattr(module, "variance_epsilon") else module.eps
    weight = module.weight + 1 if "Gemma" in type(module).__name__ else module.weight
    return lambda x: weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps))


def rotary(module):
    forward = module.forward

    def cosines_in_double(*args, **kwargs):
        torch.Tensor.cos = lambda x: torch.cos(x.double())
        torch.Tensor.sin = lambda x: torch.sin(x.double())
        try:
            return forward(*args, **kwargs)
        finally:
            del torch.Tensor.cos, torch.Tensor.sin

    return cosines_in_double


def in_double(model):
    """The model, in double."""
    nn.functional.softmax = softmax_as_it_is
    model = model.double().eval().requires_grad_(False)
    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = rms_norm(module)
        if type(module).__name__.endswith("RotaryEmbedding"):
            module.forward = rotary(module)
        if hasattr(module, "scalar_embed_scale"):
            module.embed_scale = nn.Buffer(torch.tensor(module.scalar_embed_scale, dtype=torch.double), persistent=False)
    return model
