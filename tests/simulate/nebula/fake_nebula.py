"""Behaves like Nebula: the same arguments, checks, messages and exit codes; traces nothing.

Every fourth primary comes back, at 49.9 eV the next one, for a threshold to drop.
"""

import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

MODE = "good"
SIZE = 36


def tell(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)


def stop(reason: str) -> None:
    tell("terminate called after throwing an instance of 'std::runtime_error'")
    tell(f"  what():  {reason}")
    os.kill(os.getpid(), signal.SIGABRT)


def read_triangles(path: str) -> tuple[int, list[float], list[float]]:
    highest, places = -1, []
    for line in Path(path).read_text().split("\n"):
        if not line or line.lstrip(" \t").startswith("#"):
            continue
        words = line.split()
        if len(words) != 11:
            stop("invalid number of columns in line '2'")
        highest = max(highest, int(words[0]), int(words[1]))
        numbers = [float(word) for word in words[2:]]
        places += [numbers[k : k + 3] for k in (0, 3, 6)]
    axes = list(zip(*places, strict=True))
    return highest, [min(axis) for axis in axes], [max(axis) for axis in axes]


def check(records: bytes, low: list[float], high: list[float]) -> None:
    if len(records) % SIZE:
        stop("Unexpected end of primaries file")
    outside = 0
    for x, y, z, _, _, dz, energy, _, _ in struct.iter_unpack("=7f2i", records):
        outside += not all(a < p < b for a, p, b in zip(low, (x, y, z), high, strict=True))
        outside += not (dz > 0 and energy > 0)
    if outside:
        tell(f"WARNING: {outside} primary electrons starting outside geometry.")


def detected(records: bytes) -> bytes:
    out = b""
    for first in range(0, len(records), 4 * SIZE):
        slow = bytearray(records[first + SIZE : first + 2 * SIZE])
        slow[24:28] = struct.pack("=f", 49.9)
        out = bytes(slow) + records[first : first + SIZE] + out
    return out


def main() -> None:
    tell(f"This is {'Nebula' if MODE != 'other' else 'Andromeda'} version "
         f"{'1.0.3' if MODE == 'newer' else '1.0.2'}", "", "Physics models:")  # fmt: skip
    options = [a for a in sys.argv[1:] if a.startswith("--")]
    files = [a for a in sys.argv[1:] if not a.startswith("--")]
    for option in options:
        key, value = option[2:].split("=")
        if key not in ("energy-threshold", "seed") or float(value) < 0:
            stop(f"Unexpected key '{key}'")
    highest, low, high = read_triangles(files[0])
    if highest != len(files) - 3 or MODE == "few":
        tell("Error: not enough materials provided for this geometry!")
        sys.exit(1)
    records = Path(files[1]).read_bytes()
    check(records, low, high)
    if MODE == "exception":
        stop("Could not read table '/full_penn/imfp'")
    if MODE == "hang":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        tell(f"{os.getpid()} ")
        sys.stderr.write(" \rProgress 25.00%")
        sys.stderr.flush()
        time.sleep(60)
    if MODE in ("warning", "WARNING"):
        tell(f"{MODE}: 3 primary electrons starting with low kinetic energy. Example: 0 eV.")
    if MODE == "once":  # fails the first time it comes here with a mark beside it
        mark = Path(__file__).with_name("fail")
        count = int(mark.read_text()) if mark.exists() else 0
        mark.write_text(str(count - 1))
        if count == 1:
            stop("bad luck")
    out = detected(records)
    if MODE == "stranger":
        out += struct.pack("=7f2i", 0, 0, 0, 0, 0, -1, 100, 0, 99)
    if MODE == "partial":
        out = out[:-5]
    sys.stdout.buffer.write(out)
    sys.stderr.write(" \rProgress 100.00%\n")


main()
