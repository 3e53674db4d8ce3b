"""The DNS of the lab: a root, `example.` and the zones below it, signed by ldns-signzone, served by NSD and validated by unbound.

Each level has a name server process and an address of its own, so that unbound walks real delegations. What is wrong with a zone
(no DS, a DS of another key, signatures that have expired, a proof that is missing) is made as it comes about: by signing at another
time, or by taking a line out of the signed file.
"""

import pathlib
import re
from datetime import datetime, timedelta, timezone

from certificates import run, stamp

RESOLVER = "127.0.0.1"
# Root, example., the zones below it; nobody listens on the last.
SERVERS = {"root": "127.0.0.2", "example": "127.0.0.3", "below": "127.0.0.4"}
SILENT = "127.0.0.5"
POLICY_HOST = "127.0.0.80"

NOW = datetime.now(timezone.utc)
VALID = (NOW - timedelta(days=10), NOW + timedelta(days=30))
EXPIRED = (NOW - timedelta(days=40), NOW - timedelta(days=1))


class Zone:
    """One zone: its records, how it is signed, and what is done to the signed file."""

    def __init__(self, name, server, *, signed=True, delegated="right", when=VALID, nsec3=None, edit=None):
        self.name, self.server, self.signed, self.delegated, self.when, self.nsec3, self.edit = name, server, signed, delegated, when, nsec3, edit
        self.lines = []
        self.ds = ""

    def add(self, *lines):
        self.lines += lines

    def write(self, folder):
        """The zone file as NSD gets it; `self.ds` is then what the parent says of it."""
        path = folder / f"{self.name.strip('.') or 'root'}.zone"
        server = {"root": "ns.root.", "example": "ns.example.", "below": "below.example."}[self.server]
        head = [f"{self.name} 3600 IN SOA {server} hostmaster.example. 1 3600 600 86400 60", f"{self.name} 3600 IN NS {server}"]
        path.write_text("\n".join(head + self.lines) + "\n")
        if not self.signed:
            return path
        key = self.make_key(folder)
        signed = self.sign(path, key, self.when)
        if self.edit:
            lines = signed.read_text().splitlines()
            stale = self.sign(path, key, EXPIRED).read_text().splitlines()
            signed = path.with_suffix(".edited")
            edited = self.edit(lines, stale)
            assert edited != lines, f"{self.name} {self.edit}: nothing was edited"
            signed.write_text("\n".join(edited) + "\n")
        return signed

    def make_key(self, folder):
        key = self.key(folder)
        if self.delegated == "right":
            self.ds = run("ldns-key2ds", "-n", "-2", f"{key}.key").decode().strip()
        elif self.delegated == "other key":
            self.ds = run("ldns-key2ds", "-n", "-2", f"{self.key(folder)}.key").decode().strip()
        return key

    def key(self, folder):
        return folder / run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "-r", "/dev/urandom", self.name, cwd=folder).decode().strip()

    def sign(self, path, key, when):
        suffix = ".signed" if when is self.when else ".stale"
        denial = []
        if self.nsec3 is not None:
            iterations, opt_out = self.nsec3
            denial = ["-n", "-t", iterations, "-s", "beef"] + (["-p"] if opt_out else [])
        out = path.with_suffix(suffix)
        run("ldns-signzone", "-i", stamp(when[0])[:-1], "-e", stamp(when[1])[:-1], *denial, "-f", out, path, key)
        return out


def without_signature(of, owner=None):
    """Takes the signatures of one type out."""
    return lambda lines, stale: [line for line in lines if not signature(line, of, owner)]


def stale_signature(of):
    """The signatures of one type are those of another time."""
    return lambda lines, stale: [line for line in lines if not signature(line, of)] + [line for line in stale if signature(line, of)]


def signature(line, of, owner=None):
    return re.search(rf"\tRRSIG\t{of}\b", line) and (owner is None or line.startswith(f"{owner}."))


class World:
    """All zones, filled by the cases."""

    def __init__(self):
        self.root, self.example = Zone(".", "root"), Zone("example.", "example")
        self.root.add(f"ns.root. 3600 IN A {SERVERS['root']}", f"example. 3600 IN NS ns.example.", f"ns.example. 3600 IN A {SERVERS['example']}")
        self.example.add(f"ns.example. 3600 IN A {SERVERS['example']}", f"below.example. 3600 IN A {SERVERS['below']}")
        self.example.add(f"lost.example. 3600 IN A {SILENT}", "stscan.example. 3600 IN A 127.0.0.1")
        self.below = []

    def child(self, name, **facts):
        """A zone cut in `example.`."""
        zone = Zone(name, "below", **facts)
        self.below.append(zone)
        self.example.add(f"{name} 3600 IN NS below.example.")
        return zone

    def write(self, folder):
        folder.mkdir(parents=True)
        files = {"root": [], "example": [], "below": []}
        for zone in self.below:
            files["below"].append((zone.name, zone.write(folder)))
            if zone.ds:
                self.example.add(zone.ds)
        files["example"].append((self.example.name, self.example.write(folder)))
        self.root.add(self.example.ds)
        files["root"].append((self.root.name, self.root.write(folder)))
        for server, zones in files.items():
            write_nsd(folder, server, zones)
        write_unbound(folder, self.root.ds)


def write_nsd(folder, server, zones):
    lines = [
        "server:", f"  ip-address: {SERVERS[server]}", "  username: \"\"", "  chroot: \"\"", "  database: \"\"", "  server-count: 1", f"  zonesdir: \"{folder}\"",
        f"  pidfile: \"{folder}/{server}.pid\"", f"  xfrdfile: \"{folder}/{server}.xfrd\"", f"  zonelistfile: \"{folder}/{server}.list\"", f"  xfrdir: \"{folder}\"",
        "  hide-version: yes", "remote-control:", "  control-enable: no",
    ]
    for name, path in zones:
        lines += ["zone:", f"  name: \"{name}\"", f"  zonefile: \"{path}\""]
    (folder / f"{server}.conf").write_text("\n".join(lines) + "\n")


def write_unbound(folder, anchor):
    (folder / "hints").write_text(f". 3600 NS ns.root.\nns.root. 3600 A {SERVERS['root']}\n")
    (folder / "anchor").write_text(anchor + "\n")
    (folder / "unbound.conf").write_text(
        f"""server:
  interface: {RESOLVER}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  root-hints: "{folder}/hints"
  trust-anchor-file: "{folder}/anchor"
  module-config: "validator iterator"
  do-not-query-localhost: no
  do-ip6: no
  ede: yes
  aggressive-nsec: no
  val-bogus-ttl: 0
  val-log-level: 2
  use-syslog: no
  logfile: ""
  qname-minimisation: no
  num-threads: 1
  local-zone: "127.in-addr.arpa." nodefault
remote-control:
  control-enable: no
"""
    )


def records(case):
    """What a domain of the lab publishes, by what it is for: MX, the host's addresses, TLSA, and MTA-STS with TLSRPT."""
    mx = [f"{case.domain}. 300 IN MX 10 {case.host}."]
    addresses = [f"{case.host}. 300 IN A {address}" for address in case.addresses]
    tlsa = [f"_25._tcp.{case.host}. 300 IN TLSA {record}" for record in case.published]
    sts = [f"_smtp._tls.{case.domain}. 300 IN TXT \"v=TLSRPTv1; rua=mailto:tls@{case.domain}\""]
    if case.policy != "absent":
        sts += [f"_mta-sts.{case.domain}. 300 IN TXT \"v=STSv1; id=1;\"", f"mta-sts.{case.domain}. 300 IN A {POLICY_HOST}"]
    return mx, addresses, tlsa, sts


def one_zone(**facts):
    def lay(world, case):
        zone = world.child(f"{case.domain}.", **facts)
        for part in records(case):
            zone.add(*part)

    return lay


def signed(world, case):
    for part in records(case):
        world.example.add(*part)


def host_unsigned(world, case):
    mx, addresses, tlsa, sts = records(case)
    world.example.add(*mx, *sts)
    world.child(f"{case.host}.", signed=False).add(*addresses, *tlsa)


def host_unsigned_tlsa_lost(world, case):
    mx, addresses, _, sts = records(case)
    world.example.add(*mx, *sts)
    world.child(f"{case.host}.", signed=False).add(*addresses, f"_25._tcp.{case.host}. 300 IN NS lost.example.")


def mx_unsigned(world, case):
    mx, addresses, tlsa, sts = records(case)
    world.child(f"{case.domain}.", signed=False).add(*mx, *sts)
    world.example.add(*addresses, *tlsa)


def tlsa_below(server):
    """The name of the TLSA records is delegated to a server that knows nothing of it."""

    def lay(world, case):
        mx, addresses, _, sts = records(case)
        world.example.add(*mx, *addresses, *sts, f"_25._tcp.{case.host}. 300 IN NS {server}")

    return lay


def host_cname(world, case):
    """The MX host is an alias; the TLSA records are where it leads to."""
    mx, addresses, tlsa, sts = records(case)
    real = f"real.{case.domain}"
    world.example.add(*mx, *sts, f"{case.host}. 300 IN CNAME {real}.")
    world.example.add(*(line.replace(f"{case.host}.", f"{real}.") for line in addresses + tlsa))


def host_cname_unsigned(world, case):
    """The MX host is an alias of a name in an unsigned zone; the TLSA records are at the alias."""
    mx, addresses, tlsa, sts = records(case)
    plain = f"{case.name}-plain.example."
    world.example.add(*mx, *sts, *tlsa, f"{case.host}. 300 IN CNAME {plain}")
    world.child(plain, signed=False).add(*(line.replace(f"{case.host}.", plain) for line in addresses))


def tlsa_cname(zone):
    """The TLSA records are at the end of an alias, in this zone or in an unsigned one."""

    def lay(world, case):
        mx, addresses, tlsa, sts = records(case)
        owner, target = f"_25._tcp.{case.host}.", f"tlsa.{case.name}-plain.example." if zone == "unsigned" else f"tlsa.{case.domain}."
        world.example.add(*mx, *addresses, *sts, f"{owner} 300 IN CNAME {target}")
        place = world.child(f"{case.name}-plain.example.", signed=False) if zone == "unsigned" else world.example
        place.add(*(line.replace(owner, target) for line in tlsa))

    return lay


def no_mx(world, case):
    _, addresses, tlsa, sts = records(case)
    world.example.add(*addresses, *tlsa, *sts)


def two_hosts(world, case):
    """The second host has no TLSA records."""
    mx, addresses, tlsa, sts = records(case)
    world.example.add(*mx, *tlsa, *sts, addresses[0], f"{case.domain}. 300 IN MX 20 mx2.{case.domain}.", addresses[1].replace(case.host, f"mx2.{case.domain}"))


def only_ipv6(world, case):
    mx, _, tlsa, sts = records(case)
    world.example.add(*mx, *tlsa, *sts, f"{case.host}. 300 IN AAAA 2001:db8::25")


ZONES = {
    "signed": signed,
    "unsigned": one_zone(signed=False),
    "no DS": one_zone(delegated=None),
    "DS of another key": one_zone(delegated="other key"),
    "signatures expired": one_zone(when=EXPIRED),
    "NSEC3": one_zone(nsec3=(0, False)),
    "NSEC3 opt-out": one_zone(nsec3=(0, True)),
    "NSEC3 600 iterations": one_zone(nsec3=(600, False)),
    "MX signature missing": one_zone(edit=without_signature("MX")),
    "TLSA signature expired": one_zone(edit=stale_signature("TLSA")),
    "TLSA signature missing": one_zone(edit=without_signature("TLSA")),
    "denial at the host unsigned": one_zone(edit=without_signature("NSEC", "mx")),
    "host unsigned": host_unsigned,
    "host unsigned, TLSA lost": host_unsigned_tlsa_lost,
    "MX unsigned": mx_unsigned,
    "TLSA refused": tlsa_below("below.example."),
    "TLSA lost": tlsa_below("lost.example."),
    "host is CNAME": host_cname,
    "host is CNAME to unsigned": host_cname_unsigned,
    "TLSA is CNAME": tlsa_cname("signed"),
    "TLSA is CNAME to unsigned": tlsa_cname("unsigned"),
    "no MX": no_mx,
    "two hosts": two_hosts,
    "two addresses": signed,
    "only IPv6": only_ipv6,
}
