"""Mutants: sabotages of the promise, one small change of the code each, and the test that must fail with it.

`make mutants` applies them one by one, in copies of this repository, and ends with 1 where one survives. Pytest
collects no file here.
"""
