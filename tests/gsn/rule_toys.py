"""Sound sets of modules, in the native form, for tests that spoil one thing at a time."""

from __future__ import annotations

from assurance.gsn.arguments import Arguments
from assurance.gsn.native import parse_argument

SYSTEM = """\
schema: gsn/1
module: system
elements:
  G1: {goal: The vehicle is acceptably safe., in_context_of: [C1, C2], supported_by: S1}
  C1: {context: Definition of the domain, artefact: true, public: true}
  C2: {away-context: Description of the network, from: network, of: C1}
  S1: {strategy: Argument over the constituents, supported_by: [G2, G3, G4]}
  G2: {away-goal: The network detects pedestrians., from: network, of: G1}
  G3: {goal: The brakes respond., public: true, in_context_of: C3, supported_by: Sn1}
  C3: {context: Brakes are those of issue 3., public: true}
  Sn1: {solution: Record of test T-3, evidence: T-3}
  G4: {goal: The driver is warned., by_contract: true}
"""

NETWORK = """\
schema: gsn/1
module: network
elements:
  G1: {goal: The network detects pedestrians., public: true, in_context_of: C1, supported_by: [S1, M1]}
  C1: {context: Description of the network, public: true}
  S1: {strategy: Argument over the layers, supported_by: [G2]}
  G2: {goal: Each layer is sound., supported_by: Sn1}
  Sn1: {solution: Record of run R-7, evidence: R-7}
  M1: {module: The argument of the warning, from: warning}
interfaces:
  I1: {elements: [G1, C1], visible_to: [system]}
"""

WARNING = """\
schema: gsn/1
module: warning
elements:
  G1: {goal: A warning is given within 100 ms., public: true, undeveloped: true}
"""

JOIN = """\
schema: gsn/1
module: join
kind: contract
elements:
  G1: {away-goal: The driver is warned., from: system, of: G4, supported_by: S1, in_context_of: C1}
  C1: {away-context: Definition of the domain, from: system}
  S1: {strategy: Argument by what the warning does, supported_by: G2}
  G2: {away-goal: A warning is given within 100 ms., from: warning, of: G1}
"""

MODULAR = (SYSTEM, NETWORK, WARNING, JOIN)

PATTERN_CARD = (
    "pattern: {id: P1, "
    + ", ".join(
        f"{topic}: Said."
        for topic in [
            "name",
            "intent",
            "motivation",
            "structure",
            "participants",
            "collaboration",
            "applicability",
            "consequences",
            "implementation",
            "examples",
            "known_uses",
            "related_patterns",
        ]
    )
    + "}\n"
)

PATTERN = f"""\
schema: gsn/1
module: pattern
{PATTERN_CARD}
elements:
  G1:
    goal: "{{system}} is acceptably safe."
    uninstantiated: true
    supported_by: [{{to: S1, choice: X1}}, {{to: S2, choice: X1}}]
    in_context_of: {{to: C1, optional: true}}
  C1: {{context: "Definition of {{domain}}", uninstantiated: true}}
  S1: {{strategy: Argument over each hazard, supported_by: {{to: G2, multiplicity: 1..*}}}}
  G2: {{goal: "{{hazard}} is mitigated.", uninstantiated: true, undeveloped: true}}
  S2: {{strategy: Argument over each function, supported_by: {{to: G3, multiplicity: 0..n}}}}
  G3: {{goal: "{{function}} is safe.", uninstantiated: true, undeveloped: true}}
choices:
  X1: {{source: G1, at_least: 1, at_most: 2}}
"""

TEMPLATE = """\
schema: gsn/1
module: template
template: {data: "table 3", covers: [system, hazard, L1, G1 -> C1, X1, Sn1]}
elements:
  G1:
    goal: "{system} is acceptably safe."
    uninstantiated: true
    supported_by: [{to: S1, choice: X1}, {to: G3, choice: X1}]
    in_context_of: {to: C1, optional: true}
  C1: {context: Definition of the domain}
  S1: {strategy: Argument over each hazard, supported_by: {to: G2, id: L1, multiplicity: 1..*}}
  G2: {goal: "{hazard} is mitigated.", uninstantiated: true, supported_by: Sn1}
  G3: {goal: The whole is safe., supported_by: Sn1}
  Sn1: {solution: "Record of {test}", evidence: record, uninstantiated: true}
choices:
  X1: {source: G1}
"""

DOUBTED = """\
schema: gsn/1
module: doubted
elements:
  G1: {goal: The reader is acceptably safe., supported_by: S1}
  S1: {strategy: Argument over the hazards, supported_by: [G2, G3], in_context_of: C1}
  C1: {context: List of hazards of issue 2, artefact: true}
  G2: {goal: Hazard H1 is mitigated., supported_by: [Sn1, Sn2]}
  G3: {goal: Hazard H2 is mitigated., supported_by: {to: Sn3, id: L3}}
  Sn1: {solution: Record of run R-7, evidence: R-7, acp: ACP1}
  Sn2: {solution: Record of run R-8, evidence: R-8, acp: ACP0}
  Sn3: {solution: Record of run R-9, evidence: R-9}
  G7: {goal: Run R-9 misses small signs., challenges: {relation: L3}, supported_by: Sn7, defeated: true}
  Sn7: {solution: Record of review V-2, evidence: V-2}
  G8: {goal: Run R-9 was repeated with small signs., challenges: G7, supported_by: S8}
  S8: {strategy: Argument over the sizes of signs, supported_by: G9}
  G9: {goal: Signs of 8 pixels are detected., supported_by: Sn8}
  Sn8: {solution: Record of run R-10}
  G5: {goal: The tool is qualified., undeveloped: true}
claim_points:
  ACP0: {goal: G5, text: Section 2}
  ACP1: {goal: G5}
suppress:
  - {code: G119, element: Sn8, rationale: The run is going on., by: A. Person}
"""


def arguments(*texts: str) -> Arguments:
    """Modules from texts, which must be free of reading errors."""
    made = Arguments()
    for number, text in enumerate(texts):
        argument, findings = parse_argument(text, f"{number}.yaml")
        assert findings == [], findings
        made.add(argument)
    return made
