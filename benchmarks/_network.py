"""One network as training runs it: configured task, loss and optimiser, on random specimens."""

from dataclasses import dataclass

import torch
from _config import compose

from sem3d.geometry.voxelise import voxelise
from sem3d.models.cost import count_macs, count_parameters
from sem3d.runtime.build import build, partial
from sem3d.runtime.trainer.checkpoint import build_task
from sem3d.specimen import LayerStack
from sem3d.tasks.data import DataSpec, Volume
from sem3d.tasks.reconstruction import ReconstructionTask


@dataclass(frozen=True)
class Problem:
    """A dataset's energies, materials and label values, with the field to run them on.

    Attributes:
        dataset: file name in conf/dataset.
        labels: values that its label volumes hold.
        field: (Y, X) [pixels].
        peer: network that the others are compared with.
    """

    dataset: str
    labels: tuple[int, ...]
    field: tuple[int, int]
    peer: str


PROBLEMS = {
    "layers": Problem("layers", (0, 1, 2), (128, 128), "unet"),
    "voxels": Problem("voxels", (1, 2), (20, 20), "unet3d"),
}


class Network:
    """A network of conf/model on a device with one batch.

    Args:
        name: file name in conf/model.
        problem: what it is trained for.
        device: cpu, or cuda for bfloat16 autocast.
        batch: samples per step.
        compiled: pass the network through torch.compile.
    """

    def __init__(
        self, name: str, problem: Problem, device: str, batch: int, compiled: bool
    ) -> None:
        torch.manual_seed(0)
        self.device = device
        self.task = make_task(name, problem).to(device)
        spec = self.task.data
        self.parameters = count_parameters(self.task.model)
        self.macs = count_macs(self.task.model, len(spec.energies_keV), problem.field)
        scan = 0.6 + 0.1 * torch.randn(batch, len(spec.energies_keV), *problem.field, device=device)
        self.batch = {"scan": scan} | _truth(spec.volume, batch, problem, device)
        self.optimizer = self.task.configure_optimizers()
        if compiled:
            self.task.model.compile()

    def train(self) -> None:
        """One optimiser step: standardise, network, loss, backward, update."""
        self.task.train()
        self.optimizer.zero_grad()
        with self._autocast():
            loss = self.task.training_step(self.batch, 0)
        loss.backward()
        self.optimizer.step()
        self._wait()

    def infer(self) -> None:
        """Reconstruct the batch, from scans to labels."""
        self._infer(self.batch["scan"])

    def infer_one(self) -> None:
        """Reconstruct one sample alone."""
        self._infer(self.batch["scan"][:1])

    def _infer(self, scan: torch.Tensor) -> None:
        self.task.eval()
        with torch.inference_mode(), self._autocast():
            self.task(scan)
        self._wait()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda")

    def _wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def make_task(name: str, problem: Problem) -> ReconstructionTask:
    """Build the task of ``python -m sem3d.train model=<name> dataset=<dataset>`` without data."""
    cfg = compose("train", f"model={name}", f"dataset={problem.dataset}", "name=bench")
    geometry, energies = build(cfg["geometry"]), build(cfg["acquisition"]).energies_keV
    volume = geometry.box if hasattr(geometry, "box") else geometry.stack
    signal = {"mean": (0.6,) * len(energies), "std": (0.1,) * len(energies)}
    spec = DataSpec(energies, volume, problem.labels, **signal)
    return build_task(cfg, spec, optimizer=partial(cfg["optimizer"], "optimizer"))


def _truth(volume: Volume, batch: int, problem: Problem, device: str) -> dict[str, torch.Tensor]:
    """Random maps of layers and their voxels, or random voxels."""
    if isinstance(volume, LayerStack):
        limits = torch.tensor(volume.limits_nm)[:, None, None]
        thickness = (torch.rand(batch, len(limits), *problem.field) * limits).to(device)
        labels = voxelise(thickness, volume.height_nm, volume.slices)
        return {"thickness_nm": thickness, "labels": labels}
    pick = torch.randint(len(problem.labels), (batch, volume.slices, *problem.field))
    return {"labels": torch.tensor(problem.labels, dtype=torch.uint8)[pick].to(device)}
