"""`assurance package`: the signed review package of a case."""

from __future__ import annotations

from pathlib import Path

import click

from assurance.cli.build import write_dossier
from assurance.cli.common import CASE, json_option, print_json, progress_bars, say, store_of
from assurance.loading import load, require_fresh
from assurance.package import build_package, new_key
from assurance.snapshot import take


@click.command()
@CASE
@click.option("--key", type=click.Path(path_type=Path), required=True, help="Ed25519 private key (PEM, PKCS8).")
@click.option("--new-key", "fresh", is_flag=True, help="Make the key first: KEY (private) and KEY.pub (for readers).")
@click.option("--out", "target", type=click.Path(path_type=Path), required=True, help="The package to write.")
@json_option
def package(case: Path, key: Path, fresh: bool, target: Path, as_json: bool) -> None:
    """Write the signed review package: case, files, evidence, dossier, and what was derived from them.

    The dossier is rendered again from the evidence as it is now; no run is carried out.
    """
    loaded = load(case)
    require_fresh(loaded)
    store = store_of(loaded)
    if fresh:
        made = new_key(key)
        say(f"new key: {made.private} (keep it secret), {made.public} (give it to readers)")
    dossier = write_dossier(take(loaded, store), store, loaded.folder / "build")
    with progress_bars() as bars:
        built = build_package(loaded, store, key, target, dossier, bars("package"))
    if as_json:
        print_json(
            {
                "file": str(built.file),
                "digest": built.digest,
                "files": built.files,
                "size": built.size,
                "key": built.key_id,
            }
        )
        return
    click.echo(f"{built.file}: {built.files} files, {built.size} bytes, {built.digest}")
    click.echo(f"signed with key {built.key_id}; readers run: assurance verify {built.file} --key {key}.pub")
