"""The program: where it is, how options are given to it, and what it says when it fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

#: Names a program to be used in place of the package's own, such as one that was just built.
BINARY = "STSCAN_BINARY"


class ScanError(RuntimeError):
    """The program ended in failure. The text is its last sentence; ``status`` its exit status, negative for the signal that ended it."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (str(self), self.status))


def binary() -> str:
    """The path of the program: what ``STSCAN_BINARY`` names, else the one that was installed with this package, else one on the PATH."""
    named = os.environ.get(BINARY)
    if named:
        if not os.access(named, os.X_OK):
            raise ScanError(f"{BINARY} names {named!r}, which is no program that can be run; build it, or unset the variable")
        return named
    name = "stscan.exe" if sys.platform == "win32" else "stscan"
    schemes = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user"), str(Path(sys.executable).parent)]
    # Installed with `pip install --target` the program lies beside the package.
    schemes.append(str(Path(__file__).parent.parent / "bin"))
    for folder in schemes:
        path = Path(folder) / name
        if os.access(path, os.X_OK):
            return str(path)
    found = shutil.which(name)
    if found is None:
        raise ScanError(
            f"the program {name} is not where the package put it ({schemes[0]}) nor on the PATH; "
            f"install the wheel again (pip install --force-reinstall stscan), or name a program by {BINARY}"
        )
    return found


def version() -> str:
    """The version of the program, such as ``0.2.0``."""
    return build().split("\n", 1)[0].split(",", 1)[0]


def build() -> str:
    """All that the program says of its version: the revision that it was built of, its rules, trusted roots and suffix list."""
    return run(["--version"]).stdout.decode().strip().removeprefix("stscan ")


def options(given: Mapping[str, object]) -> list[str]:
    """Options of the command line: ``dns_timeout=3`` is ``--dns-timeout=3``, True a flag, a list an option that is repeated."""
    typed: list[str] = []
    for name, value in given.items():
        option = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            typed.append(option)
        elif isinstance(value, (str, int, float, os.PathLike)):
            typed.append(f"{option}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
        elif isinstance(value, Iterable):
            typed.extend(f"{option}={one}" for one in value)
        else:
            raise TypeError(f"option {name} is of type {type(value).__name__}; a string, a number, True, or a list of them is expected")
    return typed


def run(arguments: list[str], text: bytes | None = None, good: Iterable[int] = (0,)) -> subprocess.CompletedProcess[bytes]:
    """Runs the program to its end."""
    done = subprocess.run([binary(), *arguments], input=text, capture_output=True, env=environment(), check=False)
    if done.returncode not in good:
        raise ScanError(last_sentence(done.stderr.decode(errors="replace").splitlines(), done.returncode), done.returncode)
    return done


def run_json(arguments: list[str], text: bytes | None = None, good: Iterable[int] = (0,)) -> dict[str, Any]:
    """Runs the program to its end and reads the JSON object that it prints."""
    answer: dict[str, Any] = json.loads(run(arguments, text, good).stdout)
    return answer


def environment() -> dict[str, str]:
    """The environment of the program: as it is here, and without colours."""
    return {**os.environ, "NO_COLOR": "1"}


def last_sentence(lines: Iterable[str], status: int) -> str:
    """What a program that failed said: its last sentence and what belongs to it, not the hints that may follow."""
    said = [line.rstrip() for line in lines if line.strip()]
    told = [place for place, line in enumerate(said) if line.startswith(("stscan: ", "error: "))]
    if told and said[told[-1]].startswith("stscan: "):
        sentence = "\n".join(said[told[-1] :]).removeprefix("stscan: ")
    else:
        sentence = said[told[-1] if told else -1].removeprefix("error: ") if said else ""
    if status < 0:
        return f"stscan was killed by signal {-status}" + (f"; it had said: {sentence}" if sentence else "")
    return sentence or f"stscan ended with status {status} and said nothing"
