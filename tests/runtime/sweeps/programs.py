"""Settings of a job, and small programs in place of its training."""

from typing import Any

from sem3d.runtime.runs.run_folder import IDENTITY

CFG: dict[str, Any] = dict.fromkeys(IDENTITY) | {
    "trainer": {
        "accelerator": "cpu", "devices": 1, "num_nodes": 1, "max_epochs": 2, "max_steps": -1
    },
    "sweep": {"slots": None, "timeout": None, "halving": None},
}  # fmt: skip
FINISH = """
import shutil, sys
shutil.copytree(sys.argv[2], sys.argv[1], dirs_exist_ok=True)
print("trained")
"""
RAISE = "print('epoch 1'); raise ValueError('no such thing')"
POLITE = """
import time
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("saved", flush=True)
    raise SystemExit(130)
"""
DEAF = "trap '' INT; sleep 60"
QUICK = "trap 'exit 130' INT; sleep 60 & wait"
"""Of the shell: they are ready at once."""
