"""Opens a published copy by what describes it, as those do who know nothing of stscan: Croissant by mlcroissant, the data package by frictionless.

Usage: check_published.py FOLDER     (of `stscan export --flat --licence`)
"""

import itertools
import json
import sys
from pathlib import Path

import mlcroissant
from frictionless import Package, Resource


def croissant(folder: Path) -> None:
    """No error, no warning, and the rows are there under their names."""
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and not issues.warnings, issues.report()
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = list(itertools.islice(dataset.records("domains"), manifest["counts"]["rows"] + 1))
    assert len(rows) == manifest["counts"]["rows"], len(rows)
    postures = {row["domains/posture"] for row in rows}
    assert {b"enforce", b"broken", b"absent"} <= postures, postures
    print(f"mlcroissant: {len(rows)} rows, {len(rows[0])} columns")


def data_package(folder: Path) -> None:
    """The description is valid, and so are the tables without lists; of the others frictionless reads lists as what they are not."""
    report = Package.validate_descriptor(str(folder / "datapackage.json"))
    assert report.valid, report.to_summary()
    package = Package(str(folder / "datapackage.json"))
    assert {resource.name for resource in package.resources} >= {"domains", "findings", "mx", "rua"}
    for resource in package.resources:
        if resource.name == "domains":
            continue
        report = resource.validate()
        assert report.valid and report.task.stats["rows"] > 0, report.to_summary()
        print(f"frictionless: {resource.name}, {report.task.stats['rows']} rows")
    # A near miss: one column said to be of another type.
    rua = next(resource for resource in package.resources if resource.name == "rua").to_descriptor()
    field = next(field for field in rua["schema"]["fields"] if field["name"] == "domain")
    field["type"] = "integer"
    assert not Resource.from_descriptor(rua, basepath=str(folder)).validate().valid


def main(folder: str) -> None:
    croissant(Path(folder))
    data_package(Path(folder))


main(*sys.argv[1:])
