"""The lab has no yesterday: makes up what a scan of it would have seen some months ago, to be judged by `stscan reclassify`.

Usage: history.py DATASET OUT MONTHS      (0: the last scan of the series, with the same inventions)

What is invented, by a hash of each domain's name, so that a domain has one history whatever scan is made:
- ranks matter: of the domains with a record the less popular ones lose it;
- records appear over the months, TLSRPT records sooner;
- policy hosts that fail today worked once, so that failures grow;
- policies for a former provider date from when its hosts took the mail;
- some policies that enforce today were in testing;
- some domains have moved their mail, and left the policy as it was.
"""

import copy
import datetime
import hashlib
import json
import os
import sys

import pyarrow
import pyarrow.parquet

DAYS = ["2026-11-02", "2026-10-05", "2026-09-07", "2026-08-03", "2026-07-06", "2026-06-01"]
FORMER, NEW = "mail.former-provider.example", "mail.new-provider.example"


def chance(domain, what):
    """A number from 0 to 1 that a name and a purpose decide."""
    return int.from_bytes(hashlib.sha256(f"{what} {domain}".encode()).digest()[:6], "big") / 2**48


def absent(lookup):
    """A lookup that finds nothing."""
    return {**lookup, "outcome": "nxdomain", "rcode": 3, "ttl": None, "ad": False, "cname_chain": [], "records": []}


def without_record(row):
    """No MTA-STS record, so that no policy was looked for."""
    evidence = row["evidence"]
    evidence["sts_txt"] = absent(evidence["sts_txt"])
    evidence.update(host_a=None, host_aaaa=None, fetch=None, mx_asked=None)  # Only the MX hosts of adopters are asked.
    for host in evidence["mx_hosts"]:
        host.update(alias=None, tlsa=[], conversations=[])
    if not evidence["tlsrpt_txt"]["records"]:
        evidence["mx_hosts"] = []


def with_body(fetch, text):
    """The exchange with another policy."""
    body = text.encode()
    return {**fetch, "body": body, "body_sha256": hashlib.sha256(body).hexdigest()}


def with_id(evidence, id):
    """Another id, as every other policy should have."""
    evidence["sts_txt"]["records"] = [[f"v=STSv1; id={id};".encode()]]


def healthy(row, template):
    """The policy host as it was before it failed: like another one that works."""
    evidence, host = row["evidence"], f"mta-sts.{row['domain']}"
    hosts = "".join(f"mx: {record['exchange']}\r\n" for record in evidence["mx"]["records"])
    with_id(evidence, "20250101T000000")
    for lookup in ("host_a", "host_aaaa"):
        evidence[lookup] = {**copy.deepcopy(template[lookup]), "name": host}
    evidence["fetch"] = with_body(copy.deepcopy(template["fetch"]), f"version: STSv1\r\nmode: enforce\r\n{hosts}max_age: 604800\r\n")


def mail_elsewhere(row, host):
    """Mail as it was taken by another host."""
    evidence = row["evidence"]
    evidence["mx"]["records"] = [{"preference": 10, "exchange": host}]
    evidence["mx_hosts"] = [{**one, "host": host} for one in evidence["mx_hosts"][:1]]


def earlier(row, months, template, ranks):
    """Changes a row to what it was so many months ago."""
    domain, stage, evidence = row["domain"], row["policy_stage"], row["evidence"]
    fails = stage is not None and stage != "ok"
    unpopular = row["rank"] is not None and chance(domain, "rank") * 1.5 > 1.5 - row["rank"] / ranks
    age = chance(domain, "age") * (9 if fails else 18)
    if evidence["tlsrpt_txt"]["records"] and (unpopular or chance(domain, "reports") * 24 < months):
        evidence["tlsrpt_txt"] = absent(evidence["tlsrpt_txt"])
        evidence["rua_hosts"] = []
    if evidence["sts_txt"]["records"] and (unpopular or age < months):
        return without_record(row)
    if fails and stage != "dns" and chance(domain, "failure") * 8 < months:
        return healthy(row, template)
    if any(FORMER in pattern for pattern in row["policy_mx"] or []) and chance(domain, "moved") * 7 < months:
        mail_elsewhere(row, f"mx1.{FORMER}")
    elif stage == "ok" and chance(domain, "leaves") < 0.05 and chance(domain, "moved") * 7 >= months:
        mail_elsewhere(row, f"mx1.{NEW}")
    if row["policy_mode"] == "enforce" and stage == "ok" and chance(domain, "enforced") * 10 < months:
        with_id(evidence, "20250101T000000")
        evidence["fetch"] = with_body(evidence["fetch"], evidence["fetch"]["body"].decode().replace("enforce", "testing"))


def rewrite(part, out, months):
    """Writes a part as it would have been; its size and its SHA-256."""
    table = pyarrow.parquet.read_table(part)
    there = pyarrow.compute.invert(pyarrow.compute.and_(
        *(pyarrow.compute.is_in(table[state], pyarrow.array(["absent", "unknown"])) for state in ("sts_state", "tlsrpt_state"))))
    found = table.filter(there).to_pylist()
    ranks = pyarrow.compute.max(table["rank"]).as_py() or 1
    template = next(row["evidence"] for row in found if row["posture"] == "enforce" and row["policy_provider"] is None and row["worst"] != "high")
    template = copy.deepcopy(template)
    for row in found:
        earlier(row, months, template, ranks)
    changed = pyarrow.Table.from_pylist(found, schema=table.schema)
    whole = pyarrow.concat_tables([table.filter(pyarrow.compute.invert(there)), changed]).sort_by("ordinal")
    time = whole.schema.get_field_index("scanned_at")
    started = pyarrow.scalar(datetime.datetime.fromisoformat(f"{DAYS[months]}T06:00:00+00:00"), whole.schema.field(time).type)
    whole = whole.set_column(time, whole.schema.field(time), pyarrow.repeat(started, len(whole)))
    # Without what the part says of its run.
    pyarrow.parquet.write_table(whole.replace_schema_metadata(None), out, compression="zstd")
    with open(out, "rb") as file:
        content = file.read()
    return len(content), hashlib.sha256(content).hexdigest()


def main(dataset, out, months):
    months = int(months)
    with open(os.path.join(dataset, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    os.makedirs(os.path.join(out, "domains"))
    for part in manifest["parts"]:
        part.pop("domain_filters", None)  # The file has none.
        part["bytes"], part["sha256"] = rewrite(os.path.join(dataset, part["file"]), os.path.join(out, part["file"]), months)
    with open(os.path.join(dataset, "rejected.csv"), "rb") as source, open(os.path.join(out, "rejected.csv"), "wb") as copied:
        copied.write(source.read())
    day = DAYS[months]
    manifest.update(run_id=f"{day.replace('-', '')}T060000Z-{months:08x}", started_at=f"{day}T06:00:00Z", finished_at=f"{day}T06:00:10Z")
    manifest["activity"]["seconds"] = 10.0
    manifest["rates"] = {"domains": manifest["counts"]["rows"] / 10, "dns_queries": manifest["activity"]["dns_queries"] / 10, "fetches": manifest["activity"]["fetches"] / 10}
    manifest.pop("seal", None)  # Of the manifest as it was.
    with open(os.path.join(out, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
