"""Every classification network of torchvision converts, learns two tasks and keeps the first.

One small network of each family; with RMN_TORCHVISION=30 also every one as it is published that has
up to 30 million parameters. With 1000, all: for a machine with 48 GB.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import convnext, maxvit, swin_transformer, vision_transformer

from rmn import convert

CLASSES = 3


def vit() -> nn.Module:
    model: nn.Module = vision_transformer.VisionTransformer(
        image_size=32,
        patch_size=8,
        num_layers=2,
        num_heads=2,
        hidden_dim=16,
        mlp_dim=32,
        num_classes=CLASSES,
    )
    nn.init.normal_(model.get_parameter("heads.head.weight"))  # torchvision's are zero
    return model


def swin(version: int) -> nn.Module:
    blocks = {
        1: (swin_transformer.SwinTransformerBlock, swin_transformer.PatchMerging),
        2: (swin_transformer.SwinTransformerBlockV2, swin_transformer.PatchMergingV2),
    }
    block, downsample = blocks[version]
    model: nn.Module = swin_transformer.SwinTransformer(
        patch_size=[4, 4],
        embed_dim=8,
        depths=[2, 2],
        num_heads=[2, 2],
        window_size=[4, 4],
        num_classes=CLASSES,
        block=block,
        downsample_layer=downsample,
    )
    return model


def convnext_small() -> nn.Module:
    settings = [convnext.CNBlockConfig(8, 16, 2), convnext.CNBlockConfig(16, None, 1)]
    model: nn.Module = convnext.ConvNeXt(settings, num_classes=CLASSES, layer_scale=0.5)
    return model


def maxvit_small() -> nn.Module:
    model: nn.Module = maxvit.MaxVit(
        input_size=(32, 32),
        stem_channels=8,
        partition_size=4,
        block_channels=[8, 16],
        block_layers=[1, 1],
        head_dim=4,
        stochastic_depth_prob=0.1,
        num_classes=CLASSES,
    )
    return model


def densenet_small() -> nn.Module:
    model: nn.Module = torchvision.models.DenseNet(
        growth_rate=4, block_config=(2, 2, 2, 2), num_classes=CLASSES
    )
    return model


def named(name: str, **settings: Any) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        model: nn.Module = torchvision.models.get_model(
            name, weights=None, num_classes=CLASSES, **settings
        )
        return model

    return make


FAMILIES: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "vit": (vit, 32),
    "swin": (lambda: swin(1), 32),
    "swin_v2": (lambda: swin(2), 32),
    "convnext": (convnext_small, 32),
    "maxvit": (maxvit_small, 32),
    "resnet": (named("resnet18"), 32),
    "squeezenet": (named("squeezenet1_1"), 32),
    "densenet": (densenet_small, 32),
    "mobilenet_v2": (named("mobilenet_v2", width_mult=0.25), 32),
    "mobilenet_v3": (named("mobilenet_v3_small"), 32),
    "shufflenet": (named("shufflenet_v2_x0_5"), 32),
    "mnasnet": (named("mnasnet0_5"), 32),
    "efficientnet": (named("efficientnet_b0"), 32),
    "regnet": (named("regnet_y_400mf"), 32),
    "googlenet": (named("googlenet", aux_logits=False, init_weights=False), 32),
}
"""A network of each family but the largest two, AlexNet and VGG, and the size of its images."""

_SIZES = {"alexnet": 64, "inception_v3": 96, "maxvit_t": 224}
_AUXILIARY = {"aux_logits": False, "init_weights": False}


def published() -> Iterator[tuple[str, Callable[[], nn.Module], int]]:
    """Every classification network of torchvision."""
    for name in torchvision.models.list_models(module=torchvision.models):
        settings: dict[str, Any] = _AUXILIARY if name in ("googlenet", "inception_v3") else {}
        size = _SIZES.get(name, 32)
        if name.startswith("vit_"):
            settings = {"image_size": 2 * int(name.rsplit("_", 1)[1])}
            size = settings["image_size"]
        yield name, named(name, **settings), size


def cases() -> Iterator[Any]:
    for name, (make, size) in FAMILIES.items():
        yield pytest.param(make, size, id=name)
    limit = float(os.environ.get("RMN_TORCHVISION", "0"))
    for name, make, size in published() if limit else ():
        pretrained = torchvision.models.get_model_weights(name).DEFAULT
        if pretrained.meta["num_params"] <= 1e6 * limit:
            yield pytest.param(make, size, id=f"published {name}")


@pytest.mark.parametrize(("make", "size"), list(cases()))
def test_two_tasks_are_learned_and_the_first_is_kept(
    make: Callable[[], nn.Module], size: int
) -> None:
    torch.manual_seed(0)
    module = make()
    x, y = torch.randn(4, 3, size, size), torch.tensor([0, 1, 2, 0])
    network = convert(module, initialisation="open")
    assert_same_function(network, module, x)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.001)
    answers: list[Tensor] = []
    for task in range(2):
        network.begin_task(task, range(CLASSES))
        for _ in range(2):
            optimizer.zero_grad()
            loss = F.cross_entropy(network.train()(x), y)
            torch.autograd.backward(loss)
            assert all(one.grad is not None for one in network.parameters())
            optimizer.step()
            network.restore_frozen_weights()
        assert loss.isfinite()
        network.finish_task()
        with torch.no_grad():
            answers.append(network.eval()(x, task))
    with torch.no_grad():
        same = torch.equal(network(x, 0).nan_to_num(), answers[0].nan_to_num())
    assert same
    assert not torch.equal(*answers)


@torch.no_grad()
def assert_same_function(network: nn.Module, module: nn.Module, x: Tensor) -> None:
    torch.testing.assert_close(network.eval()(x), module.eval()(x))
