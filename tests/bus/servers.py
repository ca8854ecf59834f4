"""A real NATS server on loopback, which is stopped, killed and begun again."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

PROGRAM = "nats-server"


def require_server() -> None:
    """Skip where there is no server; in CI its absence fails."""
    if shutil.which(PROGRAM) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{PROGRAM} is not installed")
        pytest.skip(f"{PROGRAM} is not installed: apt-get install nats-server")


class NatsServer:
    """One server, always at the same port, with what it keeps in one folder."""

    def __init__(self, folder: Path, *more: str) -> None:
        """Begin."""
        require_server()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        place = ("-a", "127.0.0.1", "-p", str(self.port))
        self._command = (PROGRAM, *place, "-js", "-sd", str(folder), *more)
        self.start()

    @property
    def config(self) -> dict[str, object]:
        """The section of a gateway's config."""
        return {"url": f"nats://127.0.0.1:{self.port}"}

    def start(self) -> None:
        """Begin it, or begin it again."""
        out = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(self._command, **out)

    def answers(self) -> bool:
        """Return whether it takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Have it stand still, its connections open."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it go on."""
        self._process.send_signal(signal.SIGCONT)
