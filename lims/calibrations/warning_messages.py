"""Words for what is only pointed out: what the calculation warns of beside a result (codes of
`calc.quantities.EvaluationWarning`), and what makes a reading doubtful (codes of `plausibility`).
"""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "doubt.others_times": N_(
        "About %(factor)s times the other readings of this point. A slip of the decimal mark? "
        "If it is right, say why in a comment (Alt+Enter)."
    ),
    "doubt.others_part": N_(
        "About 1/%(factor)s of the other readings of this point. A slip of the decimal mark? "
        "If it is right, say why in a comment (Alt+Enter)."
    ),
    "doubt.nominal_times": N_(
        "About %(factor)s times the nominal value of this point. A slip of the decimal mark? "
        "If it is right, say why in a comment (Alt+Enter)."
    ),
    "doubt.nominal_part": N_(
        "About 1/%(factor)s of the nominal value of this point. A slip of the decimal mark? "
        "If it is right, say why in a comment (Alt+Enter)."
    ),
    "doubt.short_hold": N_(
        "Read %(held)s min after the first reading here; the procedure holds for %(hold)s min before "
        "coming down. If there is a reason, write it as a comment (Alt+Enter)."
    ),
    "evaluation_warning.coverage.dominant_distribution": N_(
        "%(name)s dominates and is not normal: k may not give the stated probability."
    ),
    "evaluation_warning.curve.extended": N_(
        "%(name)s is used beyond its certified range, for the reason stated with it."
    ),
    "evaluation_warning.monte_carlo.copula": N_(
        "Inputs that are not normal are correlated: they were joined by a Gaussian copula."
    ),
    "evaluation_warning.monte_carlo.no_variance": N_(
        "%(name)s has too few degrees of freedom: the trials of its t distribution have no finite variance."
    ),
    "evaluation_warning.propagation.second_order_matters": N_(
        "%(output)s: terms of second order matter; propagate distributions."
    ),
    "evaluation_warning.propagation.second_order_unchecked": N_(
        "%(output)s: the model is too large to check whether terms of second order matter."
    ),
    "evaluation_warning.type_a.autocorrelated": N_(
        "The readings are not independent of each other: their lag-1 autocorrelation is significant."
    ),
}
