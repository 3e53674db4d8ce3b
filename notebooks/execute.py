"""Executes notebooks in place, or into nothing, and leaves in them only what does not depend on the machine or the hour.

Usage: execute.py [--store] NOTEBOOK ...

Any error ends it. With --store the outputs are written into the notebooks, with a hash of the sources that they come from: by it
tests/documents.rs finds outputs that are out of date.
"""

import base64
import hashlib
import io
import os
import re
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

MOST_BYTES = 1_000_000


def sources(notebook):
    """A hash of all that is written by hand."""
    return hashlib.sha256("\0".join(cell.source for cell in notebook.cells).encode()).hexdigest()


def normalise(notebook):
    """Numbers, metadata and addresses in memory that change with every execution go."""
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:03}"
        cell["metadata"] = {}
        if cell.cell_type != "code":
            continue
        cell["execution_count"] = None
        for output in cell.outputs:
            if "execution_count" in output:
                output["execution_count"] = None
            if "metadata" in output:
                output["metadata"] = {}
            if "data" in output:
                output["data"] = data(output["data"])


def data(kinds):
    """What a reader sees: a plot with few colours, or a table, without the words that stand for them."""
    if "image/png" in kinds:
        plot, small = Image.open(io.BytesIO(base64.b64decode(kinds["image/png"]))), io.BytesIO()
        plot.convert("RGB").quantize(64, method=Image.Quantize.MAXCOVERAGE).save(small, "PNG", optimize=True)
        return {"image/png": base64.b64encode(small.getvalue()).decode()}
    shown = {kind: content for kind, content in kinds.items() if kind in ("text/html", "text/markdown")}
    return shown or kinds


def paths(notebook):
    """Paths of this machine in the outputs."""
    text = "\n".join(str(output) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
    text = re.sub(r"'image/png': '[^']*'", "", text)
    own = {os.path.expanduser("~"), os.getcwd(), *os.environ.get("STSCAN_DATASET", "").split(os.pathsep)}
    return sorted(path for path in own if os.path.isabs(path) and path != "/" and path in text)


def main(arguments):
    store = "--store" in arguments
    for path in [argument for argument in arguments if argument != "--store"]:
        notebook = nbformat.read(path, as_version=4)
        hashed = sources(notebook)
        try:
            NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": os.path.dirname(os.path.abspath(path))}}).execute()
        except CellExecutionError as error:
            sys.exit(f"{path}: {error}")
        normalise(notebook)
        if found := paths(notebook):
            sys.exit(f"{path}: the outputs show a path of this machine: {', '.join(found)}")
        notebook.metadata["stscan"] = {"sources": hashed}
        text = nbformat.writes(notebook) + "\n"
        if len(text) > MOST_BYTES:
            sys.exit(f"{path}: {len(text):,} bytes with its outputs; {MOST_BYTES:,} are the most")
        if store:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        print(f"{os.path.basename(path)}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} cells executed, {len(text):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
