"""The mail servers: Postfix and its smtp-sink, Exim and OpenSMTPD as Debian builds them. Each listens on an address for each case, and
what is wrong there is a setting of the server's own. A behaviour that a server does not know is an error of the table of cases."""

import collections
import itertools
import shutil

# Of addresses: loopback, a network for each server.
NETWORKS = {"postfix": "127.1", "exim": "127.2", "opensmtpd": "127.3", "opensmtpd6": "127.6", "sink": "127.4", "nobody": "127.5"}

# What OpenSSL needs to show certificates and versions that it holds to be too weak: the fault is the server's, so it must be able to.
LAX_OPENSSL = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = lax
[lax]
MinProtocol = None
CipherString = ALL:@SECLEVEL=0
"""


class Server:
    """One server, the cases that it plays and the addresses that it plays them on."""

    BEHAVIOURS = {}

    def __init__(self, name, folder):
        self.name, self.folder = name, folder / name
        self.folder.mkdir(parents=True)
        self.numbers = itertools.count(1)
        self.cases = []

    def address(self):
        number = next(self.numbers)
        return f"{NETWORKS[self.name]}.{number // 250}.{number % 250}"

    def play(self, case):
        if case.behaviour and case.behaviour not in self.BEHAVIOURS:
            raise ValueError(f"{case.name}: {self.name} does not know `{case.behaviour}`")
        self.cases.append(case)

    def services(self):
        """(name, command) of each program to start."""
        return []

    def places(self):
        """Each case with each of its addresses and the certificate shown there."""
        for case in self.cases:
            for address, leaf in zip(case.addresses, case.leaves):
                yield case, address, leaf


def only_suites(which):
    return f"-o smtpd_tls_protocols=TLSv1.2 -o tls_medium_cipherlist={which}:@SECLEVEL=0"


class Postfix(Server):
    """`master` with an smtpd service for each address; one address has postscreen before it."""

    BEHAVIOURS = {
        "450 at the banner": "-o smtpd_delay_reject=no -o smtpd_client_restrictions=defer",
        "554 at the banner": "-o smtpd_delay_reject=no -o smtpd_client_restrictions=reject",
        "550 to EHLO": "-o smtpd_delay_reject=no -o smtpd_helo_restrictions=reject -o reject_code=550",
        "504 to EHLO": "-o smtpd_delay_reject=no -o smtpd_helo_restrictions=reject -o reject_code=504",
        "no STARTTLS": "-o smtpd_discard_ehlo_keywords=starttls",
        "TLS off": "-o smtpd_tls_security_level=none",
        "454 to STARTTLS": None,
        "TLS 1.0 only": "-o smtpd_tls_protocols=TLSv1",
        "TLS 1.1 only": "-o smtpd_tls_protocols=TLSv1.1",
        "TLS 1.0 to 1.2": "-o smtpd_tls_protocols=>=TLSv1,<=TLSv1.2",
        "TLS 1.2 only": "-o smtpd_tls_protocols=TLSv1.2",
        "DHE only": only_suites("kDHE+AESGCM"),
        "RSA key exchange only": only_suites("kRSA+AES"),
        "CBC only": only_suites("kECDHE+AES+SHA1"),
        "another certificate without SNI": None,
        "another certificate with SNI": None,
        "asks for a client certificate": "-o smtpd_tls_ask_ccert=yes",
        "insists on a client certificate": "-o smtpd_tls_security_level=encrypt -o smtpd_tls_req_ccert=yes -o smtpd_delay_reject=no",
        "TLS enforced": "-o smtpd_tls_security_level=encrypt",
        "greets after 8 s": None,
    }

    def services(self):
        lines = ["anvil unix - - n - 1 anvil", "tlsmgr unix - - n 1000? 1 tlsmgr", "postlog unix-dgram n - n - 1 postlogd"]
        for case, address, leaf in self.places():
            lines += self.service(case, address, leaf)
        (self.folder / "master.cf").write_text("\n".join(lines) + "\n")
        for name in ("queue", "data"):
            (self.folder / name).mkdir()
        (self.folder / "openssl.cnf").write_text(LAX_OPENSSL)
        (self.folder / "main.cf").write_text(
            f"""compatibility_level = 3.6
queue_directory = {self.folder}/queue
data_directory = {self.folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = /dev/stdout
myhostname = postfix.example
mynetworks = 192.0.2.1/32
inet_interfaces = all
inet_protocols = all
alias_maps =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_recipient_restrictions = reject
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
smtpd_tls_CApath = /etc/ssl/certs
import_environment = MAIL_CONFIG MAIL_LOGTAG OPENSSL_CONF={self.folder}/openssl.cnf
postscreen_greet_wait = 8s
postscreen_greet_banner = $smtpd_banner
postscreen_upstream_proxy_protocol =
"""
        )
        shutil.chown(self.folder / "data", "postfix")
        return [("postfix", ["postfix", "-c", self.folder, "start-fg"])]

    def service(self, case, address, leaf):
        behaviour = case.behaviour
        options = self.BEHAVIOURS.get(behaviour) or ""
        files = f"-o smtpd_tls_chain_files={leaf.key},{leaf.chain}"
        if case.second:
            files = f"-o smtpd_tls_chain_files={leaf.key},{leaf.chain},{case.second.key},{case.second.chain}"
        if behaviour == "454 to STARTTLS":
            files = "-o smtpd_tls_cert_file=/nonexistent -o smtpd_tls_key_file=/nonexistent"
        if behaviour.startswith("another certificate"):
            # A map from server name to the files of key and chain.
            named, unnamed = (leaf, case.other) if "without" in behaviour else (case.other, leaf)
            table = self.folder / f"{case.name}.sni"
            table.write_text(f"{case.host} {named.key} {named.chain}\n")
            files = f"-o smtpd_tls_chain_files={unnamed.key},{unnamed.chain} -o tls_server_sni_maps=texthash:{table}"
        if behaviour == "greets after 8 s":
            return [f"{address}:25 inet n - n - 1 postscreen", f"smtpd pass - - n - - smtpd {files}"]
        return [f"{address}:25 inet n - n - - smtpd {files} {options}"]


class Exim(Server):
    """One daemon with GnuTLS; what is done on which address stands in files that its configuration looks up, and in its ACLs."""

    # Where it is set, and how: the priorities of GnuTLS, or verb, condition and message of an ACL.
    TLS12 = "NORMAL:-VERS-ALL:+VERS-TLS1.2"
    BEHAVIOURS = {
        "421 at the banner": ("connect", "defer", "message = 421 Too many concurrent connections"),
        "450 at the banner": ("connect", "defer", "message = 450 4.7.1 Try again later"),
        "554 at the banner": ("connect", "deny", "message = 554 5.7.1 Blocked by a list"),
        "silent for 70 s": ("connect", "accept", "delay = 70s"),
        "greets after 8 s": ("connect", "accept", "delay = 8s"),
        "502 to EHLO": ("helo", "deny", "condition = ${if match{$smtp_command}{\\N^(?i)EHLO\\N}}", "message = 502 Command not implemented"),
        "550 to EHLO": ("helo", "deny", "message = 550 Your name is not welcome"),
        "421 to EHLO": ("helo", "defer", "message = 421 4.3.2 Busy"),
        "454 to STARTTLS": ("starttls", "defer", "message = 454 TLS not available"),
        "502 to STARTTLS": ("starttls", "deny", "message = 502 Not now"),
        # The flag is a file: raised by the first connection that asks.
        "454 once": (
            "starttls", "defer", "condition = ${if !exists{$spool_directory/once-$received_ip_address}}",
            "condition = ${if eq{${run{/usr/bin/touch $spool_directory/once-$received_ip_address}{yes}}}{yes}}", "message = 454 TLS not available for now",
        ),
        "no STARTTLS": ("plain",),
        "TLS 1.0 only": ("ciphers", "NORMAL:-VERS-ALL:+VERS-TLS1.0"),
        "TLS 1.1 only": ("ciphers", "NORMAL:-VERS-ALL:+VERS-TLS1.1"),
        "TLS 1.2 only": ("ciphers", TLS12),
        "TLS 1.0 to 1.2": ("ciphers", f"{TLS12}:+VERS-TLS1.1:+VERS-TLS1.0"),
        "DHE only": ("ciphers", f"{TLS12}:-KX-ALL:+DHE-RSA"),
        "RSA key exchange only": ("ciphers", f"{TLS12}:-KX-ALL:+RSA"),
        "CBC only": ("ciphers", f"{TLS12}:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC"),
        "another certificate without SNI": ("sni",),
        "another certificate with SNI": ("sni",),
        "no certificate with SNI": ("sni",),
        "asks for a client certificate": ("ask",),
        "insists on a client certificate": ("insist",),
    }

    def services(self):
        files, rules = collections.defaultdict(list), collections.defaultdict(list)
        for case, address, leaf in self.places():
            kind, *values = self.BEHAVIOURS.get(case.behaviour, ("",))
            named, unnamed = leaf.chain, leaf.chain
            if case.other:
                named, unnamed = (leaf.chain, case.other.chain) if "without" in case.behaviour else (case.other.chain, leaf.chain)
            files["named"].append(f"{address}: {'/nonexistent' if case.behaviour == 'no certificate with SNI' else named}")
            files["unnamed"].append(f"{address}: {unnamed}")
            if kind in ("connect", "helo", "starttls"):
                verb, *conditions = values
                rules[kind].append("\n    ".join([f"  {verb} condition = ${{if eq{{$received_ip_address}}{{{address}}}}}", *conditions]))
            elif kind:
                files[kind].append(f"{address}: {''.join(values)}")
            for key in filter(None, (leaf.key, case.other and case.other.key)):
                shutil.chown(key, "Debian-exim")
        for name in ("named", "unnamed", "ciphers", "insist", "ask", "plain"):
            (self.folder / name).write_text("\n".join(files[name]) + "\n")
        (self.folder / "exim.conf").write_text(self.configuration(rules))
        # Exim gives root up where its configuration is not the one that it was built with.
        (self.folder / "spool").mkdir()
        for path in (self.folder, self.folder / "spool"):
            shutil.chown(path, "Debian-exim")
        addresses = " ; ".join(address for _, address, _ in self.places())
        return [("exim", ["exim4", "-bdf", "-oX", f"<; {addresses}", "-C", self.folder / "exim.conf"])]

    def configuration(self, rules):
        def listed(name, yes, no):
            return f"${{lookup{{$received_ip_address}}lsearch{{{self.folder}/{name}}}{{{yes}}}{{{no}}}}}"

        certificate = listed("${if eq{$tls_in_sni}{}{unnamed}{named}}", "$value", "/nonexistent")
        acls = "\n".join(f"{kind}:\n" + "".join(f"{rule}\n" for rule in rules[kind]) + "  accept" for kind in ("connect", "helo", "starttls"))
        return f"""primary_hostname = exim.example
spool_directory = {self.folder}/spool
log_file_path = {self.folder}/log-%s
pid_file_path = {self.folder}/pid
daemon_smtp_ports = 25
exim_user = Debian-exim
exim_group = Debian-exim
never_users =
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 0
smtp_load_reserve = 1000
queue_only
keep_environment =
message_size_limit = 1M
tls_advertise_hosts = {listed("plain", ":", "*")}
tls_certificate = {certificate}
tls_privatekey = ${{sg{{{certificate}}}{{\\N\\.chain\\.pem$\\N}}{{.key}}}}
tls_require_ciphers = {listed("ciphers", "$value", "NORMAL")}
tls_verify_hosts = {listed("insist", "*", ":")}
tls_try_verify_hosts = {listed("ask", "*", ":")}
tls_verify_certificates = {self.folder.parent}/certificates/public-root.pem
acl_smtp_connect = connect
acl_smtp_helo = helo
acl_smtp_starttls = starttls
acl_smtp_rcpt = rcpt
begin acl
{acls}
rcpt:
  deny
begin routers
begin transports
begin retry
begin rewrite
"""


class OpenSmtpd(Server):
    """One daemon; a listener and a pki for each address. The server finds the certificate by SNI if several are named."""

    BEHAVIOURS = {
        "no STARTTLS": None,
        "another certificate without SNI": "tls",
        "TLS enforced": "tls-require",
        "insists on a client certificate": "tls-require verify",
        "TLS 1.0 only": "tls protocols \"tlsv1.0\" ciphers \"ALL:@SECLEVEL=0\"",
        "TLS 1.1 only": "tls protocols \"tlsv1.1\" ciphers \"ALL:@SECLEVEL=0\"",
        "TLS 1.2 only": "tls protocols \"tlsv1.2\"",
        "CBC only": "tls protocols \"tlsv1.2\" ciphers \"kECDHE+AES+SHA1\"",
    }
    SNI = "another certificate without SNI"
    # What runs it where it is.
    root = ()

    def services(self):
        lines = []
        for case, address, leaf in self.places():
            pki = f"{case.name}-{address}"
            lines += [f"pki \"{pki}\" cert \"{leaf.chain}\"", f"pki \"{pki}\" key \"{leaf.key}\""]
            tls = self.BEHAVIOURS.get(case.behaviour, "tls")
            if case.behaviour == self.SNI:
                # The first is the one that is shown without SNI.
                lines += [f"pki \"other-{pki}\" cert \"{case.other.chain}\"", f"pki \"other-{pki}\" key \"{case.other.key}\""]
                tls += f" pki \"other-{pki}\""
            lines.append(f"listen on {address} port 25 hostname {self.name}.example" + (f" {tls} pki \"{pki}\"" if tls else ""))
        lines += ["action \"nowhere\" mbox", "match from local for local reject"]
        (self.folder / "smtpd.conf").write_text("\n".join(lines) + "\n")
        return [(self.name, [*self.root, "smtpd", "-d", "-f", self.folder / "smtpd.conf"])]


class NewerOpenSmtpd(OpenSmtpd):
    """Of the next Debian, in the root where its libraries are."""

    @property
    def root(self):
        return ("chroot", self.folder.parent.parent / "newer")


class Sink(Server):
    """Postfix's own smtp-sink: servers without ESMTP, and one behind a Cisco PIX."""

    BEHAVIOURS = {
        "502 to EHLO": ["-e"],
        "banner of stars": ["-P"],
        "500 to EHLO": ["-f", "EHLO"],
        "450 to EHLO": ["-r", "EHLO"],
        "421 at the banner": ["-Q", "CONNECT"],
        "421 to EHLO": ["-Q", "EHLO"],
        "closes before the banner": ["-q", "CONNECT"],
        "closes at EHLO": ["-q", "EHLO"],
        "450 at the banner": ["-r", "CONNECT"],
        "554 at the banner": ["-f", "CONNECT"],
    }

    def services(self):
        return [(f"sink-{case.name}", ["smtp-sink", "-4", "-u", "postfix", *self.BEHAVIOURS[case.behaviour], f"{address}:25", "10"]) for case, address, _ in self.places()]


class Nobody(Server):
    """Addresses on which nobody listens."""


KINDS = {"postfix": Postfix, "exim": Exim, "opensmtpd": NewerOpenSmtpd, "opensmtpd6": OpenSmtpd, "sink": Sink, "nobody": Nobody}
