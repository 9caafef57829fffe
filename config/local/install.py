"""Installs a locked requirements file with progress on one line: `python -m config.local.install FILE`."""

import subprocess
import sys
from pathlib import Path

_HINTS = (
    (
        "hash",
        "A downloaded file is not the one that was locked. Check your proxy or mirror; never skip the hashes.",
    ),
    (
        "No matching distribution",
        "There is no ready-made package for this machine. Fiel's packages exist for CPython 3.11 to 3.14 on Linux "
        "with glibc and on macOS. Elsewhere (Alpine, Windows) use docker-compose.yml, or WSL.",
    ),
    ("No space left", "The disk is full: about 700 MB are needed for everything, 400 MB for `make run`."),
    ("Permission denied", "The folder .venv belongs to another user: remove it, or run make as that user."),
    ("", "Is the network reachable from here? Behind a proxy set HTTPS_PROXY, then try again."),
)


def install(requirements: Path) -> int:
    """Run pip; on failure show its last lines and what to do. Returns pip's exit code."""
    total = sum(1 for line in requirements.read_text().splitlines() if line[:1].isalnum())
    command = [
        *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
        *("--progress-bar", "off", "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)),
    ]
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: list[str] = []
    seen = 0
    on_terminal = sys.stdout.isatty()
    for line in pip.stdout or ():
        lines.append(line.rstrip())
        if line.startswith(("Collecting ", "Processing ", "Requirement already satisfied: ")):
            seen += 1
            if on_terminal:
                print(f"\r  Packages     {seen} of {total} ", end="", flush=True)
            elif seen % 25 == 0:
                print(f"  Packages     {seen} of {total}", flush=True)
        elif line.startswith("Installing collected packages"):
            print(
                f"{chr(13) if on_terminal else ''}  Packages     {seen} of {total} found, installing ...",
                flush=True,
            )
    code = pip.wait()
    if code == 0:
        print(
            f"{chr(13) if on_terminal and seen else ''}  Packages     {requirements} is installed.          ",
            flush=True,
        )
        return 0
    text = "\n".join(lines[-15:])
    hint = next(hint for sign, hint in _HINTS if sign.lower() in text.lower())
    print(f"\n{text}\n\nInstalling {requirements} failed. {hint}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1])))
