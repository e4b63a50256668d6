import os

import pytest
import torch

from sem3d import memory
from sem3d.memory import free_memory


def test_free_memory_is_some_of_what_there_is() -> None:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < free_memory() <= total


def test_without_proc_the_system_is_asked(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "none")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < free_memory() <= total


@pytest.mark.gpu
def test_free_memory_of_a_gpu() -> None:
    assert 0 < free_memory("cuda") <= torch.cuda.get_device_properties(0).total_memory
