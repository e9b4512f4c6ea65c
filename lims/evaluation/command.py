"""`lims evaluate`: measurement models and other cases in TOML files, evaluated without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from calc.cases.evaluate import evaluate_case
from calc.cases.facts import Agreement, CaseOutcome, Context, Figure
from calc.errors import CalcError
from lims import messages
from lims.core.errors import RuleViolation
from lims.core.messages import register
from lims.evaluation.document import as_document
from lims.evaluation.files import loader, read_cases
from lims.evaluation.messages import LABELS, MESSAGES
from lims.evaluation.text import lines_of, name_of, printable, words_of

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EvaluateFiles:
    """What is asked: the files, `trials` of a Monte Carlo beside the file's own methods or None, and its seed."""

    files: tuple[Path, ...]
    trials: int | None = None
    seed: int = 0


@dataclass(slots=True)
class _Tally:
    """What was found, for the exit status and the last line."""

    cases: int = 0
    figures: int = 0
    missed: int = 0
    refused: int = 0


def evaluate_files(request: EvaluateFiles, *, as_json: bool, say: Say, complain: Say) -> bool:
    """Evaluate every case of every file; return whether nothing was refused and, for a reader, every figure met.

    `say` takes the result: one JSON document, or lines for a reader as each case is done. `complain` takes a line for
    everything that is refused: file, case, field and rule. The other cases are evaluated all the same.
    """
    messages.prepare()
    register(MESSAGES, LABELS)
    tally = _Tally()
    outcomes: list[CaseOutcome] = []
    for path in request.files:
        for outcome in _outcomes(path, request, tally, complain):
            _count(outcome, tally)
            _complain_of(path, outcome, complain)
            if as_json:
                outcomes.append(outcome)
            else:
                for line in lines_of(outcome):
                    say(line)
    if as_json:
        say(as_document(outcomes, words_of, request.trials))
        return tally.refused == 0
    counts = {"cases": tally.cases, "figures": tally.figures, "missed": tally.missed, "refused": tally.refused}
    say(messages.words("evaluate.summary", counts))
    return tally.refused == 0 and tally.missed == 0


def _outcomes(path: Path, request: EvaluateFiles, tally: _Tally, complain: Say) -> Sequence[CaseOutcome]:
    """Return the outcomes of one file, each computed as it is asked for; nothing for a file that is refused."""
    try:
        document = read_cases(path)
    except RuleViolation as error:
        complain(printable(messages.words(error.code, error.values)))
        tally.refused += 1
        return ()
    except CalcError as error:
        complain(f"{printable(path)}: {words_of(error)}")
        tally.refused += 1
        return ()
    context = Context(loader(path.parent), request.seed, request.trials)
    return tuple(evaluate_case(case, context) for case in document.cases)


def _count(outcome: CaseOutcome, tally: _Tally) -> None:
    tally.cases += 1
    tally.figures += len(outcome.figures)
    tally.refused += (outcome.error is not None) + len(_refused_alone(outcome))
    tally.missed += sum(figure.agreement is Agreement.NOT_MET for figure in outcome.figures)


def _complain_of(path: Path, outcome: CaseOutcome, complain: Say) -> None:
    place = f"{printable(path)}: {messages.words('evaluate.case', {'case': printable(outcome.identifier)})}"
    if outcome.error is not None:
        complain(f"{place}: {words_of(outcome.error)}")
    for figure, error in _refused_alone(outcome):
        complain(f"{place}: {name_of(figure)}: {words_of(error)}")


def _refused_alone(outcome: CaseOutcome) -> list[tuple[Figure, CalcError]]:
    """Return the figures that were refused for a reason of their own, not because their case was."""
    return [
        (figure, figure.error)
        for figure in outcome.figures
        if figure.error is not None and figure.error is not outcome.error
    ]
