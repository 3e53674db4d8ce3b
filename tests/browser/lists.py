"""Writes the lists that are scanned for the browser: one with hostile cells, a portfolio, a ranked one."""

import csv
import sys
from pathlib import Path

work = Path(sys.argv[1])

CELLS = [
    "<script>document.title='owned'</script>", '"><img src=x onerror=alert(1)>', "=cmd|'/C calc'!A0", "\u202etxt.exe", "\x1b[31mred",
    "</select></form><script>alert(1)</script>", "+1", "-1", "@x", "'\"`;--", "&lt;b&gt;", "x" * 5000,
]


def write(name, rows):
    with open(work / name, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


names = (work / "world" / "names.txt").read_text().split()
assert len(names) > 30, names
write("hostile.csv", [["domain", "owner", "<b>unit"]] + [[name, CELLS[at % len(CELLS)], CELLS[-at % len(CELLS)]] for at, name in enumerate(names)])

PORTFOLIO = {
    "Mail platform": ["enforce", "typo", "uncovered-some", "testing", "cert-expired"],
    "Web shop": ["redirect-301", "status-404", "two-records", "mx-outlook", "nothing"],
    "Subsidiaries": ["stale-provider", "tlsrpt-absent", "null-mx", "record-refused", "mode-none", "max-age-under-a-day"],
}
OWNERS = ["Ada", "Grace", "Edsger"]
rows = [[f"{case}.test", OWNERS[at % 3], unit] for unit, cases in PORTFOLIO.items() for at, case in enumerate(cases)]
write("portfolio.csv", [["domain", "owner", "unit"]] + rows)

names = Path("data/opendns-top-domains.txt").read_text().split()
write("ranked.csv", list(enumerate(names[:6000], start=1)))
