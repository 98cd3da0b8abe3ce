"""Change impact: what changed between two states of a case, and what that breaks.

    sources.py     what OLD and NEW name: folder, file, package, git revision, named baseline -> `Side`
    git.py         a case folder out of a git revision, without a checkout
    packages.py    a case out of a review package that is intact
    baselines.py   named baselines: written once, addressed by digest, listed
    state.py       snapshot -> `Baseline`, all facts that a comparison needs
                   items.py (what people change), runs.py, signed.py (what people said), beneath.py (what explains it)
    facts.py       the models of a baseline
    compare.py     two baselines -> `Impact`; pure
                   changes.py (items), outdated.py (evidence, runs to repeat), grounds.py (evidence and causes),
                   goals.py (requirements, argument), rows.py (objectives), words.py (problem reports, named persons),
                   kept.py (what nothing reaches)
    report.py      the models of an impact, which are the shape of `assurance diff --json`

Start with `compare`. A baseline holds every fact, so that comparing needs none of the files that it was taken from.

Not here: what a change is worth. Whether an affected claim still holds is decided by repeated runs, by reviews, and by the
persons who accepted it; this package names what they have to look at.
"""

from assurance.impact.compare import compare
from assurance.impact.facts import Baseline
from assurance.impact.report import Impact
from assurance.impact.sources import Side, read_sides
from assurance.impact.state import state_of

__all__ = ["Baseline", "Impact", "Side", "compare", "read_sides", "state_of"]
