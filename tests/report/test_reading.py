"""Every defect of a result file is one sentence that names the file and the remedy."""

import json
import math

import pytest

from sem3d.errors import InputError
from sem3d.report.reading import load_results, read_result
from sem3d.report.results import Noise


def test_a_result_reads_back(write):
    result = read_result(write("mine", "uvnet", "voxels", "experimental", 0.05, 0.8))
    assert (result.predictor.name, result.predictor.model) == ("mine", "uvnet")
    assert result.dataset.classes == ("none", "Au", "Al")
    assert result.noise == Noise("gaussian", 0.05)
    assert result.scores["miou_report"] == 0.8
    assert result.scores_transposed["miou_report"] == 0.4
    assert result.provenance["git"] == "abc1234"


def test_results_are_found_at_any_depth_in_order(write, tmp_path):
    write("b", "unet")
    write("a", "conv3")
    assert [r.predictor.name for r in load_results(tmp_path)] == ["a", "b"]


def test_poisson_noise_counts_electrons(write):
    path = write("a", "unet", noise={"kind": "poisson", "electrons": 2500})
    assert read_result(path).noise == Noise("poisson", 2500.0)


def test_keys_of_later_versions_are_left_alone(write, edit):
    path = write("a", "unet")
    edit(path, "predictor", "favourite_colour", "blue")
    assert read_result(path).predictor.name == "a"


def test_no_results_names_folder_and_command(tmp_path):
    with pytest.raises(InputError, match=r"no result files under .*sem3d\.evaluate checkpoint="):
        load_results(tmp_path / "nowhere")


def test_truncated_file_is_named(write):
    path = write("a", "unet")
    path.write_text(path.read_text()[:100])
    with pytest.raises(InputError, match=f"{path.name} is not readable json.*evaluate"):
        read_result(path)


@pytest.mark.parametrize("content", ["[1, 2]", json.dumps({"schema": 2}), "{}"])
def test_other_schemas_are_refused(write, content):
    path = write("a", "unet")
    path.write_text(content)
    with pytest.raises(InputError, match=f"{path.name} has result schema .*reads 1"):
        read_result(path)


@pytest.mark.parametrize("block", ["predictor", "dataset", "noise", "scores"])
def test_missing_block_is_named(write, edit, block):
    path = write("a", "unet")
    edit(path, None, block, None)
    with pytest.raises(InputError, match=f"{path.name} lacks the block '{block}'"):
        read_result(path)


@pytest.mark.parametrize(
    ("block", "key", "value", "message"),
    [
        ("dataset", "samples", "many", r"dataset\.samples = 'many'"),
        ("dataset", "classes", "none", r"dataset\.classes = 'none'"),
        ("predictor", "name", None, r"predictor\.name = None"),
        ("noise", "kind", "pink", "unknown noise"),
        ("noise", "level", "loud", "unknown noise"),
        ("scores", "macc", math.nan, r"scores\.macc = nan"),
        ("scores", "macc", "good", r"scores\.macc = nan"),
    ],
)
def test_garbled_values_are_named(write, edit, block, key, value, message):
    path = write("a", "unet")
    edit(path, block, key, value)
    with pytest.raises(InputError, match=f"{path.name}.*{message}"):
        read_result(path)


def test_missing_keys_are_named(write):
    path = write("a", "unet")
    content = json.loads(path.read_text())
    del content["scores"]["miou_pooled"]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"lacks scores\.miou_pooled"):
        read_result(path)
    del content["dataset"]["checksum"]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"lacks dataset\.checksum"):
        read_result(path)


def test_a_voxel_result_reads_back(write_voxels):
    result = read_result(write_voxels("net", "voxnet_lite", "nanowire", dose=150))
    assert result.noise == Noise("counts", 150.0)
    assert result.noise.label == "150 electrons"
    assert result.dataset.kind == "voxels"
    assert result.dataset.settings["corners"] == "Si"
    assert result.dataset.cases[0] == "nanowire of radius 2 nm"
    assert len(result.depth_iou) == 20
    assert len(result.samples["iou"]) == result.dataset.samples == 10
    assert result.structures is None


@pytest.mark.parametrize("block", ["samples", "depth_iou"])
def test_voxel_results_of_earlier_versions_are_to_be_made_again(write_voxels, edit, block):
    path = write_voxels("net", "voxnet_lite")
    edit(path, None, block, None)
    with pytest.raises(InputError, match=f"{path.name} lacks .*{block}.*evaluate"):
        read_result(path)


@pytest.mark.parametrize("values", [[0.5], ["high"] * 5, [math.nan] * 5, 0.5])
def test_broken_samples_are_refused(write_voxels, edit, values):
    path = write_voxels("net", "voxnet_lite")
    edit(path, "samples", "iou", values)
    with pytest.raises(InputError, match=rf"{path.name} .*(samples|iou).*evaluate"):
        read_result(path)


def test_samples_need_their_index(write_voxels):
    path = write_voxels("net", "voxnet_lite")
    content = json.loads(path.read_text())
    del content["samples"]["index"]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"lacks samples\.index"):
        read_result(path)
