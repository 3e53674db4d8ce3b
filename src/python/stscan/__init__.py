"""Bulk scans of MTA-STS (RFC 8461) and SMTP TLS reporting (RFC 8460), from Python.

The package holds the program ``stscan`` and this module, which has no logic of its own: it feeds names to the program and reads its stream of
Arrow record batches, its JSON and its datasets.

>>> import stscan
>>> with stscan.scan(["example.com", "example.org"], lab="census") as rows:
...     table = rows.read_all()
"""

from stscan._dataset import Dataset, open
from stscan._program import ScanError, binary, version
from stscan._questions import check, lint
from stscan._scan import ScanReader, scan

__all__ = ["Dataset", "ScanError", "ScanReader", "binary", "check", "lint", "open", "scan", "version"]
