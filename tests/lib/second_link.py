#!/usr/bin/python3
"""A second implementation of the link, made from diode/PROTOCOL.md alone: what the real
programs send is understood by this one, and the other way round.

second_link.py fixtures DATAGRAMS FRAMES    TAP: both files mean what they say
second_link.py frames                       prints FRAMES, from fixed keys
second_link.py send [--beat SECONDS] [--leave-out SEQ] [--only SEQ] [--lose N]
    STATE ROOT ADDRESS PARCEL...            numbers the parcels and sends them once,
                                            a share of N in 100 of their sources lost
second_link.py recv [--lose N] [--history] ROOT ADDRESS OUT COUNT SECONDS
                                            writes the parcels that came; prints what
                                            the sender said of itself
second_link.py slip TEXT | slip LINK FIRST COUNT
"""
import argparse
import hashlib
import json
import os
import random
import socket
import struct
import sys
import time
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEADER, PIECE, TRAILER = 168, 16384, 96
BLOCK, NOTICE, PAD = 1, 2, 4
REPEAT, SHORT, JUMBO, SECOND_KEY = 1, 2, 4, 8
BEAT, HISTORY = 5, 4


class Wrong(Exception):
    """What a receiver counts a datagram, or refuses an object, as."""


def sha256(data):
    return hashlib.sha256(data).digest()


def raw_public(key):
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(public):
    return sha256(raw_public(public))[:8]


def signed(label, data):
    return label + b'\0' + sha256(data)


# -- objects ---------------------------------------------------------------------

def parcel_digest(data):
    pieces = [sha256(data[i:i + PIECE]) for i in range(0, len(data), PIECE)]
    return sha256(b''.join(pieces))


def header_make(key, link, kind, seq, prev, parcel, made):
    head = b'LMPO' + struct.pack('<BBBBQ32sQ32sq8s', 1, link, kind, 0, seq, prev,
                                 len(parcel), sha256(parcel[-TRAILER:]), made,
                                 key_id(key.public_key()))
    return head + key.sign(signed(b'limpid-link-1', head))


def header_read(data, public, link):
    if len(data) < HEADER or data[:4] != b'LMPO':
        raise Wrong('header')
    try:
        public.verify(data[104:168], signed(b'limpid-link-1', data[:104]))
    except InvalidSignature:
        raise Wrong('signature') from None
    version, its_link, kind, zero, seq, prev, length, digest, made, signer = \
        struct.unpack('<BBBBQ32sQ32sq8s', data[4:104])
    if version != 1 or its_link != link or kind not in (1, 2, 3, 4) or zero != 0 or \
            seq in (0, 2**64 - 1) or length < 144 or signer != key_id(public):
        raise Wrong('header')
    return {'class': kind, 'seq': seq, 'prev': prev, 'length': length, 'digest': digest,
            'made': made}


def object_read(data, public, link):
    head, parcel = header_read(data[:HEADER], public, link), data[HEADER:]
    if len(parcel) != head['length'] or sha256(parcel[-TRAILER:]) != head['digest'] or \
            parcel_digest(parcel[:-TRAILER]) != parcel[-TRAILER:-64]:
        raise Wrong('digest')
    magic, version, kind, its_link = struct.unpack('<4sBBB', parcel[:7])
    manifest, body = struct.unpack('<IQ', parcel[36:48])
    if magic != b'LMPP' or version != 1 or kind != head['class'] or its_link != link or \
            48 + manifest + body + TRAILER != len(parcel):
        raise Wrong('parcel')
    return head, parcel


# -- notices ---------------------------------------------------------------------

def config_hash(link, transport, max_object):
    return sha256(f'link {link} transport {transport} max_object {max_object}'.encode())


def notice_make(key, link, epoch, number, made, sent, beat=None, history=None):
    count = 0 if history is None else len(history[1])
    data = b'LMPN' + struct.pack('<BBBBQQq8sQ', 1, link, HISTORY if history else BEAT, count,
                                 epoch, number, made, key_id(key.public_key()), sent)
    if beat:
        data += struct.pack('<QQQ32s', *beat)
    else:
        data += struct.pack('<Q', history[0]) + b''.join(history[1])
    return data + key.sign(signed(b'limpid-notice-1', data))


def notice_read(data, public, link):
    if len(data) < 48 + 64 or len(data) > 1144 or data[:4] != b'LMPN':
        raise Wrong('notice')
    try:
        public.verify(data[-64:], signed(b'limpid-notice-1', data[:-64]))
    except InvalidSignature:
        raise Wrong('signature') from None
    version, its_link, kind, count, epoch, number, made, signer, sent = \
        struct.unpack('<BBBBQQq8sQ', data[4:48])
    n = {'class': kind, 'epoch': epoch, 'number': number, 'made': made, 'sent': sent}
    if version != 1 or its_link != link or signer != key_id(public):
        raise Wrong('notice')
    if kind == BEAT and count == 0 and len(data) == 168:
        n['waiting'], n['bytes'], n['oldest_ms'], n['config'] = \
            struct.unpack('<QQQ32s', data[48:104])
    elif kind == HISTORY and 1 <= count <= 64 and len(data) == 48 + 8 + 16 * count + 64:
        n['first'], = struct.unpack('<Q', data[48:56])
        n['hashes'] = [data[56 + 16 * i:72 + 16 * i] for i in range(count)]
        if n['first'] + count - 1 > sent:
            raise Wrong('notice')
    else:
        raise Wrong('notice')
    return n


# -- fragments -------------------------------------------------------------------

def fragment_make(stream, seq, index, count, chunk):
    return b'LMPF' + struct.pack('<B3xQQII', 1, stream, seq, index, count) + chunk


def fragment_read(data):
    if len(data) <= 32 or data[:4] != b'LMPF' or data[5:8] != bytes(3):
        raise Wrong('fragment')
    version, stream, seq, index, count = struct.unpack('<B3xQQII', data[4:32])
    size = len(data) - 32
    if version != 1 or seq == 0 or index >= count or size > 1048576 or \
            (index < count - 1 and size != 1048576) or (index == 0 and size <= HEADER):
        raise Wrong('fragment')
    return stream, seq, index, count, data[32:]


# -- slips -----------------------------------------------------------------------

LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'


def slip_make(link, first, count):
    number = (((1 << 2 | link) << 40 | first) << 20) | (count - 1)
    number = number << 10 | number % 1021
    text = ''.join(LETTERS[number >> 5 * i & 31] for i in range(14, -1, -1))
    return f'LR-{text[:5]}-{text[5:10]}-{text[10:]}'


def slip_read(text):
    letters = text.replace('-', '')[2:]
    number = 0
    for c in letters:
        number = number << 5 | LETTERS.index(c)
    if len(letters) != 15 or not text.startswith('LR-') or \
            number >> 10 >= 1 << 65 or (number >> 10) % 1021 != number & 1023:
        raise Wrong('slip')
    number >>= 10
    if number >> 62 != 1:
        raise Wrong('slip')
    return number >> 60 & 3, number >> 20 & (1 << 40) - 1, (number & (1 << 20) - 1) + 1


# -- GF(2^8), polynomial 0x11d ---------------------------------------------------

def gf_multiply(a, b):
    r = 0
    while b:
        if b & 1:
            r ^= a
        a = a << 1 ^ (0x11d if a & 0x80 else 0)
        b >>= 1
    return r


TIMES = [bytes(gf_multiply(a, b) for b in range(256)) for a in range(256)]
INVERSE = [0] + [TIMES[a].index(1) for a in range(1, 256)]


def add(a, b):
    return (int.from_bytes(a, 'big') ^ int.from_bytes(b, 'big')).to_bytes(len(a), 'big')


def parity_row(row, sources):
    out = bytes(len(sources[0]))
    for j, s in enumerate(sources):
        out = add(out, s.translate(TIMES[INVERSE[row ^ j]]))
    return out


def block_recover(k, rows):
    """All k sources from any k of {row: symbol}, by elimination."""
    lost = [j for j in range(k) if j not in rows]
    parity = sorted(r for r in rows if r >= 64)[:len(lost)]
    if len(parity) < len(lost):
        return None
    matrix, right = [], []
    for p in parity:
        s = rows[p]
        for j in range(k):
            if j in rows:
                s = add(s, rows[j].translate(TIMES[INVERSE[p ^ j]]))
        matrix.append([INVERSE[p ^ j] for j in lost])
        right.append(s)
    for i in range(len(lost)):
        pivot = next(r for r in range(i, len(lost)) if matrix[r][i])
        matrix[i], matrix[pivot] = matrix[pivot], matrix[i]
        right[i], right[pivot] = right[pivot], right[i]
        by = INVERSE[matrix[i][i]]
        matrix[i] = [TIMES[by][x] for x in matrix[i]]
        right[i] = right[i].translate(TIMES[by])
        for r in range(len(lost)):
            c = matrix[r][i]
            if r != i and c:
                matrix[r] = [x ^ TIMES[c][y] for x, y in zip(matrix[r], matrix[i])]
                right[r] = add(right[r], right[i].translate(TIMES[c]))
    found = dict(zip(lost, right))
    return [rows[j] if j in rows else found[j] for j in range(k)]


# -- datagrams (big-endian) ------------------------------------------------------

def datagram_make(key, kind, starts, rand, number, body, seq=0, block=0, blocks=0, k=0, m=0,
                  row=0, rnd=0, last=0, flags=0):
    if kind == BLOCK:
        flags |= (REPEAT if rnd else 0) | (SHORT if k < 64 else 0) | \
            (JUMBO if len(body) > 1408 else 0)
    head = b'LMPD' + struct.pack('>BBHIIQQIIBBBBHH', 1, kind, flags, starts, rand, number, seq,
                                 block, blocks, k, m, row, rnd, len(body), last)
    return head + AESGCM(key).encrypt(head[8:12] + head[16:24], body, head)


def datagram_read(keys, data, largest=1408, most_blocks=6000):
    if data[:4] != b'LMPD' or data[4:5] != b'\1':
        raise Wrong('foreign')
    if len(data) < 64:
        raise Wrong('truncated')
    (kind, flags, starts, rand, number, seq, block, blocks, k, m, row, rnd, n,
     last) = struct.unpack('>BHIIQQIIBBBBHH', data[5:48])
    try:
        body = AESGCM(keys[1 if flags & SECOND_KEY else 0]).decrypt(
            data[8:12] + data[16:24], data[48:], data[:48])
    except InvalidTag:
        raise Wrong('truncated' if len(data) - 64 < n else 'overlong' if len(data) - 64 > n
                    else 'forged') from None
    if kind not in (BLOCK, NOTICE, PAD) or flags & ~15 or starts == 0 or \
            not 0 < number < 1 << 62 or n != len(body):
        raise Wrong('contradictory')
    if kind != BLOCK:
        if flags & ~SECOND_KEY or data[24:44] != bytes(20) or last:
            raise Wrong('contradictory')
    elif seq in (0, 2**64 - 1) or block >= blocks or not 1 <= blocks <= most_blocks or \
            not 1 <= k <= 64 or (k < 64 and block < blocks - 1) or m > 64 or \
            not (row < k or 64 <= row <= 254) or bool(flags & REPEAT) != (rnd != 0) or \
            bool(flags & SHORT) != (k < 64) or bool(flags & JUMBO) != (n > 1408) or \
            n == 0 or n % 64 or n > largest or not 1 <= last <= n or \
            (last < n and block < blocks - 1):
        raise Wrong('contradictory')
    return {'kind': kind, 'epoch': (starts, rand), 'number': number, 'seq': seq,
            'block': block, 'blocks': blocks, 'k': k, 'row': row, 'last': last, 'body': body}


def object_blocks(data, size):
    """[(sources, bytes that count in the last one)] of an object."""
    out = []
    for at in range(0, len(data), 64 * size):
        part = data[at:at + 64 * size]
        k = -(-len(part) // size)
        out.append(([part[j * size:(j + 1) * size].ljust(size, b'\0') for j in range(k)],
                    len(part) - (k - 1) * size))
    return out


class Keys:
    def __init__(self, root, link=1):
        keys = f'{root}/etc/limpid/keys/link{link}-'
        with open(keys + 'udp.key') as f:
            self.udp = bytes.fromhex(f.read().strip())
        self.sign = self.public = None
        if os.path.exists(keys + 'sign.key'):
            with open(keys + 'sign.key', 'rb') as f:
                self.sign = serialization.load_pem_private_key(f.read(), None)
        with open(keys + 'sign.pub', 'rb') as f:
            self.public = serialization.load_pem_public_key(f.read())


# -- sender ----------------------------------------------------------------------

class Sender:
    def __init__(self, args):
        self.keys, self.args = Keys(args.root), args
        host, port = args.address.rsplit(':', 1)
        self.to = (host, int(port))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            with open(args.state) as f:
                self.state = json.load(f)
        except FileNotFoundError:
            self.state = {'starts': 0, 'headers': [], 'parcels': []}
        self.state['starts'] += 1
        self.rand = random.getrandbits(32)
        self.number = self.notices = 0
        self.beaten = 0
        self.save()

    def save(self):
        with open(self.args.state + '.part', 'w') as f:
            json.dump(self.state, f)
        os.rename(self.args.state + '.part', self.args.state)

    def datagram(self, kind, body, **fields):
        self.number += 1
        data = datagram_make(self.keys.udp, kind, self.state['starts'], self.rand, self.number,
                             body, **fields)
        if fields.get('row', 64) >= 64 or random.randrange(100) >= self.args.lose:
            self.socket.sendto(data, self.to)
        time.sleep(0.0001)

    def notice(self, **what):
        self.notices += 1
        epoch = self.state['starts'] << 32 | self.rand
        self.datagram(NOTICE, notice_make(self.keys.sign, 1, epoch, self.notices,
                                          int(time.time() * 1000),
                                          len(self.state['headers']), **what))

    def beat(self):
        if time.monotonic() - self.beaten >= 1:
            self.beaten = time.monotonic()
            self.notice(beat=(0, 0, 0, config_hash(1, 'udp', 512 << 20)))

    def number_parcel(self, path):
        with open(path, 'rb') as f:
            parcel = f.read()
        headers = self.state['headers']
        prev = sha256(bytes.fromhex(headers[-1])) if headers else bytes(32)
        head = header_make(self.keys.sign, 1, parcel[5], len(headers) + 1, prev, parcel,
                           int(time.time() * 1000))
        headers.append(head.hex())
        self.state['parcels'].append(path)
        self.save()

    def send(self, seq):
        with open(self.state['parcels'][seq - 1], 'rb') as f:
            data = bytes.fromhex(self.state['headers'][seq - 1]) + f.read()
        blocks = object_blocks(data, 1408)
        for b, (sources, last) in enumerate(blocks):
            k, m = len(sources), max(4, -(-len(sources) // 4))
            rows = [(j, s) for j, s in enumerate(sources)]
            rows += [(64 + i, parity_row(64 + i, sources)) for i in range(m)]
            random.shuffle(rows)
            for row, symbol in rows:
                self.datagram(BLOCK, symbol, seq=seq, block=b, blocks=len(blocks), k=k, m=m,
                              row=row, last=last)
            self.beat()

    def run(self):
        first = len(self.state['headers']) + 1
        for path in self.args.parcels:
            self.number_parcel(path)
        for _ in range(16):
            self.datagram(PAD, b'')
        wanted = [self.args.only] if self.args.only else \
            range(first, len(self.state['headers']) + 1)
        for seq in wanted:
            if seq != self.args.leave_out:
                self.send(seq)
        for _ in range(4):
            self.datagram(PAD, b'')
        hashes = [sha256(bytes.fromhex(h))[:16] for h in self.state['headers']]
        for at in range(0, len(hashes), 64):
            self.notice(history=(at + 1, hashes[at:at + 64]))
        until = time.monotonic() + self.args.beat
        while time.monotonic() < until:
            self.beat()
            time.sleep(0.05)


# -- receiver --------------------------------------------------------------------

class Receiver:
    def __init__(self, args):
        self.keys, self.args = Keys(args.root), args
        host, port = args.address.rsplit(':', 1)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
        self.socket.bind((host, int(port)))
        self.socket.settimeout(0.2)
        self.blocks, self.objects, self.headers = {}, {}, {}
        self.lost = self.recovered = 0
        self.beats, self.histories, self.wrong = [], [], []

    def block(self, d):
        seq = d['seq']
        if seq in self.headers:
            return
        key = (seq, d['block'])
        if self.blocks.get(key) is True:
            return
        rows = self.blocks.setdefault(key, {})
        rows[d['row']] = d['body']
        if len(rows) < d['k']:
            return
        sources = block_recover(d['k'], rows)
        self.recovered += sum(j not in rows for j in range(d['k']))
        whole = b''.join(sources)
        if d['block'] == d['blocks'] - 1:
            whole = whole[:(d['k'] - 1) * len(d['body']) + d['last']]
        self.blocks[key] = True
        parts = self.objects.setdefault(seq, {})
        parts[d['block']] = whole
        if len(parts) == d['blocks']:
            self.whole(seq, b''.join(parts[b] for b in range(d['blocks'])))
            del self.objects[seq]

    def whole(self, seq, data):
        head, parcel = object_read(data, self.keys.public, 1)
        if head['seq'] != seq:
            raise Wrong('sequence')
        self.headers[seq] = (data[:HEADER], head)
        with open(f'{self.args.out}/{seq}', 'wb') as f:
            f.write(parcel)

    def notice(self, body):
        n = notice_read(body, self.keys.public, 1)
        (self.beats if n['class'] == BEAT else self.histories).append(n)

    def run(self):
        until = time.monotonic() + self.args.seconds
        while time.monotonic() < until and \
                (len(self.headers) < self.args.count or not self.beats or
                 (self.args.history and not self.histories) or
                 self.beats[-1]['sent'] < self.args.count):
            try:
                data = self.socket.recv(65536)
            except socket.timeout:
                continue
            if random.randrange(100) < self.args.lose:
                self.lost += 1
                continue
            try:
                d = datagram_read([self.keys.udp, None], data)
                if d['kind'] == BLOCK:
                    self.block(d)
                elif d['kind'] == NOTICE:
                    self.notice(d['body'])
            except Wrong as e:
                self.wrong.append(str(e))
        self.report()

    def report(self):
        chain = all(self.headers[s][1]['prev'] ==
                    (sha256(self.headers[s - 1][0]) if s > 1 else bytes(32))
                    for s in self.headers if s == 1 or s - 1 in self.headers)
        told = {n['first'] + i: h for n in self.histories for i, h in enumerate(n['hashes'])}
        print('objects', len(self.headers))
        print('wrong', ' '.join(self.wrong) or 'none')
        print('lost', self.lost, 'recovered', self.recovered)
        print('chain', 'whole' if chain else 'broken')
        print('beats', len(self.beats), 'sent', self.beats[-1]['sent'] if self.beats else 0)
        print('config', 'same' if self.beats and self.beats[-1]['config'] ==
              config_hash(1, 'udp', 512 << 20) else 'differs')
        print('history', 'same' if told and
              all(sha256(self.headers[s][0])[:16] == h for s, h in told.items()
                  if s in self.headers) else 'none' if not told else 'differs')


# -- fixtures --------------------------------------------------------------------

def frames():
    """One of each message, from fixed keys and times, as FRAMES has them."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    body = bytes(i * 7 % 251 for i in range(20000))
    parcel = b'LMPP' + struct.pack('<BBBB12sq8sIQ', 1, 1, 1, 0, bytes(range(12)), 1,
                                   bytes(8), 0, len(body)) + body
    digest = parcel_digest(parcel)
    parcel += digest + key.sign(b'limpid-parcel-1\0' + digest)
    header = header_make(key, 1, 1, 1, bytes(32), parcel, 1700000000000)
    second = header_make(key, 1, 1, 2, sha256(header), parcel, 1700000000001)
    yield 'public', b64encode(key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
    yield 'header', header.hex()
    yield 'header', second.hex()
    yield 'parcel', parcel.hex()
    yield 'beat', notice_make(key, 1, 7 << 32 | 9, 1, 1700000000002, 2, beat=(
        3, 4096, 5000, config_hash(1, 'udp', 512 << 20))).hex()
    yield 'history', notice_make(key, 1, 7 << 32 | 9, 2, 1700000000003, 2, history=(
        1, [sha256(header)[:16], sha256(second)[:16]])).hex()
    yield 'fragment', fragment_make(0x1122334455667788, 1, 0, 1, (header + parcel)[:200]).hex()
    yield 'slip', '1 6 3 ' + slip_make(1, 6, 3)
    yield 'slip', '2 1099511627775 1048576 ' + slip_make(2, 1099511627775, 1048576)
    sources = [bytes((i * (j + 3) + j) % 256 for i in range(64)) for j in range(5)]
    for j, s in enumerate(sources):
        yield 'symbol', f'{j} {s.hex()}'
    for row in (64, 80, 128, 254):
        yield 'symbol', f'{row} {parity_row(row, sources).hex()}'


FRAMES_HEAD = '''\
# One of each message of PROTOCOL.md, and a block of five sources with some of its
# parities, as another implementation (tests/lib/second_link.py frames) makes them.
# public: the Ed25519 key that signs, as between the lines of a .pub; slip: link, first,
# count, text; symbol: row, bytes.
'''


def fixtures(datagrams, frames_file):
    n = bad = 0

    def check(good, what):
        nonlocal n, bad
        n += 1
        bad += not good
        print('ok' if good else 'not ok', n, '-', what)

    keys = [bytes(range(32)), bytes(range(255, 223, -1))]
    what = ''
    for line in open(datagrams):
        if line.startswith('#'):
            what = line[2:].strip()
            continue
        expected, data = line.split()
        try:
            datagram_read(keys, bytes.fromhex(data), most_blocks=1000)
            got = 'good'
        except Wrong as e:
            got = str(e)
        check(got == expected, f'{what}: {got}')
    made = FRAMES_HEAD + ''.join(f'{a} {b}\n' for a, b in frames())
    check(open(frames_file).read() == made, 'the fixture of frames is what this one makes')
    lines = dict(line.split(None, 1) for line in made.splitlines() if line[0] != '#')
    public = serialization.load_der_public_key(b64decode(lines['public']))
    check(notice_read(bytes.fromhex(lines['beat']), public, 1)['waiting'] == 3, 'a heartbeat')
    check(len(notice_read(bytes.fromhex(lines['history']), public, 1)['hashes']) == 2,
          'a history')
    check(fragment_read(bytes.fromhex(lines['fragment']))[1] == 1, 'a fragment')
    for link, first, count in ((1, 1, 1), (2, 7, 3), (1, 2**40 - 1, 2**20)):
        text = slip_make(link, first, count)
        check(slip_read(text) == (link, first, count), f'a slip, {text}')
    wrong = 0
    for i in range(3, 20):
        for c in LETTERS:
            if text[i] not in ('-', c):
                try:
                    slip_read(text[:i] + c + text[i + 1:])
                except Wrong:
                    wrong += 1
    check(wrong == 15 * 31, 'every wrong letter of a slip is found')
    for k, rows in ((64, 16), (64, 64), (5, 4), (1, 4)):
        sources = [os.urandom(64) for _ in range(k)]
        have = {j: s for j, s in enumerate(sources)}
        for j in random.sample(range(k), min(k, rows)):
            del have[j]
        for row in random.sample(range(64, 255), rows):
            have[row] = parity_row(row, sources)
        check(block_recover(k, have) == sources, f'{k} sources with {min(k, rows)} lost')
    print(f'1..{n}')
    return 1 if bad else 0


def main():
    if sys.argv[1:2] == ['fixtures']:
        return fixtures(*sys.argv[2:])
    if sys.argv[1:2] == ['frames']:
        print(FRAMES_HEAD, end='')
        for a, b in frames():
            print(a, b)
        return 0
    if sys.argv[1:2] == ['slip']:
        print(*slip_read(sys.argv[2]) if len(sys.argv) == 3 else
              [slip_make(*map(int, sys.argv[2:]))])
        return 0
    p = argparse.ArgumentParser()
    sub = p.add_subparsers(dest='verb', required=True)
    s = sub.add_parser('send')
    s.add_argument('state')
    s.add_argument('root')
    s.add_argument('address')
    s.add_argument('parcels', nargs='*')
    s.add_argument('--beat', type=float, default=3)
    s.add_argument('--leave-out', type=int, default=0)
    s.add_argument('--only', type=int, default=0)
    s.add_argument('--lose', type=int, default=0)
    r = sub.add_parser('recv')
    r.add_argument('root')
    r.add_argument('address')
    r.add_argument('out')
    r.add_argument('count', type=int)
    r.add_argument('seconds', type=float)
    r.add_argument('--lose', type=int, default=0)
    r.add_argument('--history', action='store_true')
    args = p.parse_args()
    random.seed(4)
    (Sender if args.verb == 'send' else Receiver)(args).run()
    return 0


if __name__ == '__main__':
    sys.exit(main())
