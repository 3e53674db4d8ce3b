"""Writes the lists that are scanned for the browser (one with hostile cells, a portfolio, a ranked one), and hostile TLS reports."""

import csv
import datetime
import json
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

# TLS reports of these domains, hostile in every text, with failures that findings explain and others.
DAY = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).date().isoformat()
RESULTS = ["validation-failure", "sts-policy-fetch-error", "certificate-expired", CELLS[0]]
with open(work / "reports.jsonl", "w", encoding="utf-8") as file:
    for at, name in enumerate(names):
        cell, other = CELLS[at % len(CELLS)], CELLS[-at % len(CELLS)]
        failures = [
            {"result-type": result, "failure-reason-code": other, "receiving-mx-hostname": cell, "sending-mta-ip": "192.0.2.7",
             "receiving-ip": "2001:db8::7", "failed-session-count": at + 1}
            for result in RESULTS
        ]
        report = {
            "organization-name": cell, "contact-info": other, "report-id": f"{at}",
            "date-range": {"start-datetime": f"{DAY}T00:00:00Z", "end-datetime": f"{DAY}T23:59:59Z"},
            "policies": [{
                "policy": {"policy-type": "sts", "policy-domain": name, "policy-string": [cell, "version: STSv1", f"mode: {other}"]},
                "summary": {"total-successful-session-count": 1000, "total-failure-session-count": at},
                "failure-details": failures,
            }],
        }
        file.write(json.dumps(report) + "\n")

PORTFOLIO = {
    "Mail platform": ["enforce", "typo", "uncovered-some", "testing", "cert-expired"],
    "Web shop": ["redirect-301", "status-404", "two-records", "mx-outlook", "nothing"],
    "Subsidiaries": ["stale-provider", "tlsrpt-absent", "null-mx", "record-refused", "mode-none", "max-age-under-a-day"],
}
OWNERS = ["Ada", "Grace", "Edsger"]
rows = [[f"{case}.test", OWNERS[at % 3], unit] for unit, cases in PORTFOLIO.items() for at, case in enumerate(cases)]
write("portfolio.csv", [["domain", "owner", "unit"]] + rows)

# 300 domains, most of which have nothing that has to be fixed.
others = Path("data/opendns-top-domains.txt").read_text().split()[: 300 - len(rows)]
write("many.csv", [["domain", "owner", "unit"]] + rows + [[name, OWNERS[at % 3], "Others"] for at, name in enumerate(others)])

names = Path("data/opendns-top-domains.txt").read_text().split()
write("ranked.csv", list(enumerate(names[:6000], start=1)))
