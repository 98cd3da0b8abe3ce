"""The command line: one small file for each command, which parses, calls the library and prints.

Exit codes: 0 fine; 1 the work was done and what it shows is not acceptable; 2 bad input or usage; 3 internal error.
Standard output carries the answer, standard error everything else. A command's file is imported when the command is used:
help and version need none of them.
"""

from __future__ import annotations

import atexit
import gc
import sys
import traceback
from importlib import import_module

import click

from assurance import __version__
from assurance.collector import cycles_left_alone
from evidence.errors import AssuranceError

_HELP = """Safety assurance cases for machine-learning components.

\b
The workflow:
  assurance new my-case                 start a case that builds at once, then edit my-case/case.yaml
  assurance check my-case               is the case file right? what does the evidence say?
  assurance run my-case                 carry out the certification runs (re-running resumes)
  assurance gaps my-case                which objectives are supported, which are not, what to do next
  assurance build my-case               all of it, and the dossier as HTML and PDF
  assurance baseline my-case --name N   keep this state; later: assurance diff my-case@N my-case
  assurance package my-case --key K --out P.zip    sign a review package
  assurance verify P.zip                the reader's side: re-check everything, offline, without torch

\b
On its own:
  assurance prove NET.onnx SPEC.vnnlib  one network, one VNN-LIB property, one verdict
  assurance gsn check ARGUMENT.yaml     an argument against the rules of GSN; also gsn2x and SACM files
  assurance vnnlib my-case              the requirements as VNN-LIB files, for cross-checking by other tools
  assurance import TOOL RESULT ...      what alpha-beta-CROWN, Marabou or nnenum said: replayed, proofs unchecked

`assurance demo` builds the two embedded examples. `assurance doctor` says what is installed.
The tool proposes; a named person accepts. A proof holds for the stated model, inputs and arithmetic only.
"""


COMMANDS = {
    "baseline": ("baseline:baseline", "Keep the state of a case under a name, or list what is kept."),
    "build": ("build:build", "Run, check and gaps in one go, and the dossier."),
    "catalogue": ("catalogue:catalogue", "The standards on board, and how well each entry is known."),
    "check": ("check:check", "Check the case file, its evidence and its argument."),
    "diff": ("diff:diff", "What changed between two states of a case, and what that breaks."),
    "demo": ("demo:demo", "Build the two embedded examples."),
    "doctor": ("doctor:doctor", "Say what is installed, what is missing, and how to mend it."),
    "gaps": ("gaps:gaps", "Which objectives the evidence supports, and what to do next."),
    "gsn": ("gsn:gsn", "Arguments on their own: check, draw, exchange."),
    "import": ("import_:import_", "Import what another tool said about a network and a property."),
    "new": ("new:new", "Start a case in a new folder, from an example."),
    "package": ("package:package", "Write the signed review package."),
    "prove": ("prove:prove", "Prove a VNN-LIB property of an ONNX network, or refute it."),
    "run": ("run:run", "Carry out the certification runs."),
    "verify": ("verify:verify", "Re-check a review package, offline."),
    "vnnlib": ("vnnlib:vnnlib", "Write the requirements of a case as VNN-LIB files."),
}
"""Name -> file and function in this folder, and the line in the list of commands."""


class Commands(click.Group):
    """The commands of the table. Their own words, options and arguments are in their files."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, function = COMMANDS[name][0].split(":")
        with cycles_left_alone():  # a module stays: there is no garbage to look for while it is read
            command = getattr(import_module(f"{__name__}.{module}"), function)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(context)])


@click.group(
    cls=Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, "--version", "-V", prog_name="assurance")
def commands() -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the `assurance` command."""
    atexit.register(gc.freeze)  # what the process ends with goes as a whole: no last search for cycles in it
    try:
        sys.exit(commands.main(arguments, standalone_mode=False))  # what a command returns, or the code of its Exit
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
