"""What a soak comes to: figures, a table, and a sentence for each thing that is broken."""

import pathlib
import statistics
import sys

import resources

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "line"))
from report import percentile  # noqa: E402  the other bench's


def summarise(account, user, client, rehearsal, exit_code, seed, minutes):
    figures = {
        "seed": seed, "minutes": round(minutes, 1), "typed": account.counts(account.typed.values()),
        "spoken": account.counts(account.spoken), "acts": user.acts,
        "waited": spread([one.answered_at - one.asked_at for one in account.typed.values() if one.answered_at]),
        "turns": len(account.begun), "events": dict(account.events), "warnings": dict(account.warnings),
        "gapMilliseconds": spread(account.gaps), "lostMilliseconds": account.lost_milliseconds,
        "droppedMilliseconds": dict(account.dropped), "client": client.summary(), "rehearsal": rehearsal.summary()}
    figures["broken"] = account.errors + resources.not_flat(figures["client"])
    if exit_code != 0:
        figures["broken"].append(
            "the client did not end when it was asked to" if exit_code is None else f"the client ended with {exit_code}")
    if not figures["typed"]["answered"]:
        figures["broken"].append("nothing was answered at all")
    return figures


def spread(values):
    if not values:
        return None
    figures = {"median": statistics.median(values), "p95": percentile(values, 0.95), "max": max(values)}
    return {name: round(value, 2) for name, value in figures.items()}


def progress(account, client, now):
    """One line for the minute."""
    typed = account.counts(account.typed.values())
    row = client.rows[-1] if client.rows else [0] * len(resources.COLUMNS)
    return (
        f"{now / 60:5.1f} min · {typed['asked']} typed, {typed['answered']} answered, {typed['cut']} cut, "
        f"{typed['askedAgain']} asked again, {typed['reportedLost']} reported lost, {typed['unaccounted']} open, "
        f"{typed['overdue']} overdue · {account.events['session.resumed']} lines changed · {row[1] / 1024:.1f} MB, "
        f"{row[3]} descriptors, {row[4]} threads · {len(account.errors)} wrong")


def table(figures):
    """Lines of a Markdown table, and under it what was broken."""
    typed, spoken, events = figures["typed"], figures["spoken"], figures["events"]
    waited, gaps = figures["waited"], figures["gapMilliseconds"]
    yield "| what | figure |"
    yield "|---|---|"
    rows = [
        ("minutes, seed", f"{figures['minutes']}, {figures['seed']}"),
        ("typed questions", counted(typed)),
        ("spoken questions", counted(spoken)),
        ("answer known after, s: median / p95 / max", triple(waited)),
        ("turns", figures["turns"]),
        ("changes of the line", f"{events.get('session.rotating', 0)}, back {events.get('session.resumed', 0)} times"),
        ("gap, ms: median / p95 / max", triple(gaps)),
        ("voice lost in changes, ms", figures["lostMilliseconds"]),
        ("sound dropped, ms", ", ".join(f"{key} {value}" for key, value in figures["droppedMilliseconds"].items())),
        ("warnings", ", ".join(f"{key} {value}" for key, value in sorted(figures["warnings"].items())))]
    for name in ("client", "rehearsal"):
        rows += held(name, figures[name])
    rows.append(("verdict", "fail" if figures["broken"] else "pass"))
    for name, figure in rows:
        yield f"| {name} | {figure} |"
    for text in figures["broken"]:
        yield f"- {text}"


def counted(counts):
    words = {
        "asked": "asked", "answered": "answered", "cut": "cut by the user", "askedAgain": "asked again by the client",
        "answeredTwice": "answered twice", "reportedLost": "reported lost", "notHeard": "not heard",
        "overdue": "overdue", "unaccounted": "unaccounted"}
    return ", ".join(f"{counts[key]} {word}" for key, word in words.items() if counts[key] or key == "unaccounted")


def triple(times):
    return " / ".join(f"{times[key]:.1f}" for key in ("median", "p95", "max")) if times else "–"


def held(name, figures):
    if figures is None:
        return
    memory = figures["rssAnonKB"]
    yield f"{name}: memory, MB: first / half / last", " / ".join(f"{value / 1024:.1f}" for value in memory.values())
    yield f"{name}: growth over the last half", f"{figures['growth']:.2%}"
    for what in ("descriptors", "threads"):
        most = figures[what]
        yield f"{name}: {what}, second quarter / last half", f"{most['secondQuarter']} / {most['lastHalf']}"
    yield f"{name}: processor time, s", f"{figures['cpuSeconds']:.1f}"
