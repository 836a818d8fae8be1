"""The programs that the suite is raced against: installed from locked files, into environments of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Git-ignored; nothing of it is ever in .venv.
FOLDER = ROOT / ".bench"


def environment(name: str) -> Path:
    """The folder of programs of the environment that `benchmarks/<name>.lock` describes, made when it is not there."""
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
