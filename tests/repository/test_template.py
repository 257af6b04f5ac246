"""Check queues, functions, roles and tables of template.yaml for what linters do not see. New ones are checked too.

A check takes the template and a logical id, and returns whether that resource is right. SABOTAGE spoils the template
once for every check, to prove that the check fails then.
"""

from collections.abc import Callable
from typing import Any

import pytest

from observability.permissions import ON_EVERYTHING
from tests.support.template import TEMPLATE, load, resources

type Template = dict[str, Any]
type Check = Callable[[Template, str], bool]

FUNCTIONS = sorted(resources("AWS::Serverless::Function"))
QUEUES = sorted(resources("AWS::SQS::Queue"))
TABLES = sorted(resources("AWS::DynamoDB::Table"))
ROLES = sorted(resources("AWS::IAM::Role"))

FOUR_DAYS = 345600  # SQS's default
FOURTEEN_DAYS = 1209600
CAPTURES = ("POWERTOOLS_TRACER_CAPTURE_RESPONSE", "POWERTOOLS_TRACER_CAPTURE_ERROR")


def properties(template: Template, logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][logical_id]["Properties"]
    return found


def of_function(template: Template, function: str, name: str) -> Any:
    """Return a property of a function, its own or the global one."""
    return properties(template, function).get(name, template["Globals"]["Function"].get(name))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def events(template: Template, function: str, *types: str) -> list[dict[str, Any]]:
    found = properties(template, function).get("Events", {}).values()
    return [event["Properties"] for event in found if event["Type"] in types]


def source_of(event: dict[str, Any]) -> str:
    queue, attribute = event["Queue"]["Fn::GetAtt"]
    assert attribute == "Arn"
    return str(queue)


CONSUMERS = [function for function in FUNCTIONS if events(load(), function, "SQS")]
DEAD_LETTERS = [queue for queue in QUEUES if queue.endswith("Dlq") or queue == "Parked"]
SOURCES = sorted({source_of(event) for function in CONSUMERS for event in events(load(), function, "SQS")})


# --- functions --------------------------------------------------------------------------------------------------------
def is_traced(template: Template, function: str) -> bool:
    return bool(of_function(template, function, "Tracing") == "Active")


def keeps_what_people_typed_out_of_traces(template: Template, function: str) -> bool:
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    variables = shared | properties(template, function)["Environment"]["Variables"]
    return all(variables.get(name) == "false" for name in CAPTURES)


def has_the_architecture_of_the_parameter(template: Template, function: str) -> bool:
    return bool(of_function(template, function, "Architectures") == [{"Ref": "Architecture"}])


def has_a_log_group_of_its_own_with_retention(template: Template, function: str) -> bool:
    groups = {name: properties(template, name).get("LoggingConfig", {}).get("LogGroup") for name in FUNCTIONS}
    mine = groups.pop(function)
    return bool(mine) and mine not in groups.values() and "RetentionInDays" in properties(template, mine["Ref"])


def has_a_role_of_its_own_without_managed_policies(template: Template, function: str) -> bool:
    roles = {name: properties(template, name).get("Role") for name in FUNCTIONS}
    mine = roles.pop(function)
    if not mine or mine in roles.values() or "Policies" in properties(template, function):
        return False
    return "ManagedPolicyArns" not in properties(template, mine["Fn::GetAtt"][0])


def reads_streams_from_their_beginning(template: Template, function: str) -> bool:
    streams = events(template, function, "DynamoDB", "Kinesis")
    return all(event["StartingPosition"] == "TRIM_HORIZON" for event in streams)


def gives_a_stream_up_bit_by_bit_and_visibly(template: Template, function: str) -> bool:
    """On the local engine a reported item counts as success, so the projector raises when it cannot go on."""
    wanted = ("BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "DestinationConfig")
    return all(event.get(name) for event in events(template, function, "DynamoDB", "Kinesis") for name in wanted)


def gives_no_record_up_before_the_stream_does(template: Template, function: str) -> bool:
    """-1 is never. The local engine would then try a bad batch for ever."""
    streams = events(template, function, "DynamoDB", "Kinesis")
    limits = [event.get(name) for event in streams for name in ("MaximumRecordAgeInSeconds", "MaximumRetryAttempts")]
    return all(each is not None and each.get("Fn::If", [])[:2] == ["OnAws", -1] for each in limits)


def is_built_by_the_makefile(template: Template, function: str) -> bool:
    method = template["Resources"][function].get("Metadata", {}).get("BuildMethod")
    targets = (TEMPLATE.parent / "src" / "Makefile").read_text()
    return method == "makefile" and f"\nbuild-{function}: FUNCTION :=" in targets


# --- functions that SQS feeds -----------------------------------------------------------------------------------------
def reports_failed_items(template: Template, function: str) -> bool:
    mappings = events(template, function, "SQS")
    return all(event.get("FunctionResponseTypes") == ["ReportBatchItemFailures"] for event in mappings)


def bounds_its_concurrency(template: Template, function: str) -> bool:
    return all(event.get("ScalingConfig", {}).get("MaximumConcurrency") for event in events(template, function, "SQS"))


def waits_for_a_fuller_batch_only_if_asked(template: Template, function: str) -> bool:
    asked = template["Parameters"]["QueueWindowSeconds"]["Default"] == 0
    windows = [event.get("MaximumBatchingWindowInSeconds") for event in events(template, function, "SQS")]
    return asked and all(window == {"Ref": "QueueWindowSeconds"} for window in windows)


def has_six_timeouts_until_a_message_is_seen_again(template: Template, function: str) -> bool:
    timeout = of_function(template, function, "Timeout")
    queues = [properties(template, source_of(event)) for event in events(template, function, "SQS")]
    return all(queue.get("VisibilityTimeout", 30) >= 6 * timeout for queue in queues)


# --- queues -----------------------------------------------------------------------------------------------------------
def is_encrypted(template: Template, queue: str) -> bool:
    found = properties(template, queue)
    return found.get("SqsManagedSseEnabled") is True or "KmsMasterKeyId" in found


def refuses_plain_http(template: Template, queue: str) -> bool:
    policies = [policy["Properties"] for policy in resources("AWS::SQS::QueuePolicy", template).values()]
    mine = [policy["PolicyDocument"]["Statement"] for policy in policies if {"Ref": queue} in policy["Queues"]]
    return any(
        (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
        and statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for statements in mine
        for statement in statements
    )


# --- queues with a consumer -------------------------------------------------------------------------------------------
def tries_five_times_before_the_dead_letter_queue(template: Template, queue: str) -> bool:
    redrive = properties(template, queue).get("RedrivePolicy", {})
    return bool(redrive.get("maxReceiveCount", 0) >= 5) and redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] in QUEUES


def has_dead_letters_that_outlive_its_messages(template: Template, queue: str) -> bool:
    dead_letters = properties(template, queue)["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    kept = [properties(template, each).get("MessageRetentionPeriod", FOUR_DAYS) for each in (queue, dead_letters)]
    return bool(kept[0] < kept[1])


# --- queues of dead letters -------------------------------------------------------------------------------------------
def keeps_its_messages_as_long_as_sqs_can(template: Template, queue: str) -> bool:
    return bool(properties(template, queue).get("MessageRetentionPeriod") == FOURTEEN_DAYS)


def is_found_among_the_outputs(template: Template, queue: str) -> bool:
    return bool(template["Outputs"].get(f"{queue}Url", {}).get("Value") == {"Ref": queue})


# --- roles ------------------------------------------------------------------------------------------------------------
def statements(template: Template, role: str) -> list[dict[str, Any]]:
    policies = properties(template, role).get("Policies", [])
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def names_every_action(template: Template, role: str) -> bool:
    actions = [action for statement in statements(template, role) for action in listed(statement["Action"])]
    return all("*" not in action for action in actions)


def names_every_resource_that_can_be_named(template: Template, role: str) -> bool:
    return all(
        "*" not in str(statement["Resource"])
        or all(each.startswith(tuple(ON_EVERYTHING)) for each in listed(statement["Action"]))
        for statement in statements(template, role)
    )


# --- tables -----------------------------------------------------------------------------------------------------------
def is_encrypted_at_rest(template: Template, table: str) -> bool:
    return bool(properties(template, table).get("SSESpecification") == {"SSEEnabled": True})


def is_paid_by_request(template: Template, table: str) -> bool:
    return bool(properties(template, table).get("BillingMode") == "PAY_PER_REQUEST")


def can_be_restored_to_any_second(template: Template, table: str) -> bool:
    wanted = {"PointInTimeRecoveryEnabled": True}
    return bool(properties(template, table).get("PointInTimeRecoverySpecification") == wanted)


def keeps_no_erased_text_in_backups(template: Template, table: str) -> bool:
    return "PointInTimeRecoverySpecification" not in properties(template, table)


def can_be_warmed_before_a_crowd(template: Template, table: str) -> bool:
    """Without the parameter there is no property: AWS refuses less than a new table has."""
    units = {"ReadUnitsPerSecond": {"Ref": "WarmReads"}, "WriteUnitsPerSecond": {"Ref": "WarmWrites"}}
    wanted = {"Fn::If": ["IsWarm", units, {"Ref": "AWS::NoValue"}]}
    return bool(properties(template, table).get("WarmThroughput") == wanted)


def stays_when_production_is_deleted(template: Template, table: str) -> bool:
    resource = template["Resources"][table]
    kept = {"Fn::If": ["IsProduction", "Retain", "Delete"]}
    protected = {"Fn::If": ["IsProduction", True, False]}
    policies = [resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")]
    return policies == [kept, kept] and resource["Properties"].get("DeletionProtectionEnabled") == protected


CHECKS: dict[Check, list[str]] = {
    is_traced: FUNCTIONS,
    keeps_what_people_typed_out_of_traces: FUNCTIONS,
    has_the_architecture_of_the_parameter: FUNCTIONS,
    has_a_log_group_of_its_own_with_retention: FUNCTIONS,
    has_a_role_of_its_own_without_managed_policies: FUNCTIONS,
    reads_streams_from_their_beginning: FUNCTIONS,
    gives_a_stream_up_bit_by_bit_and_visibly: FUNCTIONS,
    gives_no_record_up_before_the_stream_does: FUNCTIONS,
    is_built_by_the_makefile: FUNCTIONS,
    reports_failed_items: CONSUMERS,
    bounds_its_concurrency: CONSUMERS,
    waits_for_a_fuller_batch_only_if_asked: CONSUMERS,
    has_six_timeouts_until_a_message_is_seen_again: CONSUMERS,
    is_encrypted: QUEUES,
    refuses_plain_http: QUEUES,
    tries_five_times_before_the_dead_letter_queue: SOURCES,
    has_dead_letters_that_outlive_its_messages: SOURCES,
    keeps_its_messages_as_long_as_sqs_can: DEAD_LETTERS,
    is_found_among_the_outputs: QUEUES,
    names_every_action: ROLES,
    names_every_resource_that_can_be_named: ROLES,
    is_encrypted_at_rest: TABLES,
    is_paid_by_request: TABLES,
    can_be_restored_to_any_second: ["EventStore"],
    keeps_no_erased_text_in_backups: ["ReadModel"],
    can_be_warmed_before_a_crowd: ["EventStore", "ReadModel"],
    stays_when_production_is_deleted: ["EventStore"],
}


@pytest.mark.parametrize(
    ("logical_id", "check"),
    [pytest.param(each, check, id=f"{each}-{check.__name__}") for check, ids in CHECKS.items() for each in ids],
)
def test_each_resource(logical_id: str, check: Check) -> None:
    assert check(load(), logical_id)


type Sabotage = Callable[[Template], Any]


def put(path: str, value: Any) -> Sabotage:
    """Set what stands at a path such as ``Inbox/Properties/VisibilityTimeout``, below Resources."""

    def spoil(template: Template) -> None:
        *parents, last = path.split("/")
        place = template["Resources"]
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        place[last] = value

    return spoil


LATEST = {"Type": "DynamoDB", "Properties": {"Stream": "…", "StartingPosition": "LATEST"}}
POLICY = "Policies/0/PolicyDocument/Statement/0"
SABOTAGE: dict[Check, tuple[str, Sabotage]] = {
    is_traced: ("WorkerFunction", put("WorkerFunction/Properties/Tracing", "PassThrough")),
    keeps_what_people_typed_out_of_traces: (
        "ParserFunction",
        put(f"ParserFunction/Properties/Environment/Variables/{CAPTURES[1]}", "true"),
    ),
    has_the_architecture_of_the_parameter: (
        "FrontendFunction",
        put("FrontendFunction/Properties/Architectures", ["arm64"]),
    ),
    has_a_log_group_of_its_own_with_retention: (
        "ParserFunction",
        put("ParserFunction/Properties/LoggingConfig/LogGroup", {"Ref": "WorkerLogs"}),
    ),
    has_a_role_of_its_own_without_managed_policies: (
        "WorkerFunction",
        put("WorkerRole/Properties/ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"]),
    ),
    reads_streams_from_their_beginning: ("WorkerFunction", put("WorkerFunction/Properties/Events/New", LATEST)),
    gives_a_stream_up_bit_by_bit_and_visibly: ("WorkerFunction", put("WorkerFunction/Properties/Events/New", LATEST)),
    gives_no_record_up_before_the_stream_does: (
        "ProjectorFunction",
        put("ProjectorFunction/Properties/Events/Commits/Properties/MaximumRetryAttempts", {"Fn::If": ["OnAws", 9, 9]}),
    ),
    is_built_by_the_makefile: ("WorkerFunction", put("WorkerFunction/Metadata/BuildMethod", "python3.13")),
    reports_failed_items: (
        "WorkerFunction",
        put("WorkerFunction/Properties/Events/Pods/Properties/FunctionResponseTypes", []),
    ),
    bounds_its_concurrency: (
        "ParserFunction",
        put("ParserFunction/Properties/Events/Inbox/Properties/ScalingConfig", {}),
    ),
    waits_for_a_fuller_batch_only_if_asked: (
        "WorkerFunction",
        put("WorkerFunction/Properties/Events/Pods/Properties/MaximumBatchingWindowInSeconds", 1),
    ),
    has_six_timeouts_until_a_message_is_seen_again: ("WorkerFunction", put("WorkerFunction/Properties/Timeout", 31)),
    is_encrypted: ("PodsDlq", put("PodsDlq/Properties/SqsManagedSseEnabled", False)),
    refuses_plain_http: ("Pods", put("PodsPolicy/Properties/Queues", [{"Ref": "Inbox"}])),
    tries_five_times_before_the_dead_letter_queue: ("Inbox", put("Inbox/Properties/RedrivePolicy/maxReceiveCount", 4)),
    has_dead_letters_that_outlive_its_messages: ("Pods", put("PodsDlq/Properties/MessageRetentionPeriod", FOUR_DAYS)),
    keeps_its_messages_as_long_as_sqs_can: ("Parked", put("Parked/Properties/MessageRetentionPeriod", FOUR_DAYS)),
    is_found_among_the_outputs: ("Parked", lambda template: template["Outputs"].pop("ParkedUrl")),
    names_every_action: ("ParserRole", put(f"ParserRole/Properties/{POLICY}/Action", ["sqs:*"])),
    names_every_resource_that_can_be_named: ("ParserRole", put(f"ParserRole/Properties/{POLICY}/Resource", "*")),
    is_encrypted_at_rest: ("EventStore", put("EventStore/Properties/SSESpecification", {"SSEEnabled": False})),
    is_paid_by_request: ("EventStore", put("EventStore/Properties/BillingMode", "PROVISIONED")),
    can_be_restored_to_any_second: ("EventStore", put("EventStore/Properties/PointInTimeRecoverySpecification", {})),
    keeps_no_erased_text_in_backups: (
        "ReadModel",
        put("ReadModel/Properties/PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": True}),
    ),
    can_be_warmed_before_a_crowd: ("ReadModel", put("ReadModel/Properties/WarmThroughput", {"WriteUnitsPerSecond": 1})),
    stays_when_production_is_deleted: ("EventStore", put("EventStore/DeletionPolicy", "Delete")),
}


def test_no_table_is_warmed_unless_somebody_asks() -> None:
    template = load()
    assert template["Conditions"]["IsWarm"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "WarmWrites"}, "0"]}]}
    assert template["Parameters"]["WarmWrites"]["Default"] == 0
    assert template["Parameters"]["WarmReads"]["MinValue"] == 12_000  # what every new table has


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_each_check_fails_on_a_spoiled_template(check: Check) -> None:
    logical_id, spoil = SABOTAGE[check]
    template = load()
    assert check(template, logical_id)
    spoil(template)
    assert not check(template, logical_id)
