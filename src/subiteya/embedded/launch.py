"""A trampoline between us and a child: set what has to be set in the child itself, then become the program.

Run as a script by a bare interpreter (`python -I -S launch.py …`) rather than as `preexec_fn`, which would
run Python between fork and exec while other threads of the parent may hold locks.

    launch.py PARENT_PID DEATH_SIGNAL NAMESPACE_UID PROGRAM [ARGUMENT …]

DEATH_SIGNAL arrives when the thread that started us dies, however it dies (Linux). NAMESPACE_UID is -1, or
the uid as which a new user namespace shows us: PostgreSQL refuses to run as root, and so it sees another
uid while the kernel goes on treating it as us.
"""

from __future__ import annotations

import ctypes
import os
import sys

NAMESPACE_REFUSED = 97  # exit code: the kernel forbids user namespaces here
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would triple the start-up time
        file.write(text)


def _enter_namespace(uid_inside: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid_inside} {uid} 1")
    _write("/proc/self/gid_map", f"{uid_inside} {gid} 1")


def main() -> None:
    """Prepare this process as the arguments say and become the program."""
    parent, death_signal, uid_inside = (int(word) for word in sys.argv[1:4])
    program = sys.argv[4:]
    if uid_inside >= 0:
        try:
            _enter_namespace(uid_inside)
        except OSError as error:
            sys.stderr.write(f"no user namespace: {error}\n")
            sys.exit(NAMESPACE_REFUSED)
    if sys.platform == "linux":
        # After the namespace: a change of credentials clears the signal.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it died before we asked to be told
            sys.exit(0)
    os.execvp(program[0], program)  # noqa: S606 - the point of this file


if __name__ == "__main__":
    main()
