"""Small material files laid out as cstool writes them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ENERGIES = np.geomspace(1, 20_000, 16)
LOSSES = np.geomspace(1e-4, 1, 15)
P = np.linspace(0, 1, 15)


def scaled(group: Any, name: str, values: np.ndarray, unit: str) -> Any:
    scale = group.create_dataset(name, data=values)
    scale.attrs["units"] = unit.encode()
    h5py.h5ds.set_scale(scale.id, name.encode())
    return scale


def table(group: Any, name: str, values: np.ndarray, unit: str, *scales: Any) -> None:
    made = group.create_dataset(name, data=values)
    made.attrs["units"] = unit.encode()
    for axis, scale in enumerate(scales):
        made.dims[axis].attach_scale(scale)


def write(path: Path, spoil: Callable[[Any], object] = lambda file: None) -> Path:
    """A mean free path of 2 nm, angles even in the cosine, losses of 2 P percent of the energy."""
    with h5py.File(path, "w") as file:
        file.attrs["name"], file.attrs["cstool_version"] = b"silicon", b"1.0.7"
        kind = np.dtype([("value", float), ("unit", h5py.special_dtype(vlen=bytes))])
        for key, value, unit in (
            ("fermi", 7.8, b"eV"), ("barrier", 12.4, b"eV"), ("phonon_loss", 0.01, b"eV"),
            ("effective_A", 4.7e-23, b"g"), ("band_gap", 1.1, b"eV"),
        ):  # fmt: skip
            file.attrs[key] = np.array((value, unit), dtype=kind)
        half = np.full(16, 0.5)
        elastic, penn, ionization = map(
            file.create_group, ("kieft/elastic", "full_penn", "ionization")
        )
        energy = scaled(elastic, "energy", ENERGIES, "eV")
        table(elastic, "imfp", half, "nm^-1", energy)
        table(elastic, "costheta_icdf", np.tile(2 * P - 1, (16, 1)), "", energy)
        energy = scaled(penn, "energy", ENERGIES[2] * (ENERGIES / ENERGIES[0]) ** 0.8, "eV")
        table(penn, "imfp", half / 2, "nm^-1", energy)
        table(penn, "sp", half, "eV/nm", energy)
        table(penn, "omega_icdf", 0.02 * energy[:][:, None] * P, "eV", energy)
        q = np.arange(16 * 15 * 15, dtype=float).reshape(16, 15, 15)
        table(penn, "q_icdf", q, "nm^-1", energy)
        energy = scaled(ionization, "energy", ENERGIES, "eV")
        loss = scaled(ionization, "loss_frac", LOSSES, "")
        binding = np.where(q % 2, np.nan, q)
        table(ionization, "binding_icdf", binding, "eV", energy, loss)
        spoil(file)
    return path
