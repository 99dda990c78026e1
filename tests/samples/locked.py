"""Locked parts whose passwords are known: ZIP (both kinds), PDF, OOXML, ODF.

AES is openssl's, PDF is qpdf's; everything else is written here. Every function
returns bytes. As a program: locked.py FOLDER writes a file of each kind.
"""
import base64
import hashlib
import hmac
import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import containers
import documents
import office


def aes(mode, key, iv, data):
    """Whole blocks; mode is cbc or ecb."""
    args = ["openssl", "enc", "-e", "-nopad", "-aes-%d-%s" % (8 * len(key), mode), "-K", key.hex()]
    if mode == "cbc":
        args += ["-iv", iv.hex()]
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, check=True).stdout


def zip_crypto(name, data, password):
    return containers.crypto_zip(name, data, password)


def zip_aes(name, data, password, salt=b"0123456789abcdef"):
    """WinZip's AE-2 with AES-256."""
    keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 66)
    blocks = (len(data) + 15) // 16
    stream = aes("ecb", keys[:32], b"", b"".join(struct.pack("<QQ", i + 1, 0) for i in range(blocks)))
    sealed = bytes(a ^ b for a, b in zip(data, stream))
    body = salt + keys[64:] + sealed + hmac.new(keys[32:64], sealed, "sha1").digest()[:10]
    extra = struct.pack("<HHHHBH", 0x9901, 7, 2, 0x4541, 3, 0)
    head = struct.pack("<HHHHHIIIHH", 51, 1, 99, 0, 0x5c21, 0, len(body), len(data), len(name), len(extra))
    central = b"PK\1\2" + struct.pack("<H", 51) + head + bytes(14) + name + extra
    out = b"PK\3\4" + head + name + extra + body
    return out + central + containers.zip_end(1, len(central), len(out))


def pdf(data, password, bits=256):
    """bits: 40 and 128 are RC4, 256 is AES."""
    args = ["qpdf", "--allow-weak-crypto", "--encrypt", password, password + "-owner", str(bits), "--", "-", "-"]
    # qpdf reads no standard input
    path = "/tmp/limpid-locked-%d.pdf" % os.getpid()
    with open(path, "wb") as f:
        f.write(data)
    args[-2] = path
    try:
        return subprocess.run(args, stdout=subprocess.PIPE, check=True).stdout
    finally:
        os.unlink(path)


def ole(streams):
    """A compound file of a few streams, all in its root, each 4096 bytes or more."""
    sectors, entries = [], []
    for name, data in streams:
        entries.append((name, len(sectors), len(data)))
        data += bytes(-len(data) % 512)
        parts = [data[i:i + 512] for i in range(0, len(data), 512)]
        first = len(sectors)
        sectors += [(p, first + i + 1 if i + 1 < len(parts) else -2) for i, p in enumerate(parts)]

    def entry(name, kind, child, right, start, size):
        text = name.encode("utf-16-le") + b"\0\0"
        return (text.ljust(64, b"\0") + struct.pack("<HBBiii", len(text), kind, 1, -1, right, child) + bytes(36)
                + struct.pack("<iQ", start, size))

    folder = entry("Root Entry", 5, 1, -1, -2, 0)
    for i, (name, start, size) in enumerate(entries):
        folder += entry(name, 2, -1, i + 2 if i + 1 < len(entries) else -1, start, size)
    folder += (entry("", 0, -1, -1, 0, 0)) * (-len(folder) // 128 % 4)
    at = len(sectors)
    parts = [folder[i:i + 512] for i in range(0, len(folder), 512)]
    sectors += [(p, at + i + 1 if i + 1 < len(parts) else -2) for i, p in enumerate(parts)]
    fats = 1
    while fats * 128 < len(sectors) + fats:
        fats += 1
    chain = [n for _, n in sectors] + [-3] * fats
    chain += [-1] * (fats * 128 - len(chain))
    fat = struct.pack("<%di" % len(chain), *chain)
    head = (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3e, 3, 0xfffe, 9, 6) + bytes(6)
            + struct.pack("<IIiIIiIiI", 0, fats, at, 0, 4096, -2, 0, -2, 0)
            + struct.pack("<109i", *[len(sectors) + i if i < fats else -1 for i in range(109)]))
    return head + b"".join(p for p, _ in sectors) + fat


def ooxml(data, password, spin=100000):
    """[MS-OFFCRYPTO] 2.3.4.10: agile, AES-256, SHA-512."""
    def digest(*parts):
        return hashlib.sha512(b"".join(parts)).digest()

    def text(b):
        return subprocess.run(["openssl", "base64", "-A"], input=b, stdout=subprocess.PIPE,
                              check=True).stdout.decode()

    salt, key_salt, key = b"saltsaltsaltsalt", b"keysaltkeysaltke", hashlib.sha256(b"key").digest()
    h = digest(salt, password.encode("utf-16-le"))
    for i in range(spin):
        h = digest(struct.pack("<I", i), h)

    def under(block, what):
        return aes("cbc", digest(h, bytes.fromhex(block))[:32], salt, what)

    def iv(block):
        return digest(key_salt, block)[:16]

    package = struct.pack("<Q", len(data))
    for i in range(0, len(data), 4096):
        part = data[i:i + 4096]
        package += aes("cbc", key, iv(struct.pack("<I", i // 4096)), part + bytes(-len(part) % 16))
    # small streams would lie elsewhere; what follows the size is no matter
    package += bytes(max(0, 4096 + 8 - len(package)))
    mac_key = digest(b"mac")
    mac = hmac.new(mac_key, package, "sha512").digest()
    verifier = b"verifier16bytes!"
    info = ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
            '<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" '
            'xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
            '<keyData saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" '
            'cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="%s"/>'
            '<dataIntegrity encryptedHmacKey="%s" encryptedHmacValue="%s"/>'
            '<keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
            '<p:encryptedKey spinCount="%d" saltSize="16" blockSize="16" keyBits="256" hashSize="64" '
            'cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="%s" '
            'encryptedVerifierHashInput="%s" encryptedVerifierHashValue="%s" encryptedKeyValue="%s"/>'
            '</keyEncryptor></keyEncryptors></encryption>' % (
                text(key_salt),
                text(aes("cbc", key, iv(bytes.fromhex("5fb2ad010cb9e1f6")), mac_key)),
                text(aes("cbc", key, iv(bytes.fromhex("a0677f02b22c8433")), mac)),
                spin, text(salt), text(under("fea7d2763b4b9e79", verifier)),
                text(under("d7aa0f6d3061344e", digest(verifier))),
                text(under("146e0be7abacd0d6", key))))
    info = struct.pack("<HHI", 4, 4, 0x40) + info.encode()
    return ole([("EncryptionInfo", info + b" " * max(0, 4096 - len(info))), ("EncryptedPackage", package)])


def odf(data, password):
    """ODF 1.2 part 3: PBKDF2, AES-256-CBC, every stream but the type and the manifest."""
    def text(b):
        return base64.b64encode(b).decode()

    start = hashlib.sha256(password.encode()).digest()
    out, entries = io.BytesIO(), ""
    with zipfile.ZipFile(io.BytesIO(data)) as z, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as o:
        o.writestr("mimetype", z.read("mimetype"))
        for n, name in enumerate(x for x in z.namelist() if x not in ("mimetype", "META-INF/manifest.xml")):
            plain, salt, iv = z.read(name), bytes([n] * 16), bytes([n + 100] * 16)
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = packer.compress(plain) + packer.flush()
            pad = 16 - len(packed) % 16
            key = hashlib.pbkdf2_hmac("sha1", start, salt, 1024, 32)
            o.writestr(name, aes("cbc", key, iv, packed + bytes(pad - 1) + bytes([pad])))
            entries += (
                '<manifest:file-entry manifest:full-path="%s" manifest:media-type="text/xml" manifest:size="%d">'
                '<manifest:encryption-data manifest:checksum-type="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0'
                '#sha256-1k" manifest:checksum="%s"><manifest:algorithm manifest:algorithm-name="http://www.w3.org/2001/'
                '04/xmlenc#aes256-cbc" manifest:initialisation-vector="%s"/><manifest:start-key-generation '
                'manifest:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256" manifest:key-size="32"/>'
                '<manifest:key-derivation manifest:key-derivation-name="PBKDF2" manifest:key-size="32" '
                'manifest:iteration-count="1024" manifest:salt="%s"/></manifest:encryption-data></manifest:file-entry>'
                % (name, len(plain), text(hashlib.sha256(packed[:1024]).digest()), text(iv), text(salt)))
        o.writestr("META-INF/manifest.xml", '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
                   'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
                   '<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="%s"/>%s'
                   '</manifest:manifest>' % (zipfile.ZipFile(io.BytesIO(data)).read("mimetype").decode(), entries))
    return out.getvalue()


def samples():
    words = b"words that were locked\n"
    return {
        "crypto.zip": zip_crypto(b"a.txt", words, b"sesame"),
        "aes.zip": zip_aes(b"a.txt", words, b"Zebra-7"),
        "big5.zip": zip_aes(b"a.txt", words, "小兔子".encode("big5")),
        "sjis.zip": zip_crypto(b"a.txt", words, "さくら".encode("cp932")),
        "half.zip": zip_aes(b"a.txt", words, b"1234"),
        "rc4.pdf": pdf(documents.text_pdf([["Words that were locked"]]), "sesame", 128),
        "aes.pdf": pdf(documents.text_pdf([["Words that were locked"]]), "Zebra-7", 256),
        "open.odt": odf(office.odt(["Words that were locked"]), "Zebra-7"),
        "agile.docx": ooxml(office.docx(["Words that were locked"]), "sesame"),
        "agile.xlsx": ooxml(office.xlsx([("Sheet", "visible", [["Words", "that were locked"]])]), "天氣晴", 10000),
    }


if __name__ == "__main__":
    for name, data in samples().items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)
