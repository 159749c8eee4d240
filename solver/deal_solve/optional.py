"""Packages that come with an extra, and the sentence where one is missing."""

from __future__ import annotations

from importlib import import_module

from deal_solve.errors import InputError, Problem

EXTRAS = {
    "distributed": "cluster",
    "docx": "documents",
    "matplotlib": "pictures",
    "pyarrow": "parquet",
    "ruamel.yaml": "exports",
    "xlsxwriter": "documents",
}
"""The extra of deal-solve that installs a package."""


def need(package: str, what: str, path: str = "", file: str = "") -> None:
    """Raise InputError where a package is not installed: `what` needs it, asked for by an option or a file."""
    try:
        import_module(package)
    except ImportError:
        message = f"{what} needs {package}; expected: pip install 'deal-solve[{EXTRAS[package]}]'"
        raise InputError(Problem(path, message, file)) from None
