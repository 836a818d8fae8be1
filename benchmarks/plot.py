"""Draw the results as SVG. Runs with the Python of .bench/peers, which has matplotlib; .venv has not.

Arguments: a JSON file with the plots (see `benchmarks.report.plots`), and the folder for the images.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt  # after the backend is chosen

_OURS, _OTHERS, _INK = "#0b6e4f", "#8a94a6", "#3b4252"
_STYLE = {
    "svg.fonttype": "none",  # text stays text: smaller, and searchable
    "svg.hashsalt": "nexus-arc-readiness",  # the same picture gives the same file
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def bars(plot: dict[str, Any], path: Path) -> None:
    """Horizontal bars, grouped by round trip. The axis begins at zero, so lengths are proportional to the numbers."""
    groups = plot["groups"]
    heights = [max(len(group["bars"]), 1) for group in groups]
    figure, axes = plt.subplots(
        len(groups), 1, figsize=(8, 0.5 + 0.34 * sum(heights) + 0.7 * len(groups)), sharex=True, height_ratios=heights
    )
    for axis, group in zip([axes] if len(groups) == 1 else axes, groups, strict=True):
        bars = sorted(group["bars"], key=lambda bar: -bar["seconds"])
        colours = [_OURS if bar["ours"] else _OTHERS for bar in bars]
        drawn = axis.barh([bar["label"] for bar in bars], [bar["seconds"] for bar in bars], color=colours, height=0.65)
        axis.bar_label(drawn, [f" {bar['seconds']:.1f} s" for bar in bars], color=_INK)
        axis.set_title(group["title"], loc="left", fontsize=10)
        axis.margins(x=0.12)
    figure.suptitle(plot["title"], x=0.02, ha="left", fontweight="bold")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def lines(plot: dict[str, Any], path: Path) -> None:
    """Points and lines over the number of VMs, with logarithmic axes: linear growth has 45 degrees."""
    figure, axis = plt.subplots(figsize=(8, 4.5))
    for line in plot["lines"]:
        xs, ys = zip(*line["points"], strict=True)
        colour = _OURS if line["ours"] else _OTHERS
        axis.plot(
            xs, ys, marker="o" if not line["dashed"] else None, linestyle="--" if line["dashed"] else "-", color=colour
        )
        axis.annotate(
            line["label"], (xs[-1], ys[-1]), xytext=(6, 0), textcoords="offset points", color=colour, va="center"
        )
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel(plot["x"])
    axis.set_ylabel(plot["y"])
    ticks = sorted({point[0] for line in plot["lines"] for point in line["points"]})
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.minorticks_off()
    axis.grid(alpha=0.25)
    axis.margins(x=0.25)
    figure.suptitle(plot["title"], x=0.02, ha="left", fontweight="bold")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Draw every plot of the file."""
    plots, folder = json.loads(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2])
    with plt.rc_context(_STYLE):
        for name, plot in plots.items():
            {"bars": bars, "lines": lines}[plot["kind"]](plot, folder / f"{name}.svg")


if __name__ == "__main__":
    main()
