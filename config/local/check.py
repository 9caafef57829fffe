"""`make check`: everything that can be judged without running the product. Runs all steps, then sums up."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_BIN = Path(sys.executable).parent
_MANAGE = [sys.executable, "manage.py"]
_STEPS: list[tuple[str, list[str], str]] = [
    ("format", [f"{_BIN}/ruff", "format", "--check", "."], "Repair with: .venv/bin/ruff format ."),
    ("lint", [f"{_BIN}/ruff", "check", "."], "Many are repaired by: .venv/bin/ruff check --fix ."),
    (
        "templates",
        [f"{_BIN}/djlint", "templates", "--lint", "--quiet", "--allow-empty-input"],
        "djlint names the rule; see docs/how-to.",
    ),
    # From nothing: with its cache, the Django plugin at times loses managers that are there.
    ("types", [f"{_BIN}/mypy", "--cache-dir", os.devnull, "."], ""),
    ("imports", [f"{_BIN}/lint-imports", "--no-logo"], "The layers are listed in pyproject.toml."),
    (
        "migrations",
        [*_MANAGE, "makemigrations", "--check", "--dry-run"],
        "Make the missing one with: manage.py makemigrations --name what_it_does APP",
    ),
    (
        "translations",
        [sys.executable, "-m", "config.translations", "check"],
        "Collect new texts with: make messages",
    ),
    (
        "static files",
        [*_MANAGE, "collectstatic", "--no-input", "-v0"],
        "A file names another that does not exist.",
    ),
    ("deployment", [*_MANAGE, "check", "--deploy", "--fail-level", "WARNING"], ""),
]

# What a careful operator would set; no server is contacted.
_PRODUCTION = {
    "FIEL_ENV": "production",
    "FIEL_SECRET_KEY": "only-for-make-check-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "FIEL_KEY_PEPPER": "only-for-make-check-" + "zyxwvutsrqponmlkjihgfedcba9876543210" * 2,
    "PUBLIC_URL": "https://fiel.example.com",
    "FIEL_TRUSTED_PROXIES": "1",
    "DATABASE_URL": "postgresql://fiel@localhost:1/fiel",
    "REDIS_URL": "redis://localhost:1/0",
}


def main() -> int:
    """Run every step; return 1 when one failed."""
    failed: list[tuple[str, str]] = []
    for name, command, hint in _STEPS:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as static:
            environment = {**os.environ, "NO_COLOR": "1", "FIEL_STATIC_ROOT": static}
            if name in ("deployment", "migrations", "static files"):
                environment |= _PRODUCTION
            done = subprocess.run(
                command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"{name:<14} {verdict:<7} {time.monotonic() - started:5.1f} s", flush=True)
        if done.returncode != 0:
            print(done.stdout.rstrip(), flush=True)
            failed.append((name, hint))
    for name, hint in failed:
        print(f"\n{name} failed. {hint}".rstrip())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
