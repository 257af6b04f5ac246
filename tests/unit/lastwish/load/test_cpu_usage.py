"""CPU seconds of real processes."""

import os
import subprocess
import sys

from lastwish.load.cpu_usage import cpu_seconds


def test_cpu_of_a_process_counts_its_children_also_when_they_have_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    code = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); print('done', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"done\n"
        used = cpu_seconds({"family": parent.pid, "cli": os.getpid()})
        parent.communicate(b"\n")
    assert used["family"] >= 0.3
    assert used["cli"] > 0
    assert cpu_seconds({"family": parent.pid}) == {}
