"""The steps of a deploy, what each one needs, and what each one does. Each may be done twice without harm."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import Any

from lastwish import client
from lastwish.aws.clients import physical_ids
from lastwish.aws.operators import Operators
from lastwish.errors import NoSuchWish
from lastwish.local.template import parse
from lastwish.maintenance import audit as auditing
from lastwish.maintenance.erase import erase
from lastwish.maintenance.stores import stores
from lastwish.preflight.account import Account
from lastwish.preflight.check import run as run_checks
from lastwish.promises import Promises
from lastwish.shipping.deploying import packaging
from lastwish.shipping.deploying.cloudformation import Stack, adoptable
from lastwish.shipping.deploying.environment import AT_RUN_TIME, Environment, digest
from lastwish.shipping.deploying.errors import DeployDeclined, DeployError
from lastwish.shipping.deploying.history import Record
from lastwish.shipping.deploying.lock import Lock
from lastwish.shipping.deploying.source import Source
from mission.cloudwatch import CloudWatch

SETTLE = 60.0  # seconds that the chain may take to come to rest before the audit
_SECONDS = 90.0  # for one wish, with cold starts
_ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


@dataclass(frozen=True)
class Question:
    """What has to be confirmed, in words. ``by_name``: the environment's name has to be typed; else a yes will do.

    ``losses``: a change would lose what cannot be made again. An answer that was given beforehand must have said so.
    """

    environment: str
    title: str
    words: list[str]
    by_name: bool
    losses: bool = False


type Tell = Callable[[str], None]
type Confirm = Callable[[Question], bool]


@dataclass(frozen=True)
class Run:
    """One deploy or rollback on its way. With `adopt` it takes over the tables that a deleted stack left."""

    environment: Environment
    source: Source
    parameters: dict[str, str]
    record: Record
    lock: Lock
    tell: Tell
    confirm: Confirm
    adopt: bool = False
    push: bool = False

    def apply(self, stack: Stack, template: dict[str, str], parameters: dict[str, str], adopt: Any = None) -> str:
        """Plan, show, ask, execute. Raises DeployDeclined, DeployStopped, StackFailed."""
        plan = stack.plan(template, parameters, adopt)
        if plan is None:
            return f"{stack.name} is as it should be: nothing to change"
        here, losses = self.environment, bool(plan.changes.dangers)
        by_name = here.guarded or losses
        try:
            question = Question(here.name, f"Change {stack.name}", plan.changes.words(), by_name, losses)
            ask(question, self.confirm, self.lock)
        except BaseException:
            stack.forget(plan.arn)
            raise
        status = stack.execute(plan, self.lock.renew)
        return f"{stack.name} is {status} ({plan.changes.counts()})"


def ask(question: Question, confirm: Confirm, lock: Lock) -> None:
    """Raise DeployDeclined unless somebody says yes, and DeployStopped or DeployLocked for what happened meanwhile."""
    if not confirm(question):
        raise DeployDeclined(f"not confirmed, nothing was done: {question.title}")
    lock.renew()


def bucket(run: Run) -> str:
    """Say where history, lock and artifacts are: it was made before this record was written."""
    return run.environment.bucket.name


def preflight(run: Run) -> str:
    """Check the account. What later steps bring about by themselves is not asked for."""
    account = Account(run.environment.site())
    account.parameters = account.parameters | run.parameters
    later = {"access-logs", "architecture", "stack"} | ({"leftovers"} if run.adopt else set())
    checks = {name: check for name, check in account.checks().items() if name not in later}
    wrong = [f"{each.name}: {each.advice}" for each in run_checks(checks) if not each.ok]
    if wrong:
        hint = "; --adopt takes over its tables" if any(each.startswith("leftovers") for each in wrong) else ""
        raise DeployError("; ".join(wrong) + hint)
    return f"{len(checks)} checks are ok"


def account(run: Run) -> str:
    """Give API Gateway the role that it writes access logs with, once per account and region."""
    if role := run.environment.client("apigateway").get_account().get("cloudwatchRoleArn"):
        return f"API Gateway logs as {role}"
    stack = run.environment.cloud_stack(run.environment.account_stack)
    return run.apply(stack, {"TemplateBody": (run.environment.root / "account.yaml").read_text()}, {})


def package(run: Run) -> str:
    """Build and upload. Of a rollback that is done already."""
    if not run.record.template:
        run.record.template = packaging.package(run.environment, run.parameters)
    return run.record.template


def stack(run: Run) -> str:
    """Create or change the stack, after asking. What a deleted one left is taken over first, if that is asked for."""
    here, stack = run.environment, run.environment.cloud_stack()
    stack.heal(run.tell, run.lock.renew)
    if run.adopt and stack.status() in (None, "REVIEW_IN_PROGRESS"):
        body, tables = adoptable(parse(here.template.read_text()), here.tables(), here.stack)
        run.tell(run.apply(stack, {"TemplateBody": packaging.as_text(body)}, run.parameters, tables))
    return run.apply(stack, {"TemplateURL": here.bucket.url(run.record.template)}, run.parameters)


def parameters(run: Run) -> str:
    """Say what Parameter Store has for the functions to read, and check that their role may read it."""
    here, path = run.environment, run.parameters.get("ParameterPath")
    if not path:
        return "the stack has no ParameterPath: functions read nothing at run time"
    iam, roles = here.client("iam"), physical_ids(here.client("cloudformation"), here.stack, "AWS::IAM::Role")
    role = iam.get_role(RoleName=roles["ParserRole"])["Role"]["Arn"]
    _, partition, _, _, account, _ = role.split(":", 5)
    for name in AT_RUN_TIME:
        arn = f"arn:{partition}:ssm:{here.bucket.region}:{account}:parameter{path}{name}"
        asked = {"PolicySourceArn": role, "ActionNames": ["ssm:GetParameters"], "ResourceArns": [arn]}
        decision = iam.simulate_principal_policy(**asked)["EvaluationResults"][0]["EvalDecision"]
        if decision != "allowed":
            raise DeployError(f"the parser may not read {path}{name} ({decision}): correct ParserRole in template.yaml")
    there = {name: value for name, value in here.stored().items() if name in AT_RUN_TIME}
    return f"the parser reads {' and '.join(there) or 'nothing'} under {path} (digest {digest(there)})"


def operator(run: Run) -> str:
    """Say whether somebody can sign in to the console. No account is made here: its password would be in a record."""
    here = run.environment.site()
    if names := Operators(here.client("cognito-idp"), here.outputs).names():
        return f"{len(names)} accounts for the console"
    hint = f": lastwish operator add NAME --stack {here.name}" if here.on_aws else ", nor has to in a rehearsal"
    return f"nobody can sign in to the console yet{hint}"


def smoke(run: Run) -> str:
    """Send a real wish through the API, follow it until it is stored, and erase its text."""
    here = run.environment.site()
    text = f"Deploy {run.record.number} of {run.environment.name} arrived."
    with here.http() as http:
        journey = client.submit(http, text, "mars", None, _SECONDS)
    run.record.wishes.append(journey.wish_id)
    try:
        erase(stores(here), journey.wish_id, _SECONDS)
    except NoSuchWish as error:  # the API said that it is stored
        raise DeployError(f"{error}: lastwish audit") from None
    return f"wish {journey.wish_id} was {journey.status} after {journey.elapsed_ms} ms, and erased"


def audit(run: Run) -> str:
    """Compare what was promised since this deploy began with what is stored."""
    here, begun = run.environment.site(), datetime.fromisoformat(run.record.started)
    # No proxy writes a ledger of a rehearsal, and the access log on AWS is minutes late: the own wish is known anyway.
    read = here.promises(begun) if here.on_aws else lambda: Promises([], since=datetime.now(UTC))

    def promises() -> Promises:
        found = read()
        return replace(found, wish_ids=[*found.wish_ids, *run.record.wishes])

    report = auditing.audit(stores(here), promises, SETTLE, run.tell)
    if not report.ok:
        found = ", ".join(f"{each.kind} {each.wish_id or ''}".strip() for each in report.differences[:3])
        raise DeployError(f"{len(report.differences)} differences ({found}): docs/audit.md says what repairs each")
    return f"{report.accepted} wishes promised, {report.stored} stored, no difference"


def alarms(run: Run) -> str:
    """Check that all alarms are there and none is on."""
    here = run.environment
    cloudformation, cloudwatch = here.client("cloudformation"), here.client("cloudwatch")
    nested = physical_ids(cloudformation, here.stack, "AWS::CloudFormation::Stack").values()
    ids = [
        name
        for each in (here.stack, *nested)
        for kind in _ALARMS
        for name in physical_ids(cloudformation, each, kind).values()
    ]
    names = {each.rpartition(":")[2] for each in ids}  # some are ARNs
    there = [each for each in CloudWatch(cloudwatch, {}).alarms(f"{here.stack}/") if each["AlarmName"] in names]
    if gone := names - {each["AlarmName"] for each in there}:
        raise DeployError(
            f"alarms are gone, somebody deleted them: {', '.join(sorted(gone))}; docs/deploy.md says how they come back"
        )
    if on := [each["AlarmName"] for each in there if each["StateValue"] == "ALARM"]:
        raise DeployError(f"alarms are on, see their pages in docs/runbooks: {', '.join(on)}")
    told = "" if run.parameters.get("AlarmEmail") else "; nobody is told of them (AlarmEmail)"
    return f"{len(there)} alarms, none is on{told}"


def tag(run: Run) -> str:
    """Tag the commit, so that git says what runs where."""
    if run.record.kind != "deploy":
        return "a rollback has the tag of the deploy that it went back to"
    return run.source.tag(tag_name(run.environment, run.record.number), run.push)


def tag_name(environment: Environment, number: int | str) -> str:
    """Return the tag of a deploy, or of all of an environment with the number `*`."""
    return f"deploy/{environment.name}/{number}"


type Step = Callable[[Run], str]

# What each step needs. The bucket comes first: it keeps the record of all others.
NEEDS: dict[Step, tuple[Step, ...]] = {
    bucket: (),
    preflight: (bucket,),
    account: (preflight,),
    package: (preflight,),
    stack: (account, package),
    parameters: (stack,),
    operator: (stack,),
    smoke: (stack,),
    audit: (smoke,),
    alarms: (smoke,),
    tag: (parameters, audit, alarms),
}
STEPS: tuple[Step, ...] = tuple(TopologicalSorter(NEEDS).static_order())
# They renew the lock themselves, and nobody renews it for somebody who was asked and went away.
ASKING: tuple[Step, ...] = (account, stack)
