"""The parameters of a deployment: what template.yaml says, and what `make bench` counted."""

import json
from typing import Any

from lastwish.local.state import ROOT
from lastwish.local.template import parse, resources
from lastwish.polling import FIRST_PAUSE, LONGEST_PAUSE
from lastwish.scale.parameters import Parameters, documented

_TEMPLATE, _BENCH = ROOT / "template.yaml", ROOT / "bench" / "results.json"


def deployed() -> Parameters:
    """Return the parameters of a stack with the template's defaults. Raises TemplateError."""
    every, document = resources(_TEMPLATE), parse(_TEMPLATE.read_text())

    def number(value: Any) -> float:
        if isinstance(value, dict) and "Fn::If" in value:  # the only condition here is whether it is on AWS
            return number(value["Fn::If"][1])
        return float(document["Parameters"][value["Ref"]]["Default"] if isinstance(value, dict) else value)

    values = {name: float(each["value"]) for name, each in documented().items()}
    for name in ("parser", "worker", "projector"):
        events = every[f"{name.capitalize()}Function"]["Properties"]["Events"].values()
        (mapping,) = (event["Properties"] for event in events if event["Type"] in ("SQS", "DynamoDB"))
        values[f"{name}_batch"] = number(mapping["BatchSize"])
        values[f"{name}_window"] = number(mapping.get("MaximumBatchingWindowInSeconds", 0))
        values["parallelization"] = number(mapping.get("ParallelizationFactor", 1))
        if "ScalingConfig" in mapping:
            values["consumers"] = number(mapping["ScalingConfig"]["MaximumConcurrency"])
    api, inbox = every["Api"]["Properties"], every["Inbox"]["Properties"]
    refusal = api["GatewayResponses"]["THROTTLED"]["ResponseParameters"]["Headers"]
    values |= {
        "stage_rate": number(api["MethodSettings"][0]["ThrottlingRateLimit"]),
        "stage_burst": number(api["MethodSettings"][0]["ThrottlingBurstLimit"]),
        "retry_after": float(refusal["Retry-After"].strip("'")),
        "memory_mb": number(document["Globals"]["Function"]["MemorySize"]),
        "visibility": number(inbox["VisibilityTimeout"]),
        "receives": number(inbox["RedrivePolicy"]["maxReceiveCount"]),
        "warm_writes": number({"Ref": "WarmWrites"}) or values["warm_writes"],
        "warm_reads": number({"Ref": "WarmReads"}),
        "first_pause": FIRST_PAUSE,
        "longest_pause": LONGEST_PAUSE,
    }
    rows = json.loads(_BENCH.read_text())["capacity_units_per_wish"]
    return Parameters(values, tuple((row["slice"], row["slice"] * row["projection_writes"]) for row in rows))
