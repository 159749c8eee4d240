"""Plans with another commitment."""

from dataclasses import replace


def committed(plan, api, planned):
    """Return the plan with other commitments, each term in the band that the mean of its years reaches."""
    tried = replace(api, planned_usd=planned)
    terms = list(plan.api.terms)
    for term, years in tried.terms.items():
        band = tried.thresholds_usd[tried.band(term)]
        update = {"band_usd_per_year": band, "commitment_usd": tuple(planned[year] * (band > 0) for year in years)}
        terms[term] = terms[term].model_copy(update=update)
    return tried, plan.model_copy(update={"api": plan.api.model_copy(update={"terms": tuple(terms)})})
