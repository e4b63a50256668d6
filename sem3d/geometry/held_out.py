"""Specimens too near to the named cases, which stay out of training."""

from functools import cache

import numpy as np
from jaxtyping import Bool, UInt8

from sem3d.geometry.core_shell import COPPER, FILM, CoreShellNanocube, CoreShellNanowire
from sem3d.specimen import VoxelSpecimen


def is_near_a_named_case(specimen: VoxelSpecimen) -> bool:
    """Say whether the copper is that of a named case to within 1 voxel.

    It is when every copper voxel of one lies in, or next to, a copper voxel of the other, edges and
    corners counting as neighbours. The cases are taken in all eight symmetries of the square and
    wires along every axis, as turned and mirrored specimens serve in training too. Specimens on
    another grid than the cases' are never near.
    """
    ours, cases = specimen.box, FILM
    if (ours.shape, ours.voxel_nm) != (cases.shape, cases.voxel_nm):
        return False
    copper = specimen.labels == COPPER
    exact, grown = _cases()
    inside = ~np.any(np.packbits(copper) & ~grown, axis=1)
    covered = ~np.any(exact & ~np.packbits(grow(copper)), axis=1)
    return bool(np.any(inside & covered))


def grow(mask: Bool[np.ndarray, "Z Y X"]) -> Bool[np.ndarray, "Z Y X"]:
    """Add the 26 neighbours of every voxel."""
    for axis in range(3):
        mask = mask.swapaxes(0, axis)
        wide = mask.copy()
        wide[1:] |= mask[:-1]
        wide[:-1] |= mask[1:]
        mask = wide.swapaxes(0, axis)
    return mask


@cache
def _cases() -> tuple[UInt8[np.ndarray, "K B"], UInt8[np.ndarray, "K B"]]:
    """Copper of every case and the same grown by 1 voxel, one bit per voxel."""
    lists = (CoreShellNanocube(), CoreShellNanowire(), CoreShellNanowire(axis="z"))
    masks = [cases.case(n).labels == COPPER for cases in lists for n in range(len(cases.names))]
    turned = [np.rot90(mask, quarter, (1, 2)) for mask in masks for quarter in range(4)]
    images = [image for mask in turned for image in (mask, mask[:, :, ::-1])]
    distinct = {image.tobytes(): image for image in images}.values()
    return (
        np.stack([np.packbits(mask) for mask in distinct]),
        np.stack([np.packbits(grow(mask)) for mask in distinct]),
    )
