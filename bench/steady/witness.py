"""How late this machine lets anybody run: a thread of real-time priority on each core that does nothing but sleep.

What a virtual machine's host, or the kernel, takes for itself, no program can help. An xrun at a moment when the witness
was late as well is the machine's.
"""

import ctypes
import multiprocessing
import os
import time

PERIOD_S = 0.002
WORTH_TELLING_S = 0.005


def watch(core, told):
    os.sched_setaffinity(0, {core})
    try:
        # Above the devices' threads, so that these do not make it late.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
    except PermissionError:
        told.put(None)
        return
    ctypes.CDLL(None).mlockall(3)  # a page that has to be fetched would be taken for the machine's doing
    due = time.monotonic()
    while True:
        due += PERIOD_S
        time.sleep(max(0, due - time.monotonic()))
        now = time.monotonic()
        if now - due > WORTH_TELLING_S:
            told.put((core, time.time(), round((now - due) * 1000)))
        due = max(due, now)


class Witness:
    def __init__(self):
        self.told = multiprocessing.SimpleQueue()
        self.processes = [
            multiprocessing.Process(target=watch, args=(core, self.told), daemon=True)
            for core in range(os.cpu_count())]
        for process in self.processes:
            process.start()

    def stop(self):
        """- Returns: each time it was late: the core, the wall clock's time, milliseconds; None where it may not watch."""
        for process in self.processes:
            process.kill()
            process.join()
        seen = []
        while not self.told.empty():
            seen.append(self.told.get())
        return None if None in seen else seen


if __name__ == "__main__":
    witness = Witness()
    try:
        while True:
            print(witness.told.get(), flush=True)
    except KeyboardInterrupt:
        pass
