"""Checks `az` commands with the real Azure CLI, without running them.

Each line on stdin is one command: a JSON array of arguments, or words in shell syntax. A leading `az` is ignored. Each
line on stdout is one result: {"ok": true} or {"ok": false, "message": "the CLI's message"}. Exits 1 if a command is invalid.

The CLI's invoker does everything except run the command. Its validators run too, because they know which options need
each other. They stop where they would need a login, the network or another program.
"""

import contextlib
import io
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile


class Offline(BaseException):
    """The CLI needs a login, the network or another program. Not an Exception, because the CLI would catch that."""


class InvalidCommand(BaseException):
    """The CLI's parser rejects the command."""


def unknown(*_args, **_kwargs):
    raise InvalidCommand("the command is misspelled or not recognized by the system")


def offline(*_args, **_kwargs):
    raise Offline


def isolate(folder):
    """Ignores the user's defaults and extensions. Call it before importing the CLI, which reads the environment."""
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        del os.environ[name]
    os.environ["AZURE_CONFIG_DIR"] = folder
    os.environ["AZURE_CORE_COLLECT_TELEMETRY"] = "false"
    os.environ["AZURE_CORE_NO_COLOR"] = "true"
    os.environ["AZURE_CORE_ONLY_SHOW_ERRORS"] = "true"
    os.environ["AZURE_EXTENSION_DIR"] = os.path.join(folder, "no-extensions")
    os.environ["AZURE_EXTENSION_USE_DYNAMIC_INSTALL"] = "no"


def name_of(action):
    return "/".join(action.option_strings) or action.dest


def block_side_effects(parser_class, profile_class, commands, telemetry):
    """Blocks the network and other programs, and raises parser errors instead of printing them."""
    socket.socket.connect = offline
    socket.getaddrinfo = offline
    subprocess.Popen.__init__ = offline
    profile_class.get_subscription = offline
    check_value = parser_class._check_value

    def error(_self, message):
        # Files that the documentation names need not exist here.
        raise Offline if isinstance(sys.exc_info()[1], OSError) else InvalidCommand(message)

    def checked(self, action, value):
        # The original would look for extensions and suggestions on the network.
        if action.choices is not None and value not in action.choices:
            if not self.command_source:
                unknown()
            allowed = ", ".join(map(str, action.choices))
            raise InvalidCommand(f"{self.prog}: '{value}' is not a valid value for {name_of(action)}. Allowed values: {allowed}")
        check_value(self, action, value)

    parser_class.error = parser_class.validation_error = error
    parser_class._check_value = checked
    # Without this, an unknown command makes the CLI load all its modules, which takes many seconds.
    telemetry.set_command_index_rebuild_triggered = unknown
    # An `@file` need not exist either.
    commands.read_file_content = lambda path, **_: "{}"


def make_cli():
    """The CLI, with an invoker that stops before it prompts or runs anything."""
    from azure.cli.core import _profile, commands, get_default_cli, parser, telemetry

    class Invoker(commands.AzCliCommandInvoker):
        """Runs everything up to the validators."""

        def resolve_confirmation(self, cmd, parsed_args):
            pass

        def _validation(self, parsed_ns):
            try:
                super()._validation(parsed_ns)
            except Offline:
                pass

        def _run_jobs_serially(self, jobs, ids):
            return [], []

        _run_jobs_concurrently = _run_jobs_serially

    cli = get_default_cli()
    cli.invocation_cls = Invoker
    block_side_effects(parser.AzCliCommandParser, _profile.Profile, commands, telemetry)
    return cli


def parse(cli, line):
    """The CLI's error message for a command, or None if the command is valid."""
    try:
        argv = words(line)
    except ValueError as error:
        return f"not a line of words: {error}"
    if not argv or argv[0].startswith("-"):
        return "no command"
    invoker = cli.invocation_cls(
        cli_ctx=cli,
        parser_cls=cli.parser_cls,
        commands_loader_cls=cli.commands_loader_cls,
        help_cls=cli.help_cls,
    )
    cli.invocation = invoker
    try:
        invoker.execute(argv)
    except Offline:
        return "cannot be checked without a login or the network"
    except InvalidCommand as error:
        return str(error)
    except SystemExit as ended:  # --help ends with 0
        return None if not ended.code else f"exit code {ended.code}"
    except Exception as error:  # the CLI raises many types
        return str(error) or type(error).__name__
    return None


def words(line):
    argv = json.loads(line) if line.startswith("[") else shlex.split(line)
    return argv[1:] if argv[:1] == ["az"] else argv


def check(cli, line):
    # Keeps the output of --help away from stdout.
    with contextlib.redirect_stdout(io.StringIO()):
        message = parse(cli, line)
    return {"ok": True} if message is None else {"ok": False, "message": message}


def main():
    # Reads everything first, because a command with `@-` would read stdin too.
    lines = filter(None, sys.stdin.read().splitlines())
    with tempfile.TemporaryDirectory(prefix="azure-cli-") as folder:
        isolate(folder)
        cli = make_cli()
        results = [check(cli, line) for line in lines]
    print("\n".join(map(json.dumps, results)))
    return int(not all(result["ok"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
