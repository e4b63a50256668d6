import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.runtime.sweeps.outcome import TAIL, last_words, outcome

TRACE = """Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in <module>
ValueError: no such thing
"""
LOG = f"epoch 1\nepoch 2\n{TRACE}\n \n"


@pytest.mark.parametrize(
    ("status", "is_done", "state", "reason"),
    [
        (0, True, "done", ""),
        (0, False, "interrupted", "last line"),
        (1, False, "failed", "last line"),
        (2, False, "failed", "last line"),
        (2, True, "done", "last line, after it was done"),
        (130, True, "done", ""),
        (130, False, "interrupted", "last line"),
        (138, False, "interrupted", "last line"),
        (140, False, "interrupted", "last line"),
        (143, False, "interrupted", "last line"),
        (-2, False, "interrupted", "last line"),
        (-15, False, "interrupted", "last line"),
        (-9, False, "failed", "ended by signal 9 (SIGKILL); out of memory?"),
        (-11, False, "failed", "ended by signal 11 (SIGSEGV)"),
        (-11, True, "done", "ended by signal 11 (SIGSEGV), after it was done"),
        (-40, False, "failed", "ended by signal 40 (real-time)"),
    ],
)
def test_states(status: int, is_done: bool, state: str, reason: str) -> None:
    assert outcome(status, is_done, "first\nlast line\n\n") == (state, reason, "")


def test_a_traceback_is_cut_out_with_what_caused_it() -> None:
    state, reason, traceback = outcome(1, False, LOG)
    assert (state, reason) == ("failed", "ValueError: no such thing")
    assert traceback.startswith(TRACE)


def test_a_killed_process_may_leave_a_traceback() -> None:
    state, reason, traceback = outcome(-signal.SIGABRT, False, LOG)
    assert (state, reason) == ("failed", "ended by signal 6 (SIGABRT)")
    assert "KeyError" in traceback


def test_the_rank_that_failed_tells_why() -> None:
    words = "error: loss is NaN; lower the rate\nerror: rank 1 ended with status 2; see above\n"
    assert outcome(2, False, words)[1] == "loss is NaN; lower the rate"


def test_the_word_error_is_left_out() -> None:
    assert outcome(2, False, "error: a is b; c\n")[1] == "a is b; c"


@pytest.mark.parametrize("words", ["", "\n \n\t\n"])
@pytest.mark.parametrize("status", [0, 1, 130])
def test_an_empty_log_is_said(status: int, words: str) -> None:
    assert outcome(status, False, words)[1] == "no output"


@given(st.integers(-64, 255), st.booleans(), st.text(max_size=60))
def test_every_end_has_a_state_and_a_reason_of_one_line(
    status: int, is_done: bool, words: str
) -> None:
    state, reason, _ = outcome(status, is_done, words)
    assert state in ("done", "interrupted", "failed")
    assert (state == "done") == is_done
    assert len(reason.splitlines()) <= 1
    assert reason or state == "done" or words


def test_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_bytes(b"before\n\xff\xfe caf\xc3\xa9\n")
    assert last_words(log, 0) == "before\n\ufffd\ufffd café\n"
    assert last_words(log, len(b"before\n")) == "\ufffd\ufffd café\n"
    assert last_words(log, log.stat().st_size) == ""


def test_a_long_log_is_not_read_whole(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_bytes("é".encode() * TAIL + b"\nend")
    words = last_words(log, 0)
    assert len(words.encode()) <= TAIL + 2
    assert words.endswith("é\nend")
    assert last_words(log, 2 * TAIL + 1) == "end"
