"""Training in slices: exact stops between two steps, on a time limit, Ctrl-C or a signal."""

import signal
import time
from typing import Any, Final, NoReturn

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from sem3d.runtime.runs.run_folder import RunFolder

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""What asks a training to stop: Ctrl-C, `kill`, and what a queue sends ahead of its time limit."""

TIME_IS_UP: Final = 1
"""A reason to stop beside the signals, below all of them: of several reasons the highest counts."""

ECHO_S: Final = 2.0
"""A signal that comes again within this time is the same request: queues and launchers send it to
each process, and the launcher passes it on once more."""


class Stopped(Exception):  # noqa: N818
    """A slice of training ended before the run was done; ``last.ckpt`` holds its exact state.

    Attributes:
        status: exit status: 0 for the time limit, else 128 + the signal's number, as shells count.
    """

    def __init__(self, told: str, status: int) -> None:
        super().__init__(told)
        self.status = status


class Slices(Callback):
    """Save ``last.ckpt`` inside long epochs, and stop between two steps when asked or out of time.

    A signal is answered after the current step, so that no half-made step is ever saved; the same
    signal a second time stops at once. It may reach one process or all: they agree after every
    step. Epoch ends are left to the other checkpoints.

    Args:
        run: where to save.
        limit: length of this slice [s].
        interval: longest time between two saves [s].

    Raises:
        Stopped: from within the training of rank 0, after saving; the other ranks exit.
    """

    def __init__(self, run: RunFolder, limit: float, interval: float) -> None:
        self.run, self.limit, self.interval = run, limit, interval
        self._started = self._saved = 0.0
        self._first = 0
        self._heard: dict[int, float] = {}
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock and listen for signals."""
        self._started = self._saved = time.monotonic()
        self._first = trainer.global_step  # every slice makes at least one step
        self._previous = {s: signal.signal(s, self._on_signal) for s in SIGNALS}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save when due, and stop when asked or out of time; every rank does the same."""
        if trainer.is_last_batch:
            return
        late = time.monotonic() - self._saved > self.interval
        reason, due = _highest(trainer, self._reason, late)
        if reason or due:
            trainer.save_checkpoint(self.run.last)
            self._saved = time.monotonic()
        if reason:
            _stop(trainer, reason)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop between two epochs; the end of the last one was saved."""
        if trainer.global_step > self._first:
            (reason,) = _highest(trainer, self._reason)
            if reason:
                _stop(trainer, reason)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give the signals back."""
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    @property
    def _reason(self) -> int:
        """Why to stop: a signal's number, `TIME_IS_UP`, or 0 to go on."""
        over = time.monotonic() - self._started > self.limit
        return max(self._heard, default=TIME_IS_UP if over else 0)

    def _on_signal(self, number: int, _: Any) -> None:
        now = time.monotonic()
        if now - self._heard.setdefault(number, now) > ECHO_S:
            signal.signal(number, self._previous[number])
            signal.raise_signal(number)


def _highest(trainer: Trainer, *values: int) -> list[int]:
    """The highest value of all ranks at each place."""
    if trainer.world_size == 1:
        return list(values)
    mine = torch.tensor(values, device=trainer.strategy.root_device)
    return trainer.strategy.reduce(mine, reduce_op="max").tolist()


def _stop(trainer: Trainer, reason: int) -> NoReturn:
    if not trainer.is_global_zero:
        raise SystemExit(0)  # one message and one status are enough
    where = f"at step {trainer.global_step} of epoch {trainer.current_epoch}"
    if reason == TIME_IS_UP:
        raise Stopped(f"the time limit was reached {where}", 0)
    name = "" if reason == signal.SIGINT else f" by {signal.Signals(reason).name}"
    raise Stopped(f"interrupted{name} {where}", 128 + reason)
