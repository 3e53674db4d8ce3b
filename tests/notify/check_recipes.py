#!/usr/bin/env python3
"""Scans and compares in the lab with each recipe of data/notify as `--notify-exec`; a mail server and a web server on loopback take what comes.

usage: check_recipes.py STSCAN
"""

import email
import email.policy
import http.server
import json
import os
import pathlib
import socketserver
import subprocess
import sys
import tempfile
import threading

RECIPES = pathlib.Path(__file__).resolve().parents[2] / "data" / "notify"
# A list may be called anything.
HOSTILE = "ours\r\nBcc: other@example.org\x1b[2J <!channel> & \u202e"


class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        say = lambda line: self.wfile.write(line.encode() + b"\r\n")
        say("220 sink")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                say("354 go on")
                text = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    text += line
                self.server.got.append(text)
            say("221 bye" if word == b"QUIT" else "250 fine")
            if word == b"QUIT":
                return


class Web(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


def serve(handler):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.got, server.daemon_threads = [], True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_address[1]


def main():
    stscan = sys.argv[1]
    (mail, mail_port), (web, web_port) = serve(Mail), serve(Web)
    url = f"http://127.0.0.1:{web_port}"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "list.txt").write_text("".join(f"name-{index}.example\n" for index in range(100)))

        def run(arguments, recipe, environment, status=0):
            own = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", **environment}
            command = [stscan, *arguments, "--notify-exec", str(RECIPES / recipe)]
            done = subprocess.run(command, env=own, cwd=folder, capture_output=True, text=True, timeout=120)
            assert done.returncode == status, f"{command}: {done.returncode} {done.stderr}"
            return done.stderr

        def scan(out, *more):
            return ["scan", "--lab", "list.txt", "-o", out, "--list-name", HOSTILE, *more]

        to_mail = {"STSCAN_MAIL_TO": "ops@example.com", "STSCAN_SMTP": f"127.0.0.1:{mail_port}"}
        said = run(scan("one"), "mail.py", to_mail)
        assert "--notify-exec" not in said and len(mail.got) == 1, (said, len(mail.got))
        message = email.message_from_bytes(mail.got[0], policy=email.policy.default)
        assert message["Bcc"] is None and message["To"] == "ops@example.com", message
        assert message["Subject"].startswith("stscan scan finished: ours"), message["Subject"]
        body = message.get_body().get_content()
        assert "posture: " in body and "invented" in body and "\x1b" not in body, body
        attached = json.loads(next(message.iter_attachments()).get_content())
        assert attached["figures"]["rows"] == 100 and attached["run"]["list"]["name"] == HOSTILE, attached

        run(scan("two"), "slack.py", {"STSCAN_SLACK_URL": url + "/slack"})
        path, _, body = web.got.pop()
        text = json.loads(body)["text"]
        assert path == "/slack" and "<!channel>" not in text and "&lt;!channel&gt; &amp;" in text, text

        compare = ["diff", "one", "two"]
        run(compare, "webhook.py", {"STSCAN_WEBHOOK_URL": url + "/hook", "STSCAN_WEBHOOK_TOKEN": "secret"})
        path, headers, body = web.got.pop()
        notice = json.loads(body)
        assert path == "/hook" and headers["Authorization"] == "Bearer secret", (path, headers)
        assert notice["event"] == "diff" and notice["figures"]["in_both"] == 100, notice

        # Nothing to say, nowhere to say it, nobody there.
        run(compare, "webhook.py", {"STSCAN_WEBHOOK_URL": url, "STSCAN_NOTIFY": "trouble"})
        assert web.got == [], web.got
        run(scan("one"), "webhook.py", {"STSCAN_WEBHOOK_URL": url, "STSCAN_NOTIFY": "trouble"}, 4)
        assert json.loads(web.got.pop()[2])["outcome"] == "failed"
        for recipe, environment, expected in [
            ("webhook.py", {}, "'STSCAN_WEBHOOK_URL' is missing"),
            ("webhook.py", {"STSCAN_WEBHOOK_URL": url + "/broken"}, "500"),
            ("slack.py", {"STSCAN_SLACK_URL": "http://127.0.0.1:9/"}, "refused"),
            ("mail.py", {"STSCAN_MAIL_TO": "a@example.com", "STSCAN_SMTP": "127.0.0.1:9"}, "refused"),
        ]:
            said = run(compare, recipe, environment)
            assert expected in said and f"{recipe} ended with exit status 1" in said, said
    print("recipes: mail, Slack and webhook told of scans and comparisons, and of what failed")


main()
