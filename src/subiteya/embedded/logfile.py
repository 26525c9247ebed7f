"""A log file that cannot fill the disk."""

from __future__ import annotations

from pathlib import Path


class RotatedLog:
    """Appends bytes to a file and moves it to `.1`, `.2` … when it has grown to its limit.

    Args:
        path: The file; its folder must exist.
        limit_bytes: Size at which the file is moved away.
        keep: How many moved files stay.
    """

    def __init__(self, path: Path, *, limit_bytes: int = 5_000_000, keep: int = 2) -> None:
        self.path = path
        self._limit = limit_bytes
        self._keep = keep
        self._file = path.open("ab", buffering=0)
        self._size = path.stat().st_size

    def write(self, line: bytes) -> None:
        """Append one line; it is in the file when this returns."""
        if self._size and self._size + len(line) > self._limit:
            self._rotate()
        self._file.write(line)
        self._size += len(line)

    def close(self) -> None:
        """Close the file; writing ends here."""
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._keep - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self.path.replace(self._numbered(1))
        self._file = self.path.open("ab", buffering=0)
        self._size = 0

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
