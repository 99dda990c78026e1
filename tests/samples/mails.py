"""Mails with signatures, reports and other forms that mail has grown in forty years."""
import os
import subprocess
import tempfile

CA = """[ca]
default_ca = d
[d]
database = %(dir)s/index.txt
new_certs_dir = %(dir)s
serial = %(dir)s/serial
default_md = sha256
policy = p
[p]
commonName = supplied
[a]
subjectAltName = email:h.lowe@tidewater.example
keyUsage = digitalSignature
extendedKeyUsage = emailProtection
"""
LETTER = (b"Content-Type: text/plain; charset=utf-8\r\n\r\nDear reader,\r\n\r\nplease pay 100 crowns to the harbour office.\r\n"
          b"\r\nHarriet\r\n")


class Signer:
    """A certificate for h.lowe@tidewater.example, with dates that do not move, and what openssl makes with it."""

    def __init__(self, folder):
        self.folder = folder
        with open(self.path("ca.cnf"), "w") as f:
            f.write(CA % {"dir": folder})
        open(self.path("index.txt"), "w").close()
        with open(self.path("serial"), "w") as f:
            f.write("1000\n")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self.openssl("req", "-new", *key, "-keyout", "ca.key", "-out", "ca.csr", "-subj", "/CN=Tidewater Root")
        self.certify("ca", "ca.key", "-selfsign")
        self.openssl("req", "-new", *key, "-keyout", "a.key", "-out", "a.csr", "-subj", "/CN=Harriet Lowe")
        self.certify("a", "ca.key", "-cert", "ca.pem", "-extensions", "a")

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def certify(self, name, key, *more):
        self.openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-startdate", "20240101000000Z", "-enddate", "20490101000000Z",
                     "-in", name + ".csr", "-keyfile", key, "-out", name + ".pem", *more)

    def cms(self, data, *args, form="SMIME"):
        with open(self.path("in"), "wb") as f:
            f.write(data)
        self.openssl("cms", *args, "-binary", "-in", "in", "-outform", form, "-out", "out")
        with open(self.path("out"), "rb") as f:
            return f.read()

    def sign(self, data, *args, form="SMIME"):
        return self.cms(data, "-sign", "-signer", "a.pem", "-inkey", "a.key", "-certfile", "ca.pem", *args, form=form)


def entity(data):
    """What openssl wrote is a mail's end: its header lines, and its body."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def signed_samples(table, head):
    signed = "signed=valid; signed by \"h[.]lowe[@]tidewater[.]example\"; issuer \"Tidewater Root\"; " \
             "certificate from 2024-01-01 to 2049-01-01; the issuer is not checked"
    body = ("1", "text", "complete", {"words": "please pay 100 crowns"})

    def signature(facts, path="2"):
        return (path, "text", "complete", {"kind": "signature", "facts": facts})

    with tempfile.TemporaryDirectory() as folder:
        s = Signer(folder)
        top = head("signed", mid="signed")
        good = top + entity(s.sign(LETTER))
        table.raw_mail("signed-smime", good, [("0", "container"), body, signature(signed)])
        table.raw_mail("signed-smime-lf", good.replace(b"\r\n", b"\n"), [("0", "container"), body, signature(signed)])
        table.raw_mail("signed-smime-changed", good.replace(b"pay 100", b"pay 900"),
                       [("0", "container"), ("1", "text", "complete", {"words": "please pay 900"}),
                        signature("signed=broken: the content was changed after signing")], hostile=True)
        table.raw_mail("signed-smime-other-sender", good.replace(b"<h.lowe@", b"<director@"),
                       [("0", "container"), body,
                        signature("signed=the signer's address is not the sender's; %s" % signed[14:])], hostile=True)
        table.raw_mail("signed-smime-lost-certificate", top + entity(s.sign(LETTER, "-nocerts")),
                       [("0", "container"), body, signature("signed=not checked: the signer's certificate did not come with it")])
        table.raw_mail("signed-smime-old-digest", top + entity(s.sign(LETTER, "-md", "sha1")),
                       [("0", "container"), body, signature("signed=not to be trusted: made with sha1, which can be forged; %s"
                                                            % signed[14:])])
        table.raw_mail("signed-smime-inside", top + entity(s.sign(LETTER, "-nodetach")),
                       [("0", "container"), ("1.1", "text", "complete", {"words": "please pay 100 crowns"}), signature(signed, "1")])
        table.raw_mail("signed-smime-in-pieces", top + entity(s.sign(LETTER, "-nodetach", "-stream")),
                       [("0", "container"), ("1.1", "text", "complete", {"words": "please pay 100 crowns"}), signature(signed, "1")])
        half = entity(s.sign(LETTER))
        table.raw_mail("signed-smime-one-part", head("part", extra="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n",
                                                     mid="part").replace(b"\n", b"\r\n").replace(b"\r\r", b"\r") +
                       b"\r\n--m\r\n\r\nThese words are not signed.\r\n--m\r\n" + half + b"\r\n--m--\r\n",
                       [("0", "container"), ("1", "text"), ("2.1", "text"),
                        signature(signed.replace("valid; ", "valid; over part 2.1 only; "), "2.2")], hostile=True)
        end = good.rstrip().rfind(b"\r\n--") + 2
        border = good[end:].strip()[:-2]
        table.raw_mail("signed-smime-one-more", good[:end] + border + b"\r\n\r\nAnd 900 to me.\r\n" + border + b"--\r\n",
                       [("0", "container", "complete", {"facts": "malformed"}), body, signature(signed), ("3", "text")], hostile=True)
        table.raw_mail("locked-smime", top + entity(s.cms(LETTER, "-encrypt", "-aes256", "-recip", "a.pem")),
                       [("0", "container"), ("1", "stub", "encrypted", {"kind": "encrypted"})])
        table.document("contract.txt.p7m", s.sign(b"The contract, in words.\n", "-nodetach", form="DER"), "container", form="p7m",
                       kind="multipart")
        table.expect("files/contract.txt.p7m", "1.1", "text", words="The contract, in words.")
        table.expect("files/contract.txt.p7m", "1", "text", kind="signature", facts=signed)
        table.document("lone.p7s", s.sign(b"words that stay away\n", form="DER"), "text", form="p7s", kind="signature",
                       facts="signed=not checked: what it signs did not come with it")
        table.document("cut.txt.p7m", s.sign(b"The contract, in words.\n" * 40, "-nodetach", form="DER")[:600], "container", form="p7m",
                       hostile=True)
    pgp = head("pgp", extra="MIME-Version: 1.0\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=p\n",
               mid="pgpsig") + (b"\n--p\n\nWords under an OpenPGP signature.\n--p\nContent-Type: application/pgp-signature; "
                                b"name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAEB\n=abcd\n-----END PGP SIGNATURE-----\n--p--\n")
    table.mail("signed-pgp", pgp, [("0", "container"), ("1", "text", "complete", {"words": "Words under"}),
                                   ("2", "text", "complete", {"kind": "signature", "facts": "signed=OpenPGP signature, not checked"})])
    table.mail("locked-pgp-inline", head("pgp", mid="pgpinline") + b"\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n"
               b"-----END PGP MESSAGE-----\n", [("0", "container"), ("1", "stub", "encrypted", {"kind": "encrypted"})])
    table.mail("signed-pgp-clear", head("pgp", mid="pgpclear") + b"\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
               b"Clear words.\n- -- a line\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAEB\n=abcd\n-----END PGP SIGNATURE-----\n",
               [("0", "container"), ("1", "text", "complete", {"words": "Clear words.", "facts": "signed=OpenPGP signature, not checked",
                                                               "lacks": "iQEzBAEB"})])


NEWSLETTER = """<html><head><base href="https://news.tidewater.example/"><style type="text/css">
/* what mail programs show of it before it is opened */
.preheader { display: none !important; max-height: 0; overflow: hidden; mso-hide: all }
.gone { position: absolute; left: -9999px }
.small { font-size: 0 }
@media only screen and (max-width: 600px) { .wide { display: none } }
.footer td a { color: #fff }
</style></head><body><div class="preheader">Words for the list of mails only</div>
<p class="wide">The harbour opens in April.</p><p><span class="gone">filter words</span>
<a href="april" class="small">secret label</a><a href="tides">Tides</a></p>
<!--[if mso]><p>Outlook alone</p><![endif]--></body></html>"""


def html_samples(table, head):
    def page(name, data, words, facts="*", hostile=True):
        table.mail(name, head(name, extra="MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n", mid=name) + b"\n" + data,
                   [("0", "container"), ("1", "text", "complete", {"words": words, "facts": facts})], hostile=hostile)

    page("html-sheet-hides", NEWSLETTER.encode(), ("The harbour opens in April.", "Tides <hxxps[:]//news[.]tidewater[.]example/tides>"),
         "hidden-text=48", hostile=False)
    page("html-refresh", b"<meta http-equiv=refresh content='0;url=http://evil.example/'>Wait", "[goes on by itself to] <hxxp[:]//evil")
    page("html-many-attributes", b"<p " + b" ".join(b"a%d=1" % i for i in range(100000)) + b">after attributes</p>", "after attributes",
         "malformed")
    page("html-many-divs", b"<div>" * 100000 + b"innermost words" + b"</div>" * 100000, "innermost words")
    page("html-many-tables", b"<table><tr><td>" * 20000 + b"innermost cell", "innermost cell")
    page("html-long-attribute", b"<p title='" + b"x" * 8000000 + b"'>after attribute</p>", "after attribute")
    page("html-many-entities", b"<p>" + b"&amp;&#65;&nosuch;" * 300000 + b" after entities</p>", "after entities")
    amp = head("amp", extra="MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=a\n", mid="amp") + (
        b"\n--a\n\nplain words\n--a\nContent-Type: text/x-amp-html\n\n<!doctype html><html amp4email><body>amp words</body></html>\n"
        b"--a\nContent-Type: text/html\n\n<p>html words</p>\n--a--\n")
    table.mail("html-amp", amp, [("0", "container"), ("2", "text", "complete", {"kind": "html"}),
                                 ("3", "text", "complete", {"words": "html words", "lacks": "amp4email"})])


def report_samples(table, head):
    """Reports about mails, and files of mails: forms that people meet and must be able to read."""
    def report(name, kind, body, words, last=b"Content-Type: text/rfc822-headers\n\nSubject: the original\nFrom: me@b.example\n"):
        data = head(name, extra="MIME-Version: 1.0\nContent-Type: multipart/report; boundary=r\n", mid=name) + (
            b"\n--r\n\nFor people.\n--r\nContent-Type: message/" + kind + b"\n\n" + body + b"--r\n" + last + b"--r--\n")
        table.mail(name, data, [("0", "container"), ("1", "text"), ("2", "text", "complete", {"words": words}),
                                ("3", "text|container", "complete", {"words": "the original"})])

    report("report-delivery", b"delivery-status", b"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; x@y.example\n"
           b"Action: failed\nStatus: 5.1.1\n", ("Action: failed", "Status: 5.1.1"))
    report("report-displayed", b"disposition-notification", b"Reporting-UA: pc; mail\nDisposition: manual-action/MDN-sent-manually; "
           b"displayed\n", "Disposition: manual-action/MDN-sent-manually")
    report("report-abuse", b"feedback-report", b"Feedback-Type: abuse\nVersion: 1\n", "Feedback-Type: abuse",
           b"Content-Type: message/rfc822\n\nSubject: the original\n\nspam\n")
    table.mail("report-partial", head("partial", extra="MIME-Version: 1.0\nContent-Type: message/partial; number=2; total=3; id=\"x@y\"\n",
                                      mid="partial") + b"\nmiddle words\n",
               [("0", "container", "complete", {"facts": "malformed"}), ("1", "text", "complete", {"words": "middle words"})])
    box = b"".join(b"From a@b.example Mon Jan  5 1%d:00:00 2026\nFrom: a@b.example\nSubject: mail %d\n\nwords %d\n\n" % (i, i, i)
                   for i in range(3))
    table.document("box-of-three.mbox", box, "container", form="mbox", kind="mail")
    for i in range(3):
        table.expect("files/box-of-three.mbox", str(i + 1), "container", kind="mail", facts="subject=mail %d" % i)
        table.expect("files/box-of-three.mbox", "%d.1" % (i + 1), "text", words="words %d" % i)
    table.raw_mail("charset-unlabelled", head("greek", mid="greek") + b"\n" + "Καλημέρα σας, σας στέλνω τα πρακτικά.\n".encode("cp1253"),
                   [("0", "container"), ("1", "text", "complete", {"words": "Καλημέρα σας", "facts": "charset=CP1253"})])
