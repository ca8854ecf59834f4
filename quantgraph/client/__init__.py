"""The Python client: bars of any gateway as numpy, pandas, polars, Arrow or Parquet."""

from quantgraph.client.connection import Client, Tls, connect
from quantgraph.client.downloads import Download, DownloadStream, FailedSymbol
from quantgraph.client.jobs import DownloadCalls
from quantgraph.client.requests import BarOptions
from quantgraph.client.resuming import Retry
from quantgraph.client.saving import Saved

__all__ = [
    "BarOptions",
    "Client",
    "Download",
    "DownloadCalls",
    "DownloadStream",
    "FailedSymbol",
    "Retry",
    "Saved",
    "Tls",
    "connect",
]
