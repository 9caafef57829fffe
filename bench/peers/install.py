"""``make bench-peers``: install the other engines into .local/peers, exactly as their lock files pin them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys

from bench.installation import CHECKOUT
from bench.peers import FOLDER, HERE

_NODE_LOCKS = (HERE / "package.json", HERE / "package-lock.json")
_PYTHON_LOCK = CHECKOUT / "requirements" / "peers.txt"


def install() -> None:
    """Install both environments unless the lock files are those of the last time. Raises OSError, CalledProcessError."""
    stamp = FOLDER / "installed"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in (*_NODE_LOCKS, _PYTHON_LOCK))).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if shutil.which("npm") is None:
        raise OSError("npm was not found. Debian, Ubuntu: sudo apt-get install npm")
    stamp.unlink(missing_ok=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("  Python engines ...", flush=True)
    venv = FOLDER / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(_PYTHON_LOCK)], check=True)
    print("  Node engines ...", flush=True)
    for path in _NODE_LOCKS:
        shutil.copy(path, FOLDER)
    # Their install scripts build parts that no engine here uses.
    npm = ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(npm, cwd=FOLDER, check=True)
    stamp.write_text(wanted)


if __name__ == "__main__":
    try:
        install()
    except (OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"The other engines could not be installed: {problem}")
