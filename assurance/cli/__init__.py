"""The command line: one small file for each command, which parses, calls the library and prints.

Exit codes: 0 fine; 1 the work was done and what it shows is not acceptable; 2 bad input or usage; 3 internal error.
Standard output carries the answer, standard error everything else.
"""

from __future__ import annotations

import sys
import traceback

import click

from assurance import __version__
from assurance.cli.build import build
from assurance.cli.catalogue import catalogue
from assurance.cli.check import check
from assurance.cli.demo import demo
from assurance.cli.doctor import doctor
from assurance.cli.gaps import gaps
from assurance.cli.import_ import import_
from assurance.cli.new import new
from assurance.cli.package import package
from assurance.cli.prove import prove
from assurance.cli.run import run
from assurance.cli.verify import verify
from assurance.cli.vnnlib import vnnlib
from evidence.errors import AssuranceError

_HELP = """Safety assurance cases for machine-learning components.

\b
The workflow:
  assurance new my-case                 start a case that builds at once, then edit my-case/case.yaml
  assurance check my-case               is the case file right? what does the evidence say?
  assurance run my-case                 carry out the certification runs (re-running resumes)
  assurance gaps my-case                which objectives are supported, which are not, what to do next
  assurance build my-case               all of it, and the dossier as HTML and PDF
  assurance package my-case --key K --out P.zip    sign a review package
  assurance verify P.zip                the reader's side: re-check everything, offline, without torch

\b
On its own:
  assurance prove NET.onnx SPEC.vnnlib  one network, one VNN-LIB property, one verdict
  assurance vnnlib my-case              the requirements as VNN-LIB files, for cross-checking by other tools
  assurance import TOOL RESULT ...      what alpha-beta-CROWN, Marabou or nnenum said: replayed, proofs unchecked

`assurance demo` builds the two embedded examples. `assurance doctor` says what is installed.
The tool proposes; a named person accepts. A proof holds for the stated model, inputs and arithmetic only.
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "--version", "-V", prog_name="assurance")
def commands() -> None:
    pass


for _command in (demo, new, run, check, gaps, build, package, verify, prove, vnnlib, import_, catalogue, doctor):
    commands.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the `assurance` command."""
    try:
        sys.exit(commands.main(arguments, standalone_mode=False))  # click hands back the code of an Exit
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("stopped; what was finished is kept, run the same command again to go on", err=True)
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("stopped; what was finished is kept, run the same command again to go on", err=True)
        sys.exit(130)
    except AssuranceError as error:
        for finding in error.findings:
            click.echo(str(finding), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception:
        click.echo("internal error: this is a defect of the tool. Please report the following.", err=True)
        click.echo(f"assurance {__version__}, Python {sys.version.split()[0]}", err=True)
        traceback.print_exc()
        sys.exit(3)
