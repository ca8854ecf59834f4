"""The Python client: bars of any gateway as numpy, pandas, polars, Arrow or Parquet."""

from quantgraph.client.connection import Client, connect
from quantgraph.client.downloads import Download, DownloadStream, FailedSymbol
from quantgraph.client.requests import BarOptions

__all__ = ["BarOptions", "Client", "Download", "DownloadStream", "FailedSymbol", "connect"]
