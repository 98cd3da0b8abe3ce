"""Two states of a case -> what changed and what it breaks. A pure function: no file, no clock, no network.

Comparing a state with itself finds nothing, except runs that have no answer yet. Comparing the other way round gives the same
changes and the same affected requirements, goals, objectives and words, with before and after exchanged; stale evidence and runs to
repeat are about one direction.
"""

from __future__ import annotations

from assurance.impact.changes import changes
from assurance.impact.facts import Baseline
from assurance.impact.goals import affected_goals, affected_requirements
from assurance.impact.grounds import Grounds
from assurance.impact.kept import kept
from assurance.impact.outdated import reruns, stale, to_note
from assurance.impact.report import Impact
from assurance.impact.rows import affected_objectives, digest_only
from assurance.impact.words import affected_problems, affected_words


def compare(old: Baseline, new: Baseline) -> Impact:
    """What changed from `old` to `new`, and which evidence, claims, objectives and words of persons that affects."""
    changed = tuple(changes(old, new))
    grounds = Grounds(old, new, changed)
    requirements = tuple(affected_requirements(grounds))
    goals = tuple(affected_goals(grounds, requirements))
    problems = tuple(affected_problems(grounds, requirements))
    objectives = tuple(affected_objectives(grounds, requirements, goals, problems))
    words = tuple(affected_words(grounds, objectives))
    concerned = tuple(stale(old, new))
    return Impact(
        changed=changed,
        stale=concerned,
        requirements=requirements,
        goals=goals,
        objectives=objectives,
        problems=problems,
        acceptances=words,
        rerun=tuple(reruns(old, new, changed)),
        note=tuple(to_note(new)),
        kept=kept(old, new, concerned, requirements, goals, objectives, words),
        digest_only=digest_only(old, new, objectives),
    )
