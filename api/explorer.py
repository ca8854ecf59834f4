"""The GraphiQL page at /, from our own origin alone and under a strict policy."""

import html
import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from quantgraph.config import Config
from quantgraph.wires import shown

_HOME = Path(__file__).parent / "graphiql"

# Written out: the type that Windows' registry has for .js keeps browsers from running it.
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
}

# Relaxed in two places only. Monaco positions its lines by style attributes in markup, which no
# nonce can cover (style-src-attr); its marks in the text are data: images. Style elements need
# the page's nonce, scripts and workers are files of ours, and nothing may evaluate strings.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_ASSET_HEADERS = _HEADERS | {
    "content-security-policy": "default-src 'none'",  # holds inside the workers
    "cache-control": "public, max-age=31536000, immutable",  # the names carry a hash
    "vary": "accept-encoding",
}

# What the page cannot do, and why: it would only show refusals.
_UNTRUSTED = """This gateway answers the documents of its manifest alone
(<code>http.documents = "enforce"</code>), so this page can run nothing that is typed here, and
knows no schema. Use a gateway in mock mode to explore.
<span lang="zh">本网关只接受清单中的文档，此页面无法执行输入的查询；请在模拟模式下探索。</span>"""
_HIDDEN = """This gateway does not tell its schema (<code>http.introspection</code>): operations
run, but nothing is completed or explained here.
<span lang="zh">本网关已关闭内省：查询可以执行，但无法补全或显示文档。</span>"""
_NOTE = """<style nonce="{{nonce}}">#note { position: fixed; z-index: 9; left: 0; right: 0;
bottom: 0; margin: 0; padding: .8rem 1rem; font: 14px/1.5 system-ui, sans-serif;
background: #fff3cd; color: #4d3800 }</style><p id="note" role="alert">{text}</p>"""

_ABSENT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>quantgraph</title>
<style nonce="{nonce}">body {{ font: 16px/1.6 system-ui, sans-serif; margin: 10vh auto;
max-width: 44rem; padding: 0 1rem; color: #14213d }} pre {{ background: #eef2f8; padding: 1rem;
border-radius: 8px; white-space: pre-wrap }}</style></head>
<body><h1>The explorer is not built</h1>
<p>The gateway itself runs: GraphQL answers at <code>graphql</code>. Only this page is missing,
because npm could not be reached when quantgraph was installed. Run</p><pre>{command}</pre>
<p>and start the gateway again.</p>
<p lang="zh">网关运行正常，仅缺少此页面（安装时无法访问 npm）。请执行上述命令后重新启动网关。</p>
</body></html>
"""


def is_built(home: Path = _HOME) -> bool:
    """Return whether the install could build the page."""
    return (home / "dist" / "page.html").is_file()


def build_command(home: Path = _HOME) -> str:
    """Return what builds the missing page: the install again, which brings Node where needed."""
    if (home / "package.json").is_file():
        return f'cd "{home.parents[1]}"\nuv sync --reinstall-package quantgraph'
    return (
        "pip install --force-reinstall --no-deps --no-cache-dir --no-binary quantgraph quantgraph\n"
        "(or the path or file that you installed from in place of the last word)"
    )


def _note(config: Config) -> str:
    if config.http.documents == "enforce":
        return _NOTE.replace("{text}", _UNTRUSTED)
    told = shown(config.http.introspection, config.mode)
    return "" if told else _NOTE.replace("{text}", _HIDDEN)


class Explorer:
    """Answers for the page and its files; both are looked up once, at the start.

    `home` is the folder that holds dist/.
    """

    def __init__(self, home: Path = _HOME, note: str = "") -> None:
        """Read the page's text and the names of its files; `note` stands above it, as HTML."""
        self._home = home
        self._note = note
        dist = home / "dist"
        self._page = (dist / "page.html").read_text("utf-8") if is_built(home) else None
        files = dist.iterdir() if self._page else ()
        self._files = {file.name: file for file in files if file.suffix in {*_TYPES, ".gz"}}

    async def page(self, _: Request) -> Response:
        """Return the page, or what to run where it was not built."""
        nonce = secrets.token_urlsafe(16)
        policy = _POLICY.format(nonce=nonce)
        headers = _HEADERS | {"content-security-policy": policy, "cache-control": "no-store"}
        if self._page is None:
            command = html.escape(build_command(self._home))
            text = _ABSENT.format(nonce=nonce, command=command)
            return HTMLResponse(text, status_code=503, headers=headers)
        page = self._page.replace("<body>", f"<body>{self._note}", 1)
        return HTMLResponse(page.replace("{{nonce}}", nonce), headers=headers)

    async def asset(self, request: Request) -> Response:
        """Return one file by its name; no other path can be asked for."""
        name: str = request.path_params["file"]
        file = self._files.get(name)
        if file is None or file.suffix not in _TYPES:
            return PlainTextResponse("There is no such file.", status_code=404, headers=_HEADERS)
        headers = dict(_ASSET_HEADERS)
        packed = self._files.get(f"{name}.gz")
        if packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            file, headers["content-encoding"] = packed, "gzip"
        return FileResponse(file, media_type=_TYPES[Path(name).suffix], headers=headers)


def routes(config: Config) -> list[BaseRoute]:
    """Return `GET /` and `GET /graphiql/{file}`, or nothing where the page is switched off."""
    if not shown(config.http.graphiql, config.mode):
        return []
    explorer = Explorer(note=_note(config))
    return [
        Route("/", explorer.page, methods=["GET"]),
        Route("/graphiql/{file}", explorer.asset, methods=["GET"]),
    ]
