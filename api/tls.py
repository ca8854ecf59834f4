"""Who the gateway is to its clients: its certificate, and whose certificates it asks them for."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from api.bounds import open_hosts
from quantgraph.config import Config
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate chain and its key as PEM, and a context of the same for HTTP.

    `authorities`: clients must show a certificate of one of these; None asks them for none.
    """

    chain: bytes
    key: bytes
    authorities: bytes | None
    context: ssl.SSLContext

    def given(self, *_: object) -> ssl.SSLContext:
        """Return the context, as uvicorn asks for it."""
        return self.context


def identity_of(config: Config) -> Identity | None:
    """Return what both wires show; None where they are plain, which loopback alone may be.

    Raises StartupError: TLS_REQUIRED, or TLS_UNUSABLE for files that cannot be used.
    """
    tls = config.tls
    if not tls.certificate:
        hosts = open_hosts(config)
        if hosts:
            _refuse_plain(", ".join(sorted(hosts)))
        return None
    chain = _read(tls.certificate, "certificate")
    key = _read(tls.key or tls.certificate, "key")
    authorities = _read(tls.authorities, "authorities") if tls.authorities else None
    return Identity(chain, key, authorities, _context(config))


def _context(config: Config) -> ssl.SSLContext:
    tls = config.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # An empty password, else OpenSSL asks the terminal for one.
        context.load_cert_chain(_path(tls.certificate), _path(tls.key or tls.certificate), "")
        if tls.authorities:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(_path(tls.authorities))
    except (OSError, ssl.SSLError) as error:
        _unusable(f"{tls.certificate} and its key do not serve: {error}")
    return context


def _path(name: str) -> Path:
    """Return a file as shells name it: OpenSSL knows no home folder."""
    return Path(name).expanduser()


def _read(path: str, name: str) -> bytes:
    try:
        found = _path(path).read_bytes()
    except OSError as error:
        _unusable(f"tls.{name} {path}: {error.strerror or error}")
    if b"-----BEGIN " not in found:
        _unusable(f"tls.{name} {path} is not in PEM form")
    return found


def _unusable(why: str) -> NoReturn:
    raise StartupError(Reason.TLS_UNUSABLE, f"{why}.")


def _refuse_plain(hosts: str) -> NoReturn:
    text = (
        f"Listening on {hosts} without TLS would send API keys and orders in the clear. Name a "
        "certificate in [tls] of config.toml, or listen on 127.0.0.1."
    )
    raise StartupError(Reason.TLS_REQUIRED, text, hosts=hosts)
