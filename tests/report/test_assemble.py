"""The whole report: files, numbers, pictures, one self-contained page."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.image import imread

from sem3d.errors import InputError
from sem3d.report.assemble import write_report

TABLES = {
    *("table_1_1", "table_1_2", "table_2_1", "table_2_2", "table_2_3"),
    *("noise_study", "dose_study", "all_results"),
}
PICTURES = {
    *("overview", "figure_5", "figure_6", "table_2_3_maps", "table_3_1", "table_3_2", "table_4"),
    *("cuts", "stability", "noise_study_maps", "uncertainty"),
}
VOXEL_TABLES = {
    *("voxels_table_1", "voxels_table_2", "voxels_table_3", "voxels_table_4"),
    *("voxels_time", "voxels_resolution", "voxels_scores", "all_results"),
}
VOXEL_PICTURES = {
    *("voxels_figure_4", "voxels_figure_5", "voxels_figure_7", "voxels_figure_8"),
    *("voxels_figure_10", "voxels_test", "voxels_depth", "voxels_resolution_curves"),
}
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Collects text, images and ids; complains about tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.images, self.outside, self.ids, self.text = [], [], [], set(), []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        if tag == "img":
            self.images.append(attributes)
        if tag in ("script", "link", "iframe"):
            self.outside.append(tag)
        if "href" in attributes and not attributes["href"].startswith("#"):
            self.outside.append(attributes["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def everything(write, tmp_path):
    """Results of all kinds of predictors and one training run; returns the report's folder."""
    for dataset in ("layers", "experimental"):
        write("tikhonov_naive", "tikhonov_naive", "thickness", dataset, miou=0.6)
        write("unet<b>", "unet", "thickness", dataset, miou=0.95)
        write("uvnet", "uvnet", "voxels", dataset, miou=0.9)
    write("tikhonov_naive", "tikhonov_naive", "thickness", "experimental", 0.0, 0.7)
    run = tmp_path / "runs" / "unet"
    run.mkdir(parents=True)
    rows = [
        f"{e},{e},{n},{1 / (e + 1)}" for e in range(3) for n in ("train/loss", "val/miou_report")
    ]
    (run / "metrics.csv").write_text("\n".join(["step,epoch,name,value", *rows, ""]))
    return tmp_path


def report(folder):
    page, _ = write_report(folder / "results", folder / "runs", folder / "out" / "latest")
    return page


def test_full_report(everything):
    path = report(everything)
    files = {found.name for found in path.parent.iterdir()}
    assert files == {"report.html"} | {f"{t}.csv" for t in TABLES} | {f"{p}.png" for p in PICTURES}
    for name in PICTURES:
        picture = imread(path.parent / f"{name}.png")
        assert np.isfinite(picture).all()
        assert picture[..., :3].std() > 0.05, name
    text = path.read_text()
    page = Page(text)
    assert len(page.images) == len(PICTURES)
    assert all(
        img["src"].startswith("data:image/png;base64,") and img["alt"] for img in page.images
    )
    assert page.outside == []
    assert "http" not in text.replace("http-equiv", "")
    words = "".join(page.text)
    assert "unet<b>: mIoU .950 (pooled .949) on 1000 samples of layers/test 01234567" in words
    assert ".617" in words
    assert "Not drawn" not in words
    assert "$" not in words
    targets = {part.split('"')[0] for part in text.split('href="#')[1:]}
    assert targets
    assert targets <= page.ids


@pytest.fixture
def copper(write_voxels, tmp_path):
    """Voxel results of two predictors on all data, and one training run."""
    for dataset in ("nanocube", "nanowire", "resolution", "voxels"):
        write_voxels("med_sem", "med_sem", dataset, 0.4, solver=True)
        write_voxels("net", "voxnet_moderate", dataset, 0.1)
    run = tmp_path / "runs" / "net"
    run.mkdir(parents=True)
    named = {"val/score": 0.2, "val/miou_report": 0.5}
    rows = [f"{e},{e},{n},{v * e}" for e in (1, 2) for n, v in named.items()]
    (run / "metrics.csv").write_text("\n".join(["step,epoch,name,value", *rows, ""]))
    return tmp_path


def test_full_voxel_report(copper):
    path = report(copper)
    files = {found.name for found in path.parent.iterdir()}
    tables = {f"{t}.csv" for t in VOXEL_TABLES}
    assert files == {"report.html"} | tables | {f"{p}.png" for p in VOXEL_PICTURES}
    page = Page(path.read_text())
    assert len(page.images) == len(VOXEL_PICTURES)
    assert page.outside == []
    words = "".join(page.text)
    assert re.search(r"net: IoU of Cu 0\.\d{3} per volume on 5 samples of voxels/test", words)
    assert "mIoU 0.953" in words
    assert "Not drawn" not in words
    assert "$" not in words
    assert "experimental" not in page.ids


def test_voxel_results_leave_the_layered_sections_alone(write, write_voxels, tmp_path):
    write("only", "unet", "thickness", "experimental")
    alone = report(tmp_path)
    before = {p.name: p.read_bytes() for p in alone.parent.iterdir() if p.suffix != ".html"}
    section = alone.read_text().partition("<main>")[2].partition('<section id="all">')[0]
    write_voxels("net", "unet3d", "nanocube")
    both = report(tmp_path)
    for name in before.keys() - {"all_results.csv"}:
        assert (both.parent / name).read_bytes() == before[name], name
    assert "<figure" in section
    assert section in both.read_text()
    assert Page(both.read_text()).ids >= {"start", "voxels", "cases", "all"}


def test_one_result_still_makes_a_report_and_the_same_again(write, tmp_path):
    write("only", "resunet", "voxels", "experimental")
    path = report(tmp_path)
    page = Page(path.read_text())
    words = "".join(page.text)
    assert words.count("not run") >= 2 * 6
    assert "Not drawn: no predictor of thickness" in words
    assert "train a network" in words
    assert len(page.images) == 4  # overview, Table 3.1, Table 4, cuts
    assert not (path.parent / "figure_5.png").exists()
    first = path.read_bytes()
    assert report(tmp_path).read_bytes() == first


def test_results_on_other_materials_are_listed_only(write, edit, tmp_path):
    edit(write("copper", "resunet", "voxels"), "dataset", "classes", ["none", "Cu"])
    path = report(tmp_path)
    assert "copper" in (path.parent / "all_results.csv").read_text()
    assert "copper" not in (path.parent / "table_1_1.csv").read_text()
    assert "No result on gold and aluminium layers yet" in path.read_text()


def test_no_results_is_said_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="no result files"):
        report(tmp_path)
    assert not (tmp_path / "out").exists()


def test_truncated_examples_are_named_before_anything_is_written(everything):
    broken = next((everything / "results" / "uvnet").glob("*.npz"))
    broken.write_bytes(broken.read_bytes()[:50])
    with pytest.raises(InputError, match=broken.name):
        report(everything)
    assert not (everything / "out").exists()
