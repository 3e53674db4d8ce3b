#!/usr/bin/env python3
"""Starts the mail servers, the name servers and the policy hosts, asks stscan and the oracles, and compares with the table of cases.

Runs in namespaces of its own (see `run`): it binds port 25 and 53 of loopback, and lays its own files over /etc.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import time

import pyarrow.parquet

import oracles
import policy_hosts
import servers
import zones
from certificates import Authorities

HERE = pathlib.Path(__file__).parent
COLUMNS = ["mx_tls", "mx_dnssec", "dane_state", "delivery", "delivery_dane"]
# Loopback brings it for each domain: what it says is true of the lab, and not of the case.
OF_THE_LAB = {"mx-private-address"}
NOT_ASKED = ("-", "")


class Case:
    """One line of the table as one server plays it."""

    def __init__(self, line, fields, server):
        (self.vector, name, _, self.certificate, self.behaviour, tlsa, self.zone, self.policy, verdicts, columns, codes, openssl, finger) = fields
        self.line, self.server, self.name = line, server, f"{server}-{name}"
        self.domain = f"{self.name}.example"
        self.host = f"mx.{self.domain}"
        self.tlsa = [record.split() for record in tlsa.split(",") if record.strip(" -")]
        self.sts, self.dane = verdicts.split()
        self.expected = dict(zip(COLUMNS, columns.split(), strict=True))
        self.codes = codes.split()
        self.oracles = {"openssl": openssl.split() or None, "finger": finger.split() or None}
        self.addresses, self.leaves, self.second, self.other = [], [], None, None


def read_cases(path, only):
    cases = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        fields = [field.strip() for field in text.split("|")]
        if len(fields) != 13:
            sys.exit(f"{path.name} line {number}: {len(fields)} fields, 13 are needed")
        for server in fields[2].split():
            cases.append(Case(number, fields, server))
    return [case for case in cases if not only or any(re.search(one, case.name) for one in only)]


class Lab:
    """Everything that runs: certificates, zones, servers, policy hosts."""

    def __init__(self, folder, cases):
        self.folder, self.cases, self.processes = folder, cases, []
        self.authorities = Authorities(folder / "certificates")
        self.servers = {name: kind(name, folder) for name, kind in servers.KINDS.items()}
        self.world = zones.World()
        for case in cases:
            self.furnish(case)
            self.servers[case.server].play(case)
            zones.ZONES[case.zone](self.world, case)

    def furnish(self, case):
        """Addresses, certificates and TLSA records of a case."""
        if case.zone == "MX unsigned":
            case.host = f"mx.{case.name}-host.example"
        if case.zone == "no MX":
            case.host = case.domain
        count = 2 if case.zone in ("two hosts", "two addresses") else 1
        case.addresses = [self.servers[case.server].address() for _ in range(count)]
        leaf = self.authorities.leaf(case.host, case.domain, case.certificate)
        case.leaves = [leaf]
        if case.zone == "two hosts":
            case.leaves.append(self.authorities.leaf(f"mx2.{case.domain}", case.domain, "good"))
        if case.zone == "two addresses":
            case.leaves.append(self.authorities.leaf(case.host, case.domain, "expired", suffix=".old"))
        if case.certificate == "dual":
            case.second = self.authorities.leaf(case.host, case.domain, "rsa", suffix=".rsa")
        if "another certificate" in case.behaviour:
            case.other = self.authorities.leaf("mx.elsewhere.example", "elsewhere.example", "good", suffix=f".{case.name}")
        case.usable = [self.record(case, *record) for record in case.tlsa if record[0] in "23" and record[1] in "01" and record[2] in "012" and "short" not in record]
        case.published = [self.record(case, *record) for record in case.tlsa]

    def record(self, case, usage, selector, matching, *words):
        authority = "private" if case.certificate.startswith("private") else "public"
        if usage in "13":
            certificate = case.leaves[0]
        else:
            certificate = self.authorities.named(f"{authority}-{'root' if 'root' in words else 'issuing'}")
        if "other" in words:
            certificate = self.authorities.named("private-root" if authority == "public" else "public-root")
        if "old" in words:
            certificate = self.authorities.reissued(case.leaves[0])
        if "rsa" in words:
            certificate = case.second
        data = certificate.association(int(selector) % 9, int(matching) % 7 or (1 if matching == "7" else 0))
        return f"{usage} {selector} {matching} {data[:40] if 'short' in words else data}"

    def start(self):
        self.world.write(self.folder / "zones")
        here = self.folder / "zones"
        for name in zones.SERVERS:
            self.run(f"nsd-{name}", ["nsd", "-d", "-c", here / f"{name}.conf"])
        self.run("unbound", ["unbound", "-d", "-c", here / "unbound.conf"])
        for server in self.servers.values():
            if server.cases:
                for name, command in server.services():
                    self.run(name, command)
        serve_policies(self.authorities.policy_host([f"mta-sts.{case.domain}" for case in self.cases]), self.cases)
        for server in self.servers.values():
            if server.name != "nobody":
                for case, address, _ in server.places():
                    self.wait(case, address)

    def run(self, name, command):
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append((name, process))

    def wait(self, case, address):
        """A server that does not listen is a fault of the lab, not of what is tested."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for name, process in self.processes:
                if process.poll() is not None:
                    self.fail(name)
            with socket.socket() as tried:
                if tried.connect_ex((address, 25)) == 0:
                    return
            time.sleep(0.1)
        self.fail(case.server)

    def fail(self, name):
        log = self.folder / f"{name}.log"
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""
        sys.exit(f"tests/mail/run: {name} does not run:\n{tail}")

    def stop(self):
        for _, process in self.processes:
            process.send_signal(signal.SIGTERM)


def serve_policies(leaf, cases):
    """The policy hosts of all cases: one address, one certificate, the policy by the name that is asked for."""
    policies = {}
    for case in cases:
        names = [case.host] + ([f"mx2.{case.domain}"] if case.zone == "two hosts" else [])
        mode, *wide = case.policy.split()
        lines = ["version: STSv1", f"mode: {mode}", *([f"mx: *.{case.domain}"] if wide else [f"mx: {name}" for name in names]), "max_age: 604800", ""]
        policies[f"mta-sts.{case.domain}"] = "\r\n".join(lines).encode()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.chain, leaf.key)
    policy_hosts.serve(zones.POLICY_HOST, context, policies)


def scan(lab, stscan):
    """The rows of one scan of all domains, by domain."""
    names = lab.folder / "names.txt"
    names.write_text("".join(f"{case.domain}\n" for case in lab.cases))
    command = [
        stscan, "scan", names, "-o", lab.folder / "scan", "--progress", "none", "--resolver", zones.RESOLVER, "--trust-resolvers", "--smtp", "all",
        "--dane", "all", "--smtp-all-addresses", "--ehlo", oracles.EHLO, "--allow-private", "--ca-file", lab.authorities.trusted,
    ]
    done = subprocess.run([str(word) for word in command])
    if done.returncode:
        sys.exit(f"tests/mail/run: the scan ended with {done.returncode}")
    columns = ["domain", "findings", *COLUMNS]
    rows = pyarrow.parquet.read_table(lab.folder / "scan" / "domains", columns=columns).to_pylist()
    return {row["domain"]: row for row in rows}


def differences(case, row):
    """What the row says otherwise than the table."""
    if row is None:
        return ["no row"]
    found = {column: row[column] for column in COLUMNS}
    wrong = [f"{column} is {found[column]}, not {expected}" for column, expected in case.expected.items() if found[column] != expected]
    codes = {finding["code"] for finding in row["findings"] if finding["code"].startswith(("mx-", "dane-", "dnssec-"))} - OF_THE_LAB
    wrong += [f"{code} is missing" for code in sorted(set(case.codes) - codes)]
    wrong += [f"{code} is not expected" for code in sorted(codes - set(case.codes))]
    return wrong


def ask(lab):
    """What the oracles say of each case: letter and reason as a sender under MTA-STS, and as one that validates DANE."""

    def one(case):
        trusted = lab.authorities.trusted
        # Where the domain's own look-ups fail, nobody gets as far as the host.
        bare = (lambda oracle, *more: NOT_ASKED) if case.sts == "D" else (lambda oracle, *more: oracle(case, trusted, *more))
        openssl, finger = [bare(oracles.s_client)], [bare(oracles.posttls_finger, False)]
        openssl.append(oracles.s_client(case, trusted, case.usable) if case.usable and case.dane in "PF?" else NOT_ASKED)
        # It takes any address of a host, so what it says of two is left to chance.
        finger.append(NOT_ASKED if case.zone == "two addresses" else oracles.posttls_finger(case, trusted, True))
        return {"openssl": openssl, "finger": finger}

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        return dict(zip((case.name for case in lab.cases), pool.map(one, lab.cases)))


def disagreement(case, name, said):
    """How an oracle says otherwise than the table."""
    letters = [letter for letter, _ in said]
    wanted = case.oracles[name]
    agrees = letters == wanted if wanted else all(letter == "-" or letter in oracles.AGREES[verdict] for letter, verdict in zip(letters, (case.sts, case.dane)))
    if agrees:
        return []
    reasons = "; ".join(why for _, why in said if why)
    return [f"{name} says {' '.join(letters)}, not {' '.join(wanted or [case.sts, case.dane])} ({reasons})"]


def compare(lab, rows, answers):
    """Prints the table and returns how many cases are not as they should be."""
    failed = 0
    print(f"     {'vector':6} {'case':28} {'expected':9} {'stscan':48} {'openssl':8} {'posttls-finger':14} remarks")
    for case in lab.cases:
        row = (rows or {}).get(case.domain)
        wrong = differences(case, row) if rows is not None else []
        remarks = []
        for name, said in answers[case.name].items():
            wrong += disagreement(case, name, said)
            if case.oracles[name]:
                remarks += [f"{name}: {why}" for _, why in said if why][:1]
        failed += bool(wrong)
        told = " ".join(str(row[column]) for column in COLUMNS) if row else ""
        letters = {name: " ".join(letter for letter, _ in said) for name, said in answers[case.name].items()}
        head = f"{'FAIL' if wrong else 'pass'} {case.vector:6} {case.name:28} {case.sts + ' ' + case.dane:9} {told:48}"
        print(f"{head} {letters['openssl']:8} {letters['finger']:14} {', '.join(wrong or remarks)}".rstrip())
    return failed


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("stscan")
    arguments.add_argument("--only", action="append", help="cases whose name matches")
    arguments.add_argument("--shell", action="store_true", help="a shell beside the running lab instead of the comparison")
    arguments.add_argument("--oracles", action="store_true", help="ask the oracles alone")
    options = arguments.parse_args()
    lab = Lab(options.folder, read_cases(HERE / "cases.txt", options.only))
    lab.start()
    if options.shell:
        subprocess.run(["bash"])
        lab.stop()
        return
    rows = None if options.oracles else scan(lab, options.stscan)
    failed = compare(lab, rows, ask(lab))
    lab.stop()
    print(f"{len(lab.cases) - failed} passed, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
