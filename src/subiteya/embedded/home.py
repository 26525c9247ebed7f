"""The data folder: where everything that this machine keeps lives, readable by its owner only."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from subiteya.embedded.errors import AlreadyRunning, StackError

_LONGEST_SOCKET = 100  # bytes; sun_path holds 108 on Linux, 104 on macOS, with the closing zero
_LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is made up once for a data folder and kept in it."""

    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    encryption_key: str = field(repr=False)

    @classmethod
    def generate(cls) -> Secrets:
        """New random secrets; the encryption key is 32 bytes in base64."""
        return cls(
            s3_access_key=secrets.token_hex(10).upper(),
            s3_secret_key=secrets.token_urlsafe(30),
            encryption_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        )


class Home:
    """One data folder.

    ```
    postgres/ valkey/ s3/    data of the engines
    logs/ pids/              one file for each child
    sockets/                 of the engines while they run (elsewhere when the path is too long for one)
    secrets.json ports.json  made up once, kept
    state.json               what runs now (supervisor)
    ```

    Args:
        root: The folder; made on `prepare()`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.logs = self.root / "logs"
        self.pids = self.root / "pids"
        self.sockets = _short_folder(self.root)
        self.ports_file = self.root / "ports.json"
        self.state_file = self.root / "state.json"
        self._secrets_file = self.root / "secrets.json"

    def prepare(self) -> None:
        """Make the folder and what every start needs, all with mode 0700.

        Raises:
            StackError: The folder is somebody else's, or cannot be made.
        """
        try:
            for folder in (self.root, self.logs, self.pids, self.sockets):
                private_folder(folder)
        except OSError as error:
            raise StackError(
                f"The data folder {self.root} cannot be used ({error.strerror}). "
                "Choose another one with SUBITEYA_HOME."
            ) from error

    def folder(self, name: str) -> Path:
        """A folder of the data folder, made when missing, mode 0700."""
        return private_folder(self.root / name)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the data folder for this process alone; the kernel lets go when the process ends.

        Raises:
            AlreadyRunning: Another process holds it.
        """
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)  # the folder itself: no file to leave
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AlreadyRunning(
                    f"SubiteYa already runs on the data folder {self.root}. "
                    "Stop it with Ctrl-C first, or choose another folder with SUBITEYA_HOME."
                ) from error
            yield
        finally:
            os.close(descriptor)

    def secrets(self) -> Secrets:
        """The folder's secrets, made up at the first call and kept in a file with mode 0600.

        Raises:
            StackError: The file cannot be read; made anew, stored tokens could never be opened again.
        """
        try:
            return Secrets(**json.loads(self._secrets_file.read_text()))
        except FileNotFoundError:
            fresh = Secrets.generate()
            words = {name: getattr(fresh, name) for name in Secrets.__dataclass_fields__}
            write_private(self._secrets_file, json.dumps(words))
            return fresh
        except (ValueError, TypeError) as error:
            raise StackError(
                f"{self._secrets_file} is damaged. Bring it back from a copy; "
                "without it the stored TikTok tokens cannot be opened."
            ) from error

    def remove_sockets(self) -> None:
        """Remove the socket folder with whatever an earlier run left in it."""
        shutil.rmtree(self.sockets, ignore_errors=True)


def _short_folder(root: Path) -> Path:
    """Where sockets go: below the data folder, or, when that path is too long, below the runtime folder."""
    inside = root / "sockets"
    if len(os.fsencode(inside)) + len(_LONGEST_SOCKET_NAME) <= _LONGEST_SOCKET:
        return inside
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    if len(os.fsencode(base)) > _LONGEST_SOCKET // 2:
        base = Path("/tmp")  # noqa: S108 - private_folder refuses a folder of somebody else's
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return base / f"subiteya-{os.geteuid()}-{digest}"


def private_folder(path: Path) -> Path:
    """Make a folder that only we can enter, or make sure that the one there is ours.

    Raises:
        StackError: It belongs to somebody else or is a link.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise StackError(f"{path} belongs to another user; remove it or choose another SUBITEYA_HOME.")
    if stat.S_IMODE(found.st_mode) != 0o700:  # noqa: PLR2004 - a file mode reads best as one
        path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, in one step: a reader sees the old one or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
