"""The order in which outputs that use other outputs are resolved: `R = V/I` before `P = R*I**2`."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from calc.errors import InvalidModel
from calc.expression import Call, Name, Negation, Node, spine


def names_in(tree: Node) -> list[str]:
    """Return the names in a formula, each once; an element of an array under the name of the array."""
    found: dict[str, None] = {}
    pending = [tree]
    while pending:
        first, operations = spine(pending.pop())
        pending.extend(operation.right for operation in operations)
        match first:
            case Name(name):
                found[name.partition("[")[0]] = None
            case Negation(operand):
                pending.append(operand)
            case Call(_, arguments):
                pending.extend(arguments)
    return list(found)


def resolution_order(trees: Mapping[str, Node]) -> list[str]:
    """Return the outputs, each behind those that its formula uses, else as given.

    `trees`: of every output by its name. Raises InvalidModel `model.cycle`, naming the outputs that need each other.
    """
    used = {name: [other for other in names_in(tree) if other in trees] for name, tree in trees.items()}
    try:
        return list(TopologicalSorter(used).static_order())
    except CycleError as error:
        around = list(error.args[1])[::-1]
        raise InvalidModel("model.cycle", output=around[0], names=" → ".join(around)) from None
