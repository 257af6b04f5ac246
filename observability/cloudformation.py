"""Alarms, dashboard and queries as CloudFormation: the generated section at the end of template.yaml's Resources.

Flow style, a line for each thought: fifty alarms in block style would be a thousand lines to scroll past.
"""

import json
from collections.abc import Iterator

from mission.slos import Metric
from observability.alarms import ALARMS, Alarm, Composite, logical_id
from observability.burn import composites, signals
from observability.dashboard import body
from observability.failures import runbook_of
from observability.queries import QUERIES, Query

_TOPIC = """\
  # --- who is told ----------------------------------------------------------------------------------------------------
  Alarms:
    Type: AWS::SNS::Topic
    # Not encrypted at rest. CloudWatch may not use the key that AWS keeps for SNS (alias/aws/sns): a topic with it
    # would never say anything. A key of our own is a dollar a month and one more thing that can silence an alarm. What
    # passes here is names of alarms and a few numbers, which then go out by e-mail anyway.
    Metadata: { checkov: { skip: [{ id: CKV_AWS_26, comment: names of alarms and a few numbers }] } }

  AlarmsPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Alarms]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: OurAlarmsSpeak
            Effect: Allow
            Principal: { Service: cloudwatch.amazonaws.com }
            Action: "sns:Publish"
            Resource: !Ref Alarms
            Condition:
              ArnLike:
                "aws:SourceArn":
                  !Sub "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${AWS::StackName}-*"
          - Sid: TlsOnly
            Effect: Deny
            Principal: "*"
            Action: "sns:Publish"
            Resource: !Ref Alarms
            Condition: { Bool: { "aws:SecureTransport": "false" } }

  AlarmsByEmail:
    Type: AWS::SNS::Subscription
    Condition: HasAlarmEmail
    Properties: { TopicArn: !Ref Alarms, Protocol: email, Endpoint: !Ref AlarmEmail }
"""

_XRAY = """\
  # --- X-Ray: which requests are traced from the door on, and which traces are worth a look. The laptop traces all. ---
  TracedWishes: # ten a second, and a tenth of the rest
    Type: AWS::XRay::SamplingRule
    Condition: OnAws
    Properties:
      SamplingRule:
        { RuleName: !Sub "${AWS::StackName}-wishes", Priority: 100, ReservoirSize: 10, FixedRate: 0.1, Version: 1,
          HTTPMethod: POST, URLPath: "*/wishes", Host: "*", ResourceARN: "*",
          ServiceName: !Sub "${AWS::StackName}/${Stage}", ServiceType: "AWS::ApiGateway::Stage" }

  TracedRest: # walls and receipts ask all the time: one a second, and a hundredth of the rest
    Type: AWS::XRay::SamplingRule
    Condition: OnAws
    Properties:
      SamplingRule:
        { RuleName: !Sub "${AWS::StackName}-rest", Priority: 200, ReservoirSize: 1, FixedRate: 0.01, Version: 1,
          HTTPMethod: "*", URLPath: "*", Host: "*", ResourceARN: "*",
          ServiceName: !Sub "${AWS::StackName}/${Stage}", ServiceType: "AWS::ApiGateway::Stage" }

  Troubled: # not 4xx: receipts ask, and get a 404, until the wish is stored
    Type: AWS::XRay::Group
    Condition: OnAws
    Properties:
      GroupName: !Sub "${AWS::StackName}-troubled"
      FilterExpression:
        !Sub 'service("${AWS::StackName}/${Stage}") AND (fault = true OR throttle = true OR responsetime > 1)'
"""


def section() -> str:
    """All generated resources, as they stand in the template."""
    parts = [
        _TOPIC,
        _title("alarms: one symptom each"),
        *map(_alarm, ALARMS),
        _title("how fast error budgets go: signals, and the alarms that they make together"),
        *map(_alarm, signals()),
        "  # The laptop gets these through CloudWatch's API: its CloudFormation knows no composite alarms.\n",
        *map(_composite, composites()),
        _title("the dashboard"),
        _dashboard(),
        _title("saved queries"),
        *map(_query, QUERIES),
        _XRAY,
    ]
    return "\n".join(parts)


def _title(text: str) -> str:
    return f"  # --- {text} ".ljust(120, "-") + "\n"


def _resource(name: str, kind: str, lines: Iterator[str], *, on_aws: bool = False) -> str:
    condition = "    Condition: OnAws\n" if on_aws else ""
    properties = ",\n        ".join(lines)
    return f"  {name}:\n    Type: {kind}\n{condition}    Properties:\n      {{ {properties} }}\n"


def _alarm(alarm: Alarm) -> str:
    return _resource(logical_id(alarm.name), "AWS::CloudWatch::Alarm", _alarm_lines(alarm), on_aws=alarm.on_aws)


def _alarm_lines(alarm: Alarm) -> Iterator[str]:
    yield _named(alarm) + (", AlarmActions: [!Ref Alarms]" if alarm.notifies else "")
    yield _described(alarm)
    yield _metric(alarm.metric)
    yield (
        f"Statistic: {alarm.statistic}, Period: {alarm.period}, EvaluationPeriods: {alarm.periods}, "
        f"Threshold: {alarm.threshold:g}"
    )
    yield "ComparisonOperator: GreaterThanOrEqualToThreshold, TreatMissingData: notBreaching"


def _composite(alarm: Composite) -> str:
    lines = _composite_lines(alarm)
    return _resource(logical_id(alarm.name), "AWS::CloudWatch::CompositeAlarm", lines, on_aws=True)


def _composite_lines(alarm: Composite) -> Iterator[str]:
    yield _named(alarm) + ", AlarmActions: [!Ref Alarms]"
    yield _described(alarm)
    # By reference, so that CloudFormation makes the parts first.
    rule = " AND ".join(f'ALARM("${{{logical_id(part)}}}")' for part in alarm.parts)
    yield f"AlarmRule: !Sub '{rule}'"


def _named(alarm: Alarm | Composite) -> str:
    return f'AlarmName: !Sub "${{AWS::StackName}}-{alarm.name}"'


def _described(alarm: Alarm | Composite) -> str:
    return f"AlarmDescription: {_quoted(f'{alarm.tells} Runbook: {runbook_of(alarm.name)}')}"


def _metric(metric: Metric) -> str:
    dimensions = ", ".join(f"{{ Name: {name}, Value: {_value(value)} }}" for name, value in metric.dimensions.items())
    return f"Namespace: {metric.namespace}, MetricName: {metric.name}, Dimensions: [{dimensions}]"


def _value(text: str) -> str:
    return f"!Sub {_quoted(text)}" if "${" in text else text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _dashboard() -> str:
    lines = "".join(f"        {line}\n" for line in body().splitlines())
    return (
        "  Dashboard:\n    Type: AWS::CloudWatch::Dashboard\n    Properties:\n"
        f"      DashboardName: !Ref AWS::StackName\n      DashboardBody: !Sub |\n{lines}"
    )


def _query(query: Query) -> str:
    logs = ", ".join(f"!Ref {each}" for each in query.logs)
    lines = "".join(f"        {'| ' if n else ''}{line}\n" for n, line in enumerate(query.lines))
    return (
        f"  {query.logical_id}:\n    Type: AWS::Logs::QueryDefinition\n    Condition: OnAws\n    Properties:\n"
        f'      Name: !Sub "${{AWS::StackName}}/{query.name}"\n      LogGroupNames: [{logs}]\n'
        f"      QueryString: |\n{lines}"
    )
