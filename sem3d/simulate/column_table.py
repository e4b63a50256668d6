"""The engine `column_table`: yields of layered columns that Monte Carlo has counted beforehand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from numpy.polynomial.chebyshev import chebvander
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.simulate.column_file import BUILDER, SHIPPED, ColumnFile, read
from sem3d.simulate.lookup import LookupForward
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack, Scan


class ColumnForward(nn.Module):
    """Yield of every pixel: eta = sin(y)^2, y a polynomial of the thicknesses at each energy.

    Differentiable and batched; pixels are independent, as each is a layered specimen without end.

    Args:
        table: what was simulated.
        stack: layers of the table, up to its thicknesses.
        beam: energies inside of the table; a point beam at normal incidence.

    Raises:
        InputError: the table does not hold for the stack or the beam.
    """

    coefficients: Tensor
    limits: Tensor

    def __init__(self, table: ColumnFile, stack: LayerStack, beam: Beam) -> None:
        super().__init__()
        _check_stack(table, stack)
        _check_beam(table, beam)
        energies = chebvander(
            table.axis(np.array(beam.energies_keV)), table.coefficients.shape[-1] - 1
        )
        at_energies = np.moveaxis(table.coefficients @ energies.T, -1, 0)
        self.register_buffer("coefficients", torch.from_numpy(at_energies.copy()))
        self.register_buffer("limits", torch.tensor(table.limits_nm, dtype=torch.float64))

    def forward(self, thickness_nm: Shaped[Tensor, "*B L Y X"]) -> Float[Tensor, "*B E Y X"]:
        """Yield of every pixel and energy for thickness maps (L, Y, X) [nm], lowest first.

        Floating maps keep their dtype and gradient; integer maps are taken as float32.
        """
        return self.columns(thickness_nm)

    def columns(self, thickness_nm: Shaped[Tensor, "*B L Y X"]) -> Float[Tensor, "*B E Y X"]:
        """The same: there is nothing between pixels."""
        maps = thickness_nm if thickness_nm.is_floating_point() else thickness_nm.float()
        layers = range(len(self.limits))
        polynomials = [self._polynomials(maps.select(-3, k), k)[0] for k in layers]
        angle = _surface(self.coefficients.to(maps), polynomials)
        return angle.sin().square().movedim(0, -3)

    def linearise(
        self, thickness_nm: Float[Tensor, "L *field"], present: Sequence[int]
    ) -> tuple[Float[Tensor, "E *field"], Float[Tensor, "L E *field"]]:
        """Yield, and its derivative by each thickness [1/nm], where only some layers are present.

        Args:
            thickness_nm: (L, ...) floating point [nm], of the present layers only.
            present: their indices in the stack, increasing; the other layers are absent.

        Returns:
            Yield (E, ...) as from `columns`, and derivatives (L, E, ...).
        """
        coefficients = self._without_others(present).to(thickness_nm)
        both = [self._polynomials(d, k) for d, k in zip(thickness_nm, present, strict=True)]
        values = [value for value, _ in both]
        angle = _surface(coefficients, values)
        slopes = [
            _surface(coefficients, [*values[:k], slope, *values[k + 1 :]])
            for k, (_, slope) in enumerate(both)
        ]
        return angle.sin().square(), torch.stack(slopes) * (2 * angle).sin()

    def _without_others(self, present: Sequence[int]) -> Tensor:
        """Coefficients (E, K, ..) of the present layers, the others being of thickness 0."""
        coefficients = self.coefficients
        for k in reversed(range(len(self.limits))):
            if k not in present:
                rows = coefficients.movedim(k + 1, -1)
                signs = 1 - 2 * (torch.arange(rows.shape[-1], device=rows.device) % 2)
                coefficients = (rows * signs).sum(-1)  # T_n(-1) = (-1)^n
        return coefficients

    def _polynomials(self, d: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Chebyshev polynomials of layer k at thickness d, (K, ...), and derivatives [1/nm]."""
        per_nm = 2 / float(self.limits[k])
        at = d * per_nm - 1
        values, slopes = [torch.ones_like(at), at], [torch.zeros_like(at), torch.ones_like(at)]
        for _ in range(self.coefficients.shape[k + 1] - 2):
            slopes.append(2 * (values[-1] + at * slopes[-1]) - slopes[-2])
            values.append(2 * at * values[-1] - values[-2])
        return torch.stack(values), per_nm * torch.stack(slopes)


def _surface(coefficients: Tensor, polynomials: Sequence[Tensor]) -> Tensor:
    """Sum coefficients (E, K1, ..) times products of polynomials (K, ...) to (E, ...)."""
    products = polynomials[0]
    for values in polynomials[1:]:
        products = (products[:, None] * values).flatten(0, 1)
    flat = coefficients.flatten(1) @ products.flatten(1)
    return flat.unflatten(1, products.shape[1:])


class ColumnTable:
    """The engine: noise-free scans of layered specimens by a table of Monte Carlo yields.

    Args:
        table: file made by `sem3d.simulate.column_table_build`; None takes the shipped one,
            aluminium over gold on silicon.

    Raises:
        InputError: the file is missing or damaged.
    """

    def __init__(self, table: str | None = None) -> None:
        self.columns = read(Path(table) if table else SHIPPED)
        self._tables: dict[tuple[LayerStack, Beam], LookupForward] = {}

    def forward(self, stack: LayerStack, beam: Beam) -> ColumnForward:
        """Return the differentiable model for one stack and beam."""
        return ColumnForward(self.columns, stack, beam)

    def table(self, stack: LayerStack, beam: Beam) -> LookupForward:
        """Return the yields of every whole-nm state for one stack and beam, worked out once."""
        if (stack, beam) not in self._tables:
            self._tables[stack, beam] = LookupForward(self.forward(stack, beam), stack)
        return self._tables[stack, beam]

    def simulate(
        self, specimen: LayeredSpecimen, beam: Beam, seed: tuple[int, int] = (0, 0)
    ) -> Scan:
        """Return the noise-free scan (E, Y, X) of yields.

        Nothing is drawn: `seed` is there because engines share one signature.
        """
        del seed
        maps = torch.from_numpy(np.ascontiguousarray(specimen.thickness_nm))
        choose = self.forward if maps.is_floating_point() else self.table
        with torch.no_grad():
            signal = choose(specimen.stack, beam)(maps)
        return Scan(signal.float().numpy(), beam, self.provenance)

    @property
    def provenance(self) -> dict[str, Any]:
        """Engine, the table, and what counted its electrons."""
        columns = self.columns
        return {
            "engine": "column_table",
            "columns": columns.name,
            "table_sha256": columns.sha256,
            "table_electrons": columns.electrons,
            "table_engine": dict(columns.engine),
        }


def _check_stack(table: ColumnFile, stack: LayerStack) -> None:
    if (stack.materials, stack.substrate) != (table.materials, table.substrate):
        asked = " on ".join((*reversed(stack.materials), stack.substrate))
        raise InputError(
            f"the column table holds {table.name} but the stack is {asked}; make a table of it "
            f"with {BUILDER} and give simulator.table"
        )
    for name, limit, most in zip(stack.materials, stack.limits_nm, table.limits_nm, strict=True):
        if limit > most:
            raise InputError(
                f"the column table ends at {most:g} nm {name}, the stack allows {limit} nm; lower "
                f"limit_nm or make a thicker table with {BUILDER}"
            )


def _check_beam(table: ColumnFile, beam: Beam) -> None:
    if beam.tilt_deg or beam.spot_sigma_nm:
        raise InputError(
            f"tilt_deg is {beam.tilt_deg}, spot_sigma_nm {beam.spot_sigma_nm} but the column table "
            "holds for a point beam at normal incidence; set both to 0"
        )
    low, high = table.energies_keV[[0, -1]]
    for energy in beam.energies_keV:
        if not low <= energy <= high:
            raise InputError(
                f"the beam has {energy:g} keV but the column table holds {low:g} to {high:g} keV; "
                f"leave it out or make a wider table with {BUILDER}"
            )
