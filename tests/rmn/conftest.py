import pytest
import torch

from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.streams import make_stream


@pytest.fixture(scope="session")
def stream():
    """Real Split-MNIST, 384 training examples a task."""
    torch.set_num_threads(1)
    training = TrainingBudget(epochs=1, train_examples=384, test_examples=128)
    return make_stream(BENCHMARKS["split_mnist"], training, seed=0)
