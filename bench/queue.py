"""Adding, doing and picking up jobs: our queue layer against BullMQ for Node and five Python queues.

One Valkey with its append-only file, one producer and one worker of each in turn, ten jobs at once, jobs that
do nothing. Everything is a ratio to ours. Guests get an environment of their own (`requirements/bench.txt`).
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from sysconfig import get_path

if __name__ == "queue":
    # Whatever lies beside a script is found before the standard library: give way to its `queue`.
    _spec = PathFinder.find_spec("queue", [get_path("stdlib")])
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["queue"] = module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["queue"])

if __name__ == "__main__":
    from _bench import run_bench
    from _race import SWITCHES, measure

    run_bench(__doc__, measure, SWITCHES)
