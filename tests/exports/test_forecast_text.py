"""What `forecast` prints says how its months lie to those of the deal that `measure` writes."""

from deal_solve.analysis.forecast.result import ForecastMonth, ForecastResult
from deal_solve.analysis.forecast.text import forecast_report
from deal_solve.frames import Table


def test_the_first_month_is_said_to_be_a_month_of_growth_after_what_was_measured():
    months = Table(
        ForecastMonth(name, f"2027-0{ahead}", ahead, 90.0, 100.0, 110.0) for name in ("a", "b") for ahead in (1, 2)
    )
    text = " ".join(
        forecast_report(ForecastResult(last="2026-12-31", widening=1.0, months=months, backtest=Table())).split()
    )
    assert text.count("2027-01 is a month of growth after the last 28 days") == 1
