"""Locks between threads and between processes, however these end."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from sem3d import locks
from sem3d.locks import Lock, is_locked

HOLD = """
import sys
from pathlib import Path
from sem3d.locks import Lock
assert Lock(Path(sys.argv[1])).take()
print("held", flush=True)
sys.stdin.read()
"""
CONTEND = """
import sys
from pathlib import Path
from sem3d.locks import Lock
path, inside = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(20):
    with Lock(path).held(lambda: None, 60):
        inside.touch(exist_ok=False)
        with path.open("a") as f:
            f.write("x")
        inside.unlink()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "a.lock"


@contextmanager
def python(program: str, *arguments: object, **more: object) -> Iterator[subprocess.Popen[str]]:
    """A process of its own, killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something becomes true within the time a loaded machine may need."""
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def nothing() -> None:
    pass


def test_one_at_a_time(path: Path) -> None:
    first, second = Lock(path), Lock(path)
    assert first.take()
    assert not second.take()
    assert not first.take()
    first.release()
    first.release()
    assert second.take()
    second.release()
    assert not is_locked(path)


def test_a_refused_lock_keeps_no_file_open(path: Path) -> None:
    holder = Lock(path)
    assert holder.take()
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert [Lock(path).take() for _ in range(3)] == [False] * 3
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    holder.release()


def test_a_kill_frees_it(path: Path) -> None:
    with python(HOLD, path) as holder:
        assert line(holder) == "held"
        assert is_locked(path)
        assert not Lock(path).take()
        holder.kill()
        holder.wait()
        assert soon(lambda: not is_locked(path))
        lock = Lock(path)
        assert lock.take()
    lock.release()


def test_a_child_that_is_given_it_holds_it_too(path: Path) -> None:
    lock = Lock(path)
    assert lock.take()
    assert lock.fd is not None
    with python("import sys; sys.stdin.read()", pass_fds=(lock.fd,)) as child:
        lock.release()
        assert is_locked(path)
        child.kill()
        child.wait()
        assert soon(lambda: not is_locked(path))


def test_other_children_do_not_hold_it(path: Path) -> None:
    lock = Lock(path)
    assert lock.take()
    with python("import sys; print(1, flush=True); sys.stdin.read()", close_fds=False) as child:
        assert line(child) == "1"
        lock.release()
        assert not is_locked(path)


def test_looking_makes_nothing(path: Path) -> None:
    assert not is_locked(path)
    assert not path.parent.exists()
    path.parent.mkdir()
    path.touch(mode=0o444)
    assert not is_locked(path)


def test_a_glance_does_not_spoil_a_try(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who looks holds the lock for a moment."""
    path.parent.mkdir()
    glance = os.open(path, os.O_CREAT)
    fcntl.flock(glance, fcntl.LOCK_SH)
    monkeypatch.setattr(locks, "time", SimpleNamespace(sleep=lambda _: os.close(glance)))
    lock = Lock(path)
    assert lock.take()
    lock.release()


def test_waiting_is_told_once_and_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "POLL_S", 0.01)
    told: list[str] = []
    holder, lock = Lock(path), Lock(path)
    assert holder.take()
    timer = threading.Timer(0.3, holder.release)
    timer.start()
    with lock.held(lambda: told.append("waits")):
        assert is_locked(path)
    timer.join()
    assert told == ["waits"]
    assert not is_locked(path)
    with lock.held(lambda: told.append("again")):
        pass
    assert told == ["waits"]


def test_a_long_wait_ends_in_an_error(path: Path) -> None:
    holder, lock = Lock(path), Lock(path)
    assert holder.take()
    with pytest.raises(TimeoutError, match="held by another"), lock.held(nothing, 0.01):
        pytest.fail("held by two")
    assert lock.fd is None
    assert is_locked(path)
    holder.release()


def test_an_error_inside_frees_it(path: Path) -> None:
    with pytest.raises(KeyError), Lock(path).held(nothing):
        raise KeyError
    assert not is_locked(path)


def test_threads_never_hold_it_twice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "POLL_S", 0)
    inside, found = [], []

    def work() -> None:
        for _ in range(10):
            with Lock(path).held(nothing, 60):
                inside.append(1)
                time.sleep(0.0005)
                found.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 40


def test_processes_never_hold_it_twice(path: Path, tmp_path: Path) -> None:
    program = CONTEND.replace("import sys", "import sys\nimport sem3d.locks as l; l.POLL_S = 0.001")
    call = [sys.executable, "-c", program, str(path), str(tmp_path / "inside")]
    running = [subprocess.Popen(call) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    assert path.read_text() == "x" * 80
