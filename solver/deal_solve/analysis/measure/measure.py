"""Measure: from exports of usage to a deal file, reconciled with what was billed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from deal_solve.analysis.measure.backtest import backtest
from deal_solve.analysis.measure.deal_text import deal_text
from deal_solve.analysis.measure.defaults import MIN_SHARE
from deal_solve.analysis.measure.people import measured_people
from deal_solve.analysis.measure.reconcile import reconciled
from deal_solve.analysis.measure.result import ExportRead, MeasureResult
from deal_solve.analysis.measure.together import correlations
from deal_solve.analysis.measure.workloads import GroupBy, grouping, measured_workloads
from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from deal_solve.exports.readers.plain import Mapping
from deal_solve.frames import Table


def measure(
    *paths: str | Path,
    group_by: GroupBy | None = None,
    min_share: float = MIN_SHARE,
    keep_names: bool = False,
    columns: Iterable[str] = (),
    called: dict[str, str] | None = None,
) -> MeasureResult:
    """Return what exports say: files, folders, globs, and archives of either.

    Usage is grouped by `group_by` (default: what tells it apart); groups below `min_share` of the dollars are put into
    one. Keys and users are hashed unless `keep_names`; `columns` are `field=column` of a plain table; `called` says
    which workload of a deal a measured one belongs to. Raises InputError for what is not known: an export, a model, an
    amount without currency.
    """
    if not paths:
        raise InputError("no files are given; expected exports of usage, or a folder with them")
    exports = read_exports(paths, keep_names, Mapping.of(columns))
    works, daily = measured_workloads(exports, group_by, min_share, called or {})
    people = measured_people(exports)
    if not works and people is None:
        what = "charges but no usage" if exports.charged else "no usage"
        raise InputError(f"these exports have {what}, so that no workload follows; add the usage report")
    files = Table(
        ExportRead(
            name=each.name,
            export=each.source.name,
            first=None if each.first is None else f"{each.first}",
            last=None if each.last is None else f"{each.last}",
            not_counted=each.left_out,
            columns_not_read=each.columns_not_read,
        )
        for each in exports.files
    )
    return MeasureResult(
        first=f"{exports.first}",
        last=f"{exports.last}",
        grouped_by=group_by or grouping(exports),
        files=files,
        reconciliation=reconciled(exports),
        workloads=Table(works),
        backtest=backtest([*daily.values()], first=exports.first),
        daily=daily,
        exports=exports,
        people=people,
        seats_assigned=people.assigned if people is not None else exports.members or None,
        notes=exports.notes,
        deal_text=deal_text((exports.first, exports.last), works, people, correlations(daily)),
    )
