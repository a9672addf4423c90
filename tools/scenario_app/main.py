"""Command line of `tools/scenario`."""

import argparse
import concurrent.futures
import signal
import sys
import threading
from pathlib import Path

from scenario_app import loader, report
from scenario_app.runner import Runner

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(USAGE, "scenario: %s\n" % message)


def main(words):
    """Play the scenarios. Exit status: 0 all well, 1 one failed, 2 wrong use or bad file."""
    wanted = _options(words)
    try:
        scenarios = [loader.load(path) for path in _paths(wanted.files)]
    except loader.ScenarioError as e:
        print("scenario: %s" % e, file=sys.stderr)
        return USAGE
    except OSError as e:
        print("scenario: %s" % _told(e), file=sys.stderr)
        return USAGE
    if wanted.check:
        print("%d scenarios are well formed" % len(scenarios))
        return OK
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        results = _play_all(scenarios, wanted)
        _write(results, wanted)
    except KeyboardInterrupt:
        print("scenario: interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as e:
        print("scenario: %s" % _told(e), file=sys.stderr)
        return USAGE
    return _summary(results)


def _told(error):
    return "%s: %s" % (error.filename, error.strerror) if error.filename else error


def _interrupt(*_):
    raise KeyboardInterrupt


def _options(words):
    parser = _Parser(
        prog="scenario",
        description="Play scenarios against a charger and a CSMS of their own; docs/scenarios.md.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("files", metavar="FILE", nargs="+", type=Path, help="scenario, or a folder of them")
    add("--speed", type=_factor, metavar="N", help="simulated time runs N times faster")
    add(
        "--patience",
        type=_factor,
        metavar="N",
        default=1,
        help="wait N times longer for what is expected, on a slow machine",
    )
    add("--jobs", type=_jobs, metavar="N", default=1, help="so many at once (default: 1)")
    add("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    add("--mermaid", type=Path, metavar="FILE", help="sequence diagram; several: a folder")
    add("--check", action="store_true", help="read the files only")
    add(
        "-v",
        "--verbose",
        action="store_true",
        help="tell each step; the charger's log of a failure",
    )
    return parser.parse_args(words)


def _factor(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 1000:
        raise argparse.ArgumentTypeError("%r; accepted: a number above 0, up to 1000" % text)
    return value


def _jobs(text):
    if not text.isdigit() or not 1 <= int(text) <= 32:
        raise argparse.ArgumentTypeError("%r; accepted: 1 to 32" % text)
    return int(text)


def _paths(files):
    for path in files:
        if path.is_dir():
            inside = sorted(path.rglob("*.yaml"))
            if not inside:
                raise OSError("%s: no *.yaml in it" % path)
            yield from inside
        else:
            yield path


def _play_all(scenarios, wanted):
    """Results in the order of the scenarios. Each thread has a Runner of its own."""
    own, runners = threading.local(), []

    def told(scenario, step, text):
        if wanted.verbose:
            print("  %s:%d %s" % (scenario.path.rpartition("/")[2], step.line, text), flush=True)

    def play(scenario):
        if not hasattr(own, "runner"):
            own.runner = Runner(wanted.speed, told, wanted.patience)
            runners.append(own.runner)
        result = own.runner.play(scenario)
        _tell(result, wanted.verbose)
        return result

    try:
        if wanted.jobs == 1:
            return [play(s) for s in scenarios]
        with concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool:
            try:
                return list(pool.map(play, scenarios))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for runner in runners:
            runner.close()


def _tell(result, verbose):
    word = "FAILED" if result.failure else "ok"
    print("%-6s %5.1f s  %s" % (word, result.seconds, result.scenario.name), flush=True)
    if result.failure:
        print("  " + result.failure, flush=True)
        if verbose:
            print(result.logs, flush=True)


def _write(results, wanted):
    if wanted.junit:
        wanted.junit.write_text(report.junit(results), encoding="utf-8")
    if wanted.mermaid and len(results) == 1:
        wanted.mermaid.write_text(report.mermaid(results[0]), encoding="utf-8")
    elif wanted.mermaid:
        wanted.mermaid.mkdir(parents=True, exist_ok=True)
        for result in results:
            name = Path(result.scenario.path).stem + ".mmd"
            (wanted.mermaid / name).write_text(report.mermaid(result), encoding="utf-8")


def _summary(results):
    failed = sum(bool(r.failure) for r in results)
    seconds = sum(r.seconds for r in results)
    print("%d scenarios, %d failed, %.0f s" % (len(results), failed, seconds))
    return FAILED if failed else OK
