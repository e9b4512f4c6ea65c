"""Where in a case an error of the core belongs: the path of the field that a person has to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calc.cases.tables import Table
from calc.errors import CalcError

FIELDS: Final[Mapping[str, str]] = {
    "standard_uncertainty": "u",
    "expanded_uncertainty": "U",
    "coverage_factor": "k",
    "inexactness": "d",
    "degrees_of_freedom": "dof",
    "standard_deviation": "s",
    "in_tolerance_probability": "itp",
    "relative_standard_uncertainty": "rel_u",
    "limit": "upper",
    "scale": "rate",
    "calibrations": "calibrations",
    "measurement_standard_uncertainty": "u_m",
    "u_x": "ux",
    "u_y": "uy",
}
"""Fields of a case by the names of the core's arguments, where these differ."""

_OF_THE_CORE: Final[Mapping[str, str]] = {
    "risk": "",
    "global_risk": "",
    "prior": "prior",
    "group": "group_n",
    "groups": "group_mean",
    "conformity": "",
    "tolerance": "lower",
    "interval": "",
    "algorithm_a": "series",
    "series": "series",
    "laboratories": "lab",
    "trials": "trials",
    "level": "p",
    "decision_value": "rel_u",
    "guard_band": "p",
    "acceptance_limits": "consumer_risk",
    "coverage_factor": "dof",
}
"""Names by which the core calls what has no name of its own, and the field of a case that they stand for."""

_DATA: Final = ("model", "x", "data_file", "series")
"""Where a case at fault as a whole is looked at first."""


def named_field(error: CalcError) -> str:
    """Return the field of a case that an argument of the core was read from; empty where the error names none."""
    named = error.values.get("field")
    return FIELDS.get(named, named) if isinstance(named, str) else ""


def placed(error: CalcError, table: Table) -> CalcError:
    """Return an error of the core with the case and the path of the field that it belongs to.

    One that names case and field already is returned as it is. Names that only the core uses give way to the path.
    """
    if "case" in error.values:
        return error
    name, output = error.values.get("name"), error.values.get("output")
    values: dict[str, object] = {"case": table.case}
    if error.code.startswith("correlation."):
        values["field"] = "correlation"
    elif isinstance(output, str) and output:
        values["field"] = f"model.{output}"
    elif isinstance(name, str) and name in _OF_THE_CORE:
        values["field"] = values["name"] = _path(name, named_field(error), table)
    elif named_field(error) in table:
        values["field"] = table.place(named_field(error))
    else:
        values["field"] = table.place("what") if table.path else next((one for one in _DATA if one in table), "kind")
    return error.with_values(**values)


def _path(name: str, found: str, table: Table) -> str:
    if name == "prior":
        return f"prior.{found}" if found else "prior"
    if name == "group" and found == "s":
        return "group_s"
    if name == "global_risk" and found == "u":
        return "u_m"
    field = found or _OF_THE_CORE[name]
    if not field:
        return table.place("what")
    return table.place(field) if field in table else field
