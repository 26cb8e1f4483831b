"""What the runs of a set come to, and whether that is within the bounds."""

import statistics

from numbering import milliseconds

MOST_LOST_MS = 60.0
MOST_DOUBLED_MS = 200.0


def percentile(values, part):
    ordered = sorted(values)
    return ordered[round(part * (len(ordered) - 1))] if ordered else None


def spread(values):
    if not values:
        return None
    return {
        "median": round(statistics.median(values), 2), "p95": round(percentile(values, 0.95), 2),
        "max": round(max(values), 2)}


def summarise(chosen, talks, seed, counts_only):
    """One row: figures, bounds, and `broken`, a sentence for each bound that is broken."""
    runs = [run for talk in talks for run in talk.runs]
    tallies = [tally for talk in talks for tally in talk.service.ledger.tallies]
    breaches = [breach for talk in talks for breach in talk.service.breaches]
    round_trips = [sample for talk in talks for sample in talk.service.round_trips]
    row = {
        "set": chosen.name, "seed": seed, "runs": len(runs),
        "failures": sum(run.failure is not None for run in runs),
        "lost_ms": max(milliseconds(tally.lost) for tally in tallies),
        "doubled_ms": max(milliseconds(tally.doubled) for tally in tallies),
        "late": sum(tally.late for tally in tallies),
        "foreign": sum(tally.foreign for tally in tallies),
        "breaches": len(breaches),
        "warm": sum(run.was_warm for run in runs),
        "during_answer": sum(run.during_answer for run in runs),
        "round_trip_ms": round(1000 * statistics.median(round_trips), 2) if round_trips else None,
        "gap_ms": spread([run.gap_ms for run in runs if run.gap_ms is not None]),
        "back_ms": spread([run.back_ms for run in runs if run.back_ms is not None]),
        "breach_texts": sorted(set(breaches)),
        "failure_texts": sorted({run.failure for run in runs if run.failure}),
        "client": [talk.events for talk in talks],
        "each": [run.row() for run in runs],
    }
    row["broken"] = broken(chosen, row) + ([] if counts_only else broken_times(chosen, row))
    return row


def broken(chosen, row):
    most_lost, most_doubled = (0.0, 0.0) if chosen.fault == "goAway" else (MOST_LOST_MS, MOST_DOUBLED_MS)
    claims = [
        (row["runs"] == 0, "nothing was measured"),
        (row["failures"] > 0, f"{row['failures']} runs failed"),
        (row["lost_ms"] > most_lost, f"{row['lost_ms']:g} ms lost, at most {most_lost:g}"),
        (row["doubled_ms"] > most_doubled, f"{row['doubled_ms']:g} ms doubled, at most {most_doubled:g}"),
        (row["late"] > 0, f"{row['late']} stretches out of order"),
        (row["foreign"] > 0, f"{row['foreign']} samples that nobody spoke"),
        (row["breaches"] > 0, f"{row['breaches']} breaches of the protocol"),
    ]
    return [text for is_broken, text in claims if is_broken]


def time_bound(chosen, row):
    """Milliseconds: for the median gap of a goAway, for the way back of a kill."""
    if row["round_trip_ms"] is None:
        return None
    if chosen.fault == "goAway":
        return round(2.5 * row["round_trip_ms"] + 20, 2)
    return round(row["round_trip_ms"] + 250, 2)


def broken_times(chosen, row):
    name = "gap_ms" if chosen.fault == "goAway" else "back_ms"
    # A bad network's own stalls, 200 ms each, are not the client's: there the median is judged.
    which = "max" if chosen.fault == "kill" and chosen.way != "network" else "median"
    row["bound_ms"] = time_bound(chosen, row)
    if row[name] is None or row["bound_ms"] is None:
        return ["no time was measured"]
    if row[name][which] > row["bound_ms"]:
        return [f"{which} of {name} {row[name][which]:g}, at most {row['bound_ms']:g}"]
    return []


def table(rows):
    """Lines of a Markdown table, and under it what was broken."""
    titles = [
        "set", "runs", "failed", "lost, ms (max)", "doubled, ms (max)", "out of order", "breaches", "warm",
        "gap, ms: median / p95 / max", "back, ms: median / p95 / max", "round trip, ms", "bound, ms", "verdict"]
    yield "| " + " | ".join(titles) + " |"
    yield "|---" * len(titles) + "|"
    for row in rows:
        cells = [
            row["set"], row["runs"], row["failures"], f"{row['lost_ms']:g}", f"{row['doubled_ms']:g}", row["late"],
            row["breaches"], row["warm"], triple(row["gap_ms"]), triple(row["back_ms"]), row["round_trip_ms"],
            row.get("bound_ms", "–"), "fail" if row["broken"] else "pass"]
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"
    for row in rows:
        for text in row["broken"] + row["breach_texts"] + row["failure_texts"]:
            yield f"- {row['set']}: {text}"


def triple(times):
    return " / ".join(f"{times[key]:.1f}" for key in ("median", "p95", "max")) if times else "–"
