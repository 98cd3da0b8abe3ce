"""Record -> what it does *not* cover, as a typed list. Every guarantee is shown beside these.

Limits are derived from the record's own fields; no engine and no template adds or drops one by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.diagnostics import Code, Severity, code
from evidence.digest import short
from evidence.limits_engineering import content_limits
from evidence.records import DocumentRecord, ExternalVerdictRecord, RunRecord, SmoothingRecord
from evidence.records.engineering import measured
from evidence.specification import InputBalls, PropertyFile, TableCells
from evidence.threat import describe
from evidence.verdict import Arithmetic

_NOTE = Severity.NOTE
L_POINTWISE = code(
    "L101", _NOTE, "holds at listed inputs only", "argue separately that the listed inputs represent the domain"
)
L_REGIONS = code("L102", _NOTE, "holds in the stated boxes only", "add boxes until they cover the domain")
L_SET = code(
    "L103", _NOTE, "holds inside the stated perturbation set only", "justify the set against sensors and hazards"
)
L_SINGLE = code(
    "L117",
    _NOTE,
    "speaks of float32 executions of the model's operators one by one",
    "execute the graph as it is written, in binary32; argue other compilations, accelerators and precisions separately",
)
L_REAL = code("L104", _NOTE, "speaks of real arithmetic", "show that the deployed arithmetic preserves the property")
L_DESCRIPTION = code(
    "L105",
    _NOTE,
    "speaks of the model description, not of code or target",
    "show that the implementation replicates the model",
)
L_SMOOTHED = code(
    "L106", _NOTE, "speaks of the smoothed classifier only", "deploy the smoothed classifier, with its noise and vote"
)
L_PROBABILITY = code(
    "L107", _NOTE, "holds except with an error probability", "count it in the case's budget; it is no failure rate"
)
L_SAMPLING = code(
    "L108",
    _NOTE,
    "assumes ideal Gaussian noise and real arithmetic in sampling",
    "use a sampler that is sound in floating point",
)
L_UNCHECKED = code(
    "L109",
    _NOTE,
    "contains bounds that no independent checker confirmed",
    "repeat with settings that the checker can confirm",
)
L_OPEN = code("L110", _NOTE, "leaves regions undecided", "split further, use a tighter method, or weaken the claim")
L_REFUTED = code(
    "L111", _NOTE, "has counterexamples", "dispose of each: mend the model, or accept the residual risk by name"
)
L_STEP = code(
    "L112", _NOTE, "covers one evaluation of the network, no closed loop", "add a reachability analysis of the loop"
)
L_MEANING = code(
    "L113",
    _NOTE,
    "says nothing of the rightness of labels, table or property file",
    "validate them against the operational need",
)
L_DOCUMENT = code("L114", _NOTE, "rests on the word of its author and reviewer", "read the document")
L_CELLS = code(
    "L115",
    _NOTE,
    "covers only cells whose corners agree",
    "show the cells along the table's decision borders by other means",
)
L_EXTERNAL = code(
    "L119",
    _NOTE,
    "repeats another tool's word, whose proof nobody checked",
    "prove the property with a certificate that the independent checker confirms",
)


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that a record does not cover."""

    code: str
    text: str


def limits_of(record: RunRecord | DocumentRecord) -> tuple[Limit, ...]:
    """Everything that the record does not cover. Never empty."""
    if isinstance(record, DocumentRecord):
        found = [_limit(which, text) for which, text in content_limits(record.content)]
        word = "The statement is documentary: it holds as far as its author and reviewer are right."
        if measured(record.content):
            word = "The report is taken as it was given: nothing in it was run or measured again."
        return (*found, _limit(L_DOCUMENT, word))
    external = _external(record) if isinstance(record, ExternalVerdictRecord) else ()
    return (*external, *_domain(record), *_computation(record), *_result(record))


def _external(record: ExternalVerdictRecord) -> tuple[Limit, ...]:
    words = {
        "none": "It proves and refutes nothing.",
        "near miss": "Its counterexample did not replay exactly: a near miss, which refutes nothing.",
        "replayed": "Only the counterexample that was replayed stands; nothing is said of other inputs.",
    }[record.witness]
    if record.claimed == "holds":
        words = "The proof is unchecked: there is no certificate, and the tool may compute in floating point."
    return (_limit(L_EXTERNAL, f"It repeats what {record.tool} said ({record.said!r:.60}). {words}"),)


def _limit(which: Code, text: str) -> Limit:
    return Limit(which.id, text)


def _domain(record: RunRecord) -> tuple[Limit, ...]:
    regions = record.statement.regions
    found = []
    if isinstance(regions, InputBalls):
        found.append(_limit(L_POINTWISE, f"It speaks of the {record.count} listed inputs and of no others."))
        found.append(
            _limit(L_SET, f"Around them it covers: {describe(regions.perturbation)}. Other changes are not covered.")
        )
        found.append(_limit(L_MEANING, "It takes the stored labels as right."))
    elif isinstance(regions, TableCells):
        found.append(
            _limit(
                L_CELLS,
                f"It speaks of the {record.count} table cells whose corners hold one entry; cells on borders are left out.",
            )
        )
        found.append(_limit(L_MEANING, "It compares with the table; whether the table is right is another question."))
    elif isinstance(regions, PropertyFile):
        what = "box" if record.count == 1 else "boxes"
        found.append(
            _limit(
                L_REGIONS,
                f"It speaks of exactly the inputs in the {record.count} {what} of the property file "
                f"(sha256 {short(regions.file)}) and of nothing outside them.",
            )
        )
        found.append(
            _limit(L_MEANING, "It takes the property file as right; what the function needs is another question.")
        )
    else:
        found.append(_limit(L_REGIONS, f"It speaks of the {record.count} stated boxes and of nothing outside them."))
    return tuple(found)


def _computation(record: RunRecord) -> tuple[Limit, ...]:
    found = [
        _limit(
            L_DESCRIPTION,
            "The analysed artefact is the model description (ONNX): source code, compiler and target are not covered.",
        ),
        _limit(
            L_STEP,
            "It covers a single evaluation of the network: sequences and the closed loop with the plant are not covered.",
        ),
    ]
    if isinstance(record, SmoothingRecord):
        guarantee = record.guarantee
        together = "all listed inputs together" if guarantee.simultaneous else "each listed input by itself"
        found += [
            _limit(
                L_SMOOTHED,
                f"It holds for the classifier smoothed with Gaussian noise of {record.sigma:g} {record.sigma_unit}, not for the base network.",
            ),
            _limit(
                L_PROBABILITY,
                f"It is wrong with probability at most {guarantee.error_probability:g} over its own sampling, for {together}; this is no failure rate.",
            ),
            _limit(
                L_SAMPLING,
                "The radius assumes exact Gaussian noise and real arithmetic; sampling ran in floating point.",
            ),
        ]
    elif record.guarantee.arithmetic is Arithmetic.REAL:
        found.append(
            _limit(
                L_REAL,
                "It holds for the network over the real numbers; rounding in the deployed arithmetic is not covered.",
            )
        )
    elif record.guarantee.arithmetic is Arithmetic.FLOAT32:
        found.append(
            _limit(
                L_SINGLE,
                "It holds for executions of the model's operators one by one in IEEE binary32, in any order of summation; graphs whose operators were joined or replaced, Winograd or FFT convolutions, TF32 and lower precisions are not covered.",
            )
        )
    return tuple(found)


def _result(record: RunRecord) -> tuple[Limit, ...]:
    if isinstance(record, SmoothingRecord):
        abstained = sum(item.abstained for item in record.inputs)
        if not abstained:
            return ()
        return (
            _limit(
                L_OPEN,
                f"At {abstained} of {record.count} listed inputs the procedure abstained: nothing is stated there.",
            ),
        )
    found = []
    for which, letter, text in (
        (
            L_REFUTED,
            "R",
            "{n} of {of} regions hold a counterexample that was replayed in float32; that the network over the real numbers violates there too is not shown.",
        ),
        (L_UNCHECKED, "C", "{n} of {of} regions rest on bounds that the independent checker did not confirm."),
        (L_OPEN, "U", "{n} of {of} regions are undecided: neither proved nor refuted."),
    ):
        number = record.number(letter)
        if number:
            found.append(_limit(which, text.format(n=number, of=record.count)))
    return tuple(found)
