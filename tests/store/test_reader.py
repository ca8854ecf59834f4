"""What was read before an import is not what is read after it."""

from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.store.market import MarketStore

REQUEST = BarRequest(("600519.SH",), Period.DAY_1, Window(last=9), fields=("close",))


def closes(store):
    held = store.read_bars(REQUEST)[0]
    return None if held is None else held.columns.values["close"].tolist()


def test_a_reader_follows_what_another_process_imports(store, load):
    reader = MarketStore(store.file.parent)
    seen = [(closes(reader), reader.generation())]
    for day in (1, 2):
        row = f"600519.SH,2023-02-0{day},{day},{day},{day},{day}"
        load("bars", f"symbol,date,open,high,low,close\n{row}\n")
        seen.append((closes(reader), reader.generation()))
    reader.close()
    assert seen == [(None, 0), ([1.0], 1), ([1.0, 2.0], 2)]


def test_what_did_not_change_is_looked_up_once(store, load):
    load("bars", "symbol,date,open,high,low,close\n600519.SH,2023-02-01,9,9,9,9\n")
    closes(store)
    queries = []
    connection = store._reader._connection()
    connection.set_trace_callback(queries.append)
    closes(store)
    connection.set_trace_callback(None)
    assert not [query for query in queries if "FROM series" in query]
