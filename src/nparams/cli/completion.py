"""nparams completion SHELL: a completion script, made from the parser and the registry."""

from __future__ import annotations

from nparams.cli.main import FINE, write
from nparams.errors import UsageError
from nparams.registry import COMMANDS, TYPED

BASH = """\
# nparams completion for bash: nparams completion bash > ~/.local/share/bash-completion/completions/nparams
_nparams() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  case $before in
{cases}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "{options}" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word") $([ "$COMP_CWORD" = 1 ] && compgen -W "{commands}" -- "$word")) ;;
  esac
}}
complete -o filenames -F _nparams nparams"""

ZSH = """\
#compdef nparams
# nparams completion for zsh: nparams completion zsh > a folder of $fpath, as _nparams
_arguments -s \\
{lines}
  '1: :{{_alternative "commands:command:({commands})" "files:file:_files"}}' '*:file:_files'"""

FISH = """\
# nparams completion for fish: nparams completion fish > ~/.config/fish/completions/nparams.fish
complete -c nparams -n __fish_is_first_token -a '{commands}'
{lines}"""


def run(words: list[str]) -> int:
    """Print the script for the shell that `words` names."""
    if len(words) != 1 or words[0] not in SHELLS:
        raise UsageError(f"write one shell's name: nparams completion {' | '.join(SHELLS)}")
    write(SHELLS[words[0]](_options(), " ".join(row.name for row in COMMANDS)))
    return FINE


Option = tuple[list[str], str, list[str] | None, bool]  # spellings, help, choices, takes a value


def _options() -> list[Option]:
    """(spellings, help, choices, whether it takes a value) for each option of the parser."""
    from nparams.cli.arguments import parser

    known = {"form": list(TYPED), "bias": ["all", "hidden", "none"]}
    return [
        (list(a.option_strings), a.help or "", list(a.choices) if a.choices else known.get(a.dest), a.nargs != 0)
        for a in parser()._actions
        if a.option_strings
    ]


def _bash(options: list[Option], commands: str) -> str:
    cases = [
        f'    {"|".join(spellings)}) COMPREPLY=($(compgen -W "{" ".join(choices)}" -- "$word")); return ;;'
        for spellings, _, choices, _ in options
        if choices
    ]
    every = " ".join(spelling for spellings, *_ in options for spelling in spellings)
    return BASH.format(cases="\n".join(cases), options=every, commands=commands)


def _zsh(options: list[Option], commands: str) -> str:
    lines = []
    for spellings, text, choices, takes in options:
        words = text.replace("'", "").replace("[", "(").replace("]", ")").replace(":", ",")
        value = f":value:({' '.join(choices)})" if choices else ":value:" if takes else ""
        lines += [f"  '{spelling}[{words}]{value}' \\" for spelling in spellings]
    return ZSH.format(lines="\n".join(lines), commands=commands)


def _fish(options: list[Option], commands: str) -> str:
    lines = []
    for spellings, text, choices, takes in options:
        names = " ".join(f"-l {s[2:]}" if s.startswith("--") else f"-s {s[1:]}" for s in spellings)
        value = f" -x -a '{' '.join(choices)}'" if choices else " -x" if takes else ""
        words = text.replace("'", "")
        lines.append(f"complete -c nparams {names}{value} -d '{words}'")
    return FISH.format(lines="\n".join(lines), commands=commands)


SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
