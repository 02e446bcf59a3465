"""Break every promise in turn and say which of them no test keeps: `make mutants`."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NoReturn

from sandbox import toolchain
from sandbox.instance import Instance
from tests.mutants.table import CHECKOUT, Mutant, chosen, mutants
from tests.mutants.trial import Bench, RedBaselineError, Verdict


def main(words: list[str]) -> int:
    """Try every mutant that has the words, as many at a time as there are processors."""
    signal.signal(signal.SIGTERM, _stop)
    word = " ".join(words)
    wanted = chosen(mutants(), word)
    if not wanted:
        print(f"No promise has {word!r} in it: see tests/mutants/promises", file=sys.stderr)
        return 2
    if not toolchain.locate(Instance.from_environment().cache):
        without = [each for each in wanted if not each.tools]
        left_out = len(wanted) - len(without)
        wanted = without
        if left_out:
            print(f"Left out: {left_out} that need the sandbox's programs, which make up builds")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        bench = Bench(CHECKOUT, Path(folder))
        try:
            print("with nothing broken, first", flush=True)
            for tools in (False, True):
                tests = {test for each in wanted if each.tools is tools for test in each.tests}
                if tests:
                    bench.require_green(sorted(tests), tools=tools)
            verdicts = _judged(bench, wanted)
        except RedBaselineError as error:
            print(f"Tests fail with nothing broken: {error}\nType: make check", file=sys.stderr)
            return 1
    missed = [each for each in verdicts if not each.caught]
    for each in missed:
        print(f"\nNOT CAUGHT: {each.mutant.promise} ({each.mutant.area})\n  {each.words}")
    print(f"\ncaught {len(verdicts) - len(missed)} of {len(verdicts)}")
    return 1 if missed else 0


def _stop(_number: int, _frame: object) -> NoReturn:
    """End as one ends who cleans up behind himself."""
    sys.exit("stopped")


def _judged(bench: Bench, wanted: list[Mutant]) -> list[Verdict]:
    verdicts: list[Verdict] = []
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for done in as_completed(pool.submit(bench.judge, each) for each in wanted):
            verdict = done.result()
            verdicts.append(verdict)
            print(f"{f'{len(verdicts)}/{len(wanted)}':>8}  {_line(verdict)}", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    return verdicts


def _line(verdict: Verdict) -> str:
    promise = f"{verdict.mutant.area}: {verdict.mutant.promise}"
    if verdict.caught:
        return f"caught    {promise}\n{'':20}{verdict.words}"
    return f"NOT CAUGHT  {promise}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
