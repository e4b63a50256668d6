"""What every network of conf/model owes, whatever it is: found by its yaml, nothing to register."""

import inspect
import io
from importlib import import_module
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

CONFIGS = sorted((Path(__file__).parents[2] / "conf" / "model").glob("*.yaml"))
ENERGIES = 5
OUTPUTS = [(2,), (3, 16), (2, 5)]
NARROW = (4, 6, 8, 10, 12)

every_network = pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
every_output = pytest.mark.parametrize("outputs", OUTPUTS, ids=str)


def read(config):
    return yaml.safe_load(config.read_text())["model"]


def target(model):
    module, name = model["_target_"].rsplit(".", 1)
    return getattr(import_module(module), name)


def build(config, outputs):
    """Build the network of a yaml as the commands do, narrow where its widths are free."""
    torch.manual_seed(1)
    model = read(config)
    arguments = {key: value for key, value in model.items() if key != "_target_"}
    if "widths" in arguments:
        arguments["widths"] = list(NARROW[: len(arguments["widths"])])
    return target(model)(ENERGIES, outputs, **arguments)


def scan(batch, field):
    generator = torch.Generator().manual_seed(2)
    return torch.rand(batch, ENERGIES, *field, generator=generator)


def train_once(net, x):
    """Backpropagate a loss that no symmetry of the output cancels."""
    out = net(x)
    weights = torch.linspace(-1, 1, out.numel()).reshape(out.shape)
    (out.float().tanh() * weights).sum().backward()
    return out


def test_there_are_networks():
    known = {"conv3", "unet", "unet_volume", "stacked_unet", "uvnet", "resunet", "unet3d"}
    sizes = {f"voxnet_{size}" for size in ("lite", "small", "medium", "moderate")}
    assert known | sizes <= {path.stem for path in CONFIGS}


@every_network
def test_yaml_lists_every_own_argument_and_no_data(config):
    assert config.read_text().startswith("# @package _global_\n# ")
    model = read(config)
    own = inspect.signature(target(model)).parameters.keys() - {"energies", "outputs"}
    assert model.keys() - {"_target_"} == own


@every_network
@every_output
@pytest.mark.parametrize(("batch", "field"), [(1, (33, 20)), (3, (1, 1)), (2, (7, 50))], ids=str)
def test_logits_have_the_field_of_the_scan(config, outputs, batch, field):
    net = build(config, outputs).eval()
    with torch.no_grad():
        logits = net(scan(batch, field))
    assert logits.shape == (batch, *outputs, *field)
    assert logits.isfinite().all()


@every_network
@every_output
def test_every_parameter_receives_a_finite_gradient(config, outputs):
    net = build(config, outputs).train()
    train_once(net, scan(3, (20, 17)))
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        if parameter.dim() > 1:  # a bias before a norm has gradient zero by construction
            assert parameter.grad.abs().max() > 0, name


@every_network
@pytest.mark.parametrize("field", [(1, 1), (1, 9)], ids=str)
def test_one_tiny_sample_can_be_trained(config, field):
    net = build(config, (2,)).train()
    assert train_once(net, scan(1, field)).isfinite().all()
    assert all(p.grad.isfinite().all() for p in net.parameters())


@every_network
@every_output
def test_bfloat16_autocast_is_finite_and_close(config, outputs):
    net, x = build(config, outputs), scan(2, (20, 17))
    with torch.autocast("cpu", torch.bfloat16):
        train_once(net.train(), x)
        rough = net.eval()(x)
    assert all(p.grad.isfinite().all() for p in net.parameters())
    exact = net(x)
    assert rough.isfinite().all()
    assert (rough.float() - exact).abs().mean() < 0.1 * exact.std()


@every_network
@every_output
def test_state_survives_a_file(config, outputs):
    net, file = build(config, outputs), io.BytesIO()
    train_once(net, scan(3, (8, 8)))  # moves the running statistics
    torch.save(net.state_dict(), file)
    file.seek(0)
    torch.manual_seed(3)
    other = build(config, outputs)
    nn.init.zeros_(next(other.parameters()))
    other.load_state_dict(torch.load(file, weights_only=True))
    x = scan(2, (9, 8))
    assert torch.equal(net.eval()(x), other.eval()(x))


@every_network
def test_samples_do_not_see_their_batch_mates(config):
    net, x = build(config, (3, 16)).eval(), scan(3, (18, 16))
    with torch.no_grad():
        together, alone = net(x), net(x[1:2])
        torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-4)
        x[0] += 100
        torch.testing.assert_close(net(x)[1:2], alone, rtol=1e-4, atol=1e-4)


@every_network
def test_evaluation_repeats_itself(config):
    net, x = build(config, (2,)).eval(), scan(2, (9, 8))
    assert torch.equal(net(x), net(x))
    assert getattr(net, "link", "sigmoid") in {"sigmoid", "identity"}
