"""Checks submitted wishes against the rules and sends each decision to Pods."""
