"""The pair as TFLite says what the original graph says, in numpy with nothing folded."""

from pathlib import Path

import numpy as np
import pytest

from gate.errors import InputDamaged
from gate.models.building.liveness_pair import converted
from gate.models.interpreter import make_interpreter
from gate.models.network_files import load_manifest
from tests.adapters.models.minifasnet_reference import bare, forward, random_weights
from tests.checkpoint_making import checkpoint
from tests.networks import liveness_checkpoints

V2, V1SE = load_manifest().optional


def shares(path: Path, picture: np.ndarray) -> np.ndarray:
    """What the network in the file says of (80, 80, 3) RGB."""
    interpreter = make_interpreter(path)
    details = interpreter.get_input_details()[0]
    assert details["shape"].tolist() == [1, 80, 80, 3]
    interpreter.set_tensor(details["index"], picture[None].astype(np.float32))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]


def assert_equal(path: Path, weights: dict[str, np.ndarray], within: float) -> None:
    rng = np.random.default_rng(5)
    answers = []
    for n in range(4):
        picture = rng.integers(0, 256, (80, 80, 3))
        picture[20 * n :, 40:] //= n + 1
        wanted = forward(weights, picture[:, :, ::-1].transpose(2, 0, 1))
        assert np.abs(shares(path, picture) - wanted).max() < within
        answers.append(wanted)
    assert np.ptp(answers, axis=0).max() > 0.002  # and not the same for every picture


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("output", [V2, V1SE], ids=lambda o: o.name)
def test_a_random_network_is_equal_to_the_original_graph(
    tmp_path: Path, seed: int, output: object
) -> None:
    weights = random_weights(seed, excited=output is V1SE)
    path = tmp_path / "net.tflite"
    path.write_bytes(converted(checkpoint(weights), output))
    assert_equal(path, bare(weights), 2e-6)


@pytest.mark.models
@pytest.mark.parametrize("output", [V2, V1SE], ids=lambda o: o.name)
def test_the_pair_is_equal_to_the_original_graph(tmp_path: Path, output: object) -> None:
    from gate.models.building.torch_checkpoint import read_checkpoint

    content = liveness_checkpoints()[output.network]
    path = tmp_path / "net.tflite"
    path.write_bytes(converted(content, output))
    assert_equal(path, dict(read_checkpoint(content)), 2e-6)


def without(name: str) -> dict[str, np.ndarray]:
    weights = random_weights(0, excited=True)
    return {k: v for k, v in weights.items() if k != f"module.{name}"}


def with_(name: str, value: np.ndarray) -> dict[str, np.ndarray]:
    return random_weights(0, excited=True) | {f"module.{name}": value}


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (without("conv_4.model.3.conv.bn.bias"), "conv_4.model.3.conv.bn.bias is missing"),
        (without("conv_3.model.3.se_module.fc1.weight"), "se_module.fc1.weight is missing"),
        (without("prob.weight"), "prob.weight is missing"),
        (with_("conv_9.weight", np.zeros(3, np.float32)), "such as conv_9.weight"),
        (with_("prob.weight", np.zeros((4, 6), np.float32)), "4 classes"),
        (with_("conv1.conv.weight", np.zeros((5, 4, 3, 3), np.float32)), "conv1.conv.weight is"),
        (with_("bn.running_var", np.full(6, -1, np.float32)), "variance below 0"),
        (with_("conv2_dw.conv.weight", np.zeros((6, 1, 3, 3), np.float32)), "another width"),
        (with_("conv2_dw.conv.weight", np.array(1, np.float32)), "is missing"),
        (random_weights(0, excited=False), "is missing"),
    ],
)
def test_tensors_that_do_not_make_the_network_are_named(
    weights: dict[str, np.ndarray], says: str
) -> None:
    with pytest.raises(InputDamaged, match=says):
        converted(checkpoint(weights), V1SE)


def test_no_block_of_the_other_network_is_lost() -> None:
    """V2 has no squeeze and excitation: a file that has it is not read as V2."""
    with pytest.raises(InputDamaged, match="se_module"):
        converted(checkpoint(random_weights(0, excited=True)), V2)
