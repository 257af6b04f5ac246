"""Checks of an account's quotas against the load that is planned."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lastwish.errors import NotReady
from lastwish.preflight.account import Account
from lastwish.preflight.check import Checks

# Both from bench/results.json. A person asks for the form, its files, a receipt, and that again; the read model takes
# most write units, in slices of 20 wishes as in a crowd.
REQUESTS_PER_PERSON = 16
UNITS_PER_WISH = 2.2
# Of a function, cold starts included: a guess on the safe side.
SECONDS_PER_REQUEST = 0.1
# Write units a second that a new on-demand table takes (DynamoDB's developer guide, "warm throughput").
_WARM = 4_000


@dataclass(frozen=True)
class PlannedLoad:
    """So many wishes within so many seconds."""

    account: Account
    wishes: int
    over: float

    @property
    def requests(self) -> float:
        """Requests a second on average. CloudFront answers some of them."""
        return self.wishes / self.over * REQUESTS_PER_PERSON

    def checks(self) -> Checks:
        """Return the checks, by name."""
        return {
            "stage-throttle": self.stage,
            "api-requests": self.api,
            "lambda-concurrency": self.concurrency,
            "table-writes": self.tables,
        }

    def stage(self) -> str:
        """Check the stage's own throttle."""
        rate = int(self.account.parameters["ThrottleRate"])
        return self._enough(rate, self.requests, "requests/s", "ThrottleRate", "raise it, or deploy with Cdn=true")

    def api(self) -> str:
        """Check API Gateway's throttle of the account, which all its APIs share."""
        limit = self._quota("apigateway", "L-8A5B8E43")
        return self._enough(limit, self.requests, "requests/s", "API Gateway's quota", "ask for more (L-8A5B8E43)")

    def concurrency(self) -> str:
        """Check Lambda's concurrency: parser and worker, and what answers the audience meanwhile."""
        consumers = 2 * int(self.account.parameters["ConsumerConcurrency"])
        needed = consumers + self.requests * SECONDS_PER_REQUEST
        advice = "ask for more (L-B99A9384), or lower ConsumerConcurrency: wishes wait in the queues then"
        return self._enough(self.account.concurrency(), needed, "at once", "Lambda's concurrency", advice)

    def tables(self) -> str:
        """Check DynamoDB's write units: the quota of a table, and what a table is warm for."""
        needed = self.wishes / self.over * UNITS_PER_WISH
        quota = self._quota("dynamodb", "L-AB614373")
        self._enough(quota, needed, "write units/s", "DynamoDB's quota of a table", "ask for more (L-AB614373)")
        advice = "give the tables more WarmThroughput beforehand; else wishes wait in the queues"
        return self._enough(self._warm(), needed, "write units/s", "what the tables are warm for", advice)

    def _warm(self) -> float:
        """Return the least warm throughput of the stack's tables; of a new table where there is no stack yet."""
        outputs = {each["OutputKey"]: each["OutputValue"] for each in (self.account.stack or {}).get("Outputs", [])}
        names = [outputs[f"{name}Name"] for name in ("EventStore", "ReadModel") if f"{name}Name" in outputs]
        dynamodb = self.account.client("dynamodb")
        tables = [dynamodb.describe_table(TableName=name)["Table"] for name in names]
        return float(
            min((each.get("WarmThroughput", {}).get("WriteUnitsPerSecond", _WARM) for each in tables), default=_WARM)
        )

    def _enough(self, there: float, needed: float, unit: str, what: str, advice: str) -> str:
        found = f"{what} is {there:,.0f} {unit}; {self.wishes:,} wishes within {self.over:g} s need {needed:,.0f}"
        if there < needed:
            raise NotReady(f"{found}: {advice}")
        return found

    def _quota(self, service: str, code: str) -> float:
        """Return a quota as it applies here: the account's own, else AWS's default."""
        quotas: Any = self.account.client("service-quotas")
        try:
            answer = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchResourceException":
                raise
            answer = quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
        return float(answer["Quota"]["Value"])
