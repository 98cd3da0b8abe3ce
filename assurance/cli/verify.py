"""`assurance verify`: the reader's side of a review package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assurance.cli.common import json_option, print_json, progress_bars
from evidence.diagnostics import Severity

if TYPE_CHECKING:
    from assurance.package import Verification


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key", type=click.Path(path_type=Path), help="Public key of the signer, had from elsewhere than the package."
)
@json_option
def verify(file: Path, key: Path | None, as_json: bool) -> None:
    """Re-check a review package: signature, digests, support, coverage, counterexamples, proofs.

    Works offline and without torch. Exit code 0 when nothing is wrong with the package, which does not mean that
    its requirements are supported: read what it shows.
    """
    from assurance.package import verify_package

    with progress_bars() as bars:
        result = verify_package(file, key, bars("verify"))
    if as_json:
        print_json(result.as_json())
    else:
        _print(result)
    raise click.exceptions.Exit(0 if result.ok else 1)


def _print(result: Verification) -> None:
    for finding in result.findings:
        click.echo(str(finding))
    for tally in result.rechecked:
        click.echo(f"re-checked {tally.n} of {tally.of}: {tally.kind}")
    for item in result.unchecked:
        click.echo(f"not re-checked: {item.what}: {item.why}")
    if result.signer is not None and not result.signer.trusted:
        click.echo(
            f"signed with key {result.signer.key_id}, which comes from the package itself: this shows that nothing was changed "
            "after signing, not who signed. Give the signer's public key with --key."
        )
    elif result.signer is not None:
        click.echo(f"signed with the given key {result.signer.key_id}")
    errors = sum(finding.severity is Severity.ERROR for finding in result.findings)
    if result.ok:
        click.echo("The package is intact and says what its evidence says. Whether that is enough is for its reader.")
    else:
        click.echo(f"VERIFICATION FAILED: {errors} errors")
