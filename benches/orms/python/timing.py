"""Counts the processor time of steps and prints the line that `cargo xtask bench --orms` reads."""

import json
import platform
import statistics
import time

WARM_UP = 0.2
ROUNDS = 15
ROUND = 0.01


def nanos(step, calls):
    start = time.process_time_ns()
    for _ in range(calls):
        step()
    return (time.process_time_ns() - start) / calls


def calls_per_round(step):
    """Warms the step up and returns how many calls fill a round."""
    calls, end = 0, time.process_time() + WARM_UP
    while time.process_time() < end:
        nanos(step, 100)
        calls += 100
    return max(int(calls * ROUND / WARM_UP), 1)


def report(router, version, step, guarantee, **runs):
    """Prints the median time of each step: the steps take turns, so that whatever else the machine does slows all."""
    calls = {name: calls_per_round(run) for name, run in runs.items()}
    times = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            times[name].append(nanos(run, calls[name]))
    medians = {name: statistics.median(all) for name, all in times.items()}
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    row = {"router": router, "version": version, "runtime": runtime, "step": step, "guarantee": guarantee}
    print(json.dumps(row | medians))
