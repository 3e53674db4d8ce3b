#!/usr/bin/env python3
"""Scans the cases as they are at first, publishes, serves what was written with each web server, and scans again: when the first steps of
the plan are done, and when the last one is.

Runs in namespaces of its own (see `run`): it binds ports 25, 53 and 443 of loopback, and lays its own files over /etc.
"""

import csv
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "mail"))
import policy_hosts  # noqa: E402
from certificates import Authorities  # noqa: E402

RESOLVER, BEFORE, WEB_SERVER = "127.0.0.1", "127.0.0.80", "127.0.0.81"
KINDS = {"good": "good", "expired": "expired", "other": "other-host"}


class Case:
    """One line of the table."""

    def __init__(self, line):
        name, hosts, record, policy, self.action, now, last = [field.strip() for field in line.split("|")]
        self.domain = f"{name}.example"
        self.null = hosts == "null"
        self.hosts = [] if self.null else [self.host(*host.split()) for host in hosts.split(",")]
        self.records = [] if record == "-" else record.split("+")
        self.policy = None
        if policy != "-":
            self.certificate, mode, patterns = policy.split()
            patterns = [] if patterns == "-" else patterns.split(",")
            lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {pattern}.example" for pattern in patterns), "max_age: 604800", ""]
            self.policy = "\r\n".join(lines).encode()
        self.now, self.last = tuple(now.split()), tuple(last.split())

    def host(self, name, shows):
        return (self.domain if name == "." else f"{name}.example", shows)


class Lab:
    def __init__(self, folder, stscan):
        self.folder, self.stscan = folder, stscan
        self.cases = [Case(line) for line in (HERE / "cases.txt").read_text().splitlines() if line.strip() and not line.startswith("#")]
        self.authorities = Authorities(folder / "certificates")
        self.addresses, self.dns = {}, None

    def mail_servers(self):
        """Every MX host on an address of its own."""
        for case in self.cases:
            for host, shows in case.hosts:
                if host not in self.addresses:
                    self.addresses[host] = f"127.1.0.{len(self.addresses) + 1}"
                    leaf = self.authorities.leaf(host, case.domain, KINDS[shows])
                    serve_mail(self.addresses[host], context_of(leaf))

    def serve_before(self):
        """The policy hosts as they are at first."""
        contexts, policies = {}, {}
        for case in self.cases:
            if case.policy is not None:
                host = f"mta-sts.{case.domain}"
                contexts[host] = context_of(self.authorities.leaf(host, host, KINDS[case.certificate]))
                policies[host] = case.policy
        return serve_policies(contexts, policies)

    def zone(self, snippets=None):
        """Serves the names of all cases; with snippets those, else the records as they are at first."""
        lines = ["$TTL 300", "example. IN SOA ns.example. h.example. 1 3600 600 86400 300", "example. IN NS ns.example.", f"ns.example. IN A {RESOLVER}"]
        lines += [f"{host}. IN A {address}" for host, address in self.addresses.items()]
        for case in self.cases:
            if case.null:
                lines.append(f"{case.domain}. IN MX 0 .")
            lines += [f"{case.domain}. IN MX {10 * (place + 1)} {host}." for place, (host, _) in enumerate(case.hosts) if host != case.domain]
            if snippets is None:
                lines += [f'_mta-sts.{case.domain}. IN TXT "{record}"' for record in case.records]
                lines += [f"mta-sts.{case.domain}. IN A {BEFORE}"] if case.policy is not None else []
        if snippets is not None:
            lines += [f"$INCLUDE {path}" for path in sorted(snippets.glob("*.zone"))]
        zone, config = self.folder / "example.zone", self.folder / "nsd.conf"
        zone.write_text("\n".join(lines) + "\n")
        config.write_text(
            f'server:\n  ip-address: {RESOLVER}\n  username: ""\n  zonesdir: "{self.folder}"\n  database: ""\n  pidfile: "{self.folder}/nsd.pid"\n'
            f'  zonelistfile: "{self.folder}/zone.list"\n  xfrdfile: "{self.folder}/xfrd.state"\nremote-control:\n  control-enable: no\n'
            f'zone:\n  name: "example"\n  zonefile: "{zone}"\n'
        )
        stop(self.dns)
        self.dns = self.run("nsd", ["nsd", "-d", "-c", config])
        wait(self.dns, lambda: asks(RESOLVER))

    def run(self, name, command, **options):
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
        process.log = self.folder / f"{name}.log"
        return process

    def stscan_says(self, *arguments):
        done = subprocess.run([str(word) for word in (self.stscan, *arguments)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"tests/publish/run: stscan {arguments[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def scan(self, name, authority):
        """The rows of a scan of all domains, by domain."""
        names, out = self.folder / "names.txt", self.folder / name
        names.write_text("".join(f"{case.domain}\n" for case in self.cases))
        self.stscan_says(
            "scan", names, "-o", out, "--progress", "none", "--resolver", RESOLVER, "--trust-resolvers", "--smtp", "all", "--dane", "none",
            "--ehlo", "scanner.example", "--allow-private", "--ca-file", self.authorities.trusted, *(["--ca-file", authority] if authority else []),
        )
        report = json.loads(self.stscan_says("report", out, "--format", "json"))
        return {row["domain"]: row for row in report["domains"]}


def context_of(leaf):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.chain, leaf.key)
    return context


def serve_mail(address, context):
    """A mail server that knows EHLO, STARTTLS and QUIT."""

    def converse(connection):
        with connection:
            stream = connection.makefile("rwb")

            def say(text):
                stream.write(text.encode() + b"\r\n")
                stream.flush()

            try:
                say("220 mail ESMTP")
                while word := stream.readline().strip().upper().split(b" ")[0]:
                    if word == b"EHLO":
                        say("250-mail\r\n250 STARTTLS" if not isinstance(connection, ssl.SSLSocket) else "250 mail")
                    elif word == b"STARTTLS":
                        say("220 go ahead")
                        connection = context.wrap_socket(connection, server_side=True)
                        stream = connection.makefile("rwb")
                    else:
                        say("221 bye" if word == b"QUIT" else "502 no")
            except OSError:
                pass  # A client that does not like the certificate hangs up.

    listener = socket.create_server((address, 25))

    def accept():
        while True:
            threading.Thread(target=converse, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def serve_policies(contexts, policies):
    """The policy hosts as they are at first: one address, each its own certificate."""
    first = next(iter(contexts.values()))

    def choose(connection, name, _):
        connection.context = contexts.get(name, first)

    first.sni_callback = choose
    return policy_hosts.serve(BEFORE, first, policies)


def stop(process):
    if process is not None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait(process, ready):
    """A server that does not start is a fault of the lab, or of the configuration that was written for it."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        if ready():
            return
        time.sleep(0.2)
    tail = "\n".join(process.log.read_text(errors="replace").splitlines()[-15:])
    sys.exit(f"tests/publish/run: {process.args[0]} does not run:\n{tail}")


def asks(address):
    """Whether the name server answers."""
    query = bytes.fromhex("0001 0000 0001 0000 0000 0000 07") + b"example" + bytes.fromhex("00 0006 0001")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(0.5)
        try:
            asked.sendto(query, (address, 53))
            return len(asked.recv(512)) > 30
        except OSError:
            return False


def fetch(host, path="/.well-known/mta-sts.txt"):
    """Status, content type and body of what a policy host answers, whatever its certificate; None if nothing."""
    context = ssl._create_unverified_context()
    try:
        with socket.create_connection((WEB_SERVER, 443), 5) as plain, context.wrap_socket(plain, server_hostname=host) as asked:
            asked.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            head, _, body = b"".join(iter(lambda: asked.recv(65536), b"")).partition(b"\r\n\r\n")
    except OSError:
        return None
    lines = head.decode().split("\r\n")
    kind = [line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("content-type:")]
    return int(lines[0].split()[1]), kind[0] if kind else "", body


class Nginx:
    authority = None

    @staticmethod
    def start(lab, served, names):
        for name in names:
            certificate_of(lab, pathlib.Path("/etc/letsencrypt/live") / name, name, [name])
        config = lab.folder / "nginx.conf"
        config.write_text(f"user root;\ndaemon off;\npid {lab.folder}/nginx.pid;\nevents {{}}\nhttp {{\n    include {served}/server/nginx.conf;\n}}\n")
        return lab.run("nginx", ["nginx", "-c", config])


class Caddy:
    authority = "caddy/pki/authorities/local/root.crt"

    @staticmethod
    def start(lab, served, _):
        # The site is as it is written; here its certificates come from Caddy's own authority.
        config = lab.folder / "Caddyfile"
        config.write_text("{\n\tlocal_certs\n\tskip_install_trust\n\tadmin off\n}\n" + (served / "server/Caddyfile").read_text())
        homes = {"HOME": str(lab.folder), "XDG_DATA_HOME": str(lab.folder), "XDG_CONFIG_HOME": str(lab.folder)}
        return lab.run("caddy", ["caddy", "run", "--config", config, "--adapter", "caddyfile"], env={**os.environ, **homes})


class Apache:
    authority = None

    @staticmethod
    def start(lab, served, names):
        certificate_of(lab, pathlib.Path("/etc/letsencrypt/live/mta-sts"), "all-policy-hosts", names)
        modules = ["mpm_event", "authz_core", "socache_shmcb", "ssl", "vhost_alias"]
        loaded = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in modules)
        config = lab.folder / "apache.conf"
        config.write_text(
            f"ServerRoot /usr/lib/apache2\nServerName localhost\nPidFile {lab.folder}/apache.pid\nDefaultRuntimeDir {lab.folder}\nErrorLog {lab.folder}/apache-errors.log\n"
            f"User www-data\nGroup www-data\nListen 443\n{loaded}Include {served}/server/apache.conf\n"
        )
        return lab.run("apache", ["apache2", "-f", config, "-DFOREGROUND"])


def certificate_of(lab, folder, name, names):
    if not folder.exists():
        leaf = lab.authorities.issue(name, lab.authorities.named("public-issuing"), subject=name[:60], names=names)
        folder.mkdir(parents=True)
        (folder / "fullchain.pem").write_bytes(leaf.pem.read_bytes() + lab.authorities.named("public-issuing").pem.read_bytes())
        shutil.copy(leaf.key, folder / "privkey.pem")


def differences(lab, rows, expected):
    """What is otherwise than the table says, and whatever would be wrong in any table."""
    wrong = []
    for case in lab.cases:
        row = rows[case.domain]
        found = (row["posture"], row["delivery"])
        if found != expected(case):
            codes = [finding["code"] for finding in row["findings"] if finding["severity"] in ("high", "medium")]
            wrong.append(f"{case.domain}: {' '.join(found)}, not {' '.join(expected(case))} ({', '.join(codes)})")
        if row["posture"] == "broken" or row["delivery"] in ("refused", "partial"):
            wrong.append(f"{case.domain}: {' '.join(found)} after it was published")
    return wrong


def check_answers(served, names):
    """Each policy host serves its text as it was written, and nothing else."""
    wrong = []
    for name in names:
        text = (served / name.removeprefix("mta-sts.") / ".well-known/mta-sts.txt").read_bytes()
        status, kind, body = fetch(name) or (None, "", b"")
        if (status, body) != (200, text) or not kind.startswith("text/plain"):
            wrong.append(f"{name}: {status} {kind} {body[:80]!r}")
    for path in ("/", "/plan.txt", "/../plan.txt", "/.well-known/", "/.well-known/other.txt", "/.well-known/mta-sts.txt/x"):
        status, _, body = fetch(names[0], path) or (None, "", b"")
        if status is None or status < 400 or b"Plan of" in body:
            wrong.append(f"{names[0]}{path}: {status}")
    return wrong


WORKER = """
import { readFileSync } from "node:fs";
const [module, served, ...names] = process.argv.slice(2);
const { default: worker } = await import(module);
const get = async (url, init) => { const answer = await worker.fetch(new Request(url, init)); return [answer.status, answer.headers.get("content-type"), await answer.text()]; };
for (const name of names) {
  const text = readFileSync(`${served}/${name.slice("mta-sts.".length)}/.well-known/mta-sts.txt`, "utf8");
  const [status, kind, body] = await get(`https://${name}/.well-known/mta-sts.txt`);
  if (status !== 200 || body !== text || !kind.startsWith("text/plain")) throw new Error(`${name}: ${status} ${kind} ${body}`);
}
for (const url of [`https://${names[0]}/`, "https://mta-sts.other.example/.well-known/mta-sts.txt", "https://mta-sts.constructor/.well-known/mta-sts.txt"]) {
  const [status] = await get(url);
  if (status !== 404) throw new Error(`${url}: ${status}`);
}
"""


def check_worker(lab, served, names):
    module, script = lab.folder / "worker.mjs", lab.folder / "check-worker.mjs"
    shutil.copy(served / "server/worker.js", module)
    script.write_text(WORKER)
    done = subprocess.run(["node", str(script), str(module), str(served), *names], capture_output=True, text=True)
    return [f"worker.js: {done.stderr.strip()}"] if done.returncode else []


def main():
    lab = Lab(pathlib.Path(sys.argv[1]), sys.argv[2])
    lab.mail_servers()
    before = lab.serve_before()
    lab.zone()
    rows = lab.scan("before", None)
    before.shutdown()
    before.server_close()
    tree, served = lab.folder / "tree", lab.folder / "served"
    print(lab.stscan_says("publish", lab.folder / "before", "-o", tree, "--rua", "tls@corp.example", "--web-server", WEB_SERVER, "--root", served).strip())
    decided = {row["domain"]: row for row in csv.DictReader((tree / "publish.csv").open())}
    wrong = [f"{case.domain}: {decided[case.domain]['action']}, not {case.action}" for case in lab.cases if decided[case.domain]["action"] != case.action]
    names = (tree / "server/names.txt").read_text().split()
    stages = {"first": (lambda case: case.now), "last": (lambda case: case.last)}
    for kind in (Nginx, Caddy, Apache):
        for stage, expected in stages.items():
            shutil.rmtree(served, ignore_errors=True)
            shutil.copytree(tree, served)
            if stage == "last":
                shutil.copytree(served / "later", served, dirs_exist_ok=True)
            lab.zone(served / "dns")
            server = kind.start(lab, served, names)
            wait(server, lambda: all((fetch(name) or (0,))[0] for name in names))
            name = f"{kind.__name__.lower()}-{stage}"
            found = check_answers(served, names) + check_worker(lab, served, names)
            rows = lab.scan(name, kind.authority and lab.folder / kind.authority)
            found += differences(lab, rows, expected)
            if stage == "last":
                found += [
                    f"{case.domain}: {rows[case.domain]['delivery']}, though every MX host passes"
                    for case in lab.cases
                    if rows[case.domain]["mx_tls"] == "all" and decided[case.domain]["mode"] != "none" and not decided[case.domain]["not_named"]
                    and rows[case.domain]["delivery"] != "protected"
                ]
            stop(server)
            print(f"{'FAIL' if found else 'pass'} {name:12} {len(names)} policies served, {len(rows)} domains scanned")
            wrong += [f"{name}: {one}" for one in found]
    stop(lab.dns)
    print("\n".join(wrong) or "none is broken or refused; all whose MX hosts pass are protected after the last step")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
