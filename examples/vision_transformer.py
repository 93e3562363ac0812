"""RMN on a small vision transformer of torchvision: which of its weights each task uses.

    python examples/vision_transformer.py --train-per-digit 1000 --epochs 10

Attention, MLP and patch weights are shared by all tasks and masked by each; LayerNorms, biases and
the class token have values of their own for each task. The position embedding is fixed, as it
requires no gradient when the network is converted.
"""

from __future__ import annotations

import argparse

import torch
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training.plugins import EvaluationPlugin
from split_mnist import split_mnist
from torch import nn
from torchvision.models import VisionTransformer

from rmn import RMN, RMNPlugin, convert, parameter_groups


class GreyVisionTransformer(VisionTransformer):
    """A vision transformer of 4 layers for grey images, (n, 1, 28, 28)."""

    def __init__(self, classes: int) -> None:
        super().__init__(
            image_size=28,
            patch_size=7,
            num_layers=4,
            num_heads=4,
            hidden_dim=64,
            mlp_dim=128,
            num_classes=classes,
        )
        self.conv_proj = nn.Conv2d(1, 64, 7, stride=7)
        nn.init.normal_(self.heads.head.weight, std=0.02)  # zeros, in torchvision
        self.encoder.pos_embedding.requires_grad_(False)


def main() -> None:
    """Train on the five tasks, and print the accuracy on each and the weights that it uses."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train-per-digit", type=int, default=500, metavar="N")
    parser.add_argument("--epochs", type=int, default=5, metavar="N")
    args = parser.parse_args()

    torch.manual_seed(0)
    benchmark = split_mnist(args.train_per_digit)
    model = convert(GreyVisionTransformer(classes=10))
    strategy = RMN(
        model=model,
        optimizer=torch.optim.Adam(parameter_groups(model, lr=1e-3, mapping_lr=2e-3)),
        rmn=RMNPlugin(l0_weight=0.3),
        train_mb_size=32,
        train_epochs=args.epochs,
        evaluator=EvaluationPlugin(accuracy_metrics(experience=True), loggers=[]),
    )
    first: list[float] = []
    for task, experience in enumerate(benchmark.train_stream):
        strategy.train(experience)
        metrics = strategy.eval(benchmark.test_stream[: task + 1])
        accuracy = [value for name, value in metrics.items() if name.startswith("Top1_Acc_Exp")]
        first.append(accuracy[0])
        used = [mask[task].float().mean().item() for mask in strategy.masks().values()]
        print(
            f"task {task}: accuracy {accuracy[task]:6.1%}, mean of tasks so far "
            f"{sum(accuracy) / len(accuracy):6.1%}; uses {sum(used) / len(used):.1%} of the weights"
        )
    print(f"the first task, after each: {', '.join(f'{value:.1%}' for value in first)}")


if __name__ == "__main__":
    main()
