"""Command `prometheus`: write the files with which a Prometheus watches the local stack."""

from pathlib import Path
from typing import Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json
from lastwish.local.engine.pace import FASTEST

app = typer.Typer()


@app.command()
def prometheus(
    folder: Annotated[Path, typer.Argument(help="Folder for the files; it is made.")],
    pace: Annotated[
        float, typer.Option(min=1, max=FASTEST, help="Let alerts run so many times faster; `drill --short` is 12.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Write prometheus.yml, alert rules and credentials, so that a Prometheus on this machine watches the stack."""
    from lastwish.shipping import openmetrics
    from lastwish.site import LocalSite

    with Answer(as_json) as answer:
        watched = openmetrics.watch(LocalSite().state, pace)
        openmetrics.write(folder, watched)
        config = folder / openmetrics.CONFIG
        facts: dict[str, object] = {"config": str(config), "target": watched.target, "pace": pace}
        answer.give(
            facts,
            f"{config} scrapes {watched.target}; the alerts are those of docs/slo.md",
            "next (Debian and Ubuntu: apt-get install prometheus):",
            f"  prometheus --config.file={config} --storage.tsdb.path={folder / 'data'} "
            "--web.listen-address=127.0.0.1:9091",
            "then open http://127.0.0.1:9091/ and choose Alerts",
        )
