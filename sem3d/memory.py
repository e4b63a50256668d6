"""How much memory is free."""

import os
from pathlib import Path
from typing import Final

import torch

_MEMINFO: Final = Path("/proc/meminfo")


def free_memory(device: torch.device | str = "cpu") -> int:
    """Return the bytes that can be taken on a device; file caches count as free."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if not _MEMINFO.is_file():
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    lines = _MEMINFO.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
