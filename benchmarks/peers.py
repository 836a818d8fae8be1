"""The other tools, each installed from a lock file into its own environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Ignored by git, and separate from .venv.
FOLDER = ROOT / ".bench"


def environment(name: str) -> Path:
    """The folder of programs in the environment of `benchmarks/<name>.lock`, which is made if it is missing."""
    lock, folder = Path(__file__).with_name(f"{name}.lock"), FOLDER / name
    done = folder / "installed.lock"
    if done.is_file() and done.read_bytes() == lock.read_bytes():
        return folder / "bin"
    print(f"bench: installing what benchmarks/{lock.name} names into {folder.relative_to(ROOT)}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
    shutil.copy(lock, done)
    return folder / "bin"
