"""Words of `lims evaluate`: its own errors, the headings of its tables, and the warnings of an evaluation."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "evaluate.not_toml": N_("%(file)s is not a TOML file: %(reason)s"),
    "evaluate.unreadable": N_("%(file)s cannot be read."),
    "evaluate.too_large": N_("%(file)s is larger than %(limit)s MB."),
    "evaluate.case": N_("case %(case)s"),
    "evaluate.result": N_(
        "%(output)s = %(estimate)s   u = %(u)s   ν_eff = %(nu)s   k = %(k)s (%(probability)s)   U = %(expanded)s"
    ),
    "evaluate.monte_carlo": N_(
        "%(output)s, Monte Carlo of %(trials)s trials: %(estimate)s   u = %(u)s   "
        "%(probability)s interval (%(interval)s): %(low)s to %(high)s"
    ),
    "evaluate.validated": N_(
        "The law of propagation holds here: its interval differs by %(low)s and %(high)s, at most %(tolerance)s."
    ),
    "evaluate.not_validated": N_(
        "The law of propagation does not hold here: its interval differs by %(low)s and %(high)s, "
        "more than %(tolerance)s."
    ),
    "evaluate.warning": N_("Note: %(words)s"),
    "evaluate.summary": N_("Cases: %(cases)s; figures: %(figures)s; not met: %(missed)s; refused: %(refused)s"),
    "evaluation_warning.case.degrees_not_drawn": N_(
        "Monte Carlo draws %(name)s from a normal distribution; its degrees of freedom count only with dist = “t”."
    ),
    "evaluation_warning.case.unknown_key": N_("%(name)s is not known here and was left aside."),
    "evaluation_warning.case.unused": N_("%(name)s does not enter this method and was left aside."),
    "evaluation_warning.case.duplicate_id": N_("The id “%(name)s” is also that of an earlier case."),
    "evaluation_warning.case.factor_assumed": N_("%(name)s is not given; U was taken as stated with k = 2."),
}

LABELS: Final[dict[str, str]] = {
    "evaluate.quantity": N_("quantity"),
    "evaluate.estimate": N_("estimate"),
    "evaluate.distribution": N_("distribution"),
    "evaluate.share": N_("share"),
    "evaluate.figure": N_("figure"),
    "evaluate.computed": N_("computed"),
    "evaluate.published": N_("published"),
    "evaluate.verdict": N_("verdict"),
    "evaluate.met": N_("met"),
    "evaluate.not_met": N_("NOT MET"),
    "evaluate.digits": N_("correct digits"),
    "evaluate.not_computed": N_("refused"),
    "evaluate.symmetric": N_("symmetric"),
    "evaluate.shortest": N_("shortest"),
    "evaluate.expected.number": N_("a number"),
    "evaluate.expected.whole number": N_("a whole number"),
    "evaluate.expected.text": N_("a text"),
    "evaluate.expected.true or false": N_("true or false"),
    "evaluate.expected.list": N_("a list"),
    "evaluate.expected.table": N_("a table"),
    "evaluate.expected.pair of names": N_("a pair of names"),
    "evaluate.expected.list of two names": N_("a list of two names"),
    "evaluate.expected.list of two names and a number": N_("a list of two names and a number"),
}
