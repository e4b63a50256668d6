"""Layered forward model: each pixel's column turns beam energy into backscatter signal.

Source: Artemov et al. and its published code. A layer of mass thickness m = d rho^0.91 covers
the share xi = 1 - exp(-A psi) of the signal, psi = m / (c(E) - m), c(E) = 74 E^1.55; electrons
reach the next layer with E exp(-psi^0.45). Units: nm, g/cm3, keV.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.simulate.lookup import LookupForward
from sem3d.simulate.quirks import CORRECTED, Quirks
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack, Scan


@dataclass(frozen=True)
class LayerConstants:
    """What the model needs of a material.

    Attributes:
        Z: atomic number.
        density_g_cm3: density used by the model [g/cm3].
        signal: backscatter signal of the bulk material.
    """

    Z: int
    density_g_cm3: float
    signal: float

    @property
    def mass_factor(self) -> float:
        """rho^0.91: mass thickness per nm [(g/cm3)^0.91]."""
        return self.density_g_cm3**0.91

    @property
    def decay(self) -> float:
        """A: how fast the layer covers what lies below."""
        return 1 / (0.49 * math.exp(-0.022 * (self.Z + 2)))


REPORT_CONSTANTS: Final[Mapping[str, LayerConstants]] = {
    "Si": LayerConstants(14, 2.65, 0.49),
    "Au": LayerConstants(79, 19.3, 0.90),
    "Al": LayerConstants(13, 2.7, 0.47),
}
"""Constants of the published code, kept even where tables differ (silicon has 2.33 g/cm3)."""


def electron_range(energy_keV: Tensor) -> Tensor:
    """c(E) = 74 E^1.55, the electron range in units of mass thickness [nm (g/cm3)^0.91]."""
    return 74 * energy_keV**1.55


def _energy_loss_exponent(psi: Tensor) -> Tensor:
    """psi^0.45 with the slope taken at psi >= 1e-9, for it is infinite at 0."""
    value = psi.clamp_min(1e-30).pow(0.45)
    if not psi.requires_grad:
        return value
    slope = 0.45 * psi.clamp_min(1e-9).pow(-0.55)
    return value.detach() + slope.detach() * (psi - psi.detach())


class AnalyticForward(nn.Module):
    """The forward model of one layer stack under one beam, differentiable and batched.

    Args:
        stack: the layers, any number.
        beam: the energies.
        quirks: switches of the published generator; those about single layers need two layers.
        constants: constants by material.

    Raises:
        InputError: a material without constants, or a two-layer quirk on another stack.
    """

    energies: Tensor

    def __init__(
        self,
        stack: LayerStack,
        beam: Beam,
        quirks: Quirks = CORRECTED,
        constants: Mapping[str, LayerConstants] = REPORT_CONSTANTS,
    ) -> None:
        super().__init__()
        for name in (*stack.materials, stack.substrate):
            if name not in constants:
                raise InputError(
                    f"material {name!r} has no constants in the analytic model; add "
                    f"simulator.constants.{name} with Z, density_g_cm3 and signal"
                )
        if len(stack.materials) != 2 and (
            quirks.al_alone_as_gold or quirks.al_over_gold_fades_to_si
        ):
            raise InputError(
                f"simulator.quirks of the published generator describe two layers but the stack "
                f"has {len(stack.materials)}; use simulator=analytic_corrected"
            )
        self.quirks = quirks
        self.layers = [constants[name] for name in stack.materials]
        self.substrate = constants[stack.substrate]
        self.register_buffer("energies", torch.tensor(beam.energies_keV, dtype=torch.float64))
        self._check_box(stack, beam)

    def _check_box(self, stack: LayerStack, beam: Beam) -> None:
        if beam.tilt_deg or beam.spot_sigma_nm:
            raise InputError(
                f"tilt_deg is {beam.tilt_deg}, spot_sigma_nm {beam.spot_sigma_nm} but the analytic "
                "model holds for a point beam at normal incidence; set both to 0"
            )
        self._check_reach(stack, beam)

    def _check_reach(self, stack: LayerStack, beam: Beam) -> None:
        """The range must exceed the mass thickness of every layer, under the thickest ones too."""
        reach = electron_range(self.energies[0])
        for k in reversed(range(len(self.layers))):
            mass = stack.limits_nm[k] * self.layers[k].mass_factor
            if mass >= reach:
                end = float(reach) / self.layers[k].mass_factor
                raise InputError(
                    f"the analytic model ends at {end:.1f} nm "
                    f"{stack.materials[k]} under the thickest upper layers at "
                    f"{beam.energies_keV[0]:g} keV, the stack allows {stack.limits_nm[k]} nm; "
                    "lower limit_nm or leave out low energies"
                )
            psi = mass / (reach - mass)
            reach = reach * torch.exp(-1.55 * psi**0.45)

    def forward(self, thickness_nm: Shaped[Tensor, "*B L Y X"]) -> Float[Tensor, "*B E Y X"]:
        """Signal of every pixel and energy for thickness maps (L, Y, X) [nm], lowest first.

        Floating maps keep their dtype and gradient; integer maps are taken as float32.
        """
        return self.quirks.write(self.columns(thickness_nm))

    def columns(self, thickness_nm: Shaped[Tensor, "*B L Y X"]) -> Float[Tensor, "*B E Y X"]:
        """As `forward`, before the quirks that act on whole images: pixels are independent."""
        maps = thickness_nm if thickness_nm.is_floating_point() else thickness_nm.float()
        incident = electron_range(self.energies.to(maps))[:, None, None]
        d = maps.unsqueeze(-3).unbind(-4)  # L maps (*B, 1, Y, X)
        reach, seen = incident, torch.ones_like(incident)
        signal = torch.zeros_like(incident)
        for k in reversed(range(len(d))):
            covered, psi = self._cover(d[k], reach, k)
            signal = signal + seen * covered * self._layer_signal(k)
            seen = seen * (1 - covered)
            if k:  # c(E exp(-x)) = c(E) exp(-1.55 x)
                reach = reach * torch.exp(-1.55 * _energy_loss_exponent(psi))
        signal = signal + seen * self.substrate.signal
        if self.quirks.al_alone_as_gold:
            signal = torch.where(d[0] == 0, self._alone_as_gold(d[1], incident), signal)
        return signal

    def linearise(
        self, thickness_nm: Float[Tensor, "L *field"], present: Sequence[int]
    ) -> tuple[Float[Tensor, "E *field"], Float[Tensor, "L E *field"]]:
        """Signal, and its derivative by each thickness [1/nm], where only some layers are present.

        Args:
            thickness_nm: (L, ...) floating point [nm], of the present layers only.
            present: their indices in the stack, increasing; the other layers are absent.

        Returns:
            Signal (E, ...) as from `columns`, and derivatives (L, E, ...).
        """
        n = len(present)
        alone = self.quirks.al_alone_as_gold and tuple(present) == (1,)
        shape = (-1,) + (1,) * (thickness_nm.ndim - 1)
        reach = electron_range(self.energies.to(thickness_nm)).reshape(shape)
        seen, signal = torch.ones_like(reach), torch.zeros_like(reach)
        # derivatives of the signal, of ln(seen) and of ln(reach)
        slopes, dseen, dreach = ([torch.zeros_like(reach)] * n for _ in range(3))
        for at in reversed(range(n)):
            layer = self.layers[present[at]]
            bulk = self.layers[0].signal if alone else self._layer_signal(present[at])
            covered, psi = self._cover(thickness_nm[at], reach, present[at])
            above, seen = seen * covered, seen * (1 - covered)
            rest = torch.maximum(reach - thickness_nm[at] * layer.mass_factor, 1e-6 * reach)
            bend = 1.55 * 0.45 * psi.clamp_min(1e-9).pow(-0.55) if at else 0.0
            for j in range(at, n):
                dpsi = -psi * dreach[j] + (layer.mass_factor / rest if j == at else 0.0)
                dpsi = (1 + psi) * dpsi
                fading = layer.decay * dpsi
                slopes[j] = slopes[j] + bulk * (above * dseen[j] + seen * fading)
                dseen[j], dreach[j] = dseen[j] - fading, dreach[j] - bend * dpsi
            signal = signal + above * bulk
            if at:
                reach = reach * torch.exp(-1.55 * _energy_loss_exponent(psi))
        rest = seen * self.substrate.signal
        slope = [s + rest * d for s, d in zip(slopes, dseen, strict=True)]
        return signal + rest, torch.stack(slope)

    def _cover(self, d: Tensor, reach: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Share of the signal that layer k covers (xi), and its psi."""
        mass = d * self.layers[k].mass_factor
        psi = mass / torch.maximum(reach - mass, 1e-6 * reach)
        return -torch.expm1(-self.layers[k].decay * psi), psi

    def _layer_signal(self, k: int) -> float:
        fades = self.quirks.al_over_gold_fades_to_si and k > 0
        return (self.substrate if fades else self.layers[k]).signal

    def _alone_as_gold(self, d: Tensor, reach: Tensor) -> Tensor:
        covered, _ = self._cover(d, reach, 1)
        return self.substrate.signal + covered * (self.layers[0].signal - self.substrate.signal)


class Analytic:
    """The engine `analytic`: noise-free scans of layered specimens.

    Args:
        quirks: switches of the published generator.
        constants: constants of further materials, added to those of the report.
    """

    def __init__(
        self,
        quirks: Quirks = CORRECTED,
        constants: Mapping[str, LayerConstants] | None = None,
    ) -> None:
        self.quirks = quirks
        self.constants = {**REPORT_CONSTANTS, **(constants or {})}
        self._tables: dict[tuple[LayerStack, Beam], LookupForward] = {}

    def forward(self, stack: LayerStack, beam: Beam) -> AnalyticForward:
        """Return the differentiable model for one stack and beam."""
        return AnalyticForward(stack, beam, self.quirks, self.constants)

    def table(self, stack: LayerStack, beam: Beam) -> LookupForward:
        """Return the exact table for one stack and beam, built once."""
        if (stack, beam) not in self._tables:
            columns = self.forward(stack, beam).columns
            self._tables[stack, beam] = LookupForward(columns, stack)
        return self._tables[stack, beam]

    def simulate(
        self, specimen: LayeredSpecimen, beam: Beam, seed: tuple[int, int] = (0, 0)
    ) -> Scan:
        """Return the noise-free scan (E, Y, X); integer maps use the exact table.

        Nothing is drawn: `seed` is there because engines share one signature.
        """
        del seed
        maps = torch.from_numpy(np.ascontiguousarray(specimen.thickness_nm))
        where = specimen.stack, beam
        columns = self.forward(*where).columns if maps.is_floating_point() else self.table(*where)
        with torch.no_grad():
            signal = self.quirks.write(columns(maps))
        return Scan(signal.float().numpy(), beam, self.provenance)

    @property
    def provenance(self) -> dict[str, Any]:
        """Engine name and every setting, for stores and result files."""
        constants = {name: asdict(c) for name, c in self.constants.items()}
        return {"engine": "analytic", "quirks": asdict(self.quirks), "constants": constants}
