#!/usr/bin/env python3
"""Checks a harmless mail against its own report, as the viewer and a rebuild use it.

pictures.py MAIL.eml OUT: takes the mail apart by arithmetic only (offsets of the
report), writes every page picture to OUT/PART-PAGE.png|jpg and every attachment to
OUT/, and prints what does not hold.
"""
import base64, email, email.policy, json, os, re, struct, sys

raw = open(sys.argv[1], 'rb').read()
out = sys.argv[2]
os.makedirs(out, exist_ok=True)
bad = 0


def wrong(what):
    global bad
    bad += 1
    print('#', what)


def ranged(at, offset, length):
    """Decoded bytes of a base64 block at `at`, by the formula of index.sql."""
    first = at + offset // 57 * 77 + offset % 57 // 3 * 4
    end = offset + length
    last = at + (end - 1) // 57 * 77 + ((end - 1) % 57 // 3 + 1) * 4
    data = base64.b64decode(raw[first:last].replace(b'\n', b''))
    return data[offset % 3:offset % 3 + length]


head = raw[:raw.index(b'\n\n')].decode()
at, length = map(int, re.search(r'\nX-Limpid-Report: (\d+) (\d+)', head).groups())
report = json.loads(ranged(at, 0, length))
mail = email.message_from_bytes(raw, policy=email.policy.default)
parts = {}
if mail.get_content_type() != 'multipart/mixed':
    wrong('not multipart/mixed')
for p in mail.iter_parts():
    if p.defects or p.is_multipart():
        wrong('a part with defects: %s' % p.get_content_type())
    data = p.get_payload(decode=True)
    if p.get_filename():
        name = p.get_filename()
        if name in parts:
            wrong('two parts named ' + name)
        parts[name] = data
        open(os.path.join(out, name), 'wb').write(data)
    if p.get_content_type() not in ('text/plain', 'application/pdf', 'image/png',
                                    'image/jpeg', 'application/json'):
        wrong('a part of type ' + p.get_content_type())
first = next(mail.iter_parts()).get_payload(decode=True)
if json.loads(parts['limpid-report.json']) != report:
    wrong('the report is not where the header says')
files = {}
for p in report['parts']:
    for what in ('file', 'text_file'):
        if what not in p:
            continue
        f = p[what]
        f['abs'] = f['at'] + report['attachments_at']
        if ranged(f['abs'], 0, f['size']) != parts[f['name']]:
            wrong('%s is not where the report says' % f['name'])
        files[p['part'], what] = f
for part, page, where, offset, length in report['text_table']:
    if where == 'body':
        text = first[report['body_start'] + offset:][:length]
    else:
        text = ranged(files[part, 'text_file']['abs'], offset, length)
    if not text or text.decode() is None:
        wrong('no text %d.%d' % (part, page))
    if re.search(rb'https?://', text):
        wrong('a live link in the text of part %d' % part)


def chunk(kind, data, crc=None):
    import zlib
    if crc is None:
        crc = zlib.crc32(kind + data)
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', crc)


for part, page, w, h, form, depth, color, palette, crc, offset, length in report['page_table']:
    data = ranged(files[part, 'file']['abs'], offset, length)
    name = '%s/%d-%d' % (out, part, page)
    if form == 'png':
        data = (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, depth, color, 0, 0, 0)) +
                (chunk(b'PLTE', bytes.fromhex(palette)) if palette else b'') +
                chunk(b'IDAT', data, crc) + chunk(b'IEND', b''))
    elif form == 'file':
        data = parts[files[part, 'file']['name']]
    png = data[:4] == b'\x89PNG'
    open(name + ('.png' if png else '.jpg'), 'wb').write(data)
if max(map(len, raw.split(b'\n'))) > 998:
    wrong('a line longer than 998 bytes')
if b'\r' in raw:
    wrong('a CR')
sys.exit(bad != 0)
