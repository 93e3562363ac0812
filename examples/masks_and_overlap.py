"""Which weights RMN uses for each task: density of the masks, free capacity, overlap of tasks.

python examples/masks_and_overlap.py
python examples/masks_and_overlap.py --overlap-weight 1     # tasks share fewer weights
"""

from __future__ import annotations

import argparse

import torch
from avalanche.models import SimpleMLP
from avalanche.training.plugins import EvaluationPlugin
from split_mnist import split_mnist
from torch import Tensor

from rmn import RMN, RMNPlugin, convert


def overlap(masks: Tensor) -> Tensor:
    """Intersection over union of every two tasks' masks, (tasks, tasks).

    Args:
        masks: of one layer, bool, (tasks, *weight shape).
    """
    flat = masks.flatten(1).float()
    shared = flat @ flat.T
    sizes = flat.sum(1)
    return shared / (sizes[:, None] + sizes - shared).clamp(min=1)


def main() -> None:
    """Train RMN on Split-MNIST and print what its masks look like, layer by layer."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train-per-digit", type=int, default=500, metavar="N")
    parser.add_argument("--epochs", type=int, default=5, metavar="N")
    parser.add_argument("--l0-weight", type=float, default=0.3, help="price of using a free weight")
    parser.add_argument("--overlap-weight", type=float, default=0.0, help="price of sharing one")
    args = parser.parse_args()

    torch.manual_seed(0)
    model = convert(SimpleMLP(hidden_size=100, hidden_layers=2, drop_rate=0))
    strategy = RMN(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=5e-3),
        rmn=RMNPlugin(l0_weight=args.l0_weight, overlap_weight=args.overlap_weight),
        train_mb_size=64,
        train_epochs=args.epochs,
        evaluator=EvaluationPlugin(loggers=[]),
    )
    for experience in split_mnist(args.train_per_digit).train_stream:
        strategy.train(experience)

    for layer, masks in strategy.masks().items():
        used = masks.cumsum(0).bool()  # [t]: by any of the tasks 0 to t
        print(f"{layer}: {masks[0].numel()} weights")
        print("  used by each task          ", _percent(masks.flatten(1).float().mean(1)))
        print("  used by any task so far    ", _percent(used.flatten(1).float().mean(1)))
        print("  overlap of tasks (intersection over union)")
        for row in overlap(masks):
            print("   ", _percent(row))


def _percent(shares: Tensor) -> str:
    return "  ".join(f"{share:6.1%}" for share in shares.tolist())


if __name__ == "__main__":
    main()
