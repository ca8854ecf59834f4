"""The verbs of the terminal's common control: what each is asked, and the document it returns."""

from tests.doubles.rendering import text_of

# The number and the step of Hong Kong's list of brokers, which a login without that market lacks.
BROKERS = (2038, 86401000)


def answer(exchange, verb, read):
    """Return a verb's document; `read` reads what was asked. One that nobody knows has nothing."""
    if verb in _TOLD:
        exchange.asked[verb] = read()
        return exchange.told.get(verb, {})
    return _VERBS.get(verb, lambda *_: {})(exchange, read)


def _mirrored(exchange, read):
    told, kept = read(), exchange.recordings
    rows = {code: kept.get((told["period"], code)) for code in told["stocklist"]}
    return {code: row for code, row in rows.items() if row is not None}


def _full_kline(exchange, read):
    told = read()
    exchange.asked["getfullkline"] = told
    # The mirror, a paid feature, by code: rows of bars as the terminal writes them.
    held = [code for code in told["stocklist"] if code in exchange.mirror]
    stamps = sorted({row["time"] for code in held for row in exchange.mirror[code]})
    rows = {code: {row["time"]: row for row in exchange.mirror[code]} for code in held}
    return {
        "result": {
            name: [[rows[code].get(at, {}).get(name) for at in stamps] for code in held]
            for name in told["fields"] if held
        },
        "stock": held,
        "stime": [text_of(at, "%Y%m%d%H%M%S") for at in stamps],
    }  # fmt: skip


def _periods(exchange, _read):
    return {"result": [{"name": each, "desc": each} for each in exchange.periods]}


def _table_asked(exchange, read):
    exchange.calls.append(("table", read()))
    return {"seq": exchange.number()}


def _files(exchange, read):
    told = read()
    kind = (told["metaid"], told["periodNum"])
    lacks = kind == BROKERS and exchange.brokers is None
    codes = [] if lacks else told["stocklist"]
    return {"result": {code: f"{kind[0]}|{kind[1]}|{code}" for code in codes}}


# What a test has laid down, whatever is asked.
_TOLD = frozenset({"getl2thousandqueue", "getorderrank", "getallsubinfo"})
_VERBS = {
    "getauthorizedmarketlist": lambda exchange, _: {"result": list(exchange.authorized)},
    "getfullkline": _full_kline,
    "getmetatabledatas": lambda exchange, _: {"result": list(exchange.tables)},
    "getindexmirrordata": _mirrored,
    "getwpmarketlist": lambda exchange, _: {"result": list(exchange.abroad)},
    "getperiodlist": _periods,
    "downloadtabulardata": _table_asked,
    "getdownloadworkprogress": lambda exchange, _: exchange.works.pop(0),
    "getdatafilepath": _files,
}
