"""The LightningDataModule of zarr-backed scan stacks."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

import torch
from lightning.pytorch import LightningDataModule

from sem3d.datamodule.augment import Transform
from sem3d.datamodule.loader import Batch, GatherLoader
from sem3d.datamodule.order import EpochOrder
from sem3d.datamodule.resident import Arrays, Memory, load_split
from sem3d.datamodule.statistics import Statistics, measure
from sem3d.errors import InputError, did_you_mean
from sem3d.simulate.dose import Dose, check_fits
from sem3d.simulate.noise import Noise
from sem3d.store.reader import ScanStore


class ScanDataModule(LightningDataModule):
    """Serves a dataset of scans or counts: memory-resident, gathered, augmented, given its noise.

    Args:
        root: the zarr dataset.
        train_noise: noise of training scans, usually over a range of levels.
        eval_noise: noise of validation and test scans; the draw of a sample never changes.
        batch_size: training samples per step over all processes.
        eval_batch_size: samples per validation step over all processes.
        symmetries: train on the 8 symmetries of the square.
        crop: (Y, X) field cut from training samples, None for the whole.
        memory: where samples live: auto, ram, gpu or memmap.
        seed: seed of order, augmentation and noise.
    """

    def __init__(
        self,
        root: Path | str,
        train_noise: Noise | Dose,
        eval_noise: Noise | Dose,
        batch_size: int = 16,
        eval_batch_size: int = 16,
        symmetries: bool = True,
        crop: Sequence[int] | None = None,
        memory: str = "auto",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if memory not in get_args(Memory):
            raise InputError(
                f"datamodule.memory is {memory!r}{did_you_mean(memory, get_args(Memory))}"
            )
        self.root, self.memory, self.seed = Path(root), cast(Memory, memory), seed
        self.train_noise, self.eval_noise = train_noise, eval_noise
        self.batch_size, self.eval_batch_size = batch_size, eval_batch_size
        self.symmetries, self.crop = symmetries, crop
        self._arrays: dict[str, Arrays] = {}

    @property
    def store(self) -> ScanStore:
        """The dataset on disk."""
        if not hasattr(self, "_store"):
            self._store = ScanStore(self.root)
        return self._store

    def arrays(self, split: str) -> Arrays:
        """Arrays of a split, loaded on first use.

        Of layered specimens ``scan``, float16 for training, else float32, and ``thickness_nm``;
        of voxel specimens ``counts`` and ``labels``. Maps of a dataset with transposed scans are
        turned to match, as the published loader does.
        """
        if split not in self._arrays:
            half = torch.float16 if split == "train" else torch.float32
            layers, voxels = {"scan": half, "thickness_nm": None}, {"counts": torch.int32}
            dtypes = voxels | {"labels": None} if self.store.voxels else layers
            arrays = load_split(self.store, split, dtypes, self.memory)
            if self.store.attributes["engine"].get("quirks", {}).get("transposed_scan"):
                arrays["thickness_nm"] = arrays["thickness_nm"].mT.contiguous()
            self._arrays[split] = arrays
        return self._arrays[split]

    @property
    def statistics(self) -> Statistics:
        """Signal statistics of the training split."""
        if not hasattr(self, "_statistics"):
            arrays, store = self.arrays("train"), self.store
            signal = arrays["counts" if store.voxels else "scan"]
            per = store.electrons or 1
            self._statistics = measure(signal, store.checksum, self._labels(), per)
        return self._statistics

    def _labels(self) -> tuple[int, ...]:
        """Labels that training shows: of layers every one, of voxels those that occur.

        Raises:
            InputError: the validation split has others.
        """
        if not self.store.voxels:
            return tuple(range(len(self.store.stack.classes)))
        splits = [s for s in ("train", "val") if self.store.count(s)]
        shown = {s: set(self.arrays(s)["labels"].unique().tolist()) for s in splits}
        train, val = shown["train"], shown.get("val", set())
        if unseen := val - train:
            raise InputError(
                f"{self.root} has label {min(unseen)} in validation but not in training; generate "
                "more training samples"
            )
        return tuple(sorted(train))

    @property
    def dose(self) -> tuple[int, int] | None:
        """Lowest and highest training dose of electron counts, None where the signal is none."""
        sent, noise = self.store.electrons, self.train_noise
        return noise.range(sent) if sent and isinstance(noise, Dose) else None

    def transform(self, split: str, training: bool = False) -> Transform:
        """The step from a gathered batch to a network's batch; training augments."""
        store = self.store
        noise = self.train_noise if training else self.eval_noise
        return Transform(
            stack=None if store.voxels else store.stack,
            noise=check_fits(noise, store.electrons, store.several, str(self.root)),
            seed=self.seed,
            split=split,
            symmetries=self.symmetries and training,
            crop=(self.crop[0], self.crop[1]) if self.crop and training else None,
        )

    def loader(self, split: str, training: bool = False) -> GatherLoader:
        """Batches of a split for this process; training shuffles and drops an incomplete one."""
        arrays = self._placed(split)
        rank, world = (
            (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        )
        size = self.batch_size if training else self.eval_batch_size
        count = self.store.count(split)
        order = EpochOrder(count, size, self.seed if training else None, rank, world)
        return GatherLoader(arrays, order)

    def train_dataloader(self) -> GatherLoader:
        """Batches for training."""
        return self.loader("train", training=True)

    def val_dataloader(self) -> GatherLoader:
        """Batches for validation."""
        return self.loader("val")

    def test_dataloader(self) -> GatherLoader:
        """Batches for the final test."""
        return self.loader("test")

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Augment, add noise and cut labels on the device the batch has reached."""
        del dataloader_idx
        trainer = self.trainer
        assert trainer is not None
        if trainer.training:
            return self.transform("train", training=True)(batch, trainer.current_epoch)
        return self.transform("test" if trainer.testing else "val")(batch)

    def _placed(self, split: str) -> Arrays:
        """Arrays of a split where batches are gathered: with memory=gpu on this rank's device."""
        arrays = self.arrays(split)
        if self.memory == "gpu" and self.trainer:
            device = self.trainer.strategy.root_device
            if device.type != "cuda":
                raise InputError("datamodule.memory=gpu needs trainer=gpu; or use memory=auto")
            arrays = self._arrays[split] = {name: a.to(device) for name, a in arrays.items()}
        return arrays
