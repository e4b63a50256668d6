"""All sweeps, a line each."""

from sem3d.locks import Lock
from sem3d.report.sweeps.listing import listing
from tests.report.sweeps.made import finish, write_plan


def test_every_sweep_has_a_line(tmp_path):
    plan = write_plan(tmp_path / "one", {"a": ["1", "2"]})
    write_plan(tmp_path / "second", {"a": ["1"]})
    finish(tmp_path / "one" / next(iter(plan.jobs)), [0.5])
    lock = Lock(tmp_path / "second" / "sweep.lock")
    assert lock.take()
    told = listing(tmp_path)
    lock.release()
    assert told == "one     2 jobs: 1 waiting, 1 done\nsecond  1 job: 1 waiting  (runs)"


def test_a_damaged_sweep_hides_no_other(tmp_path):
    write_plan(tmp_path / "good", {"a": ["1"]})
    write_plan(tmp_path / "bad", {})
    (tmp_path / "bad" / "sweep.json").write_text("{")
    bad, good = listing(tmp_path).splitlines()
    assert "sweep.json is damaged" in bad
    assert good == "good  1 job: 1 waiting"


def test_no_sweep(tmp_path):
    assert listing(tmp_path / "sweeps").startswith("no sweep in ")
