"""What the recipes share: the object read, a summary of it for a person, a POST, and an end that stscan can report."""

import json
import os
import sys
import urllib.request

VERSION = 1


def read():
    """The object and its text; ends here where nobody is to be told."""
    text = sys.stdin.read()
    notice = json.loads(text)
    if notice["notice_version"] != VERSION:
        raise ValueError(f"a notice of version {notice['notice_version']}, and this recipe reads version {VERSION}")
    fine = notice["exit_status"] == 0 and notice["outcome"] in ("finished", "unchanged")
    if os.environ.get("STSCAN_NOTIFY") == "trouble" and fine:
        sys.exit(0)
    return notice, text


def one_line(text, most):
    """Text for a header: no control characters, not too long."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= most else text[: most - 3] + "..."


def summary(notice):
    """A few lines for a person."""
    lines = [one_line(notice["message"], 500)]
    run, figures = notice.get("run"), notice.get("figures")
    if run and run.get("invented"):
        lines.append(f"Note: {run['invented']}")
    if figures and notice["event"] == "scan":
        for column in ("posture", "delivery", "worst"):
            words = ", ".join(f"{word} {rows}" for word, rows in figures["counts"][column].items())
            lines.append(f"{column}: {words or 'none'}")
    if figures and notice["event"] == "diff":
        lines += [f"{kind}: {domains}" for kind, domains in figures["changes"].items()]
        lines += [f"  {one_line(each['domain'], 255)}: {', '.join(each['changes'])}" for each in figures["domains"]]
    lines += [f"exit status {notice['exit_status']}, {notice['duration_s']:.0f} s, ended {notice['ended_at']}"]
    if notice.get("folder"):
        lines.append(one_line(notice["folder"], 500))
    return "\n".join(lines) + "\n"


def post(url, value, headers={}):
    """Sends a value as JSON. A proxy is used as the environment says (HTTPS_PROXY, NO_PROXY)."""
    body = json.dumps(value).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=20) as response:
        response.read(65536)


def finish(main):
    """Runs a recipe; one line and status 1 where it fails."""
    try:
        main()
    except KeyError as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {error} is missing; set it in the environment")
    except Exception as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {type(error).__name__}: {error}")
