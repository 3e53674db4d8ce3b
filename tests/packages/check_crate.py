"""What the crate registry would get: small, whole, and without what has no place there."""

import re
import sys
import tarfile
import tomllib
from pathlib import Path

# Of the packed file; the registry takes five times as much.
MAX_BYTES = 2_000_000
ABSENT = re.compile(r"/(\.(?!zenodo\.json$)|notebooks/|src/python/|data/screenshots/|tests/golden/.*\.assessment\.json|tests/(browser|mail|readers|spark)/)")
NEEDED = ["Cargo.toml", "Cargo.lock", "LICENSE", "README.md", "src/main.rs", "src/lib.rs", "data/providers.csv", "data/man/stscan.1"]


def main(crate: str) -> None:
    size = Path(crate).stat().st_size
    with tarfile.open(crate) as archive:
        top = archive.getnames()[0].split("/")[0]
        names = archive.getnames()
        manifest = archive.extractfile(f"{top}/Cargo.toml")
        assert manifest is not None
        package = tomllib.loads(manifest.read().decode())["package"]
    wrong = [name for name in names if ABSENT.search(name) and not name.endswith("/.cargo_vcs_info.json")]
    wrong += [f"{name} is missing" for name in NEEDED if f"{top}/{name}" not in names]
    wrong += [f"{key} is not given" for key in ("description", "license", "repository", "homepage", "documentation", "readme", "rust-version") if not package.get(key)]
    if size > MAX_BYTES:
        wrong.append(f"{size:,} bytes: more than {MAX_BYTES:,}; see `exclude` in Cargo.toml")
    if wrong:
        sys.exit("\n".join([f"{crate}:", *wrong]))
    print(f"{Path(crate).name}: {len(names)} files, {size:,} bytes")


main(*sys.argv[1:])
