"""``python -m sem3d.generate``: write, continue or repair a dataset of simulated scans."""

from typing import Any

from sem3d.runtime.cli import command


def run(cfg: dict[str, Any]) -> None:
    """Write the configured dataset and say where it is."""
    from sem3d.runtime.datasets import write

    store = write(cfg)
    counts = ", ".join(f"{split} {store.count(split):,}" for split in ("train", "val", "test"))
    print(f"{store.root}: {counts}; checksum {store.checksum[:12]}")


if __name__ == "__main__":
    command("generate", run)
