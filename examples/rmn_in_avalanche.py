"""RMN in an Avalanche script of one's own: train task by task, evaluate, print what is forgotten.

    python examples/rmn_in_avalanche.py --train-per-digit 1000

Nothing of the harness takes part but the images. Any other strategy of Avalanche can be put in the
place of `RMN`, and any network of Linear, Conv2d and BatchNorm layers in the place of `SimpleMLP`.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.models import SimpleMLP
from avalanche.training.plugins import EvaluationPlugin
from split_mnist import split_mnist

from rmn import RMN, RMNPlugin, convert, parameter_groups


def make_strategy(epochs: int) -> RMN:
    """RMN on a network with one hidden layer.

    Its mappings learn faster than its weights, and a penalty on relevance leaves weights free for
    later tasks.
    """
    model = convert(SimpleMLP(num_classes=10, hidden_size=100, drop_rate=0))
    return RMN(
        model=model,
        optimizer=torch.optim.Adam(parameter_groups(model, lr=2e-3, mapping_lr=2e-3)),
        rmn=RMNPlugin(l0_weight=0.3),
        train_mb_size=64,
        train_epochs=epochs,
        evaluator=EvaluationPlugin(accuracy_metrics(experience=True), loggers=[]),
    )


def main() -> None:
    """Train on the five tasks; after each, print the accuracy on all tasks learned so far."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train-per-digit", type=int, default=500, metavar="N")
    parser.add_argument("--epochs", type=int, default=5, metavar="N")
    args = parser.parse_args()

    torch.manual_seed(0)
    benchmark = split_mnist(args.train_per_digit)
    tasks = len(benchmark.train_stream)
    strategy = make_strategy(args.epochs)

    accuracy = np.full((tasks, tasks), np.nan)  # [i, j]: on task j after learning task i
    print("test accuracy with the task label, one line after each task, one column for each task")
    for i, experience in enumerate(benchmark.train_stream):
        strategy.train(experience)
        metrics = strategy.eval(benchmark.test_stream[: i + 1])
        for j in range(i + 1):
            name = f"Top1_Acc_Exp/eval_phase/test_stream/Task{j:03}/Exp{j:03}"
            accuracy[i, j] = metrics[name]
        print("  ".join(f"{value:6.1%}" for value in accuracy[i, : i + 1]))

    forgotten = np.diag(accuracy)[:-1] - accuracy[-1, :-1]
    print(f"average accuracy {accuracy[-1].mean():.1%}, forgetting {forgotten.mean():.1%}")


if __name__ == "__main__":
    main()
