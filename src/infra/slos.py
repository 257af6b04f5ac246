"""Times that the service level objectives promise. Functions measure by them; mission/slos.py puts them in words."""

from datetime import timedelta

PAGE_WITHIN = timedelta(seconds=1)  # from the request to the page
CALL_WITHIN = timedelta(milliseconds=500)  # from the request to the JSON
STORED_WITHIN = timedelta(seconds=30)  # from the 202 to the commit
PROJECTED_WITHIN = timedelta(seconds=10)  # from the commit to the read model
