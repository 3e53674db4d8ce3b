"""How the plots of the notebooks look: title, axes with units, a source line below, colours that colour-blind readers can tell apart."""

import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.ticker import FuncFormatter

# Okabe and Ito, Color Universal Design (2008).
BLUE, ORANGE, GREEN, RED, SKY, PINK, GREY, BLACK = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#999999", "#000000"
POSTURE = {"enforce": GREEN, "testing": SKY, "none": GREY, "broken": RED, "unknown": "#DDDDDD", "absent": "#F0F0F0"}

plt.rcParams.update({
    "figure.figsize": (7.2, 3.6), "figure.dpi": 100, "savefig.dpi": 100, "font.size": 9, "axes.titlesize": 10, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True,
    "grid.color": "#E5E5E5", "legend.frameon": False, "legend.fontsize": 8, "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, RED, PINK, SKY]),
})


def plot(title, x, y, height=3.6):
    """An empty plot."""
    figure, axes = plt.subplots(figsize=(7.2, height), layout="constrained")
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def legend_above(axes, columns):
    """The legend between title and plot, where it hides nothing."""
    axes.set_title(axes.get_title(loc="left"), pad=22)
    axes.legend(ncols=columns, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.3, borderpad=0)


def finish(figure, dataset, note=""):
    """The source line, and shows the plot."""
    figure.supxlabel(dataset.source() + (f". {note}" if note else ""), fontsize=7, color="#555555", x=0.01, ha="left")
    plt.show()


def in_percent(axis, digits=None):
    """Ticks of an axis whose values are shares."""
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.{digits}f} %" if digits is not None else f"{100 * share:g} %"))


def number(value):
    """A share of nothing is no number, and not drawn."""
    return float("nan") if value is None else value


def bounds(shares):
    """Lower and upper ends of intervals, as `fill_between` takes them."""
    return [number(share["low"]) for share in shares], [number(share["high"]) for share in shares]


def whiskers(shares):
    """Shares with the lengths of their intervals, as `errorbar` takes them."""
    values, (low, high) = [number(share["share"]) for share in shares], bounds(shares)
    return values, [[a - b for a, b in zip(values, low)], [b - a for a, b in zip(values, high)]]


def square(x, y, colour):
    """A field of a matrix."""
    return plt.Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white")
