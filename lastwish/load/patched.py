"""Imported before everything else of the sender: gevent's standard library, and what Locust expects of urllib3.

checkov pins urllib3 1.26, where the function that Locust 2.47 imports lives one module deeper. We send nothing by it.
"""

from gevent import monkey

monkey.patch_all()

from urllib3 import util  # noqa: E402
from urllib3.util.ssl_ import create_urllib3_context  # noqa: E402

util.create_urllib3_context = create_urllib3_context
