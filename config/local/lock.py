"""`make lock`: resolves pyproject.toml into requirements/*.txt, with hashes for every platform and no addresses."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

_PROJECT = "pyproject.toml"
_BASE = [_PROJECT, "-c", "requirements/base.txt"]
_LOCKS: dict[str, list[str]] = {
    # production, docker
    "base": [_PROJECT],
    # make run
    "run": [*_BASE, "--group", "embedded"],
    "test": [*_BASE, "--group", "embedded", "--group", "test"],
    "dev": [*_BASE, "--group", "embedded", "--group", "test", "--group", "e2e", "--group", "lint"],
    "replay": [*_BASE, "--group", "embedded", "--extra", "replay"],
    # make bench-peers, into an environment of its own: other products, not ours
    "peers": ["--group", "peers"],
}


def lock() -> int:
    """Write all lock files. Fails when a package got two versions, which would make machines differ."""
    for name, options in _LOCKS.items():
        target = Path("requirements") / f"{name}.txt"
        command = [
            *(f"{Path(sys.executable).parent}/uv", "pip", "compile", "--quiet"),
            *("--universal", "--python-version", "3.11", "--generate-hashes"),
            *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock"),
            *(*options, "-o", str(target), *sys.argv[1:]),
        ]
        done = subprocess.run(command, check=False)
        if done.returncode != 0:
            return done.returncode
        text = target.read_text()
        names = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", text, flags=re.MULTILINE)
        twice = [package for package, count in Counter(names).items() if count > 1]
        if twice:
            print(f"{target} pins {', '.join(twice)} twice: bound it in pyproject.toml.", file=sys.stderr)
            return 1
        if "://" in text:
            print(f"{target} contains an address; a lock file must work with any registry.", file=sys.stderr)
            return 1
        print(f"{target}: {len(names)} packages", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(lock())
