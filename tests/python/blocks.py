"""The Python code of the documents and of the package's docstrings, as programs: those of the tests of Spark, and those that need none."""

from __future__ import annotations

import ast
import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "src/python/README.md", *sorted(str(file.relative_to(ROOT)) for file in (ROOT / "src/manual").glob("*.md"))]
MODULES = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "src/python/stscan").glob("*.py"))

#: In the place of the program, so that code that would ask the Internet asks the lab.
PROGRAM = """#!/bin/sh
command=$1 skip=
case $command in scan | check) shift ;; *) exec "$REAL" "$@" ;; esac
for argument; do
    shift
    [ -z "$skip" ] || { skip= && continue; }
    case $argument in --lab=* | --resolver=*) ;; --resolver) skip=1 ;; *) set -- "$@" "$argument" ;; esac
done
exec "$REAL" "$command" --lab=census "$@"
"""


@dataclass(frozen=True)
class Block:
    place: str
    text: str

    @property
    def is_sparks(self) -> bool:
        return "spark" in self.text


def blocks() -> list[Block]:
    """All of them, each with its file and line."""
    found = []
    for document in DOCUMENTS:
        text = (ROOT / document).read_text()
        for block in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            found.append(Block(f"{document}:{text[: block.start()].count(chr(10)) + 1}", block[1]))
    for module in MODULES:
        tree = ast.parse((ROOT / module).read_text())
        for node in [tree, *ast.walk(tree)]:
            documented = isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node)
            examples = doctest.DocTestParser().get_examples(documented or "")
            if examples:
                found.append(Block(f"{module}: {getattr(node, 'name', 'module')}", "".join(example.source for example in examples)))
    return found


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def run(block: Block, program: str, folder: Path) -> str:
    """What a block prints, run as a program of its own, in a folder that has the files that documents speak of."""
    names = [f"d{number}.example.com" for number in range(50)]
    (folder / "names.txt").write_text("".join(f"{name}\n" for name in names))
    (folder / "domains.csv").write_text("domain,owner\n" + "".join(f"{name},ops\n" for name in names))
    if not block.is_sparks:
        command = [program, "scan", "names.txt", "--lab=census", "-o", "week-47"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    stand_in = executable(folder / "program", PROGRAM)
    environment = {**os.environ, "REAL": program, "STSCAN_BINARY": str(stand_in)}
    done = subprocess.run([sys.executable, "-c", block.text], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{block.place}: {done.stderr}"
    return done.stdout
