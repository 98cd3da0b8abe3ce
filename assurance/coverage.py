"""Under the old name until its users have moved: see `assurance/objectives`."""

from assurance.objectives import Coverage, ObjectiveStatus, Row, coverage

__all__ = ["Coverage", "ObjectiveStatus", "Row", "coverage"]
