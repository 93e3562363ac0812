import pytest
import torch

from baselines.context import Context
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.loading import TensorLoading
from harness.data.streams import make_stream
from harness.training.networks import mlp


@pytest.fixture(scope="session")
def stream():
    """Real Split-MNIST, 256 training examples a task."""
    torch.set_num_threads(1)
    training = TrainingBudget(epochs=1, train_examples=256, test_examples=128)
    return make_stream(BENCHMARKS["split_mnist"], training, seed=0)


@pytest.fixture
def context():
    """Two epochs on the paper's MLP."""

    def network():
        torch.manual_seed(0)
        return mlp(10)

    return Context(
        network=network,
        outputs=10,
        tasks=5,
        epochs=2,
        batch_size=32,
        learning_rate=0.002,
        device=torch.device("cpu"),
        seed=0,
        plugins=(TensorLoading(0),),
    )
