"""What every test stands on: a fixed environment, and no way to reach a real account."""

import os

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    POWERTOOLS_METRICS_NAMESPACE="LastWish",
    POWERTOOLS_SERVICE_NAME="tests",
    POWERTOOLS_TRACER_CAPTURE_RESPONSE="false",
    POWERTOOLS_TRACER_CAPTURE_ERROR="false",
)
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
    os.environ.pop(name, None)
