"""Laws of conversion and of learning, over random modules of many kinds."""

import copy
from collections.abc import Callable

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from rmn import RelevanceNetwork, convert

WIDTH, HEIGHT, LENGTH, WORDS, OUTPUTS = 6, 5, 4, 9, 3


class Residual(nn.Module):
    """x + inner(x), each channel scaled by a parameter, as in ConvNeXt and CaiT."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.scale = inner, nn.Parameter(torch.rand(1))
        self.register_buffer("shift", torch.rand(1))

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = x + self.scale * self.inner(x) + self.shift
        return output


class Reader(nn.Module):
    """Reads the weight of a layer instead of calling the layer, forwards and then back."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.linear(x, self.layer.weight, self.layer.bias), self.layer.weight.T)


class Tied(nn.Module):
    """Two layers with one weight, and a frozen one between."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.frozen, self.other = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.other.weight = self.one.weight
        self.frozen.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.other(self.frozen(self.one(x)).relu())
        return output


class First(nn.Module):
    """The first of several outputs of a module."""

    def __init__(self, inner: nn.Module, inputs: int = 1) -> None:
        super().__init__()
        self.inner, self.inputs = inner, inputs

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.inner(*[x] * self.inputs)[0]
        return output


class ChannelsLast(nn.Module):
    """A module of (n, channels, length) on (n, length, channels)."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.inner(x.mT).mT
        return output


class Tokens(nn.Module):
    """Embeds words, adds a position embedding and puts a class token before them."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.token = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.randn(1, LENGTH, WIDTH), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.words(x) + self.positions
        return torch.cat([self.token.expand(len(x), -1, -1), x], 1)


class Pooled(nn.Module):
    """A linear layer on the mean over all places."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(WIDTH, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        places = x.flatten(2).mean(2) if x.dim() == 4 else x.mean(1) if x.dim() == 3 else x
        output: Tensor = self.out(places)
        return output


Block = Callable[[], nn.Module]

_ANY: list[Block] = [nn.GELU, nn.ReLU, lambda: nn.Dropout(0.3)]
_FLAT: list[Block] = [
    lambda: nn.Linear(WIDTH, WIDTH),
    lambda: nn.Linear(WIDTH, WIDTH, bias=False),
    lambda: nn.BatchNorm1d(WIDTH),
    lambda: nn.LayerNorm(WIDTH),
    lambda: nn.RMSNorm(WIDTH),
    lambda: Residual(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.PReLU())),
    lambda: First(nn.LSTMCell(WIDTH, WIDTH)),
    Reader,
    Tied,
]
_IMAGES: list[Block] = [
    lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=2),
    lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1, padding_mode="reflect", bias=False),
    lambda: nn.ConvTranspose2d(WIDTH, WIDTH, 3, padding=1),
    lambda: nn.BatchNorm2d(WIDTH),
    lambda: nn.BatchNorm2d(WIDTH, affine=False),
    lambda: nn.GroupNorm(3, WIDTH),
    lambda: nn.InstanceNorm2d(WIDTH, affine=True, track_running_stats=True),
    lambda: Residual(nn.Conv2d(WIDTH, WIDTH, 1)),
]
_SEQUENCES: list[Block] = [
    lambda: First(nn.MultiheadAttention(WIDTH, 2, batch_first=True), inputs=3),
    lambda: First(nn.MultiheadAttention(WIDTH, 2, kdim=WIDTH, add_bias_kv=True), inputs=3),
    lambda: nn.TransformerEncoderLayer(WIDTH, 2, 8, dropout=0.1, batch_first=True),
    lambda: First(nn.LSTM(WIDTH, WIDTH, 2, batch_first=True)),
    lambda: First(nn.LSTM(WIDTH, WIDTH + 1, batch_first=True, proj_size=WIDTH)),
    lambda: First(nn.RNN(WIDTH, WIDTH, batch_first=True)),
    lambda: First(nn.GRU(WIDTH, WIDTH // 2, batch_first=True, bidirectional=True)),
    lambda: ChannelsLast(nn.Conv1d(WIDTH, WIDTH, 3, padding=1)),
    lambda: nn.LayerNorm(WIDTH),
]


def _inputs(kind: str, examples: int) -> Tensor:
    if kind == "sequences":
        return torch.randint(0, WORDS, (examples, LENGTH))
    return torch.randn(examples, WIDTH, *(HEIGHT, HEIGHT) if kind == "images" else ())


Case = tuple[nn.Module, Callable[[int], Tensor]]


@st.composite
def modules(draw: st.DrawFn) -> Case:
    """A module, and what makes inputs for a number of examples."""
    kinds = {"flat": _FLAT, "images": _IMAGES, "sequences": _SEQUENCES}
    kind = draw(st.sampled_from(sorted(kinds)))
    blocks = draw(st.lists(st.sampled_from([*_ANY, *kinds[kind]]), min_size=1, max_size=4))
    torch.manual_seed(draw(st.integers(0, 2**16)))
    first = [Tokens()] if kind == "sequences" else []
    module = nn.Sequential(*first, *(block() for block in blocks), Pooled())
    for layer in module.modules():  # what is pretrained is not what a fresh layer has
        for name, buffer in layer.named_buffers(recurse=False):
            if name in ("running_mean", "running_var"):
                buffer.copy_(torch.rand_like(buffer) + 0.5)
    return module, lambda examples: _inputs(kind, examples)


def open_mappings(network: RelevanceNetwork) -> None:
    for group in network.mappings:
        group.mapping.data.fill_(1.0)


def seeded(module: nn.Module, x: Tensor) -> Tensor:
    """The module's output, with one seed for its dropout."""
    torch.manual_seed(0)
    output: Tensor = module(x)
    return output


@given(case=modules())
@settings(max_examples=60)
def test_with_all_mappings_open_a_network_computes_what_the_module_does(case: Case) -> None:
    module, inputs = case
    network = convert(module)
    open_mappings(network)
    x = inputs(7)
    with torch.no_grad():
        torch.testing.assert_close(seeded(network.eval(), x), seeded(module.eval(), x))
    before = copy.deepcopy(module.state_dict())
    network = convert(module, initialisation="open")
    network.begin_task(0, [])
    open_mappings(network)
    output, expected = seeded(network.train(), x), seeded(module.train(), x)
    torch.testing.assert_close(output, expected)
    for one in (output, expected):
        torch.autograd.backward(one.square().sum())
    module.load_state_dict(before)  # the statistics that were counted
    trained = sum(one.numel() for one in module.parameters() if one.requires_grad)
    own = sum(one.numel() for name, one in network.named_parameters() if "mapping." not in name)
    weights = sum(len(group.weight) for group in network.mappings)
    assert own - weights == trained
    norm = torch.stack([_norm(one) for one in module.parameters() if one.requires_grad])
    ours = [_norm(p) for name, p in network.named_parameters() if not name.endswith(".mapping")]
    torch.testing.assert_close(torch.stack(ours).norm(), norm.norm(), rtol=1e-3, atol=1e-4)


def _norm(parameter: Tensor) -> Tensor:
    return torch.zeros(()) if parameter.grad is None else parameter.grad.norm()


@given(case=modules())
@settings(max_examples=30)
def test_pretrained_weights_are_kept_until_the_first_task_changes_them(case: Case) -> None:
    module, inputs = case
    network = convert(module, initialisation="open")
    network.begin_task(0, [])
    x = inputs(3)
    with torch.no_grad():
        torch.testing.assert_close(network.eval()(x, 0), module.eval()(x))


Optimizers = Callable[[list[nn.Parameter]], torch.optim.Optimizer]

OPTIMIZERS: dict[str, Optimizers] = {
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1, amsgrad=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, momentum=0.5),
    "lbfgs": lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=3),
}


def train(
    network: RelevanceNetwork,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    *,
    accumulate: bool,
    clip: bool,
    autocast: bool,
    restore: bool,
) -> None:
    """One optimizer step on random classes, in any of the ways that people take one."""
    parts = torch.split(x, 4) if accumulate else (x,)
    y = torch.split(torch.randint(0, OUTPUTS, (len(x),)), len(parts[0]))

    def closure() -> Tensor:
        optimizer.zero_grad()
        total = torch.zeros(())
        for part, classes in zip(parts, y, strict=True):
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                loss = F.cross_entropy(network(part), classes)
            torch.autograd.backward(loss)
            total += loss.detach()
        if clip:
            nn.utils.clip_grad_norm_(network.parameters(), 0.1)
        return total

    if isinstance(optimizer, torch.optim.LBFGS):
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    else:
        closure()
        optimizer.step()
    if restore:
        network.restore_frozen_weights()


@given(
    case=modules(),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    initialisation=st.sampled_from(["normal", "open"]),
    accumulate=st.booleans(),
    clip=st.booleans(),
    autocast=st.booleans(),
    restore=st.booleans(),
)
@settings(max_examples=60)
def test_what_finished_tasks_compute_never_changes(
    case: Case,
    optimizer: str,
    initialisation: str,
    accumulate: bool,
    clip: bool,
    autocast: bool,
    restore: bool,
) -> None:
    module, inputs = case
    network = convert(module, initialisation=initialisation)
    steps = OPTIMIZERS[optimizer](list(network.parameters()))
    probe, answers, prints = inputs(5), list[Tensor](), list[bytes]()

    def answer(task: int) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast), torch.no_grad():
            output: Tensor = network.eval()(probe, task)
        return output

    for task in range(3):
        network.begin_task(task, [])
        for _ in range(2):
            network.train().to("cpu")  # as every strategy of Avalanche does
            train(
                network,
                steps,
                inputs(8),
                accumulate=accumulate,
                clip=clip,
                autocast=autocast,
                restore=restore,
            )
            for earlier, before in enumerate(answers):  # also before weights are restored
                assert torch.equal(answer(earlier), before)
        network.finish_task()
        answers.append(answer(task))
        prints.append(network.fingerprint(task))
    assert [network.fingerprint(task) for task in range(3)] == prints
    copied = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in copied.parameters():  # as an average of weights would be copied there
            parameter.add_(1.0)
        for task, before in enumerate(answers):
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                assert torch.equal(copied(probe, task), before)
