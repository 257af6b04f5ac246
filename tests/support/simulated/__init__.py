"""DynamoDB and SQS in memory, fast and exact in what our adapters use, with a clock and a chance that the caller owns.

``tests/integration`` runs the adapters' tests over it through boto3 itself (``wire``); ``tests/simulation`` calls it
directly. Each operation is a method with AWS's name that takes AWS's parameters and returns AWS's answer.
"""
