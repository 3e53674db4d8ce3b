"""The certificates that the mail servers show: one authority that the scan trusts, one that it does not, and for each host a leaf
with the fault that its case names. Made by the `openssl` program, so that nothing needs to be installed."""

import hashlib
import pathlib
import subprocess
from datetime import datetime, timedelta, timezone

NOW = datetime.now(timezone.utc)
DAY = timedelta(days=1)

# What each kind of leaf has that the good one has not; `{host}` is the MX host, `{domain}` the mail domain.
KINDS = {
    "good": {},
    "expired": {"days": (-90, -1)},
    "not-yet": {"days": (1, 90)},
    "soon": {"days": (-80, 10)},
    "self-signed": {"issuer": None},
    "private": {"issuer": "private"},
    # The private authority's anchor is in the TLSA record alone.
    "private-no-root": {"issuer": "private", "chain": ["private-issuing"]},
    "leaf-only": {"chain": []},
    "other-host": {"names": ["mx.elsewhere.example"]},
    "mail-domain": {"names": ["{domain}"]},
    "policy-only": {"names": ["other.{domain}"]},
    "wildcard": {"names": ["*.{domain}"]},
    "wildcard-deep": {"names": ["*.example"]},
    "no-san": {"names": []},
    "v1": {"names": [], "version": 1},
    "rsa": {"key": "rsa:2048"},
    "rsa1024": {"key": "rsa:1024"},
    "sha1": {"key": "rsa:2048", "digest": "sha1"},
    "client-only": {"purpose": "clientAuth"},
    # Both an RSA and an ECDSA certificate.
    "dual": {"second": "rsa:2048"},
}


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def stamp(moment):
    return moment.strftime("%Y%m%d%H%M%SZ")


class Certificate:
    """A certificate in PEM with its key, and the chain that the server sends after it."""

    def __init__(self, folder, name):
        self.pem = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"
        self.chain = folder / f"{name}.chain.pem"

    def der(self):
        return run("openssl", "x509", "-in", self.pem, "-outform", "DER")

    def spki(self):
        public = run("openssl", "x509", "-in", self.pem, "-noout", "-pubkey")
        return run("openssl", "pkey", "-pubin", "-outform", "DER", input=public)

    def association(self, selector, matching):
        """The certificate association data of a TLSA record, in hex (RFC 6698 section 2.1)."""
        data = self.spki() if selector == 1 else self.der()
        return {0: data.hex, 1: hashlib.sha256(data).hexdigest, 2: hashlib.sha512(data).hexdigest}[matching]()


class Authorities:
    """Root and intermediate of the authority that the scan trusts, and the same of the private one."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        for name in ("public", "private"):
            root = self.issue(f"{name}-root", None, subject=f"{name} root", ca=True, days=(-1000, 1000))
            self.issue(f"{name}-issuing", root, subject=f"{name} issuing", ca=True, days=(-500, 500))

    def named(self, name):
        return Certificate(self.folder, name)

    @property
    def trusted(self):
        return self.named("public-root").pem

    def leaf(self, host, domain, kind, *, suffix=""):
        """The certificate of a host, of a kind of `KINDS`."""
        facts = KINDS[kind]
        authority = facts.get("issuer", "public")
        issuer = self.named(f"{authority}-issuing") if authority else None
        names = [name.format(host=host, domain=domain) for name in facts.get("names", ["{host}"])]
        leaf = self.issue(
            host + suffix, issuer, subject=host, names=names, days=facts.get("days", (-30, 300)), key=facts.get("key", "ec"),
            digest=facts.get("digest", "sha256"), purpose=facts.get("purpose", "serverAuth"), version=facts.get("version", 3),
        )
        sent = facts.get("chain", [f"{authority}-issuing"] + (["private-root"] if authority == "private" else [])) if authority else []
        leaf.chain.write_bytes(b"".join([leaf.pem.read_bytes(), *(self.named(name).pem.read_bytes() for name in sent)]))
        return leaf

    def reissued(self, leaf):
        """Another certificate of the same key: the one before."""
        old = Certificate(self.folder, f"{leaf.pem.stem}.before")
        run("openssl", "req", "-new", "-x509", "-key", leaf.key, "-subj", "/CN=before", "-days", "30", "-out", old.pem)
        return old

    def policy_host(self, hosts):
        """One certificate for all policy hosts."""
        leaf = self.issue("policy-hosts", self.named("public-issuing"), subject="policy hosts", names=hosts)
        leaf.chain.write_bytes(leaf.pem.read_bytes() + self.named("public-issuing").pem.read_bytes())
        return leaf

    def issue(self, name, issuer, *, subject, names=(), ca=False, days=(-30, 300), key="ec", digest="sha256", purpose="serverAuth", version=3):
        made = Certificate(self.folder, name)
        kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else [key]
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        run("openssl", "req", "-new", "-nodes", "-newkey", *kind, "-keyout", made.key, "-subj", f"/CN={subject}", "-out", request)
        if version == 1:
            run("openssl", "x509", "-req", "-in", request, "-CA", issuer.pem, "-CAkey", issuer.key, "-set_serial", "0x" + self.serial(name), "-days", days[1], "-out", made.pem)
            return made
        lines = ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
        if ca:
            lines += ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
        else:
            lines += ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature,keyEncipherment", f"extendedKeyUsage={purpose}"]
        if issuer is not None and issuer.pem.stem == "public-issuing":
            # As all certificates of the web PKI have it: where a missing issuer could be fetched.
            lines += ["authorityInfoAccess=caIssuers;URI:http://authority.example/issuing.der"]
        if names:
            lines += ["subjectAltName=" + ",".join(f"DNS:{one}" for one in names)]
        extensions.write_text("\n".join(lines) + "\n")
        self.sign(made, issuer, request, extensions, days, digest)
        return made

    def sign(self, made, issuer, request, extensions, days, digest):
        """`openssl ca`, the only command of OpenSSL 3.0 that sets both dates."""
        database = self.folder / f"{made.pem.stem}.db"
        database.write_text("")
        config = self.folder / f"{made.pem.stem}.cnf"
        serial = self.folder / f"{made.pem.stem}.serial"
        serial.write_text(self.serial(made.pem.stem) + "\n")
        config.write_text(
            f"[ca]\ndefault_ca=this\n[this]\ndatabase={database}\nserial={serial}\nnew_certs_dir={self.folder}\npolicy=any\n"
            f"unique_subject=no\n[any]\ncommonName=supplied\n"
        )
        signer = ["-selfsign", "-keyfile", made.key] if issuer is None else ["-cert", issuer.pem, "-keyfile", issuer.key]
        run(
            "openssl", "ca", "-batch", "-notext", "-config", config, "-in", request, "-extfile", extensions, *signer, "-md", digest,
            "-startdate", stamp(NOW + days[0] * DAY), "-enddate", stamp(NOW + days[1] * DAY), "-out", made.pem,
        )

    @staticmethod
    def serial(name):
        return f"{int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], 'big') >> 1:016x}"


if __name__ == "__main__":
    import sys

    authorities = Authorities(pathlib.Path(sys.argv[1]))
    for each in KINDS:
        authorities.leaf(f"mx.{each}.example", f"{each}.example", each)
