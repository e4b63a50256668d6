"""Running the installed program Nebula, and telling in one sentence what went wrong."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from sem3d.errors import InputError

TESTED: Final = "1.0.2"
"""The version that sem3d was tested with."""

_POLL_S: Final = 0.1
_TAIL: Final = 4096  # bytes of messages that are looked at for progress
_VERSION: Final = re.compile(r"This is Nebula version (\S+)")
_CAUSE: Final = re.compile(r"(?:what\(\)|Error|warning):\s*(.+)", re.IGNORECASE)
_PROGRESS: Final = re.compile(r"Progress\s+([\d.]+)%")


@dataclass(frozen=True)
class Program:
    """An installed Nebula.

    Attributes:
        binary: its path, or its name on the search path.
        version: the version that it has to be.
        timeout_s: longest run [s].
    """

    binary: str
    version: str = TESTED
    timeout_s: float = 3600.0

    def located(self) -> Path:
        """Return the executable.

        Raises:
            InputError: it does not exist or cannot be executed.
        """
        if found := shutil.which(self.binary):
            return Path(found).absolute()
        what = "is not executable" if Path(self.binary).is_file() else "is not installed"
        raise InputError(
            f"the external simulator {self.binary} {what}; see docs/nebula.md and give its path as "
            "simulator.binary or in the environment variable SEM3D_NEBULA"
        )

    def run(
        self,
        folder: Path,
        materials: Sequence[Path],
        threshold_eV: float,
        seed: int,
        on_progress: Callable[[float], None] | None = None,
    ) -> str:
        """Trace the electrons of a folder and return the version line.

        Args:
            folder: holds ``geometry.tri`` and ``primaries.pri``; gets ``detected.det`` and
                ``messages.txt``.
            materials: files, in the order of the geometry's numbers.
            threshold_eV: electrons below, counted from the vacuum level, are dropped [eV].
            seed: 32 bits.
            on_progress: called ten times a second with the finished share; may raise to stop.

        Raises:
            InputError: no such program, another version, a failure, a warning, or no end in time.
        """
        options = [f"--energy-threshold={threshold_eV:g}", f"--seed={seed}"]
        files = [folder / "geometry.tri", folder / "primaries.pri", *materials]
        command = [str(self.located()), *options, *(str(path.absolute()) for path in files)]
        messages = folder / "messages.txt"
        with (
            (folder / "detected.det").open("wb") as out,
            messages.open("wb") as err,
            _started(command, out, err) as process,
        ):
            self._wait(process, messages, on_progress)
        return self._checked(process.returncode, messages.read_text(errors="replace"))

    def _wait(
        self,
        process: subprocess.Popen[bytes],
        messages: Path,
        on_progress: Callable[[float], None] | None,
    ) -> None:
        end = time.monotonic() + self.timeout_s
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
                return
            if time.monotonic() > end:
                raise InputError(
                    f"{self.binary} did not end within {self.timeout_s:g} s and was stopped; raise "
                    "simulator.timeout_s or lower the dose"
                )
            if on_progress is not None:
                on_progress(_share(messages))

    def _checked(self, status: int, messages: str) -> str:
        """Return the version line of a run without complaints."""
        found = _VERSION.match(messages.lstrip())
        if found is None and status == 0:
            raise InputError(
                f"{self.binary} does not say that it is Nebula; give the path of Nebula "
                f"{self.version} as simulator.binary"
            )
        if found is not None and found[1] != self.version:
            raise InputError(
                f"{self.binary} is Nebula {found[1]}, but sem3d was tested with {TESTED}; install "
                f"that, or accept yours with simulator.version={found[1]}"
            )
        if status != 0:
            raise InputError(
                f"{self.binary} failed ({_how(status)}): {_reason(messages)}; keep its files for a "
                "closer look with simulator.keep_files=FOLDER"
            )
        if warnings := [line for line in messages.splitlines() if "warning" in line.lower()]:
            raise InputError(
                f"{self.binary} warned, and its result is not used: {_reason(warnings[0])}; keep "
                "its files for a closer look with simulator.keep_files=FOLDER"
            )
        assert found is not None
        return found[0]


@contextlib.contextmanager
def _started(
    command: list[str], out: IO[bytes], err: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program in a process group of its own and leave none of it behind."""
    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command, stdin=nothing, stdout=out, stderr=err, start_new_session=True
        )
    except OSError as error:
        raise InputError(
            f"{command[0]} cannot be started ({error.strerror}); give a program of this machine as "
            "simulator.binary"
        ) from None
    # the pipe closes when this process dies in whatever way: nobody else would stop an endless run
    script = ["/bin/sh", "-c", 'cat; kill -s KILL -- "-$0"', str(process.pid)]
    with subprocess.Popen(
        script, stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, start_new_session=True
    ) as watcher:
        try:
            yield process
        finally:
            watcher.kill()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _share(messages: Path) -> float:
    """Return the finished share 0..1 that the program told last."""
    with messages.open("rb") as file:
        file.seek(max(0, messages.stat().st_size - _TAIL))
        told = _PROGRESS.findall(file.read().decode(errors="replace"))
    return float(told[-1]) / 100 if told else 0.0


def _how(status: int) -> str:
    return f"exit status {status}" if status > 0 else signal.Signals(-status).name


def _reason(messages: str) -> str:
    """Return the line that names the cause: of an exception, of an error, or else the last."""
    if found := _CAUSE.search(messages):
        return found[1].strip().rstrip(".!")
    lines = messages.split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "without a message")
