"""Modules with very many interfaces are judged in bounded work, and as modules with few are."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from gsn_random import anything

from assurance.gsn import scope
from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import Assumption, AwayGoal, Context, Goal, Justification
from assurance.gsn.model import Argument
from assurance.gsn.relations import Interface
from assurance.gsn.rules import interfaces, modules
from assurance.gsn.rules.visibility import Visibility
from assurance.gsn.scope import Purse, in_scope

MANY = 50_000
DEEP = 20_000


def goals(count: int) -> Argument:
    argument = Argument("wide")
    argument.add(*(Goal(id=f"G{index}", text="It is so.", public=True, undeveloped=True) for index in range(count)))
    return argument


def test_fifty_thousand_sound_interfaces() -> None:
    argument = goals(MANY)
    argument.interfaces = tuple(Interface(id=f"I{index}", elements=(f"G{index}",)) for index in range(MANY))
    assert list(interfaces.check(argument)) == []


def test_fifty_thousand_interfaces_each_named_twice() -> None:
    argument = goals(1)
    argument.interfaces = tuple(Interface(id=f"I{index // 2}", elements=("G0",)) for index in range(MANY))
    found = Counter(item.code for item in interfaces.check(argument))
    assert found == {"G177": MANY // 2}


def test_entangled_interfaces_end_with_a_finding() -> None:
    """Each interface shows a goal ever deeper in a chain with a context at its top: a walk for each would not end."""
    argument = goals(DEEP)
    argument.add(Context(id="C1", text="Domain", public=True))
    argument.contextualise("G0", "C1")
    for above, below in pairwise(f"G{index}" for index in range(DEEP)):
        argument.support(above, below)
    argument.interfaces = tuple(Interface(id=f"I{index}", elements=(f"G{index}",)) for index in range(DEEP))
    argument.interfaces += (Interface(id="last", elements=("absent",)),)
    found = list(interfaces.check(argument))
    codes = Counter(item.code for item in found)
    assert codes["G250"] == 1 and codes["G175"] == 1
    assert 100 < codes["G176"] < DEEP, "the first ones are examined, and their gaps told"
    (ended,) = (item for item in found if item.code == "G250")
    left = int(ended.message.split()[0])
    assert left + codes["G176"] == DEEP + 1, "every interface is examined or counted"


def test_steps_in_all_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ladder, in which the number of ways up doubles with each rung; the walks together keep to their purse."""
    argument = goals(4000)
    for index in range(0, 3998, 2):
        for above in (index, index + 1):
            argument.support(f"G{above}", f"G{index + 2}", f"G{index + 3}")
    argument.interfaces = tuple(Interface(id=f"I{index}", elements=(f"G{index}",)) for index in range(4000))
    paid: list[int] = []
    pay = Purse.pay

    def counted(purse: Purse, steps: int) -> bool:
        paid.append(steps)
        return pay(purse, steps)

    monkeypatch.setattr(scope.Purse, "pay", counted)
    found = [item.code for item in interfaces.check(argument)]
    size = len(argument) + len(argument.relations) + len(argument.interfaces)
    assert found == ["G250"]
    assert sum(paid) <= interfaces._STEPS + interfaces._STEPS_EACH * size + 5 * len(argument.interfaces) + 5


def test_an_ordinary_module_with_many_interfaces_is_examined_whole() -> None:
    argument = goals(300)
    argument.add(Context(id="C1", text="Domain", public=True))
    argument.contextualise("G0", "C1")
    for above, below in pairwise(f"G{index}" for index in range(300)):
        argument.support(above, below)
    argument.interfaces = tuple(Interface(id=f"I{index}", elements=(f"G{index}", "C1")) for index in range(300))
    assert [item.code for item in interfaces.check(argument)] == []


def test_many_references_to_many_interfaces() -> None:
    owner = goals(1)
    owner.interfaces = tuple(Interface(id=f"I{index}", elements=("G0",), visible_to=("else",)) for index in range(MANY))
    viewer = Argument("viewer")
    viewer.add(*(AwayGoal(id=f"A{index}", text="It is so.", module="wide", of="G0") for index in range(MANY)))
    found = Counter(item.code for _, item in modules.check_together(Arguments([owner, viewer])))
    assert found == {"G168": 1, "G170": MANY}


@pytest.mark.parametrize("seed", range(60))
def test_scope_against_its_definition(seed: int) -> None:
    """By walking down from every context instead of up from the goals."""
    argument = anything(seed, 14)
    shown = [item.id for item in argument if isinstance(item, Goal)]
    expected: set[str] = set()
    for element in argument:
        below = {element.id}
        waiting = [element.id]
        while waiting:
            for child in argument.children(waiting.pop()):
                if child.id not in below:
                    below.add(child.id)
                    waiting.append(child.id)
        for context in argument.contexts(element.id):
            own = isinstance(context, Justification) and element.id in shown
            if own or (isinstance(context, Context | Assumption) and below & set(shown)):
                expected.add(context.id)
    found = list(in_scope(argument, shown))
    assert {context.id for _, context in found} == expected and len(found) == len(expected)
    assert all(goal in shown for goal, _ in found)


def test_contents_of_a_contract_stay_inside() -> None:
    inner, outer, contract = goals(1), Argument("outer"), Argument("contract")
    contract.kind, contract.contains = "contract", ("wide",)
    sees = Visibility(Arguments([inner, outer, contract]))
    assert sees(inner, "G0", contract) and not sees(inner, "G0", outer)
