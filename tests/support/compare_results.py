"""Run every command that writes JSON, with any installation, and list what two such runs wrote differently.

    python tests/support/compare_results.py run OUT [--python PYTHON] [--source solver] [--only sweep]
    python tests/support/compare_results.py compare BEFORE AFTER

`run` writes the files of one checkout into a folder: results, tables (.csv) and JSON Schemas. `compare` prints one line
per difference: keys and their order, values, and numbers further apart than 1e-9. Version, seconds, descriptions,
defaults and the names of schema definitions are left out; the exit code is 1 if anything else differs.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCENARIOS = Path(__file__).parents[2] / "scenarios"
COMMAND = ("-c", "from deal_solve.cli.main import main; main()")
RELATIVE_TOLERANCE = 1e-9
LEFT_OUT = {"version", "seconds", "build_seconds", "solve_seconds"}
KINDS = ["result", "settlement", "simulation", "curve", "frontier", "sweep", "review", "clauses", "breakeven"]
KINDS += ["sensitivity", "infeasible"]
PROPOSAL = '{"api": {"offer": "twenty-four", "term_months": 24, "commitment_usd": 300000}}'
INFEASIBLE = """\
schema: deal-solve/1
start: 2027-01
horizon_months: 12
rates: claude@2026-11-23
workloads: {app: {requests_per_month: 1M, input_tokens: 1000, output_tokens: 200, models: [sonnet]}}
limits: [{measure: expected, of: total, at_most: 1k}]
"""
ASKED = {  # beside a plain solve of every example
    "three-quotes": ("--all", "--levers", "--criteria", "neutral,balanced,worst,regret", "--why-not", "offer=twelve"),
    "start-up": ("--all", "--levers", "--uncertainty", "--why-not", "offer=list"),
    "seat-heavy": (
        "--all",
        "--risk",
        "cautious",
        "--confidence",
        "0.9",
        "--risk-on",
        "cost",
        "--why-not",
        "offer=list",
    ),
    "hybrid": ("--levers", "--uncertainty"),
    "three-quotes-sampled": ("--scenarios", "16", "--uncertainty"),
}
THREE, BAND = SCENARIOS / "three-quotes.yaml", "offers.thirty-six.api.bands[1].discount"
OVERAGE = "offers.twelve.api.overage=contracted,list"


def commands(out: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of a file and the command that writes it; plans come from the solves, which run first."""
    plan, proposal = str(out / "solve-three-quotes.json"), str(out / "proposal.yaml")
    for deal in sorted(SCENARIOS.glob("*.yaml")):
        yield f"solve-{deal.stem}.json", ["solve", str(deal), "--json"]
    for name, options in ASKED.items():
        deal = SCENARIOS / f"{name.removesuffix('-sampled')}.yaml"
        yield f"asked-{name}.json", ["solve", str(deal), *options, "--json"]
    yield "solve-infeasible.json", ["solve", str(out / "infeasible.yaml"), "--json"]
    yield "solve-sampled.json", ["solve", str(THREE), "--scenarios", "128", "--json"]
    yield "solve-observed.json", ["solve", str(out / "observed.yaml"), "--json"]
    for deal in sorted(SCENARIOS.glob("*.yaml")):
        own = str(out / f"solve-{deal.stem}.json")
        yield f"settle-{deal.stem}.json", ["settle", str(deal), "--plan", own, "--json"]
        sampled = [] if deal.stem == "start-up" else ["--scenarios", "64"]  # that one lists its scenarios
        yield f"simulate-{deal.stem}.json", ["simulate", str(deal), "--plan", own, *sampled, "--json"]
    yield "settle-proposal.json", ["settle", str(THREE), "--plan", proposal, "--order", "chronological", "--json"]
    versus = ["simulate", str(THREE), "--plan", proposal, "--versus", plan]
    yield "simulate-versus.json", [*versus, "--scenarios", "256", "--json"]
    yield "simulate-discrete.json", [*versus, "--json"]
    analyses = {
        "curve": ["curve", str(THREE), "--plan", proposal, "--points", "4"],
        "frontier": ["frontier", str(THREE), "--steps", "4"],
        "sweep": ["sweep", str(THREE), "--vary", OVERAGE, "--vary", f"{BAND}=20%,28%"],
        "sweep-reasons": ["sweep", str(out / "infeasible.yaml"), "--vary", "limits[0].at_most=1k,100M"],
        "review": ["review", str(THREE), "--plan", proposal],
        "clauses": ["clauses", str(THREE), "--offer", "twenty-four", "--pairs", "2"],
        "clauses-sampled": ["clauses", str(THREE), "--pairs", "0", "--scenarios", "64"],
        "breakeven": ["breakeven", str(THREE), "--vary", f"{BAND}=5%:35%", "--points", "4"],
        "breakeven-target": ["breakeven", str(THREE), "--vary", f"{BAND}=5%:35%", "--target", "expected<=1k"],
        "sensitivity": ["sensitivity", str(THREE), "--samples", "256"],
    }
    for name, command in analyses.items():
        yield f"{name}.json", [*command, "--out"]
        if name not in ("clauses-sampled", "breakeven-target", "sweep-reasons"):
            yield f"{name}.csv", [*command, "--out"]
    for kind in KINDS:
        yield f"schema-{kind}.json", ["schema", kind]


def run(out: Path, python: str, source: str | None, only: str) -> None:
    """Write every file of one installation into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "proposal.yaml").write_text(PROPOSAL)
    (out / "infeasible.yaml").write_text(INFEASIBLE)
    (out / "observed.yaml").write_text(THREE.read_text().replace("risk: balanced", "renewal_decisions: observed"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if source:
        environment["PYTHONPATH"] = str(Path(source).resolve())
    for name, command in commands(out):
        if not name.startswith(only):
            continue
        started, file = time.perf_counter(), out / name
        for old in (file, out / f"{name}.journal"):
            old.unlink(missing_ok=True)
        written = command if name.startswith("schema") else [*command, str(file)]
        done = subprocess.run([python, *COMMAND, *written], env=environment, capture_output=True, text=True)
        if name.startswith("schema"):
            file.write_text(done.stdout)
        problem = "" if file.exists() and file.stat().st_size else f"  nothing written: {done.stderr.strip()[-500:]}"
        print(f"{time.perf_counter() - started:6.1f} s  exit {done.returncode}  {name}{problem}", flush=True)


def compare(before: Path, after: Path) -> int:
    """Print every difference; return their number."""
    count = 0
    written = {path for folder in (before, after) for path in folder.iterdir() if path.suffix in (".csv", ".json")}
    names = sorted({path.name for path in written})
    for name in names:
        files = (before / name, after / name)
        if not all(file.exists() for file in files):
            found = [f"only in {before if files[0].exists() else after}"]
        elif name.endswith(".csv"):
            found = list(differences("$", *(list(csv.DictReader(file.open(newline=""))) for file in files)))
        else:
            one, other = (json.loads(file.read_text()) for file in files)
            if name.startswith("schema"):
                one, other = (_expanded(schema, schema.get("$defs", {})) for schema in (one, other))
            found = list(differences("$", one, other))
        count += len(found)
        print("\n".join(f"{name}: {line}" for line in found), end="\n" if found else "")
    print(f"{count} differences in {len(names)} files")
    return count


def differences(path: str, one: Any, other: Any) -> Iterator[str]:
    """Yield where two values differ, the order of keys included."""
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            yield f"{path}: keys {list(one)} are {list(other)}"
        for key in one.keys() & other.keys() - LEFT_OUT:
            yield from differences(f"{path}.{key}", one[key], other[key])
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield f"{path}: {len(one)} items are {len(other)}"
        for index, pair in enumerate(zip(one, other, strict=False)):
            yield from differences(f"{path}[{index}]", *pair)
    elif type(one) is not type(other) or not _same(one, other):
        yield f"{path}: {one!r} is {other!r}"


def _same(one: Any, other: Any) -> bool:
    try:
        numbers = float(one), float(other)
    except (TypeError, ValueError):
        return bool(one == other)
    return isinstance(one, bool) or math.isclose(*numbers, rel_tol=RELATIVE_TOLERANCE, abs_tol=RELATIVE_TOLERANCE)


def _expanded(schema: Any, definitions: dict[str, Any]) -> Any:
    """Return a schema with its definitions in place, without titles, descriptions and defaults."""
    if isinstance(schema, list):
        return [_expanded(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _expanded(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    words = {"title", "description", "default", "$defs"}
    return {
        key: {name: _expanded(part, definitions) for name, part in value.items()}
        if key == "properties"
        else _expanded(value, definitions)
        for key, value in schema.items()
        if key not in words
    }


def main() -> int:
    """Run or compare, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    running, comparing = steps.add_parser("run"), steps.add_parser("compare")
    running.add_argument("out", type=Path)
    running.add_argument("--python", default=sys.executable, help="interpreter of the installation")
    running.add_argument("--source", help="source root to run instead of the installed package")
    running.add_argument("--only", default="", help="only files whose name starts with this")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    if given.step == "compare":
        return int(compare(given.before, given.after) > 0)
    run(given.out, given.python, given.source, given.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
