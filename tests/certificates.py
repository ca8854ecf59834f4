"""Certificates made on the fly."""

import ssl
from functools import cached_property
from pathlib import Path

import grpc
import trustme


class Certified:
    """An authority, a certificate of the gateway, and one of a client, as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.folder = folder
        self.authority = self._written("authority.pem", self._authority.cert_pem)
        self.config = {"certificate": self.issued("127.0.0.1", "localhost")}

    def issued(self, *names: str) -> str:
        """Return the path of a certificate and its key in one file."""
        made = self._authority.issue_cert(*names)
        return str(self._written(f"{names[0]}.pem", made.private_key_and_cert_chain_pem))

    @cached_property
    def client(self) -> str:
        return self.issued("client.example")

    def context(self, *, shown: str | None = None) -> ssl.SSLContext:
        """Return what trusts the authority alone, and shows a certificate."""
        context = ssl.create_default_context(cafile=str(self.authority))
        if shown is not None:
            context.load_cert_chain(shown)
        return context

    def channel(self, *, shown: str | None = None) -> grpc.ChannelCredentials:
        pem = None if shown is None else Path(shown).read_bytes()
        return grpc.ssl_channel_credentials(self.authority.read_bytes(), pem, pem)

    def _written(self, name: str, blob: trustme.Blob) -> Path:
        path = self.folder / name
        blob.write_to_path(str(path))
        return path
