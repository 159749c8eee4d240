"""The lowest version that pyproject.toml allows of every dependency, as lines of a pip constraints file.

`python -m tests.support.lowest parquet` prints those of the package and of its extra `parquet`.
"""

import re
import sys
import tomllib

from tests.support.paths import ROOT


def lowest(requirements):
    """Return `name==version` for each requirement `name>=version`; one without a lower bound is an error."""
    found = [re.fullmatch(r"([\w.-]+)>=([\w.]+)(,<[\w.]+)?", requirement) for requirement in requirements]
    without = [text for text, match in zip(requirements, found, strict=True) if not match]
    if without:
        raise ValueError(f"no lower bound can be read in {', '.join(without)}")
    return [f"{match[1]}=={match[2]}" for match in found]


def main(extras):
    """Print the constraints of the package and of some of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project.get("optional-dependencies", {})
    print(*lowest(project["dependencies"] + [line for extra in extras for line in optional[extra]]), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
