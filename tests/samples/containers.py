"""Builds archives and Outlook mails byte by byte, as odd as they are wanted."""
import base64
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zlib

import table


def packed(data):
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    return c.compress(data) + c.flush()


def zip_file(members, flags=0, method=8):
    """members: (raw name, bytes) or (raw name, bytes, unix mode)."""
    out, central = b"", b""
    for m in members:
        name, data = m[0], m[1]
        body = packed(data) if method == 8 else data
        head = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 0x5c21, zlib.crc32(data), len(body), len(data),
                           len(name), 0)
        mode = (m[2] if len(m) > 2 else 0o100644) << 16
        central += (b"PK\1\2" + struct.pack("<H", 0x314) + head + struct.pack("<HHHII", 0, 0, 0, mode, len(out)) + name)
        out += b"PK\3\4" + head + name + body
    return out + central + zip_end(len(members), len(central), len(out))


def zip_end(count, size, at):
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, size, at, 0)


def overlap_zip(count):
    """Every member is the same bytes."""
    data = packed(bytes(1 << 20))
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x5c21, zlib.crc32(bytes(1 << 20)), len(data), 1 << 20, 5, 0)
    body = b"PK\3\4" + head + b"a.txt" + data
    central = (b"PK\1\2" + struct.pack("<H", 20) + head + bytes(14) + b"a.txt") * count
    return body + central + zip_end(count, len(central), len(body))


def crypto_zip(name, data, password):
    """The old encryption of ZIP, as every packer still writes it."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(byte, old):
        old ^= byte
        for _ in range(8):
            old = (old >> 1) ^ (0xedb88320 if old & 1 else 0)
        return old

    def update(byte):
        keys[0] = crc(byte, keys[0] & 0xff) ^ (keys[0] >> 8)
        keys[1] = ((keys[1] + (keys[0] & 0xff)) * 134775813 + 1) & 0xffffffff
        keys[2] = crc(keys[1] >> 24, keys[2] & 0xff) ^ (keys[2] >> 8)

    for b in password:
        update(b)
    plain = bytes(11) + bytes([zlib.crc32(data) >> 24]) + data
    body = bytearray()
    for b in plain:
        t = (keys[2] | 2) & 0xffff
        body.append(b ^ ((t * (t ^ 1) >> 8) & 0xff))
        update(b)
    head = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x5c21, zlib.crc32(data), len(body), len(data), len(name), 0)
    central = b"PK\1\2" + struct.pack("<H", 20) + head + bytes(14) + name
    out = b"PK\3\4" + head + name + bytes(body)
    return out + central + zip_end(1, len(central), len(out))


def aes_zip(name):
    """What a member in AES looks like from outside; nobody knows its password."""
    extra = struct.pack("<HHHHBH", 0x9901, 7, 2, 0x4541, 3, 0)
    body = bytes(range(16)) + b"\1\2" + bytes(40) + bytes(10)
    head = struct.pack("<HHHHHIIIHH", 51, 1, 99, 0, 0x5c21, 0, len(body), 40, len(name), len(extra))
    central = b"PK\1\2" + struct.pack("<H", 51) + head + bytes(14) + name + extra
    out = b"PK\3\4" + head + name + extra + body
    return out + central + zip_end(1, len(central), len(out))


def tar(members, mode="w"):
    """members: (name, bytes) or (name, type, target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for m in members:
            info = tarfile.TarInfo(m[0])
            if isinstance(m[1], bytes) and len(m) == 2:
                info.size = len(m[1])
                t.addfile(info, io.BytesIO(m[1]))
            else:
                info.type, info.linkname = m[1], m[2]
                t.addfile(info)
    return out.getvalue()


def lha(members):
    """Stored members, level 0, names as they are."""
    out = b""
    for name, data in members:
        crc = 0
        for b in data:
            crc ^= b
            for _ in range(8):
                crc = crc >> 1 ^ (0xa001 if crc & 1 else 0)
        h = (b"-lh0-" + struct.pack("<IIIBBB", len(data), len(data), 0x5c210000, 0x20, 0, len(name)) + name +
             struct.pack("<H", crc))
        out += bytes([len(h), sum(h) & 255]) + h + data
    return out + b"\0"


def cab(name, data):
    """One stored file in one folder."""
    at = 36 + 8 + 16 + len(name) + 1
    block = struct.pack("<IHH", 0, len(data), len(data)) + data
    entry = struct.pack("<IIHHHH", len(data), 0, 0, 0x5c21, 0, 0x20) + name + b"\0"
    head = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, at + len(block), 0, 44, 0, 3, 1, 1, 1, 0, 1, 0)
    return head + struct.pack("<IHH", at, 1, 0) + entry + block


# Made by 7-Zip 22.01 from two small texts: plain, locked, and locked with its names.
SEVEN = {
    "plain.7z": ("N3q8ryccAARBrw8magAAAAAAAAAgAAAAAAAAAERYSigBABVvbmUgdGV4dAphbm90aGVyIHRleHQKAAAAgTMHrg/PpC64D+vq"
    "nL82Pf5zJYHyAbaoPaMKvzJIrPihXmXT9HHWUVYT6TZ4eL37NCeeNGoyTFJMUnjVPUiEmsNLabfOAfdjl6A21aqBFwYaAQlQ"
    "AAcLAQABIwMBAQVdABAAAAxeCgHMHQalAAA="),
    "locked.7z": ("N3q8ryccAAR85XghEAAAAAAAAABaAAAAAAAAAFSrP6Q+bz97+DaoaigG1V+Z6WCzAQQGAAEJEAAHCwEAAiQG8QcBElMPZ0HP"
    "m+qdrqJlyn673SDI3yEhAQABAAwNCQAICgEco16PAAAFARkBABERAG8AbgBlAC4AdAB4AHQAAAAVBgEAIICkgQAA"),
    "locked-names.7z": ("N3q8ryccAAQh34KkcAAAAAAAAAAuAAAAAAAAAIIg+oau7IXfAKPcZwWWxRxJNdhh5xWm121zmNRgSuFiUcYSTby8Y3ocelyR"
    "gc1TbjTw/x9XoEL5UuBCcxA+gj9l2cjTwu8ecb3J7StNiOEDUqMLPiMxV8st4pOprMtvGsKCkEaB9jKiRL7VmYJ6BFHO9Z7U"
    "FwYQAQlgAAcLAQABJAbxBwESUw9cxph2OZWW2ex8pqaUIxjQDFoKAfFeSvkAAA=="),
}
# Made by arj 3.10 from two small texts: plain, locked.
ARJ = {
    "plain": ("YOopACILAQIQAAJK7VACa+1QAmsAAAAAAAAAAAAAAAAAAAAAAABzLmFyagAAFYww6AAAYOo5AC4LAQIQAQDt7VACax4AAAAoAAAA1ZyyYwAApB"
    "EAAAAAAACTUAJr7VACawAAAAB3b3Jkcy50eHQAAD9dY6sAAAATOk5qKL2APYsIOESEhQeQsh4BexRoyQbBVOPBgGDqPAAuCwECAAAA7ZNQAmsF"
    "AAAABQAAAIK4nicEAKQRAAAAAAAAk1ACa5NQAmsAAAAAc3ViL2RlZXAudHh0AABXdU1HAABkZWVwCmDqAAA="),
    "locked": ("YOopACILAQIRAAIA7VACa+1QAmsAAAAAAAAAAAAAAAABAAAAAABsLmFyagAAueV/BAAAYOo5AC4LAQIRAQDt7VACax4AAAAoAAAA1ZyyYwAApB"
    "EAAAAAAADtUAJr7VACawAAAAB3b3Jkcy50eHQAAMZPlT4AAGBBWgAwet3SXcVSaiTW5UnK4H5TG1oym2aTNK2b0mDqAAA="),
}
# Made by zstd 1.5.4: "one text in zstd\n".
ZSTD = "KLUv/QRYiQAAb25lIHRleHQgaW4genN0ZApOwLMp"


def given(text):
    return base64.b64decode(text)


def gzip_quine_like(levels):
    data = b"the innermost words\n"
    for _ in range(levels):
        data = gzip.compress(data, mtime=0)
    return data


def zip_nest(levels):
    data = b"the innermost words\n"
    for i in range(levels):
        data = zip_file([(b"level%d.zip" % i if i else b"words.txt", data)])
    return data


# OLE2: the sectors of a .msg file.

FREE, END, FATSECT = 0xffffffff, 0xfffffffe, 0xfffffffd


def ole(tree):
    """tree: name -> bytes, or a tree for a storage."""
    entries = [["Root Entry", 5, None, FREE, FREE, FREE]]

    def add(branch, parent):
        first = None
        for name, value in branch.items():
            at = len(entries)
            entries.append([name, 1 if isinstance(value, dict) else 2, value, FREE, FREE, FREE])
            if first is None:
                entries[parent][5] = at
            else:
                entries[first][4] = at      # a list is a tree that only grows to the right
            first = at
            if isinstance(value, dict):
                add(value, at)

    add(tree, 0)
    mini, minifat, big, fat = b"", [], b"", []

    def place(data):
        start = len(fat)
        n = (len(data) + 511) // 512
        nonlocal big
        big += data.ljust(n * 512, b"\0")
        fat.extend(list(range(start + 1, start + n)) + [END])
        return start

    for e in entries[1:]:
        if e[1] != 2:
            e += [0, 0]
        elif len(e[2]) >= 4096:
            e += [place(e[2]), len(e[2])]
        elif e[2]:
            start, n = len(minifat), (len(e[2]) + 63) // 64
            mini += e[2].ljust(n * 64, b"\0")
            minifat.extend(list(range(start + 1, start + n)) + [END])
            e += [start, len(e[2])]
        else:
            e += [END, 0]
    entries[0] += [place(mini) if mini else END, len(mini)]
    mf = b"".join(struct.pack("<I", x) for x in minifat)
    minifat_at = place(mf.ljust((len(mf) + 511) // 512 * 512, b"\xff")) if mf else END
    directory = b""
    for name, kind, _, left, right, child, start, size in entries:
        raw = name.encode("utf-16-le") + b"\0\0"
        directory += raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw), kind, 1, left, right, child)
        directory += bytes(36) + struct.pack("<IQ", start, size)
    directory_at = place(directory)
    n_fat = 1
    while (len(fat) + n_fat) > n_fat * 128:
        n_fat += 1
    at = len(fat)
    fat += [FATSECT] * n_fat
    fat += [FREE] * (n_fat * 128 - len(fat))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<HHHHHHIIIIIIIIII", 0x3e, 3, 0xfffe, 9, 6, 0, 0, 0, n_fat, directory_at, 0, 4096, minifat_at,
        (len(mf) + 511) // 512, END, 0)
    head += b"".join(struct.pack("<I", at + i if i < n_fat else FREE) for i in range(109))
    return head + big + b"".join(struct.pack("<I", x) for x in fat)


def fixed(head, values):
    """values: (id, type, number)."""
    return bytes(head) + b"".join(struct.pack("<HHIQ", t, i, 6, v) for i, t, v in values)


def wide(text):
    return text.encode("utf-16-le")


def msg(subject, body=None, html=None, rtf=None, attachments=(), inner=False, page=None):
    """A mail of Outlook; attachments: (name, bytes), or (name, tree) for a mail inside."""
    values = [(0x39, 0x40, 134182098000000000)]
    if page:
        values.append((0x3ffd, 3, page))
    tree = {"__properties_version1.0": fixed(24 if inner else 32, values),
            "__substg1.0_001A001F": wide("IPM.Note"), "__substg1.0_0C1A001F": wide("Harriet Lowe"),
            "__substg1.0_5D01001F": wide("h.lowe@tidewater.example")}
    tree["__substg1.0_0037001E" if page else "__substg1.0_0037001F"] = subject if page else wide(subject)
    if body is not None:
        tree["__substg1.0_1000001E" if page else "__substg1.0_1000001F"] = body if page else wide(body)
    if html is not None:
        tree["__substg1.0_10130102"] = html
    if rtf is not None:
        tree["__substg1.0_10090102"] = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    tree["__recip_version1.0_#00000000"] = {
        "__properties_version1.0": fixed(8, [(0x0c15, 3, 1)]), "__substg1.0_3001001F": wide("Reader"),
        "__substg1.0_39FE001F": wide("reader@agency.example")}
    for i, (name, data) in enumerate(attachments):
        method = 5 if isinstance(data, dict) else 1
        part = {"__properties_version1.0": fixed(8, [(0x3705, 3, method)]), "__substg1.0_3707001F": wide(name)}
        part["__substg1.0_3701000D" if method == 5 else "__substg1.0_37010102"] = data
        tree["__attach_version1.0_#%08X" % i] = part
    return tree if inner else ole(tree)


def tnef(subject, body, attachments=()):
    def attribute(level, what, data):
        return struct.pack("<BII", level, what, len(data)) + data + struct.pack("<H", sum(data) & 0xffff)

    out = struct.pack("<IH", 0x223e9f78, 1) + attribute(1, 0x00089006, b"\0\0\1\0")
    out += attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
    out += attribute(1, 0x00018004, subject + b"\0") + attribute(1, 0x0002800c, body + b"\0")
    for name, data in attachments:
        out += attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xffffffff, 32, 32, 0))
        out += attribute(2, 0x00018010, name + b"\0") + attribute(2, 0x0006800f, data)
    return out


def compressions(data):
    return (("gz", gzip.compress(data, mtime=0)), ("bz2", bz2.compress(data)), ("xz", lzma.compress(data)),
            ("lzma", lzma.compress(data, lzma.FORMAT_ALONE)))


def yenc(data, name):
    out = b""
    for b in data:
        c = (b + 42) & 255
        out += b"=" + bytes([(c + 64) & 255]) if c in (0, 10, 13, 61) else bytes([c])
    lines = b"\r\n".join(out[i:i + 128] for i in range(0, len(out), 128))
    return b"=ybegin line=128 size=%d name=%s\r\n" % (len(data), name) + lines + b"\r\n=yend size=%d\r\n" % len(data)


def rar4(name, data, flags=0):
    """A stored member of an old RAR; flag 4: locked."""
    def block(kind, bits, rest, body=b""):
        head = struct.pack("<BHH", kind, bits, 7 + len(rest)) + rest
        return struct.pack("<H", zlib.crc32(head) & 0xffff) + head + body
    rest = struct.pack("<IIBIIBBHI", len(data), len(data), 0, zlib.crc32(data), 0x5c210000, 20, 0x30, len(name), 0x20)
    return (b"Rar!\x1a\x07\x00" + block(0x73, 0, bytes(6)) + block(0x74, 0x8000 | flags, rest + name, data) +
            block(0x7b, 0x4000, b""))


def rar5(members):
    """Stored members, or links: (name, bytes) or (name, target as str)."""
    def vint(n):
        out = b""
        while n > 127:
            out += bytes([n & 127 | 128])
            n >>= 7
        return out + bytes([n])

    def block(body):
        body = vint(len(body)) + body
        return struct.pack("<I", zlib.crc32(body)) + body

    out = b"Rar!\x1a\x07\x01\x00" + block(vint(1) + vint(0) + vint(0))
    for name, data in members:
        extra = b""
        if isinstance(data, str):
            link = vint(5) + vint(1) + vint(0) + vint(len(data)) + data.encode()
            extra, data = vint(len(link)) + link, b""
        head = vint(2) + vint(2 | (1 if extra else 0)) + (vint(len(extra)) if extra else b"") + vint(len(data))
        head += vint(4) + vint(len(data)) + vint(0o644) + struct.pack("<I", zlib.crc32(data)) + vint(0) + vint(1)
        out += block(head + vint(len(name)) + name + extra) + data
    return out + block(vint(5) + vint(0) + vint(0))


def iso(name, data):
    """One file on a disc."""
    def both(n, code):
        return struct.pack("<" + code, n) + struct.pack(">" + code, n)

    def record(label, at, size, flags):
        body = (b"\0" + both(at, "I") + both(size, "I") + b"\x7e\3\x11\t\x1e\0\0" + bytes([flags, 0, 0]) + both(1, "H") +
                bytes([len(label)]) + label + (b"" if len(label) & 1 else b"\0"))
        return bytes([len(body) + 1]) + body

    root = record(b"\0", 18, 2048, 2)
    pvd = (b"\1CD001\1\0" + b" " * 32 + b"SAMPLE".ljust(32) + bytes(8) + both(30, "I") + bytes(32) + both(1, "H") +
           both(1, "H") + both(2048, "H") + both(10, "I") + struct.pack("<II", 20, 0) + struct.pack(">II", 21, 0) + root)
    pvd = pvd.ljust(881, b" ") + b"\1"
    listing = root + record(b"\1", 18, 2048, 2) + record(name, 19, len(data), 0)
    return (bytes(16 * 2048) + pvd.ljust(2048, b"\0") + b"\xffCD001\1".ljust(2048, b"\0") + listing.ljust(2048, b"\0") +
            data.ljust(2048, b"\0") + bytes(10 * 2048))


NAMES = (("sjis", "cp932", ("資料/見積書.txt", "会議.txt")), ("big5", "big5", ("海岸監測資料.txt", "附件/報告.txt")),
         ("gbk", "gbk", ("会议纪要.txt", "附件/报告.txt")), ("cp437", "cp437", ("Übersicht Köln.txt", "Müller.txt")),
         ("cp866", "cp866", ("Отчёт за март.txt", "Смета.txt")), ("euckr", "euc_kr", ("회의 자료.txt", "보고서.txt")))


def archive_samples(document, expect, random):
    """What each archive must end as; document and expect as in generate.py."""
    def archive(name, data, members=(), outcome="container", reason="complete", **more):
        document(name, data, outcome, reason, **more)
        for i, m in enumerate(members):
            expect("files/" + name, m[2] if len(m) > 2 else str(i + 1), m[0], m[1])

    text, never, locked = ("text", "complete"), ("stub", "never"), ("stub", "encrypted")
    for name, charset, members in NAMES:
        raw = [(m.encode(charset), b"words\n") for m in members]
        archive("names-%s.zip" % name, zip_file(raw), [text, text])
        archive("names-lha-%s.lzh" % name, lha(raw), [text, text])
        archive("names-tar-%s.tar" % name, tar_raw(raw), [text, text])
    archive("names-utf8.zip", zip_file([("資料/見積書.txt".encode(), b"words\n")], 0x800), [text])
    for kind, data in compressions(b"words in a compressed file\n"):
        archive("alone-%s.txt.%s" % (kind, kind), data, [text])
    archive("alone-zstd.txt.zst", given(ZSTD), [text])
    members = [("folder/a.txt", b"one\n"), ("b.txt", b"two\n")]
    for mode, kind in (("w", "tar"), ("w:gz", "tgz"), ("w:bz2", "tbz"), ("w:xz", "txz")):
        archive("tape-%s.%s" % (kind, kind), tar(members, mode), [text, text])
    archive("seven.7z", given(SEVEN["plain.7z"]), [text, text])
    archive("seven-locked.7z", given(SEVEN["locked.7z"]), [locked])
    archive("seven-names.7z", given(SEVEN["locked-names.7z"]), (), "stub", "encrypted")
    archive("old.rar", rar4(b"a.txt", b"words\n"), [text])
    archive("old-locked.rar", rar4(b"a.txt", b"0123456789abcdef", 4), [locked])
    archive("new.rar", rar5([(b"a.txt", b"words\n")]), [text])
    archive("new-link.rar", rar5([(b"up", "../../etc"), (b"up/x.txt", b"words\n")]), [never, text])
    archive("cabinet.cab", cab(b"a.txt", b"words\n"), [text])
    archive("disc.iso", iso(b"A.TXT;1", b"words\n"), [text])
    jar = given(ARJ["plain"])
    archive("jar.arj", jar, [text, text], words=("words of an arj", "deep"))
    archive("jar-locked.arj", given(ARJ["locked"]), (), "stub", "encrypted")
    with table.hostile_samples():
        archive("jar-zeros.arj", b"\x60\xea" + bytes(100), (), "stub", "format")
        for cut in (20, 60, 110, 150, len(jar) - 5):
            archive("jar-cut-%d.arj" % cut, jar[:cut], (), "container|stub", "*")
        archive("jar-length.arj", jar.replace(struct.pack("<I", 30), b"\xff\xff\xff\xff"), (), "container|stub", "*")
        archive("jar-fastest.arj", jar.replace(b"\x10\1\0\xed", b"\x10\4\0\xed"), [("stub", "unsupported|format")])
    archive("locked-old.zip", crypto_zip(b"a.txt", b"words\n", b"sesame"), [locked])
    archive("locked-aes.zip", aes_zip(b"a.txt"), [locked])
    with table.hostile_samples():
        archive("slip.zip", zip_file([(b"../../etc/passwd", b"x\n"), (b"/abs.txt", b"y\n"), (b"C:\\win\\z.txt", b"z\n")]),
                [text, text, text])
        archive("link.zip", zip_file([(b"link", b"/etc/passwd", 0o120777), (b"a.txt", b"words\n")]), [never, text])
        archive("links.tar", tar([("s", tarfile.SYMTYPE, "/etc/passwd"), ("h", tarfile.LNKTYPE, "b"),
                                  ("c", tarfile.CHRTYPE, ""), ("b", tarfile.BLKTYPE, ""), ("p", tarfile.FIFOTYPE, ""),
                                  ("../up.txt", b"up\n")]), [never] * 5 + [text])
        archive("overlap.zip", overlap_zip(500), (), "stub", "format")
        archive("zeros.zip", zip_file([(b"zeros", bytes(70 << 20)), (b"a.txt", b"words\n")]),
                [("stub", "limit-bytes"), text])
        archive("zeros-alone.gz", gzip.compress(bytes(70 << 20), mtime=0), [("stub", "limit-bytes")], "container",
                "limit-bytes")
        archive("large.zip", zip_file([(b"zeros", bytes(70 << 20)), (b"a.txt", b"words\n"), (b"b", random.randbytes(1 << 20))]),
                [("stub", "limit-bytes"), text])
        archive("ratio.zip", zip_file([(b"%d" % i, bytes(5 << 20)) for i in range(6)]), (), "container", "limit-bytes")
        archive("many.zip", zip_file([(b"%d.txt" % i, b"x") for i in range(3000)]), (), "container", "limit-parts")
        deep = [("container", "complete", ".".join(["1"] * i)) for i in range(1, 9)]
        archive("deep.zip", zip_nest(20), deep + [("stub", "limit-depth", ".".join(["1"] * 9))])
        archive("deep-alone.gz", gzip_quine_like(20), (), "container|stub", "*")
        archive("nothing.zip", zip_file([]), (), "stub", "empty")
        archive("only-folder.zip", zip_file([(b"folder/", b"")]), (), "stub", "empty")
        archive("program.zip", zip_file([(b"invoice.pdf", b"MZ" + bytes(600))]), [never])
        archive("mac.zip", zip_file([(b"a.txt", b"words\n"), (b"__MACOSX/._a.txt", b"\0\5\x16\7" + bytes(60))]), [text])
        archive("method.zip", zip_file([(b"a.txt", b"words\n")], 0, 97), [("stub", "unsupported|format")])
        whole = zip_file([(b"a.txt", random.randbytes(3000)), (b"b.txt", random.randbytes(3000))])
        for cut in (3, 30, 1000, 4000, len(whole) - 10):
            archive("cut-%d.zip" % cut, whole[:cut], (), "container|stub|text", "*")
        for name, data in (("seven", given(SEVEN["plain.7z"])), ("rar", rar4(b"a.txt", b"words\n")),
                           ("tape", tar(members, "w:gz")), ("disc", iso(b"A.TXT;1", b"words\n"))):
            archive("cut-half-%s.bin" % name, data[:len(data) // 2], (), "container|stub|text", "*")
            broken = bytearray(data)
            for i in range(40, len(broken), 37):
                broken[i] ^= 0x55
            archive("broken-%s.bin" % name, bytes(broken), (), "container|stub|text", "*")


def tar_raw(members):
    """Names as bytes of any charset, which tarfile would not write."""
    out = b""
    for name, data in members:
        head = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % len(data) + b"00000000000\0"
        head += b" " * 8 + b"0" + bytes(100) + b"ustar  \0"
        head = head.ljust(512, b"\0")
        head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
        out += head + data.ljust((len(data) + 511) // 512 * 512, b"\0")
    return out + bytes(1024)


ICS = """BEGIN:VCALENDAR\r
VERSION:2.0\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:海岸監測會議\r
DTSTART;TZID=Asia/Taipei:20260324T140000\r
DTEND;TZID=Asia/Taipei:20260324T150000\r
LOCATION:Room 4\r
ORGANIZER;CN=Lin:mailto:lin@agency.example\r
DESCRIPTION:see https://evil.example/join\r
ATTACH:https://evil.example/a.exe\r
END:VEVENT\r
END:VCALENDAR\r
"""
VCF = (b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=8E=52=93=63;=91=BE=98=59\r\n"
       b"TEL;CELL:+81-90-0000\r\nEMAIL:y@x.example\r\nEND:VCARD\r\n")
RTF_PAGE = (b"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf {\\b \\htmlrtf0 bold words"
            b"\\htmlrtf }\\htmlrtf0 {\\*\\htmltag72 </p>}}")


def message_samples(document, expect, raw_mail, head):
    """Outlook's mails, cards, and the odd forms of parts."""
    def holds(name, data, parts):
        document(name, data, "container")
        for path, outcome, reason in parts:
            expect("files/" + name, path, outcome, reason)

    text, container = ("text", "complete"), ("container", "complete")
    holds("plain.msg", msg("件名", "本文 body\n"), [("1",) + text])
    holds("web.msg", msg("page", "plain\n", b"<p>page <b>bold</b></p>"), [("1",) + text, ("2",) + text])
    holds("wrapped.msg", msg("wrapped", None, None, RTF_PAGE), [("1",) + text])
    holds("codepage.msg", msg("件名".encode("cp932"), "本文です。\n".encode("cp932"), page=932), [("1",) + text])
    inner = msg("inner", "inner body\n", attachments=[("deep.txt", b"deep\n")], inner=True)
    holds("attached.msg", msg("attached", "body\n", attachments=[("資料.txt", b"words\n"), ("inner", inner),
                                                                 ("tool.exe", b"MZ" + bytes(600))]),
          [("1",) + text, ("2",) + text, ("3",) + container, ("3.1",) + text, ("3.2",) + text, ("4", "stub", "never")])
    with table.hostile_samples():
        nest = msg("0", "innermost\n", inner=True)
        for i in range(1, 20):
            nest = msg("%d" % i, "body\n", attachments=[("mail", nest)], inner=True)
        document("nested.msg", msg("20", "body\n", attachments=[("mail", nest)]), "container")
        whole = msg("cut", "body\n" * 2000, attachments=[("a.txt", b"words\n" * 2000)])
        for cut in (500, 520, 2000, len(whole) // 2, len(whole) - 600):
            document("cut-%d.msg" % cut, whole[:cut], "container|stub", "*")
        broken = bytearray(whole)
        for i in range(100, len(broken), 97):
            broken[i] ^= 0x55
        document("broken.msg", bytes(broken), "container|stub", "*")
    holds("winmail-good.dat", tnef(b"subject", b"body\n", [(b"a.txt", b"words\n"), (b"b.exe", b"MZ" + bytes(600))]),
          [("1",) + text, ("2",) + text, ("3", "stub", "never")])
    with table.hostile_samples():
        whole = tnef(b"subject", b"body\n", [(b"a.txt", b"words\n" * 50)])
        for cut in (6, 40, len(whole) // 2, len(whole) - 3):
            document("winmail-cut-%d.dat" % cut, whole[:cut], "container|stub", "*")
        document("winmail-length.dat", whole[:7] + b"\xff\xff\xff\x7f" + whole[11:], "container|stub", "*")

    document("event.ics", ICS.encode(), "card")
    document("contact.vcf", VCF, "card")
    with table.hostile_samples():
        document("event-cut.ics", ICS.encode()[:120], "card|text")
        document("event-many.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + b"BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n" * 5000 +
                 b"END:VCALENDAR\r\n", "card")
        document("event-repeat.ics", ICS.replace("LOCATION", "RRULE:FREQ=SECONDLY;COUNT=2000000000\r\nLOCATION").encode(), "card")
        document("event-deep.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + b"BEGIN:VEVENT\r\n" * 20000, "card|text|stub", "*")

    def form(name, header, body, parts):
        raw_mail("form-" + name, head(name, mid=name, extra="MIME-Version: 1.0\n" + header).replace(b"\n", b"\r\n") +
                 b"\r\n" + body, [("0", "container")] + parts)

    form("yenc", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n",
         b"a file:\r\n" + yenc(b"words in yEnc\n" * 40, b"note one.txt"), [("1",) + text, ("1.1",) + text])
    form("elsewhere", 'Content-Type: message/external-body; access-type=URL; url="http://evil.example/x"\n',
         b"Content-Type: application/msword\r\n\r\nphantom\r\n", [("1",) + text])
    form("partial", 'Content-Type: message/partial; id="a@b"; number=1; total=3\n',
         b"Subject: first piece\r\n\r\nwords\r\n", [("1",) + text])
    report = b"--r\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n--r\r\nContent-Type: %s\r\n\r\n%s\r\n--r--\r\n"
    form("bounce", "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n",
         report % (b"message/delivery-status", b"Reporting-MTA: dns; mx.example\r\n\r\nAction: failed"),
         [("1",) + text, ("2",) + text])
    form("receipt", "Content-Type: multipart/report; report-type=disposition-notification; boundary=r\n",
         report % (b"message/disposition-notification", b"Disposition: manual-action/MDN-sent-manually; displayed"),
         [("1",) + text, ("2",) + text])
    apple = b"\0\5\x16\0\0\2\0\0" + bytes(16) + struct.pack(">HIII", 1, 1, 38, 6) + b"words\n"
    form("applesingle", "Content-Type: application/applefile; name=a.txt\nContent-Transfer-Encoding: base64\n",
         base64.encodebytes(apple), [("1",) + text])
    form("appledouble", "Content-Type: multipart/appledouble; boundary=r\n",
         b"--r\r\nContent-Type: application/applefile\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         base64.encodebytes(b"\0\5\x16\7\0\2\0\0" + bytes(40)) +
         b"\r\n--r\r\nContent-Type: text/plain; name=a.txt\r\n\r\nwords\r\n--r--\r\n", [("2",) + text])
    form("winmail", "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n",
         base64.encodebytes(tnef(b"s", b"body\n", [(b"a.txt", b"words\n")])),
         [("1",) + container, ("1.1",) + text, ("1.2",) + text])
    form("zip", 'Content-Type: application/octet-stream; name="a.zip"\nContent-Transfer-Encoding: base64\n',
         base64.encodebytes(zip_file([("見積書.txt".encode("cp932"), b"words\n")])),
         [("1",) + container, ("1.1",) + text])
    form("calendar", "Content-Type: text/calendar; method=REQUEST; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
         ICS.encode(), [("1", "card", "complete")])
