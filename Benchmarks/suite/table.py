"""The table as Markdown, losses beside wins."""
import statistics


def number(value, figure):
    return "none" if value is None else f"{value:,.{figure.digits}f}"


def spread(ratios):
    def text(ratio):
        return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"
    return f"{text(statistics.median(ratios))} ({text(min(ratios))} to {text(max(ratios))})"


def wins(comparison, ratios):
    """Whether the median favours us, loses, or neither."""
    middle = statistics.median(ratios)
    better = middle < 1 if comparison.figure.less_is_better else middle > 1
    return "better" if better else "worse" if middle != 1 else "equal"


def reached(found, target, less_is_better):
    return "met" if (found <= target if less_is_better else found >= target) else "missed"


def verdict(comparison, ratios, ours, share):
    """Each target that was set, and whether it was reached."""
    less, parts = comparison.figure.less_is_better, []
    if comparison.ratio is not None:
        target = f"ratio {'<=' if less else '>='} {comparison.ratio:.2f}"
        if ratios:
            middle = statistics.median(ratios)
            parts.append(f"{target}: {reached(middle, comparison.ratio, less)}")
        else:
            parts.append(f"{target}: not measured")
    if comparison.value is not None:
        target = f"{'<=' if less else '>='} {comparison.value:g}"
        if ours is None:
            parts.append(f"{target}: not measured")
        else:
            parts.append(f"{target}: {reached(ours, comparison.value, less)}")
    if comparison.floor_share is not None and share is not None:
        parts.append(f"floor >= {comparison.floor_share:.0%}: {reached(share, comparison.floor_share, False)}")
    return "; ".join(parts)


def cell(result, lane, figure):
    if lane.key in result.failures:
        return f"fails ({lane.durability})"
    return f"{number(result.median(lane, figure), figure)} ({lane.durability})"


def lines_of(result):
    row = result.row
    yield f"| **{row.title}** | | | | | |"
    for comparison in row.comparisons:
        figure = comparison.figure
        ratios, share = result.ratios(comparison), result.floor_share(comparison)
        ours = result.median(comparison.ours, figure)
        ratio = f"{spread(ratios)}, {wins(comparison, ratios)}" if ratios else "not measured"
        floor = "" if share is None else f"{share:.0%}"
        cells = (f"{figure.title}, {figure.unit}", cell(result, comparison.ours, figure),
                 cell(result, comparison.theirs, figure), ratio, verdict(comparison, ratios, ours, share), floor)
        yield f"| {' | '.join(cells)} |"


def markdown(results, head, theirs):
    lines = [*(f"- {line}" for line in head), "",
             f"| | Millrace | {theirs} | ratio | target | share of the floor |", "|---|---|---|---|---|---|"]
    for result in results:
        lines += lines_of(result)
    notes = [f"- {result.row.title}: {result.row.note}" for result in results if result.row.note]
    failures = [f"- {result.row.title}: {reason.splitlines()[0]}" for result in results
                for reason in result.failures.values()]
    if notes:
        lines += ["", "Notes:", "", *notes]
    if failures:
        lines += ["", "What failed:", "", *failures]
    return "\n".join(lines) + "\n"
