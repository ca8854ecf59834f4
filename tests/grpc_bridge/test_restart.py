"""The whole gateway is restarted in the middle of a download, and the download goes on."""

from pathlib import Path
from typing import Any

import grpc
import polars as pl
import pytest
from typer.testing import CliRunner

from api.cli import app
from quantgraph.v1 import bars_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from tests.grpc_bridge.calls import Refusal


def frames(running: Any, request: bars_pb2.DownloadBarsRequest) -> list[Any]:
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        return list(BarServiceStub(channel).DownloadBars(request))


def behind(request: Any, frame: Any) -> Any:
    again = bars_pb2.DownloadBarsRequest()
    again.CopyFrom(request)
    again.resume_token = frame.resume_token
    return again


def test_imported_bars_go_on_after_a_restart_and_simulated_ones_are_refused(
    start_gateway: Any, tmp_path: Path
):
    days = pl.date_range(pl.date(2023, 2, 1), pl.date(2023, 3, 1), eager=True)
    days = days.filter(days.dt.weekday() <= 5).to_list()
    rows = "".join(f"600519.SH,{day},10,10,10,10,100\n" for day in days)
    file = tmp_path / "bars.csv"
    file.write_text(f"symbol,date,open,high,low,close,volume\n{rows}")
    data = tmp_path / "data"
    done = CliRunner().invoke(app, ["import", "bars", str(file), "--data-dir", str(data)])
    assert done.exit_code == 0, done.output
    held = bars_pb2.DownloadBarsRequest(symbols=["600519.SH"], period=bars_pb2.PERIOD_DAY_1)
    made = bars_pb2.DownloadBarsRequest(symbols=["000001.SZ"], period=bars_pb2.PERIOD_DAY_1)
    with start_gateway(data) as running:
        recorded, simulated = frames(running, held), frames(running, made)
    assert [each.WhichOneof("frame") for each in recorded] == [
        "manifest", "chunk", "instrument", "summary",
    ]  # fmt: skip
    with start_gateway(data) as running:
        for place in range(3):
            assert frames(running, behind(held, recorded[place])) == recorded[place + 1 :]
        with pytest.raises(grpc.RpcError) as caught:
            frames(running, behind(made, simulated[1]))
    assert Refusal(caught.value).reason == "EPOCH_CHANGED"
