"""From a checked formula to one straight-line program: units, graph, exact derivatives, code on floats and arrays."""
