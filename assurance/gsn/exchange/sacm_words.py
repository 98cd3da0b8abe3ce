"""The vocabulary of SACM 2.3 files: classes, containment roles, the namespaces of the dialects, and GSN's types on top.

The specification (OMG formal/23-05-08) fixes no namespace for instance documents, so that each tool has its own:
(a) Eclipse, one namespace for each package, elements named by their path; (b) one namespace, elements named by
`xmi:id`; (c) SACM inside another model, such as the packages of the DEIS project. Nothing here reads or writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from assurance.gsn.elements import ElementType

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


class Dialect(StrEnum):
    """The dialects that are written; more are read."""

    XMI = "xmi"
    """(b): one namespace, `xmi:id`."""
    EMF = "emf"
    """(a): a namespace for each package, references by path."""


@dataclass(frozen=True)
class Form:
    """How a dialect spells things."""

    xmi: str
    namespaces: dict[str, str]
    prefix: dict[str, str]
    """Prefix by package: assurancecase, argumentation, artifact."""
    element: str
    """The role in which an argument package holds its elements."""


FORMS: Final = {
    Dialect.XMI: Form(
        "http://www.omg.org/spec/XMI/20131001",
        {"sacm": "http://www.omg.org/spec/SACM/20220301"},
        {"assurancecase": "sacm", "argumentation": "sacm", "artifact": "sacm"},
        "argumentElement",
    ),
    Dialect.EMF: Form(
        "http://www.omg.org/XMI",
        {
            "assuranceCase_": "http://omg.sacm/2.3/assurancecase",
            "argumentation_": "http://omg.sacm/2.3/argumentation",
            "artifact_": "http://omg.sacm/2.3/artifact",
        },
        {"assurancecase": "assuranceCase_", "argumentation": "argumentation_", "artifact": "artifact_"},
        "argumentationElement",
    ),
}

RELATIONSHIPS: Final = frozenset(
    {"AssertedInference", "AssertedEvidence", "AssertedContext", "AssertedArtifactSupport", "AssertedArtifactContext"}
)
ASSETS: Final = RELATIONSHIPS | {"Claim", "ArgumentReasoning", "ArtifactReference", "ArgumentAsset"}
"""What may stand at the ends of a relationship."""
ASSERTIONS: Final = RELATIONSHIPS | {"Claim"}
"""What has an assertion declaration and meta-claims."""
ARGUMENT_PACKAGES: Final = frozenset({"ArgumentPackage", "ArgumentPackageBinding", "ArgumentPackageInterface"})
PACKAGES: Final = ARGUMENT_PACKAGES | {
    f"{kind}Package{suffix}"
    for kind in ("AssuranceCase", "Artifact", "Terminology")
    for suffix in ("", "Binding", "Interface")
}
ARTIFACTS: Final = frozenset(
    {
        *("Artifact", "Activity", "Event", "Participant", "Technique", "Resource", "Property"),
        *("ArtifactGroup", "ArtifactAssetRelationship", "ArtifactAssertedRelationship"),
    }
)
TERMS: Final = frozenset({"Term", "Expression", "Category", "TerminologyGroup"})
CLASSES: Final = ASSETS | PACKAGES | ARTIFACTS | TERMS | {"ArgumentGroup"}

ROLES: Final = {
    **{
        f"{kind}{end}": f"{kind[0].upper()}{kind[1:]}"
        for end in ("", "s")
        for kind in ("assuranceCasePackage", "argumentPackage", "artifactPackage", "terminologyPackage")
    },
    "property": "Property",
    "artifactProperty": "Property",
}
"""Containment roles that tell the class where no `xsi:type` does."""
TYPED_ROLES: Final = frozenset(
    {"argumentElement", "argumentationElement", "artifactElement", "terminologyElement", "contents"}
)
UTILITIES: Final = frozenset(
    {"name", "description", "note", "taggedValue", "implementationConstraint", "content", "value", "key", "location"}
)
"""Children that say something about their parent and are no elements of the model."""

DECLARATIONS: Final = frozenset({"asserted", "needsSupport", "assumed", "axiomatic", "defeated", "asCited"})

REFERENCES: Final = (
    *("source", "target", "reasoning", "metaClaim", "referencedArtifactElement", "citedElement", "abstractForm"),
    *("participantPackage", "implements", "structure", "interface"),
)
"""Features that name other elements."""

GSN_TYPES: Final[dict[str, tuple[str, ElementType | None]]] = {
    "Module": ("ArgumentPackage", None),
    "ContractModule": ("ArgumentPackageBinding", None),
    "Goal": ("Claim", ElementType.GOAL),
    "Strategy": ("ArgumentReasoning", ElementType.STRATEGY),
    "Solution": ("ArtifactReference", ElementType.SOLUTION),
    "Context": ("ArgumentAsset", ElementType.CONTEXT),
    "Assumption": ("Claim", ElementType.ASSUMPTION),
    "Justification": ("Claim", ElementType.JUSTIFICATION),
    "AwayGoal": ("Claim", ElementType.AWAY_GOAL),
    "AwaySolution": ("ArtifactReference", ElementType.AWAY_SOLUTION),
    "AwayContext": ("ArgumentAsset", ElementType.AWAY_CONTEXT),
    "AwayAssumption": ("Claim", ElementType.AWAY_ASSUMPTION),
    "AwayJustification": ("Claim", ElementType.AWAY_JUSTIFICATION),
    "ModuleReference": ("ArtifactReference", ElementType.MODULE),
    "ContractModuleReference": ("ArtifactReference", ElementType.CONTRACT),
    "SupportedBy": ("AssertedInference", None),
    "InContextOf": ("AssertedContext", None),
}
"""Types of the GSN metamodel (SCSC ACWG, 2.2), which tools lay over SACM's classes."""

TAG: Final = "gsn."
"""Tagged values whose key begins so carry what SACM has no feature for, as JSON."""
