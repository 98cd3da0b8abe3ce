"""What patterns claim is no more than what stands beneath: lists are argued to be whole, threat models are the claim's own."""

from assurance.gsn.patterns.library import load_pattern


def test_a_net_that_holds_a_list_of_hazards_argues_that_the_list_is_whole() -> None:
    elements = load_pattern("safety-net").pattern.elements
    legs = {name: item.leg for name, item in elements.items()}
    assert "held_complete" in legs.values()
    whole = next(name for name, leg in legs.items() if leg == "held_complete")
    assert whole in elements["S1"].supported_by, "else one trivial hazard would support the top goal"


def test_a_stability_goal_speaks_of_the_threat_models_of_its_claims_alone() -> None:
    goal = load_pattern("local-robustness").pattern.elements["G1"].goal
    assert goal is not None and "each declared threat model" not in goal, "others may be declared and not examined here"
