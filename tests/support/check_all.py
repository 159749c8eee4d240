"""Everything that has to hold before a change lands, in one command: `python -m tests.support.check_all`.

Lint, format, strict types, the generated pages, the site and the tests, each with the tools of this environment
(`pip install -e '.[dev,docs]'`). All of them run, also after a failure; what failed is listed at the end.
`--no-tests` leaves the tests out.
"""

import os
import subprocess
import sys
import tempfile
import time

from tests.support.paths import ROOT

CHECKED = ("solver", "tests", "docs")


def steps(site, with_tests):
    """Return (name, command) of every check, the quickest first; the site is built into the folder `site`."""
    found = [
        ("lint", ["-m", "ruff", "check", *CHECKED]),
        ("format", ["-m", "ruff", "format", "--check", *CHECKED]),
        ("types", ["-m", "mypy"]),
        ("generated pages", ["docs/generate.py", "--check"]),
        ("site", ["-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]),
    ]
    return [*found, ("tests", ["-m", "pytest"])] if with_tests else found


def main(arguments):
    """Run every check and return the exit code: 0 if all of them hold."""
    failed = []
    with tempfile.TemporaryDirectory() as site:
        for name, command in steps(site, "--no-tests" not in arguments):
            print(f"== {name}: python {' '.join(command)}", flush=True)
            start = time.perf_counter()
            environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
            code = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=False).returncode
            print(f"== {name}: {'failed' if code else 'ok'} after {time.perf_counter() - start:.0f} s", flush=True)
            failed += [name] if code else []
    print(f"Failed: {', '.join(failed)}" if failed else "All checks hold.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
