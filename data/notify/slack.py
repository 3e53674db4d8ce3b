#!/usr/bin/env python3
"""Posts what `stscan --notify-exec` tells to an incoming webhook of Slack or a server that takes the same. See README.md here."""

import os

from notice import finish, post, read, summary


def main():
    notice, _ = read()
    # The three characters that Slack gives a meaning.
    text = summary(notice).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    post(os.environ["STSCAN_SLACK_URL"], {"text": text})


finish(main)
