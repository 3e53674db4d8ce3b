"""Two programs that are asked what stscan is asked: `openssl s_client` and Postfix's `posttls-finger`, once as a sender under MTA-STS and
once as one that validates DANE. What they answer is put into one letter:

P  TLS, authenticated        U  TLS, not authenticated        N  no TLS, or no answer at all
D  a look-up failed, so that a sender defers                  -  not asked

openssl knows no DNS: it gets the TLSA records that are published, where a sender would use them.
"""

import re
import subprocess

EHLO = "stscan.example"
# Longer than the slow servers take to greet, shorter than the silent one.
PATIENCE = 15
# What each verdict of a sender may look like: see cases.txt. An oracle that says anything else is named there.
AGREES = {"P": "P", "F": "UN", "T": "U-", "-": "UN-", "D": "D-", "?": "N"}


def ask(command, patience, text=b""):
    """What it printed."""
    try:
        done = subprocess.run([str(word) for word in command], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=patience)
    except subprocess.TimeoutExpired:
        return f"no answer in {patience} s"
    return done.stdout.decode(errors="replace")


def s_client(case, trusted, records=None):
    """Letter and reason of openssl; `records` are those of DANE."""
    command = ["openssl", "s_client", "-connect", f"{case.addresses[0]}:25", "-starttls", "smtp", "-name", EHLO, "-servername", case.host]
    command += ["-min_protocol", "TLSv1.2", "-verify_return_error"]
    if records is None:
        command += ["-CAfile", trusted, "-verify_hostname", case.host]
    else:
        command += ["-no-CAfile", "-no-CApath", "-dane_tlsa_domain", case.host, "-dane_ee_no_namechecks"]
        for record in records:
            command += ["-dane_tlsa_rrdata", record]
    # A server that wants a certificate of the client refuses after the handshake, so it is let speak. Not each says goodbye in TLS, too.
    said = ask([*command, "-ign_eof"], PATIENCE, b"QUIT\r\n")
    refused = re.search(r"verify error:num=(\d+:.*)", said)
    if refused:
        return "U", refused[1].strip()
    if "Verify return code: 0 (ok)" in said and re.search(r"^221[ -]", said, re.MULTILINE):
        return "P", ""
    error = re.search(r"SSL routines:[^:]*:([^:\n]*)", said)
    return "N", error[1] if error else last_line(said)


def posttls_finger(case, trusted, dane):
    """Letter and reason of posttls-finger; for DANE it looks MX and TLSA up by itself."""
    command = ["posttls-finger", "-t", PATIENCE, "-T", PATIENCE, "-o", f"smtp_helo_name={EHLO}", "-p", ">=TLSv1.2", "-L", "summary"]
    if dane:
        command += ["-l", "dane", case.domain]
    else:
        command += ["-l", "secure", "-F", trusted, "-s", case.host, f"[{case.addresses[0]}]" if case.server != "nobody" else f"[{case.host}]", case.host]
    # It has its own patience with servers, and must have more with a resolver whose questions are lost.
    said = ask(command, 4 * PATIENCE)
    if re.search(r"lookup (error|failed)", said):
        return "D", last_line(said)
    after_tls = said.partition("TLS connection established")[2]
    if not after_tls:
        return "N", last_line(said)
    if "EHLO rejected" in after_tls or "lost connection while sending EHLO" in after_tls:
        return "N", last_line(after_tls.partition("> QUIT")[0])
    found = re.search(r"(\w+) TLS connection established", said)[1]
    return ("P", "") if found == "Verified" else ("U", found)


def last_line(said):
    return said.strip().splitlines()[-1].removeprefix("posttls-finger: ") if said.strip() else "closed"
