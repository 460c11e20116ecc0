"""The original graph of MiniFASNet in numpy and float64, batch normalisation not folded.

Written from the makers' PyTorch modules and by the names of their tensors, with no word of the
converter's. Pictures are (channels, height, width) here, in blue, green, red.
"""

from collections.abc import Mapping

import numpy as np

Weights = Mapping[str, np.ndarray]
RUNS = (("conv_23", "conv_3"), ("conv_34", "conv_4"), ("conv_45", "conv_5"))
BLOCKS = {"conv_3": 4, "conv_4": 6, "conv_5": 2}
WIDTHS = {"conv_23": (10, 6), "conv_3": (7, 6), "conv_34": (11, 8), "conv_4": (9, 8)}
WIDTHS |= {"conv_45": (10, 7), "conv_5": (12, 7)}


def logits(weights: Weights, picture: np.ndarray) -> np.ndarray:
    """(3,): before the shares. `picture`: (3, 80, 80), 0 to 255."""
    x = _conv_block(weights, "conv1", picture.astype(np.float64), stride=2, pad=1)
    x = _conv_block(weights, "conv2_dw", x, pad=1)
    for halving, run in RUNS:
        x = _depth_wise(weights, halving, x, stride=2)
        for n in range(BLOCKS[run]):
            x = x + _depth_wise(weights, f"{run}.model.{n}", x, stride=1)
    x = _conv_block(weights, "conv_6_sep", x)
    x = _conv_block(weights, "conv_6_dw", x).reshape(-1)
    x = _batch_norm(weights, "bn", weights["linear.weight"] @ x)
    return weights["prob.weight"] @ x


def forward(weights: Weights, picture: np.ndarray) -> np.ndarray:
    """(3,): shares of paper, live, screen. `picture`: (3, 80, 80), 0 to 255."""
    x = logits(weights, picture)
    e = np.exp(x - x.max())
    return e / e.sum()


def _depth_wise(weights: Weights, name: str, x: np.ndarray, stride: int) -> np.ndarray:
    x = _conv_block(weights, f"{name}.conv", x)
    x = _conv_block(weights, f"{name}.conv_dw", x, stride=stride, pad=1)
    x = _conv_block(weights, f"{name}.project", x)
    if f"{name}.se_module.fc1.weight" in weights:
        mean = x.mean(axis=(1, 2), keepdims=True)
        hidden = _conv(mean, weights[f"{name}.se_module.fc1.weight"])
        hidden = np.maximum(_batch_norm(weights, f"{name}.se_module.bn1", hidden), 0)
        out = _conv(hidden, weights[f"{name}.se_module.fc2.weight"])
        x = x / (1 + np.exp(-_batch_norm(weights, f"{name}.se_module.bn2", out)))
    return x


def _conv_block(
    weights: Weights, name: str, x: np.ndarray, stride: int = 1, pad: int = 0
) -> np.ndarray:
    x = _conv(x, weights[f"{name}.conv.weight"], stride, pad)
    x = _batch_norm(weights, f"{name}.bn", x)
    if f"{name}.prelu.weight" not in weights:
        return x
    slope = weights[f"{name}.prelu.weight"].astype(np.float64)[:, None, None]
    return np.where(x >= 0, x, slope * x)


def _conv(x: np.ndarray, kernel: np.ndarray, stride: int = 1, pad: int = 0) -> np.ndarray:
    size = kernel.shape[2]
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    kernel = kernel.astype(np.float64)
    if kernel.shape[1] == 1 and len(x) == len(kernel):
        return np.einsum("chwij,cij->chw", windows, kernel[:, 0])
    return np.einsum("chwij,ocij->ohw", windows, kernel, optimize=True)


def _batch_norm(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    gamma, beta, mean, variance = (
        weights[f"{name}.{k}"].astype(np.float64).reshape(-1, *[1] * (x.ndim - 1))
        for k in ("weight", "bias", "running_mean", "running_var")
    )
    return (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta


def random_weights(seed: int, excited: bool) -> dict[str, np.ndarray]:
    """A small network of the same form, every tensor under the makers' name with its prefix."""
    rng = np.random.default_rng(seed)
    made: dict[str, np.ndarray] = {}

    def put(name: str, values: np.ndarray) -> None:
        made[f"module.{name}"] = values.astype(np.float32)

    def norm(name: str, width: int) -> None:
        put(f"{name}.weight", rng.uniform(0.5, 1.5, width))
        put(f"{name}.bias", rng.normal(0, 0.3, width))
        put(f"{name}.running_mean", rng.normal(0, 0.3, width))
        put(f"{name}.running_var", rng.uniform(0.3, 2.0, width))
        made[f"module.{name}.num_batches_tracked"] = np.array(9, np.int64)

    def block(name: str, width: int, inner: int, size: int, slope: bool = True) -> None:
        put(
            f"{name}.conv.weight",
            rng.normal(0, 1.4 / (inner * size**2) ** 0.5, (width, inner, size, size)),
        )
        norm(f"{name}.bn", width)
        if slope:
            put(f"{name}.prelu.weight", rng.uniform(0.1, 0.4, width))

    def depth_wise(name: str, given: int, wide: int, out: int) -> None:
        block(f"{name}.conv", wide, given, 1)
        block(f"{name}.conv_dw", wide, 1, 3)
        block(f"{name}.project", out, wide, 1, slope=False)

    block("conv1", 5, 3, 3)
    put("conv1.conv.weight", made["module.conv1.conv.weight"] / 100)
    block("conv2_dw", 5, 1, 3)
    given = 5
    for halving, run in RUNS:
        wide, out = WIDTHS[halving]
        depth_wise(halving, given, wide, out)
        given = out
        for n in range(BLOCKS[run]):
            depth_wise(f"{run}.model.{n}", given, WIDTHS[run][0], given)
        if excited:
            se = f"{run}.model.{BLOCKS[run] - 1}.se_module"
            put(f"{se}.fc1.weight", rng.normal(0, 0.1, (2, given, 1, 1)))
            norm(f"{se}.bn1", 2)
            put(f"{se}.fc2.weight", rng.normal(0, 0.5, (given, 2, 1, 1)))
            norm(f"{se}.bn2", given)
    block("conv_6_sep", 14, given, 1)
    block("conv_6_dw", 14, 1, 5, slope=False)
    put("linear.weight", rng.normal(0, 0.3, (6, 14)))
    norm("bn", 6)
    put("prob.weight", rng.normal(0, 1, (3, 6)))
    pictures = rng.integers(0, 256, (3, 3, 80, 80)) // np.array([1, 2, 4])[:, None, None, None]
    highest = max(np.abs(logits(bare(made), p)).max() for p in pictures)
    put("prob.weight", made["module.prob.weight"] * 2 / highest)  # shares well within 0 and 1
    return made


def bare(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Under the names without the prefix."""
    return {k.removeprefix("module."): v for k, v in tensors.items()}
