"""One network as training runs it: configured task, loss and optimiser, on random specimens."""

import torch
from _config import compose

from sem3d.geometry.voxelise import voxelise
from sem3d.models.cost import count_macs, count_parameters
from sem3d.runtime.build import build, partial
from sem3d.runtime.checkpoint import build_task
from sem3d.tasks.data import DataSpec
from sem3d.tasks.reconstruction import ReconstructionTask

FIELD = (128, 128)


class Network:
    """A network of conf/model on a device with one batch.

    Args:
        name: file name in conf/model.
        device: cpu, or cuda for bfloat16 autocast.
        batch: samples per step.
        compiled: pass the network through torch.compile.
    """

    def __init__(self, name: str, device: str, batch: int, compiled: bool) -> None:
        torch.manual_seed(0)
        self.device = device
        self.task = make_task(name).to(device)
        spec = self.task.data
        self.parameters = count_parameters(self.task.model)
        self.macs = count_macs(self.task.model, len(spec.energies_keV), FIELD)
        limits = torch.tensor(spec.limits_nm)[:, None, None]
        thickness = (torch.rand(batch, len(limits), *FIELD) * limits).to(device)
        self.batch = {
            "scan": 0.6 + 0.1 * torch.randn(batch, len(spec.energies_keV), *FIELD, device=device),
            "thickness_nm": thickness,
            "labels": voxelise(thickness, spec.height_nm, spec.slices),
        }
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
        self.task.eval()
        with torch.inference_mode(), self._autocast():
            self.task(self.batch["scan"])
        self._wait()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda")

    def _wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def make_task(name: str) -> ReconstructionTask:
    """Build the task of ``python -m sem3d.train model=<name>`` without its data."""
    cfg = compose("train", f"model={name}", "name=bench")
    energies, stack = build(cfg["acquisition"]).energies_keV, build(cfg["geometry"]).stack
    layers = ("materials", "limits_nm", "substrate", "height_nm", "slices")
    signal = {"mean": (0.6,) * len(energies), "std": (0.1,) * len(energies)}
    spec = DataSpec(energies, **{key: getattr(stack, key) for key in layers}, **signal)
    return build_task(cfg, spec, optimizer=partial(cfg["optimizer"], "optimizer"))
