#!/usr/bin/env python3
"""Times `stscan stats` against DuckDB for the same figures on the same files, in turn, and compares the figures.

Usage: benches/stats_duckdb.py STSCAN DIR [RUNS]     (needs the Python package duckdb)

DuckDB gets what somebody who knows it would write: one grouping for the states of all rows, one temporary table of the few rows that have
a record, and all tables from these two. Both use all cores and reread the files in every run.
"""

import json
import os
import subprocess
import sys
import time

import duckdb

stscan, folder = sys.argv[1:3]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 3
FILES = f"read_parquet('{folder}/domains/*.parquet')"
THERE = "IN ('valid', 'invalid', 'multiple')"

TABLES = f"""
CREATE TEMP TABLE states AS SELECT tld, mx_state, sts_state, tlsrpt_state, posture, count(*) AS n FROM {FILES} GROUP BY ALL;
CREATE TEMP TABLE mail AS SELECT CASE WHEN mx_provider = org_domain THEN '(own domain)' ELSE mx_provider END AS name, count(*) AS n,
  count(*) FILTER (sts_state {THERE}) AS sts, count(*) FILTER (sts_state = 'unknown') AS sts_unknown,
  count(*) FILTER (tlsrpt_state {THERE}) AS tlsrpt, count(*) FILTER (tlsrpt_state = 'unknown') AS tlsrpt_unknown
  FROM {FILES} WHERE mx_state = 'present' GROUP BY ALL;
CREATE TEMP TABLE mx_outcomes AS SELECT evidence.mx.outcome AS o, count(*) AS n, count(*) FILTER (evidence.mx.attempts > 1) AS again FROM {FILES} GROUP BY ALL;
CREATE TEMP TABLE sts_outcomes AS SELECT evidence.sts_txt.outcome AS o, count(*) AS n, count(*) FILTER (evidence.sts_txt.attempts > 1) AS again FROM {FILES} GROUP BY ALL;
CREATE TEMP TABLE tlsrpt_outcomes AS SELECT evidence.tlsrpt_txt.outcome AS o, count(*) AS n, count(*) FILTER (evidence.tlsrpt_txt.attempts > 1) AS again FROM {FILES} GROUP BY ALL;
CREATE TEMP TABLE adopters AS SELECT domain, org_domain, mx_state, mx_provider, sts_state, policy_stage AS stage, policy_mode AS mode,
  policy_max_age AS max_age, policy_provider, tlsrpt_state, tlsrpt_rua AS rua, posture, delivery, mx_coverage AS coverage, mismatch,
  list_transform(findings, lambda f: f.code) AS codes, evidence.sts_txt.ttl AS ttl, evidence.sts_txt.ad AS ad,
  evidence.host_a.outcome AS a, evidence.host_aaaa.outcome AS aaaa,
  CASE WHEN policy_provider IS NOT NULL AND policy_provider IS DISTINCT FROM org_domain THEN policy_provider
       ELSE coalesce(list_min(evidence.host_a.records), list_min(evidence.host_aaaa.records)) END AS host,
  list_min(evidence.mx_hosts[1].a.records) AS mx_address, evidence.fetch IS NOT NULL AS fetched, evidence.fetch.tls_version AS tls,
  evidence.fetch.certificate.issuer AS issuer, evidence.fetch.error.stage AS error_stage, evidence.fetch.error.code AS error_code,
  list_transform(evidence.rua_hosts, lambda r: [r.mx.outcome, r.a.outcome, r.aaaa.outcome]) AS receivers
  FROM {FILES} WHERE sts_state {THERE} OR tlsrpt_state {THERE};
CREATE TEMP TABLE policy_hosts AS SELECT host, count(*) AS served FROM adopters WHERE sts_state {THERE} GROUP BY ALL;
CREATE TEMP TABLE mx_names AS SELECT mx_provider, count(*) AS served FROM adopters WHERE sts_state {THERE} GROUP BY ALL;
CREATE TEMP TABLE mx_addresses AS SELECT mx_address, count(*) AS served FROM adopters WHERE sts_state {THERE} GROUP BY ALL;
CREATE TEMP TABLE records AS SELECT adopters.*,
  CASE WHEN h.served >= 50 THEN 'third-party' WHEN h.served <= 5 THEN 'self-managed'
       WHEN adopters.host IS NULL AND a IN ('nodata', 'nxdomain') AND aaaa IN ('nodata', 'nxdomain') THEN 'self-managed' ELSE 'unclassified' END AS entity,
  CASE WHEN mx_provider = org_domain THEN CASE WHEN ma.served >= 50 THEN 'third-party' ELSE 'self-managed' END
       WHEN mn.served >= 50 OR ma.served >= 50 THEN 'third-party' ELSE 'unclassified' END AS mx_entity
  FROM adopters LEFT JOIN policy_hosts h USING (host) LEFT JOIN mx_names mn USING (mx_provider) LEFT JOIN mx_addresses ma USING (mx_address)
  WHERE sts_state {THERE};
"""


def has(*codes):
    return f"list_has_any(codes, {list(codes)})"


def counts(table, **conditions):
    return f"SELECT {', '.join(f'count(*) FILTER ({condition}) AS {key}' for key, condition in conditions.items())} FROM {table}"


VERSION = ["near-miss", "unknown-version", "version-case", "version-not-first", "version-space", "leading-space", "literal-quotes"]
CERTIFICATE = ["name-mismatch", "no-san", "expired", "not-yet-valid", "self-signed", "incomplete-chain", "untrusted", "revoked"]
QUERIES = {
    "T1": "SELECT tld, mx_state, sum(n) FROM states GROUP BY ALL",
    "T2": f"SELECT tld, sum(n), sum(n) FILTER (sts_state {THERE}), sum(n) FILTER (sts_state = 'valid'), sum(n) FILTER (sts_state = 'unknown'), "
    f"sum(n) FILTER (tlsrpt_state {THERE}), sum(n) FILTER (sts_state {THERE} AND tlsrpt_state {THERE}) FROM states WHERE mx_state = 'present' GROUP BY ALL",
    "T3": "SELECT stage, posture = 'unknown', coverage, count(*) FROM records WHERE sts_state = 'valid' GROUP BY ALL",
    "T4": counts("records", multiple="sts_state = 'multiple'", bad_version=has(*[f"sts-record-{v}" for v in VERSION]),
                 no_id=has("sts-record-id-missing"), bad_id=has("sts-record-id-invalid"), cname=has("sts-record-cname")),
    "T5": "SELECT entity, stage, count(*), count(*) FILTER (posture = 'unknown') FROM records GROUP BY ALL",
    "T6": "SELECT entity, " + ", ".join(f"count(*) FILTER ({has('sts-fetch-cert-' + c)})" for c in CERTIFICATE) + " FROM records WHERE stage = 'tls' GROUP BY ALL",
    "T7": "SELECT entity, " + ", ".join(f"count(*) FILTER ({has('sts-fetch-' + c)})" for c in ["redirect", "not-found", "status-forbidden", "server-error", "rate-limited", "ua-filtered"]) + " FROM records WHERE stage = 'http' GROUP BY ALL",
    "T8": "SELECT entity, " + ", ".join(f"count(*) FILTER ({has('sts-policy-' + c)})" for c in ["empty", "html-body", "bom", "version-missing", "mode-missing", "max-age-missing", "mx-missing", "mx-email", "mx-trailing-dot", "mx-empty"]) + " FROM records WHERE stage = 'syntax' GROUP BY ALL",
    "T9": "SELECT entity, posture, count(*) FROM records GROUP BY ALL",
    "T10": "SELECT posture, max_age, count(*) FROM records WHERE posture IN ('enforce', 'testing', 'none') GROUP BY ALL",
    "T12": "SELECT posture, coverage, mismatch, count(*) FROM records WHERE posture IN ('enforce', 'testing', 'none') GROUP BY ALL",
    "T14": "SELECT entity, mx_entity, policy_provider = mx_provider OR split_part(policy_provider, '.', 1) = split_part(mx_provider, '.', 1) AS same, coverage, count(*) FROM records WHERE coverage IS NOT NULL GROUP BY ALL",
    "T15": f"SELECT policy_provider, count(*) AS n, count(*) FILTER (stage = 'ok'), count(*) FILTER ({has('sts-host-cname-dangling')}), count(*) FILTER ({has('sts-policy-empty')}), count(*) FILTER (mode = 'none') FROM records GROUP BY ALL ORDER BY n DESC, 1 LIMIT 21",
    "T16": "SELECT * FROM mail ORDER BY n DESC, name LIMIT 20",
    "T17": "SELECT mx_provider, count(*) AS n FROM records GROUP BY ALL ORDER BY n DESC LIMIT 100",
    "T18": counts(f"(FROM adopters WHERE tlsrpt_state {THERE})", valid="tlsrpt_state = 'valid'", external=has("tlsrpt-rua-external"), no_rua=has("tlsrpt-rua-missing", "tlsrpt-rua-empty"), https="len(list_filter(rua, lambda u: starts_with(u, 'https:'))) > 0"),
    "T18-receivers": f"SELECT regexp_extract(u, '@([^?]*)', 1) AS host, count(*) AS n FROM (SELECT unnest(rua) AS u FROM adopters WHERE tlsrpt_state {THERE}) GROUP BY ALL ORDER BY n DESC LIMIT 20",
    "T19": f"SELECT r, count(*) FROM (SELECT unnest(receivers) AS r FROM adopters WHERE tlsrpt_state {THERE}) GROUP BY ALL",
    "T20": "SELECT ad, CASE WHEN ttl < 3600 THEN 0 WHEN ttl < 86400 THEN 1 WHEN ttl = 86400 THEN 2 ELSE 3 END, a, aaaa, tls, count(*) FROM records GROUP BY ALL",
    "T20-issuers": "SELECT issuer, count(*) FROM records GROUP BY ALL ORDER BY 2 DESC LIMIT 20",
    "T23": "FROM mx_outcomes UNION ALL FROM sts_outcomes UNION ALL FROM tlsrpt_outcomes",
    "T23-fetch": "SELECT a, aaaa, fetched, error_stage, error_code, count(*) FROM adopters GROUP BY ALL",
}


def with_duckdb():
    connection = duckdb.connect()
    begin = time.perf_counter()
    connection.execute(TABLES)
    results = {table: connection.execute(query).fetchall() for table, query in QUERIES.items()}
    return time.perf_counter() - begin, results


def with_stscan():
    begin = time.perf_counter()
    process = subprocess.Popen([stscan, "stats", folder, "--format", "json"], stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    assert status == 0, status
    return seconds, json.loads(output), usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def compare(ours, theirs):
    """Figures that both have."""
    tables = {table["id"]: table for table in ours["tables"]}

    def n(table, row, column, group=None):
        return next(r for r in tables[table]["rows"] if r["key"] == row and r["group"] == group)["cells"][column]["n"]

    stages = theirs["T5"]
    pairs = [(n("T5", stage, entity), sum(r[2] for r in stages if r[:2] == (entity, stage))) for entity in ("self-managed", "third-party", "unclassified") for stage in ("ok", "dns", "tcp", "tls", "http", "syntax")]
    com = next(r for r in theirs["T2"] if r[0] == "com")
    pairs += [(n("T2", "all", "mx", "com"), com[1]), (n("T2", "all", "sts", "com"), com[2] or 0), (n("T2", "all", "both", "com"), com[6] or 0)]
    pairs += [(n("T9", mode, "valid"), sum(r[2] for r in theirs["T9"] if r[1] == mode)) for mode in ("enforce", "testing", "none")]
    pairs += [(n("T16", r[0], "domains"), r[1]) for r in theirs["T16"]] + [(n("T16", r[0], "tlsrpt"), r[4]) for r in theirs["T16"]]
    pairs += [(n("T15", r[0] or "(no CNAME)", "domains"), r[1]) for r in theirs["T15"][:15]]
    pairs += [(n("T14", "different-providers", "complete"), sum(r[4] for r in theirs["T14"] if r[:2] == ("third-party", "third-party") and not r[2] and r[3] == "none"))]
    pairs += [(n("T4", "bad-id", "records"), theirs["T4"][0][3]), (n("T18", "external", "domains"), theirs["T18"][0][1])]
    pairs += [(n("T6", "expired", "overlapping"), sum(r[3] for r in theirs["T6"]))]
    pairs += [(n("T23", "servfail", "mx"), next((r[1] for r in theirs["T23"] if r[0] == "servfail"), 0))]
    different = [pair for pair in pairs if pair[0] != pair[1]]
    assert not different, different
    return len(pairs)


print(f"{'run':>3} {'stscan s':>9} {'CPU s':>7} {'MB':>6} {'DuckDB s':>9} {'ratio':>6}")
for run in range(1, runs + 1):
    seconds, ours, megabytes, cpu = with_stscan()
    their_seconds, theirs = with_duckdb()
    print(f"{run:3} {seconds:9.2f} {cpu:7.2f} {megabytes:6.0f} {their_seconds:9.2f} {seconds / their_seconds:6.2f}")
print(compare(ours, theirs), "figures compared, all the same")
