"""Writes what a bench found into docs/performance.md, each between its own markers."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs/performance.md"


def write_table(name: str, text: str) -> None:
    """Replace what stands between `<!-- name:begin -->` and `<!-- name:end -->`.

    Adds both markers at the end of the page where they are missing; text is Markdown.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    page = PAGE.read_text("utf-8") if PAGE.is_file() else "# Performance\n"
    block = f"{begin}\n{text.strip()}\n{end}"
    if begin not in page:
        page = f"{page.rstrip()}\n\n{block}\n"
    else:
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        page = pattern.sub(lambda _: block, page)
    PAGE.write_text(page, "utf-8", newline="\n")
