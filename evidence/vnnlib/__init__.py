"""VNN-LIB, the exchange format of network verifiers: an own strict reader of versions 1 and 2.0, and a writer.

A file describes the *counterexample* of a property. `read_property` gives its normal form with exact numbers, or one
clear error with line and column; nothing is guessed, dropped or rounded. The independent checker does not use this
package: it reads the file by itself.
"""

from evidence.vnnlib.property import Box, Case, Constraint, Property, Region
from evidence.vnnlib.reader import read_property
from evidence.vnnlib.text import unpack

__all__ = ["Box", "Case", "Constraint", "Property", "Region", "read_property", "unpack"]
