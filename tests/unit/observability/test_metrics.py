from mission.slos import NAMESPACE, SLOS
from observability.metrics import EMITTED


def test_the_metric_of_an_objective_is_0_or_1_for_each_event() -> None:
    """Only then is the average a share."""
    meaning = {each.name: each.meaning for each in EMITTED}
    ours = [metric for slo in SLOS for metric in slo.metrics if metric.namespace == NAMESPACE]
    assert ours
    assert all(meaning[metric.name].startswith("0 or 1") for metric in ours)
