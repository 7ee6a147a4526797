"""The chart of the table: a bar for each comparison, on a logarithmic scale, to the right where Millrace is better and
to the left where it is worse; a thin line from the least to the most of the pairs, a mark where the target is."""
import html
import math
import statistics

WIDTH, LABELS, RIGHT, LINE, TOP = 1000, 470, 70, 19, 64
BETTER, WORSE, INK, FAINT = "#1b7f5c", "#c2462e", "#222222", "#d9d9d9"


def advantage(comparison, ratio):
    """How many times better we are: above 1 better, below 1 worse, whichever way the figure counts."""
    return 1 / ratio if comparison.figure.less_is_better else ratio


def bars(results):
    """Titles of rows as text, and bars as tuples: label, least, median, most, target."""
    for result in results:
        found = [(comparison, result.ratios(comparison)) for comparison in result.row.comparisons]
        found = [(comparison, ratios) for comparison, ratios in found if ratios and all(ratio > 0 for ratio in ratios)]
        if found:
            yield result.row.title
        for comparison, ratios in found:
            times = sorted(advantage(comparison, ratio) for ratio in ratios)
            middle = advantage(comparison, statistics.median(ratios))
            target = advantage(comparison, comparison.ratio) if comparison.ratio else None
            lanes = f"{short(comparison.ours)} : {short(comparison.theirs)}"
            yield f"{comparison.figure.title} ({lanes})", times[0], middle, times[-1], target


def short(lane):
    return lane.durability.split(" (")[0].split(" before")[0]


def text(x, y, words, anchor="start", size=11, weight="normal", colour=INK):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
            f'fill="{colour}">{html.escape(words)}</text>')


def svg(results, caption):
    entries = list(bars(results))
    values = [value for entry in entries if not isinstance(entry, str) for value in entry[1:] if value]
    reach = max([10, *(max(value, 1 / value) for value in values)])
    decades = math.ceil(math.log10(reach))
    least = min([1.0, *values])
    left_decades = max(1, math.ceil(-math.log10(least))) if least < 1 else 1
    scale = (WIDTH - LABELS - RIGHT) / (decades + left_decades)
    zero = LABELS + left_decades * scale

    def place(value):
        return zero + math.log10(value) * scale

    height = TOP + LINE * len(entries) + 34
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, sans-serif">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             text(12, 22, "Millrace beside Apache Kafka: how many times better or worse", size=15, weight="bold"),
             text(12, 40, caption, size=10, colour="#555555")]
    for decade in range(-left_decades, decades + 1):
        x = place(10 ** decade)
        name = f"{10 ** decade:g}x" if decade >= 0 else f"1/{10 ** -decade:g}"
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 28}" '
                     f'stroke="{INK if decade == 0 else FAINT}" stroke-width="1"/>')
        parts.append(text(x, height - 14, name, "middle", 10))
    y = TOP
    for entry in entries:
        if isinstance(entry, str):
            parts.append(text(12, y + 12, entry, weight="bold"))
        else:
            parts += bar(entry, y, zero, place)
        y += LINE
    return "\n".join(parts + ["</svg>"]) + "\n"


def bar(entry, y, zero, place):
    label, least, middle, most, target = entry
    x, colour = place(middle), BETTER if middle >= 1 else WORSE
    yield text(24, y + 12, label, size=10)
    yield (f'<rect x="{min(zero, x):.1f}" y="{y + 3}" width="{max(abs(x - zero), 1):.1f}" height="{LINE - 7}" '
           f'fill="{colour}" fill-opacity="0.85"/>')
    middle_y = y + 3 + (LINE - 7) / 2
    yield (f'<line x1="{place(least):.1f}" y1="{middle_y}" x2="{place(most):.1f}" y2="{middle_y}" stroke="{INK}" '
           'stroke-width="1.2"/>')
    if target:
        yield (f'<line x1="{place(target):.1f}" y1="{y + 1}" x2="{place(target):.1f}" y2="{y + LINE - 2}" '
               f'stroke="{INK}" stroke-width="2"/>')
    outer = place(max(most, middle, 1)) + 5 if middle >= 1 else place(min(least, middle)) - 5
    if target and middle >= 1 and outer - 4 < place(target) < outer + 30:  # the words go behind the mark
        outer = place(target) + 5
    words = f"{middle:.2g}x" if middle < 10 else f"{middle:.0f}x"
    yield text(outer, y + 12, words if middle >= 1 else f"1/{1 / middle:.2g}", "start" if middle >= 1 else "end", 10)
