"""RMN on a classification network as torchvision ships it, from pretrained weights if asked.

    python examples/packaged_network.py --network shufflenet_v2_x0_5
    python examples/packaged_network.py --network convnext_tiny --weights DEFAULT   # downloads them

Pretrained weights stay what they are: all are in use when the first task begins
(`initialisation="open"`), and each task gives up those that it does not need. BatchNorms begin with
the pretrained statistics.
"""

from __future__ import annotations

import argparse

import torch
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training.plugins import EvaluationPlugin
from split_mnist import split_mnist
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import get_model

from rmn import RMN, RMNPlugin, convert, parameter_groups


class ColourImages(nn.Module):
    """Gives a network for colour images grey ones, (n, 1, 28, 28), enlarged.

    Args:
        network: takes (n, 3, size, size).
        size: height and width in pixels.
    """

    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        self.network, self.size = network, size

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the network, (n, outputs)."""
        logits: Tensor = self.network(F.interpolate(x, self.size).expand(-1, 3, -1, -1))
        return logits


def main() -> None:
    """Train on the first tasks, and print the accuracy on each after the last."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--network", default="shufflenet_v2_x0_5", help="of torchvision.models")
    parser.add_argument("--weights", help="pretrained weights; DEFAULT for the best ones")
    parser.add_argument("--size", type=int, default=32, metavar="PIXELS")
    parser.add_argument("--tasks", type=int, default=3, metavar="N")
    parser.add_argument("--train-per-digit", type=int, default=250, metavar="N")
    parser.add_argument("--epochs", type=int, default=6, metavar="N")
    args = parser.parse_args()

    torch.manual_seed(0)
    benchmark = split_mnist(args.train_per_digit)
    network = ColourImages(get_model(args.network, weights=args.weights), args.size)
    model = convert(network, initialisation="open" if args.weights else "normal")
    strategy = RMN(
        model=model,
        optimizer=torch.optim.Adam(parameter_groups(model, lr=1e-3, mapping_lr=2e-3)),
        rmn=RMNPlugin(l0_weight=0.3),
        train_mb_size=32,
        train_epochs=args.epochs,
        evaluator=EvaluationPlugin(accuracy_metrics(experience=True), loggers=[]),
    )
    for experience in benchmark.train_stream[: args.tasks]:
        strategy.train(experience)
    metrics = strategy.eval(benchmark.test_stream[: args.tasks])
    accuracy = [value for name, value in metrics.items() if name.startswith("Top1_Acc_Exp")]
    print(f"{args.network}: {len(model.relevance_layers())} weights with mappings")
    for task, value in enumerate(accuracy):
        print(f"task {task}: accuracy {value:.1%}")


if __name__ == "__main__":
    main()
