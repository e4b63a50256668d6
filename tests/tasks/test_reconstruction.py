import functools
from typing import Any

import pytest
import torch
from torch import nn

from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.losses.cross_entropy_dice import CrossEntropyDice
from sem3d.losses.mse import MSE
from sem3d.models.stacked_unet import StackedUNet
from sem3d.tasks.data import DataSpec
from sem3d.tasks.thickness import ThicknessTask
from sem3d.tasks.voxels import VoxelTask


class Fixed(nn.Module):
    """A network that always returns the given output."""

    def __init__(self, output: torch.Tensor, link: str = "sigmoid") -> None:
        super().__init__()
        self.output, self.link = output, link

    def forward(self, scan: torch.Tensor) -> torch.Tensor:
        return self.output


def fixed(output: torch.Tensor, link: str = "sigmoid") -> Any:
    return lambda energies, outputs: Fixed(output, link)


def test_thickness_logits_span_the_limits(spec: DataSpec) -> None:
    logits = torch.tensor([-200.0, 0.0, 50.0]).expand(1, 2, 1, 3)
    task = ThicknessTask(model=fixed(logits), loss=MSE(), data=spec)
    found = task(torch.zeros(1, 6, 1, 3))
    assert found.thickness_nm[0, :, 0].tolist() == [[0.0, 7.5, 15.0], [0.0, 75.0, 150.0]]
    assert torch.equal(found.labels, voxelise(found.thickness_nm))


def test_identity_link_is_nanometres_clipped_to_the_limits(spec: DataSpec) -> None:
    output = torch.tensor([-1.0, 9.0, 400.0]).expand(1, 2, 1, 3)
    task = ThicknessTask(model=fixed(output, "identity"), loss=MSE(), data=spec)
    found = task(torch.zeros(1, 6, 1, 3))
    assert found.thickness_nm[0, :, 0].tolist() == [[0.0, 9.0, 15.0], [0.0, 9.0, 150.0]]


def test_voxel_labels_are_the_largest_logit(spec: DataSpec) -> None:
    logits = torch.randn(2, 3, 16, 4, 4)
    task = VoxelTask(model=fixed(logits), loss=CrossEntropyDice(), data=spec)
    found = task(torch.zeros(2, 6, 4, 4))
    assert found.labels.dtype == torch.uint8
    assert torch.equal(found.labels.long(), logits.argmax(1))
    assert found.thickness_nm is None


def test_scans_are_standardised_by_the_training_data(spec: DataSpec, network: Any) -> None:
    task = VoxelTask(model=network, loss=CrossEntropyDice(), data=spec)
    mean = torch.tensor(spec.mean)[:, None, None].expand(1, 6, 2, 2)
    assert task.standardise(mean).abs().max() < 1e-5
    std = torch.tensor(spec.std)[:, None, None]
    torch.testing.assert_close(task.standardise(mean + std), torch.ones(1, 6, 2, 2))


@pytest.mark.parametrize(("cls", "loss"), [(ThicknessTask, MSE()), (VoxelTask, CrossEntropyDice())])
def test_one_sample_can_be_learnt(
    cls: type, loss: nn.Module, spec: DataSpec, network: Any, batch: dict[str, Any]
) -> None:
    task = cls(model=network, loss=loss, data=spec)
    task.log = lambda *_, **__: None
    one = {k: v[:1] for k, v in batch.items()}
    optimizer = torch.optim.Adam(task.parameters(), lr=0.01)
    first = None
    for _ in range(40):
        value = task.training_step(one, 0)
        first = first or value.item()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    assert value.item() < 0.5 * first


def test_loss_is_the_mean_over_stages(spec: DataSpec, batch: dict[str, Any]) -> None:
    net = functools.partial(StackedUNet, widths=[4, 4], stacks=2, dropout=0.0)
    task = ThicknessTask(model=net, loss=MSE(), data=spec).eval()
    task.log = lambda *_, **__: None  # type: ignore[method-assign]
    with torch.no_grad():
        found = task.training_step(batch, 0)
        stages = task.model.stages(task.standardise(batch["scan"]))  # type: ignore[operator]
        each = [MSE()(task.prediction(s), batch["thickness_nm"]) for s in stages]
    torch.testing.assert_close(found, torch.stack(each).mean())


@pytest.mark.parametrize("side", [16, 12])
def test_mean_over_symmetries_turns_with_the_scan(
    spec: DataSpec, network: Any, batch: dict[str, Any], side: int
) -> None:
    task = ThicknessTask(model=network, loss=MSE(), data=spec).eval()
    scan = batch["scan"][..., :side]
    with torch.no_grad():
        found = task.over_symmetries(scan).thickness_nm
        turned = task.over_symmetries(scan.flip(-1)).thickness_nm.flip(-1)
        plain = task(scan).thickness_nm
    torch.testing.assert_close(turned, found, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(plain, found, atol=1e-3)


def test_loss_for_another_target_is_refused(spec: DataSpec, network: Any) -> None:
    with pytest.raises(InputError, match="MSE compares thickness_nm but task VoxelTask"):
        VoxelTask(model=network, loss=MSE(), data=spec)


def test_diverged_training_is_told(spec: DataSpec, batch: dict[str, Any]) -> None:
    output = torch.full((len(batch["scan"]), 2, 16, 16), float("nan"))
    task = ThicknessTask(model=fixed(output), loss=MSE(), data=spec)
    task.log = lambda *_, **__: None  # type: ignore[method-assign]
    with pytest.raises(InputError, match=r"training loss became nan .* lower optimizer.lr"):
        task.training_step(batch, 0)
