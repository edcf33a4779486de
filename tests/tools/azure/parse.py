"""Parses `az` commands with the real Azure CLI without running them.

Each line on stdin is one command: a JSON array of arguments, or words in shell syntax; a leading `az` is dropped. Each line
on stdout is the result for one command: {"ok": true} or {"ok": false, "message": "the CLI's error"}. The exit code is 1 if
any command was rejected.

The CLI's own invoker runs up to the point where it would execute the command. Its validators also run, because they check
which options depend on each other, but only as far as possible without a login, the network, or another program.
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
    """The CLI tried to access the network. Not an Exception, so that the CLI does not swallow it."""


class Refused(BaseException):
    """The CLI's parser rejects the command."""


def unknown(*_args, **_kwargs):
    raise Refused("the command is misspelled or not recognized by the system")


def offline(*_args, **_kwargs):
    raise Offline


def settle(folder):
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


def seal_off(parser_class, profile_class, commands, telemetry):
    """Blocks the network and other processes, and raises parser errors instead of printing them."""
    socket.socket.connect = offline
    socket.getaddrinfo = offline
    subprocess.Popen.__init__ = offline
    profile_class.get_subscription = offline
    check_value = parser_class._check_value

    def error(_self, message):
        # Files in documented commands may be missing here.
        raise Offline if isinstance(sys.exc_info()[1], OSError) else Refused(message)

    def checked(self, action, value):
        # The original then looks for extensions and recommendations in the network.
        if action.choices is not None and value not in action.choices:
            if not self.command_source:
                unknown()
            allowed = ", ".join(map(str, action.choices))
            raise Refused(f"{self.prog}: '{value}' is not a valid value for {name_of(action)}. Allowed values: {allowed}")
        check_value(self, action, value)

    parser_class.error = parser_class.validation_error = error
    parser_class._check_value = checked
    # For a command outside its index, the CLI would load all modules, which takes many seconds.
    telemetry.set_command_index_rebuild_triggered = unknown
    # The same for an `@file`.
    commands.read_file_content = lambda path, **_: "{}"


def make_cli():
    """The CLI with an invoker that stops before prompts and before running the command."""
    from azure.cli.core import _profile, commands, get_default_cli, parser, telemetry

    class Invoker(commands.AzCliCommandInvoker):
        """The real invoker up to the validators."""

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
    seal_off(parser.AzCliCommandParser, _profile.Profile, commands, telemetry)
    return cli


def parse(cli, line):
    """The CLI's error for a command; None if it is accepted."""
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
    except Refused as refused:
        return str(refused)
    except SystemExit as ended:  # --help ends with 0
        return None if not ended.code else f"exit code {ended.code}"
    except Exception as error:  # the CLI has many kinds, and each is a refusal
        return str(error) or type(error).__name__
    return None


def words(line):
    argv = json.loads(line) if line.startswith("[") else shlex.split(line)
    return argv[1:] if argv[:1] == ["az"] else argv


def answer(cli, line):
    # Drop the output of --help.
    with contextlib.redirect_stdout(io.StringIO()):
        message = parse(cli, line)
    return {"ok": True} if message is None else {"ok": False, "message": message}


def main():
    # Read all of stdin first, because a command with `@-` would read the rest.
    lines = filter(None, sys.stdin.read().splitlines())
    with tempfile.TemporaryDirectory(prefix="azure-cli-") as folder:
        settle(folder)
        cli = make_cli()
        answers = [answer(cli, line) for line in lines]
    print("\n".join(map(json.dumps, answers)))
    return int(not all(each["ok"] for each in answers))


if __name__ == "__main__":
    sys.exit(main())
