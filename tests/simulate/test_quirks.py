from dataclasses import fields

import torch

from sem3d.simulate.quirks import CORRECTED, ORIGINAL, ORIGINAL_FILES, Quirks


def columns(*pairs: tuple[int, int]) -> torch.Tensor:
    """Maps (2, 1, N) of (Au, Al) columns."""
    return torch.tensor(pairs).T[:, None, :]


def test_presets() -> None:
    on = {f.name for f in fields(Quirks) if getattr(ORIGINAL, f.name)}
    assert on == {"al_alone_as_gold", "al_over_gold_fades_to_si"}
    in_files = {f.name for f in fields(Quirks) if getattr(ORIGINAL_FILES, f.name)}
    assert in_files - on == {"zero_border", "transposed_scan", "float16_scan", "noise_1_percent"}
    assert not any(getattr(CORRECTED, f.name) for f in fields(Quirks))


def test_zero_border_blanks_the_last_row_and_column_only() -> None:
    signal = torch.ones(2, 3, 4, 5)
    written = Quirks(zero_border=True).write(signal)
    assert (written[..., :-1, :-1] == 1).all()
    assert (written[..., -1, :] == 0).all()
    assert (written[..., :, -1] == 0).all()
    assert (signal == 1).all()


def test_transposed_scan_exchanges_rows_and_columns() -> None:
    signal = torch.rand(2, 4, 4)
    written = Quirks(transposed_scan=True).write(signal)
    assert torch.equal(written, signal.mT)


def test_float16_scan_rounds_by_less_than_half_a_percent_of_noise() -> None:
    signal = torch.rand(1, 64, 64) * 0.4 + 0.49
    relative = Quirks(float16_scan=True).write(signal) / signal - 1
    assert 1e-5 < relative.square().mean().sqrt() < 5e-4


def test_noise_level() -> None:
    assert Quirks(noise_1_percent=True).noise_level == 0.01
    assert ORIGINAL.noise_level == 0.02


def test_five_nanometre_labels_drop_the_top_voxel_of_a_full_column() -> None:
    labels = Quirks(height_5nm=True).labels(columns((15, 150), (5, 0)))
    assert labels.shape == (32, 1, 2)
    assert (labels[:, 0, 0] == 1).sum() == 3
    assert (labels[:, 0, 0] == 2).sum() == 29  # 30 would fit in 33 slices
    assert labels[:, 0, 1].tolist() == [0] * 31 + [1]


def test_one_nanometre_labels_exchange_the_classes() -> None:
    labels = Quirks(labels_1nm=True).labels(columns((15, 150)))[:, 0, 0]
    assert labels.tolist() == [1] * 150 + [2] * 15


def test_default_labels_are_ten_nanometres() -> None:
    labels = CORRECTED.labels(columns((15, 150), (9, 9)))
    assert labels[:, 0, 0].tolist() == [2] * 15 + [1]
    assert labels[:, 0, 1].tolist() == [0] * 16
