"""Writes what a bench found into docs/performance.md, each between its own markers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Panel:
    """Medians by name, the first one at the top; those that begin with `ours` stand out."""

    title: str
    medians: Mapping[str, float]
    ours: str


def draw(panels: Sequence[Panel], file: Path, height: float) -> None:
    """Draw one panel per table on a logarithmic axis, `height` inches for a row of two."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "quantgraph"  # the same picture for the same figures
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt

    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(
        rows, 2, figsize=(12, height * rows), layout="constrained", squeeze=False
    )
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, panel in zip(axes.flat, panels, strict=False):
        names = list(panel.medians)[::-1]
        values = [panel.medians[name] for name in names]
        colours = ["#c0392b" if name.startswith(panel.ours) else "#7f8c9b" for name in names]
        bars = axis.barh(names, values, color=colours)
        axis.bar_label(bars, [_number(value) for value in values], padding=3, fontsize=8)
        axis.set_xscale("log")
        axis.margins(x=0.15)
        axis.set_title(panel.title, fontsize=10)
        axis.tick_params(labelsize=8)
    figure.savefig(file, metadata={"Date": None})


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
