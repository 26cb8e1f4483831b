"""What a process holds, from /proc: memory that is its own, descriptors, threads, processor time. And whether that is
flat."""

import asyncio
import os
import pathlib

LOOK_S = 0.5  # peaks of descriptors and threads are looked for this often
ROW_S = 5.0
MOST_GROWTH = 0.01
COLUMNS = ["at", "rssAnonKB", "rssKB", "descriptors", "threads", "cpuSeconds"]


class Resources:
    """A row every five seconds: memory and time as they are then, descriptors and threads at most since the last."""

    def __init__(self, pid, path):
        self.process, self.path = pathlib.Path(f"/proc/{pid}"), path
        self.rows = []

    async def run(self):
        """Until cancelled, or until the process is gone."""
        clock = asyncio.get_running_loop().time
        begin = clock()
        descriptors = threads = 0
        with open(self.path, "w") as file:
            file.write(",".join(COLUMNS) + "\n")
            while True:
                await asyncio.sleep(LOOK_S)
                try:
                    descriptors = max(descriptors, len(os.listdir(self.process / "fd")))
                    threads = max(threads, len(os.listdir(self.process / "task")))
                    if clock() - begin < (len(self.rows) + 1) * ROW_S:
                        continue
                    memory = self.memory()
                    row = [
                        round(clock() - begin, 1), memory["RssAnon"], memory["VmRSS"], descriptors, threads,
                        self.seconds()]
                except (OSError, KeyError):
                    return
                descriptors = threads = 0
                self.rows.append(row)
                file.write(",".join(map(str, row)) + "\n")
                file.flush()

    def memory(self):
        """Kilobytes by name."""
        lines = (line.split() for line in (self.process / "status").read_text().splitlines())
        return {words[0][:-1]: int(words[1]) for words in lines if len(words) == 3 and words[2] == "kB"}

    def seconds(self):
        fields = (self.process / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def summary(self):
        """Figures of the run; None with fewer than eight rows, too few to judge."""
        if len(self.rows) < 8:
            return None
        half, quarter = len(self.rows) // 2, len(self.rows) // 4
        late, second = self.rows[half:], self.rows[quarter:half]
        figures = {
            "rssAnonKB": {"first": self.rows[0][1], "half": late[0][1], "last": late[-1][1]},
            "growth": round(growth([row[0] for row in late], [row[1] for row in late]), 5),
            "cpuSeconds": self.rows[-1][5]}
        for name in ("descriptors", "threads"):
            column = COLUMNS.index(name)
            figures[name] = {
                "secondQuarter": max(row[column] for row in second), "lastHalf": max(row[column] for row in late)}
        return figures


def growth(times, values):
    """What a least-squares line grows by from the first time to the last, as a part of the mean."""
    mean_time, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - mean_time) ** 2 for time in times)
    slope = sum((time - mean_time) * (value - mean) for time, value in zip(times, values)) / spread
    return slope * (times[-1] - times[0]) / mean


def not_flat(figures):
    """A sentence for each thing that grew."""
    if figures is None:
        return ["too short to judge what the client holds"]
    found = []
    if figures["growth"] > MOST_GROWTH:
        found.append(f"memory grew by {figures['growth']:.2%} over the last half, at most {MOST_GROWTH:.0%}")
    for name in ("descriptors", "threads"):
        before, after = figures[name]["secondQuarter"], figures[name]["lastHalf"]
        if after > before:
            found.append(f"{name}: at most {before} in the second quarter, {after} in the last half")
    return found
