"""A trampoline between us and a child: set what has to be set in the child itself, then become the program.

Run as a script by a bare interpreter (`python -I -S launch.py …`) rather than as `preexec_fn`, which would
run Python between fork and exec while other threads of the parent may hold locks.

    launch.py PARENT_PID DEATH_SIGNAL SHIELD PROGRAM [ARGUMENT …]

DEATH_SIGNAL arrives when the thread that started us dies, however it dies (Linux). SHIELD is `none`, or how
PostgreSQL, which refuses to run as root, is kept from seeing that we are:

* `namespace:UID`: a user namespace shows us as UID, while the kernel goes on treating it as us;
* `drop:UID:GID`: become UID, and keep of root's rights only the one to pass through folders that are ours.
  For containers, which mostly forbid user namespaces.
"""

from __future__ import annotations

import ctypes
import os
import sys

SHIELD_REFUSED = 97  # exit code: the kernel or the container forbids this shield
_CLONE_NEWUSER = 0x10000000
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would triple the start-up time
        file.write(text)


def _check(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _enter_namespace(libc: ctypes.CDLL, uid_inside: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    _check(libc.unshare(_CLONE_NEWUSER), "unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid_inside} {uid} 1")
    _write("/proc/self/gid_map", f"{uid_inside} {gid} 1")


def _drop(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    _check(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    one = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(one, one, one, 0, 0, 0)
    _check(libc.capset(header, effective_permitted_inheritable), "capset")
    _check(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0), "ambient capability")


def _take_shield(libc: ctypes.CDLL, shield: str) -> None:
    kind, *numbers = shield.split(":")
    if kind == "namespace":
        _enter_namespace(libc, int(numbers[0]))
    elif kind == "drop":
        _drop(libc, int(numbers[0]), int(numbers[1]))


def main() -> None:
    """Prepare this process as the arguments say and become the program."""
    parent, death_signal, shield = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    program = sys.argv[4:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            _take_shield(libc, shield)
        except OSError as error:
            sys.stderr.write(f"no shield {shield}: {error}\n")
            sys.exit(SHIELD_REFUSED)
        # After the shield: a change of credentials clears the signal.
        libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked to be told
            sys.exit(0)
    os.execvp(program[0], program)  # noqa: S606 - the point of this file


if __name__ == "__main__":
    main()
