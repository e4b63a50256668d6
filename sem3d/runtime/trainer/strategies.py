"""How a training is spread over processes: names that Lightning lacks or means otherwise."""

from typing import Any

from lightning.pytorch.strategies import ModelParallelStrategy, Strategy

from sem3d.tasks.sharding import same_buffers


def named(name: str) -> str | Strategy:
    """Return the strategy called `name`; names other than ``fsdp`` are Lightning's."""
    return FullySharded() if name == "fsdp" else name


class FullySharded(ModelParallelStrategy):
    """Each process keeps its share of weights, gradients and optimiser state (FSDP2).

    The task shares its network out in ``configure_model``. Checkpoints are whole files, gathered
    by rank 0, that a single process can load.
    """

    def __init__(self) -> None:
        super().__init__(tensor_parallel_size=1, save_distributed_checkpoint=False)

    def setup_environment(self) -> None:
        """Spread over all processes of all nodes."""
        self._data_parallel_size = self.world_size
        super().setup_environment()

    def validation_step(self, *args: Any, **kwargs: Any) -> Any:
        """Validate with the running statistics of rank 0, as DDP does."""
        assert self.model is not None
        same_buffers(self.model)
        return super().validation_step(*args, **kwargs)
