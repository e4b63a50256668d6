"""The tables of the studies: predictors down, amounts of noise across, the print on top."""

import csv

from sem3d.report.cells import csv_text
from sem3d.report.layers.noise_tables import dose_study, noise_study
from sem3d.report.reading import read_result


def lines(build, *paths):
    table = build([read_result(path) for path in paths])
    return list(csv.DictReader(csv_text(table).splitlines()))


def test_print_alone():
    test, experimental = lines(noise_study)
    assert test["method"] == experimental["method"] == "printed: Numerical"
    assert (test["section"], experimental["section"]) == (
        "Test structures",
        "Experimental structure",
    )
    assert experimental["dataset"] == "Artemov et al., Table 2.1"
    shown = [experimental[f"mIoU: {level}"] for level in ("0 %", "0.5 %", "2 %")]
    assert shown == ["0.893", "0.632", "0.572"]
    assert test["mIoU: 2 %"] == "0.617"
    assert test["mIoU: 0 %"] == ""


def test_scores_stand_under_their_noise(write):
    paths = [write("lookup", "lookup", level=n, miou=1 - n) for n in (0.0, 0.05)]
    network = write("net", "resunet", "voxels", "experimental", 0.02, 0.9)
    _, ours, _, net = lines(noise_study, *paths, network)
    assert ours["method"] == "lookup"
    assert ours["dataset"] == "layers/test 01234567"
    assert (ours["mIoU: 0 %"], ours["mIoU: 2 %"], ours["mIoU: 5 %"]) == ("1.0", "", "0.95")
    assert (ours["MAE Au [nm]: 5 %"], ours["MAE Al [nm]: 0 %"]) == ("0.25", "1.75")
    assert net["method"] == "resunet (net)"
    assert (net["mIoU: 2 %"], net["MAE Au [nm]: 2 %"]) == ("0.9", "")


def test_dose_is_a_table_of_its_own(write):
    (nothing,) = lines(dose_study, write("a", "lookup"))
    assert nothing["method"] == "not run"
    paths = [
        write("lookup", "lookup", noise={"kind": "poisson", "electrons": n}, miou=m)
        for n, m in ((10000, 0.9), (400, 0.7))
    ]
    (line,) = lines(dose_study, *paths)
    assert list(line)[4:6] == ["mIoU: 400 electrons", "mIoU: 10000 electrons"]
    assert (line["mIoU: 400 electrons"], line["mIoU: 10000 electrons"]) == ("0.7", "0.9")
