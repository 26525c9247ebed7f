"""A supervisor with stand-ins for the app's processes; run as a program by `test_supervisor`.

standin.py HOME ORDER [TROUBLE]: each stand-in appends its name to the file ORDER when it is asked to stop.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from rich.console import Console

from subiteya.config import Settings
from subiteya.embedded.errors import StackError
from subiteya.embedded.parts import Part, Plan, Step, answers, prints
from subiteya.embedded.ports import LOOPBACK, Ports
from subiteya.embedded.screen import Screen
from subiteya.embedded.state import Stack
from subiteya.embedded.supervisor import Supervisor, wait_forever

_WORKER = """
import signal, sys, time
def stop(*_):
    open(sys.argv[2], "a").write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("Started with concurrency 2")
while True: time.sleep(60)
"""

_API = """
import http.server, os, json, signal, sys
def stop(*_):
    open(sys.argv[2], "a").write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(dict(os.environ)).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[3])), Answer).serve_forever()
"""

_DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("started")
time.sleep(60)
"""

_BROKEN = """
print("no luck")
raise SystemExit(3)
"""


def _plan(ports: Ports, order: str, trouble: str) -> Plan:
    port = ports.choose("api")
    url = f"http://{LOOPBACK}:{port}"

    def python(code: str, *words: str) -> tuple[str, ...]:
        return (sys.executable, "-c", code, *words)

    parts = [
        Part("simulator", python(_WORKER, "simulator", order), prints("started"), stop_stage=3),
        Part("edit", python(_WORKER, "edit", order), prints("started"), stop_stage=2),
        Part("api", python(_API, "api", order, str(port)), answers(url), stop_stage=1),
    ]
    troubles = {
        "deaf": Part("deaf", python(_DEAF), prints("started"), stop_limit_s=0.3),
        "broken": Part("broken", python(_BROKEN), prints("never said")),
        "mute": Part("mute", python(_DEAF), prints("never said"), ready_limit_s=0.5),
    }
    if trouble in troubles:
        parts.append(troubles[trouble])

    async def remark(settings: Settings) -> str:
        return f"bucket {settings.storage.bucket}"

    return Plan(url, {"PORT": str(port)}, [Step("step", remark)], parts)


async def _body(stack: Stack) -> None:
    sys.stdout.write(json.dumps({"url": stack.url, "pids": dict(stack.pids)}) + "\n")
    sys.stdout.flush()
    await wait_forever(stack)


def main() -> None:
    home, order, trouble = [*sys.argv[1:], "none"][:3]
    os.environ["SUBITEYA_HOME"] = home
    Path(order).touch()
    supervisor = Supervisor(
        Settings(),
        lambda ports: _plan(ports, order, trouble),
        Screen(Console(stderr=True, force_terminal=False, width=200)),
    )
    try:
        asyncio.run(supervisor.run(_body))
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
