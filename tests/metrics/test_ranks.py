"""Two processes must score like one, to the last bit; run as a program, this file is one rank."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import distributed

import sem3d
from sem3d.metrics.body_scores import BodyScores, by_depth, by_sample
from sem3d.metrics.thickness_error import ThicknessError
from sem3d.metrics.voxel_scores import VoxelScores

ALL = [0, 1, 2, 3, 4]
SHARES = {
    "uneven with a repeat": [[4, 0, 3, 1], [2, 4]],
    "rank 1 without samples": [[2, 1, 0, 4, 3], []],
}


def results(indices):
    """Scores and tables after seeing these samples, each made from its own seed."""
    voxels, thickness = VoxelScores(("none", "Au", "Al")), ThicknessError(("Au", "Al"))
    body = BodyScores(("none", "Au", "Al"), (1.0, 1.0, 1.0), 2)
    for i in indices:
        random = torch.Generator().manual_seed(i)
        labels = torch.randint(0, 3, (2, 1, 2, 3, 4), generator=random, dtype=torch.uint8)
        voxels.update(torch.tensor([i]), *labels)
        body.update(torch.tensor([i]), *labels, torch.rand(1, 2, 3, 4, generator=random))
        thickness.update(torch.tensor([i]), *15 * torch.rand(2, 1, 2, 5, 5, generator=random))
    tables = [metric.table().tolist() for metric in (voxels, thickness)]
    rows = body.table()
    scores = [metric.compute() for metric in (voxels, thickness, body)]
    return [*scores, *tables, by_sample(rows), by_depth(rows)]


def run_rank(rank, meeting_point):
    distributed.init_process_group(
        "gloo", init_method=f"file://{meeting_point}", rank=rank, world_size=2
    )
    print(json.dumps({name: results(shares[rank]) for name, shares in SHARES.items()}))
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    meeting_point = tmp_path_factory.mktemp("ranks") / "meet"
    environment = os.environ | {"PYTHONPATH": str(Path(sem3d.__file__).parents[1])}
    ranks = [
        subprocess.Popen(
            [sys.executable, __file__, str(rank), meeting_point],
            env=environment,
            stdout=subprocess.PIPE,
        )
        for rank in (0, 1)
    ]
    return [json.loads(rank.communicate(timeout=60)[0]) for rank in ranks]


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("shares", SHARES)
def test_each_rank_reports_what_one_process_would(printed, rank, shares):
    assert printed[rank][shares] == json.loads(json.dumps(results(ALL)))


if __name__ == "__main__":
    run_rank(int(sys.argv[1]), sys.argv[2])
