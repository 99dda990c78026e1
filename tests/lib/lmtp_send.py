#!/usr/bin/env python3
"""lmtp_send.py SOCKET FILE...: hands mails in by LMTP as an MTA does, and tries again
for as long as an MTA would when the other side dies (bounded: 60 s a mail)."""
import os
import smtplib
import sys
import time


def send(path, data):
    end = time.monotonic() + 60
    while True:
        try:
            with smtplib.LMTP(sys.argv[1], local_hostname="mx.agency.example") as s:
                s.timeout = 30
                s.sendmail(os.environ.get("SENDER", "sender@tidewater.example"), ["reader@agency.example"], data)
            return
        except (OSError, smtplib.SMTPException) as e:
            code = getattr(e, "smtp_code", 400)
            if code >= 500 or time.monotonic() > end:
                sys.stderr.write("lmtp_send: %s: %s\n" % (path, e))
                sys.exit(1)
            time.sleep(0.1)


for name in sys.argv[2:]:
    with open(name, "rb") as f:
        send(name, f.read())
