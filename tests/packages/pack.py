"""Packs the .deb as cargo-deb does, by the list of files in Cargo.toml: for machines where building cargo-deb itself would take too long."""

import glob
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path


def install(assets: list[list[str]], root: Path) -> None:
    """Lays the files down where they belong, manual pages compressed."""
    for pattern, target, mode in assets:
        sources = sorted(glob.glob(pattern))
        if not sources:
            sys.exit(f"Cargo.toml, [package.metadata.deb]: there is no {pattern}")
        for source in sources:
            place = root / target / Path(source).name if target.endswith("/") else root / target
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.parent.name.startswith("man"):
                place = place.with_name(place.name + ".gz")
                place.write_bytes(gzip.compress(Path(source).read_bytes(), mtime=0))
            else:
                shutil.copyfile(source, place)
            place.chmod(int(mode, 8))


def documents(package: dict, deb: dict, root: Path) -> None:
    """The licence and the changelog, by the names that Debian has for them."""
    folder = root / "usr/share/doc" / package["name"]
    folder.mkdir(parents=True, exist_ok=True)
    licence = "\n".join(f" {line}" if line.strip() else " ." for line in Path(deb["license-file"][0]).read_text().splitlines())
    head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
    name = package["license"].replace(" OR ", " or ")
    copyright_ = f"{head}\nUpstream-Name: {package['name']}\nSource: {package['repository']}\n\nFiles: *\nCopyright: {deb['copyright']}\nLicense: {name}\n{licence}\n"
    (folder / "copyright").write_text(copyright_)
    (folder / "changelog.gz").write_bytes(gzip.compress(Path(deb["changelog"]).read_bytes(), mtime=0))


def needed_libraries(program: Path) -> str:
    """What dpkg-shlibdeps says of the program; it wants to stand in a source package."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "debian").mkdir()
        (Path(folder) / "debian/control").write_text("Source: stscan\n")
        said = subprocess.run(["dpkg-shlibdeps", "-O", str(program.resolve())], cwd=folder, capture_output=True, text=True, check=True).stdout
    return "".join(re.findall(r"^shlibs:Depends=(.*)$", said, re.M))


def control(package: dict, deb: dict, root: Path) -> None:
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    size = sum(file.stat().st_size for file in root.rglob("*") if file.is_file()) // 1024 + 1
    described = "\n".join(f" {line}" for line in deb["extended-description"].splitlines())
    fields = {
        "Package": package["name"],
        "Version": f"{package['version']}-1",
        "Architecture": architecture,
        "Maintainer": deb["maintainer"],
        "Section": deb["section"],
        "Priority": deb["priority"],
        "Homepage": package["homepage"],
        "Installed-Size": str(size),
        "Depends": needed_libraries(root / "usr/bin" / package["name"]),
        "Description": f"{package['description']}\n{described}",
    }
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text("".join(f"{key}: {value}\n" for key, value in fields.items() if value))


def main(out: str) -> None:
    package = tomllib.loads(Path("Cargo.toml").read_text())["package"]
    deb = package["metadata"]["deb"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        root.mkdir()
        root.chmod(0o755)
        install(deb["assets"], root)
        documents(package, deb, root)
        control(package, deb, root)
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), out], check=True)


main(*sys.argv[1:])
