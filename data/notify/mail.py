#!/usr/bin/env python3
"""Mails what `stscan --notify-exec` tells: a summary, and the whole object attached. See README.md here."""

import os
import smtplib
from email.message import EmailMessage

from notice import finish, one_line, read, summary


def main():
    notice, text = read()
    receiver = os.environ["STSCAN_MAIL_TO"]
    message = EmailMessage()
    message["To"] = receiver
    message["From"] = os.environ.get("STSCAN_MAIL_FROM", receiver)
    message["Subject"] = one_line(f"stscan {notice['event']} {notice['outcome']}: {notice['message']}", 150)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(summary(notice))
    message.add_attachment(text.encode(), maintype="application", subtype="json", filename="stscan.json")
    host, _, port = os.environ.get("STSCAN_SMTP", "localhost:25").rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=20) as server:
        if user := os.environ.get("STSCAN_SMTP_USER"):
            server.starttls()
            server.login(user, os.environ["STSCAN_SMTP_PASSWORD"])
        server.send_message(message)


finish(main)
