"""AWS's public prices in us-east-1, in dollars, before any free tier, as of November 2026: the only table of them.

Sources: https://aws.amazon.com/api-gateway/pricing/, https://aws.amazon.com/lambda/pricing/,
https://aws.amazon.com/sqs/pricing/, https://aws.amazon.com/dynamodb/pricing/on-demand/,
https://aws.amazon.com/cloudwatch/pricing/, https://aws.amazon.com/xray/pricing/,
https://aws.amazon.com/cloudfront/pricing/, https://aws.amazon.com/athena/pricing/,
https://aws.amazon.com/firehose/pricing/, https://aws.amazon.com/eventbridge/pricing/, https://aws.amazon.com/s3/pricing/.
"""

REST_REQUEST = 3.50e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
SQS_REQUEST = 0.40e-6  # of up to 64 KB; a batch of ten is one
WRITE_UNIT = 0.625e-6  # 1 KB; in a transaction twice as many
READ_UNIT = 0.125e-6  # 4 KB
IMPORT_BYTE = 0.15 / 2**30  # DynamoDB's import from S3, of uncompressed data
LOG_BYTE = 0.50e-9
TRACE = 5.00e-6  # recorded by X-Ray
METRIC, ALARM, COMPOSITE, DASHBOARD = 0.30, 0.10, 0.50, 3.00  # a month
METRIC_READ = 0.01e-3
EDGE_REQUEST = 1.00e-6  # CloudFront, https, North America and Europe
ATHENA_BYTE, ATHENA_LEAST_BYTES = 5.00e-12, 10_000_000  # of Parquet that a query reads
STREAM_READ = 0.20e-6  # GetRecords of a table's stream, by whoever is no trigger of Lambda
PIPE_REQUEST = 0.40e-6  # of up to 64 KB
FIREHOSE_BYTE, FIREHOSE_PARQUET_BYTE = 0.029e-9, 0.018e-9  # each record of a direct put counts as whole 5 KB
S3_BYTE = 0.023e-9  # a month
