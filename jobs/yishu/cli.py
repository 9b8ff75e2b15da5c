"""The command line: `yishu <command>`. Each command lives in `commands/` and is imported when it is called."""

from __future__ import annotations

import importlib
import sys

import click

from yishu.errors import YishuError

COMMANDS = {
    "check": ("contracts", "Check contracts: errors by file and line."),
    "render": ("contracts", "Write suites, DAG manifest and catalog entries; --check only compares."),
    "contract": ("contracts", "Draft a contract from a sample file."),
    "sample": ("province", "Write the departments' sample extracts."),
    "run": ("flow", "Take everything that waits through to gold, in this process."),
    "pull": ("flow", "Take extracts from departments' own databases into landing."),
    "status": ("look", "Deliveries, their states and balances."),
    "due": ("calendar", "What departments owe: late, due soon, come."),
    "receipt": ("look", "What the department gets back."),
    "query": ("look", "SQL over gold."),
    "release": ("decide", "Let a held delivery pass."),
    "reject": ("decide", "Send a held delivery back."),
    "reprocess": ("decide", "Send a delivery, a dataset or a damaged table through again."),
    "plan": ("evolve", "What changed contracts would do to the tables, counted; nothing is changed."),
    "apply": ("evolve", "Make the tables what yishu plan shows."),
    "quarantine": ("quarantine", "List, show, fix, waive and replay rows in quarantine."),
    "catalog": ("contracts", "Build the catalog now."),
    "server": ("machine", "The local server: start, stop, status."),
    "store": ("store", "The object store: departments' keys, forms for their clerks, links to receipts."),
    "doctor": ("machine", "What is wrong here, and how to mend it."),
    "up": ("machine", "Start the local stack and let the DAGs move what waits."),
    "down": ("machine", "Stop the local stack."),
    "setup": ("machine", "Fetch the jars (make setup calls it)."),
}
"""Name → module in `commands/` and its line in the help, so that `--help` imports nothing."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"yishu.commands.{COMMANDS[name][0]}")
        command = getattr(module, name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


_EPILOG = """A department's first file: `yishu store form DEPARTMENT DATASET PERIOD` writes a page for its clerk's browser; the
README's 第一次报送 goes through it, and through mc and a script."""


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=_EPILOG)
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
@click.version_option(package_name="yishu")
def cli(debug: bool) -> None:
    """Yishu 一数: departments' deliveries through bronze, silver and gold, by contract.

    Exit codes: 0 done, 1 something was held, rejected or failed for the data's sake, 2 wrong use or configuration,
    3 the machine's fault (trying again can help).
    """


def main(argv: list[str] | None = None) -> None:
    """The one handler: one red line and the exit code; `--debug` shows the trace."""
    args = sys.argv[1:] if argv is None else argv
    try:
        sys.exit(cli.main(args, standalone_mode=False) or 0)
    except YishuError as error:
        if "--debug" in args:
            raise
        click.secho(str(error), fg="red", err=True)
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        called = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "yishu"
        said = error.format_message().rstrip(".")
        click.secho(f"{said} — {called} --help tells how it is called [usage]", fg="red", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.secho("stopped; run again to go on where it was", fg="red", err=True)
        sys.exit(3)
    except Exception as error:
        if "--debug" in args:
            raise
        click.secho(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''} [unexpected]"
                    " — run again with --debug and report it", fg="red", err=True)  # fmt: skip
        sys.exit(3)
