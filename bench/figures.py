"""The figures of all parts, each with the run that it is from: ``docs/benchmarks.json``."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Figures = dict[str, dict[str, Any]]


def read(path: Path) -> Figures:
    """Return what is stored, by part; nothing when there is no file."""
    return json.loads(path.read_text()) if path.exists() else {}


def write(path: Path, figures: Figures, order: Mapping[str, object]) -> None:
    """Store the figures of the parts that exist, in the order of the page."""
    kept = {name: figures[name] for name in order if name in figures}
    path.write_text(json.dumps(kept, indent=2) + "\n")


def of_this_run(measured: Any, *, seconds: float) -> dict[str, Any]:
    """Return figures with when, where and on which state of the repository they were measured."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="minutes"),
        "revision": _revision(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "seconds": round(seconds),
        "figures": measured,
    }


def _revision() -> str:
    """Return the short commit of the checkout, with a plus when files differ from it; empty outside of git."""
    git = shutil.which("git")
    if git is None:
        return ""
    here = Path(__file__).resolve().parents[1]
    found = subprocess.run(
        [git, "rev-parse", "--short=10", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        [git, "status", "--porcelain", "--untracked-files=no"],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() + ("+" if changed.stdout.strip() else "")
