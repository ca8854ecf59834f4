"""FastAPI and orjson: rows as dicts made from the columns, no response model.

python -m bench.graphql.peers.fastapi_orjson PORT FOLDER
"""

from datetime import datetime, timedelta, timezone

import orjson
from fastapi import FastAPI, Response

from bench.graphql.columns import FIELDS
from bench.graphql.peers import serving

_PORT, _COLUMNS = serving.arguments()
_SHANGHAI = timezone(timedelta(hours=8))
app = FastAPI()


@app.get("/bars")
async def bars(symbol: str, last: int = 250) -> Response:
    lists = [_COLUMNS[name][-last:].tolist() for name in FIELDS]
    lists[0] = [datetime.fromtimestamp(ms / 1000, _SHANGHAI) for ms in lists[0]]
    rows = [dict(zip(FIELDS, row, strict=True)) for row in zip(*lists, strict=True)]
    # ORJSONResponse would do the same and is deprecated.
    content = orjson.dumps({"data": {"bars": {"rows": rows}}})
    return Response(content, media_type="application/json")


if __name__ == "__main__":
    serving.run(app, _PORT)
