"""DynamoDB's typed attributes and Python's values."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_deserialise = TypeDeserializer().deserialize
serialise = TypeSerializer().serialize


def values_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item without DynamoDB's types."""
    return {name: _deserialise(value) for name, value in item.items()}
