#!/usr/bin/env python3
"""Writes 20 varied PDFs into DIR for tests/bench/clean: words in several scripts
and sizes, tables, drawings, gradients, scans, photographs, slides. Always the
same bytes, made from nothing but this file.

usage: make-pdfs.py DIR
"""
import math
import os
import random
import sys
import zlib

WORDS = """the office answers each letter within ten working days and keeps a copy
of every attachment that was sent with it unless the sender asks for its return in
writing a table on the next page lists the departments their rooms and the hours in
which they can be reached by telephone figures for the second quarter are given in
thousands and rounded to the nearest whole number applications that arrive after the
closing date are considered in the following year""".split()

CJK = {
    'japan': ('KozMinPro-Regular', 'Japan1', 'UniJIS-UTF16-H',
              '東京都庁舎において開催された会議の議事録を次のとおり報告する。添付の資料は'
              '各部署で保管し、必要に応じて参照すること。申請書の提出期限は来月末日とする。'),
    'taiwan': ('MSung-Light', 'CNS1', 'UniCNS-UTF16-H',
               '本府各機關應於收到公文後十日內辦理完畢，並將辦理情形函復。附件資料請妥為'
               '保存，未經許可不得轉載。下次會議訂於下月十五日上午九時召開。'),
    'china': ('STSong-Light', 'GB1', 'UniGB-UTF16-H',
              '各部门应在收到通知后十个工作日内完成登记，并将结果报送办公室。附件材料请妥善'
              '保管，未经批准不得外传。下次会议定于下月十五日上午九时召开。'),
}


class Pdf:
    """Objects in order, a page list, and at the end the table of references."""

    def __init__(self):
        self.objects = [None, None]         # 1 catalog, 2 pages
        self.kids = []

    def add(self, body):
        self.objects.append(body)
        return len(self.objects)

    def stream(self, data, extra=''):
        packed = zlib.compress(data, 6)
        return self.add(b'<<%s/Length %d/Filter/FlateDecode>>stream\n%s\nendstream'
                        % (extra.encode(), len(packed), packed))

    def page(self, content, resources, box=(595, 842)):
        ref = self.stream(content.encode('latin-1'))
        self.kids.append(self.add(
            '<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R'
            '/Resources<<%s>>>>' % (box[0], box[1], ref, resources)))

    def save(self, path):
        self.objects[0] = '<</Type/Catalog/Pages 2 0 R>>'
        self.objects[1] = '<</Type/Pages/Count %d/Kids[%s]>>' % (
            len(self.kids), ' '.join('%d 0 R' % k for k in self.kids))
        out, places = bytearray(b'%PDF-1.7\n%\xe2\xe3\xcf\xd3\n'), []
        for number, body in enumerate(self.objects, 1):
            places.append(len(out))
            body = body if isinstance(body, bytes) else body.encode('latin-1')
            out += b'%d 0 obj\n%s\nendobj\n' % (number, body)
        table = len(out)
        out += b'xref\n0 %d\n0000000000 65535 f \n' % (len(places) + 1)
        for place in places:
            out += b'%010d 00000 n \n' % place
        out += b'trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n' % (
            len(places) + 1, table)
        with open(path, 'wb') as file:
            file.write(out)


FONTS = ('/Font<</T<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>'
         '/H<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>'
         '/B<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>'
         '/C<</Type/Font/Subtype/Type1/BaseFont/Courier>>>>')


def sentence(rnd, count):
    return ' '.join(rnd.choice(WORDS) for _ in range(count))


def column(rnd, font, size, x, top, bottom, words):
    lines = ['BT /%s %g Tf %g TL %g %g Td' % (font, size, size * 1.3, x, top)]
    y = top
    while y > bottom:
        lines.append('(%s) Tj T*' % sentence(rnd, words))
        y -= size * 1.3
    return '\n'.join(lines + ['ET'])


def text(path, rnd, pages, font, size, columns=1, colour=None):
    pdf = Pdf()
    for number in range(pages):
        body = ['BT /B 16 Tf 60 780 Td (%d. %s) Tj ET'
                % (number + 1, sentence(rnd, 4).capitalize())]
        if colour:
            body.insert(0, colour)
        for c in range(columns):
            words = int(470 / columns / size / 2.7)
            body.append(column(rnd, font, size, 60 + c * 240, 750, 70, words))
        body.append('BT /H 9 Tf 290 40 Td (%d) Tj ET' % (number + 1))
        pdf.page('\n'.join(body), FONTS)
    pdf.save(path)


def cjk(path, rnd, pages, script, size):
    name, ordering, cmap, words = CJK[script]
    pdf = Pdf()
    shape = pdf.add('<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[0 -120 '
                    '1000 880]/ItalicAngle 0/Ascent 880/Descent -120'
                    '/CapHeight 700/StemV 90>>' % name)
    font = pdf.add('<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/%s'
                   '/DescendantFonts[<</Type/Font/Subtype/CIDFontType0'
                   '/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(%s)'
                   '/Supplement 4>>/DW 1000/FontDescriptor %d 0 R>>]>>'
                   % (name, cmap, name, ordering, shape))
    for _ in range(pages):
        lines = ['BT /F %g Tf %g TL 60 770 Td' % (size, size * 1.6)]
        for _ in range(int(700 / (size * 1.6))):
            start = rnd.randrange(len(words))
            line = (words[start:] + words + words)[:int(475 / size)]
            lines.append('<%s> Tj T*' % line.encode('utf-16-be').hex())
        pdf.page('\n'.join(lines + ['ET']), '/Font<</F %d 0 R>>' % font)
    pdf.save(path)


def table(path, rnd, pages):
    pdf = Pdf()
    for _ in range(pages):
        body = ['0.85 0.9 1 rg 50 740 495 22 re f 0 g 0.5 w']
        for row in range(32):
            y = 740 - row * 21
            body.append('50 %d 495 21 re S' % y)
            for col in range(5):
                body.append('BT /%s 9 Tf %d %d Td (%s) Tj ET' % (
                    'H' if col else 'B', 54 + col * 99, y + 6,
                    sentence(rnd, 2) if col == 0 else
                    '%.2f' % (rnd.random() * 10000)))
        body.append('0.8 0 0 rg BT /B 11 Tf 50 40 Td (%s) Tj ET'
                    % sentence(rnd, 6))
        pdf.page('\n'.join(body), FONTS)
    pdf.save(path)


def drawing(path, rnd, pages, strokes):
    pdf = Pdf()
    for _ in range(pages):
        body = ['0.3 w']
        for _ in range(strokes):
            x, y = rnd.random() * 595, rnd.random() * 842
            body.append('%.2f %.2f %.2f RG %.1f %.1f m %.1f %.1f %.1f %.1f %.1f '
                        '%.1f c S' % ((rnd.random(), rnd.random(), rnd.random(),
                                       x, y) + tuple(
                            v + rnd.uniform(-90, 90) for v in (x, y) * 3)))
        pdf.page('\n'.join(body), FONTS)
    pdf.save(path)


def charts(path, rnd, pages):
    pdf = Pdf()
    for _ in range(pages):
        body = ['BT /B 18 Tf 60 780 Td (%s) Tj ET' % sentence(rnd, 5)]
        for bar in range(24):
            body.append('%.2f %.2f 0.8 rg %d 420 14 %.1f re f' % (
                bar / 24, 1 - bar / 24, 60 + bar * 19, rnd.random() * 300))
        body.append('1 w 0 0 0.6 RG 60 100 m')
        for step in range(1, 120):
            body.append('%.1f %.1f l' % (60 + step * 4, 200 + 90 * math.sin(
                step / 9) + rnd.uniform(-9, 9)))
        body.append('S 0 g')
        body.append(column(rnd, 'T', 10, 60, 95, 40, 16))
        pdf.page('\n'.join(body), FONTS)
    pdf.save(path)


def slides(path, rnd, pages):
    pdf = Pdf()
    shade = pdf.add('<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 960 540]'
                    '/Function<</FunctionType 2/Domain[0 1]/C0[0.1 0.2 0.5]'
                    '/C1[0.6 0.8 0.9]/N 1>>/Extend[true true]>>')
    for _ in range(pages):
        body = ['/S sh 1 g BT /B 40 Tf 60 440 Td (%s) Tj ET'
                % sentence(rnd, 3).capitalize(), '/G gs 1 1 1 rg '
                '50 60 860 340 re f /N gs 0 g']
        for line in range(6):
            body.append('BT /H 22 Tf 80 %d Td (- %s) Tj ET'
                        % (350 - line * 48, sentence(rnd, 7)))
        pdf.page('\n'.join(body), FONTS + '/Shading<</S %d 0 R>>/ExtGState<<'
                 '/G<</ca 0.8>>/N<</ca 1>>>>' % shade, (960, 540))
    pdf.save(path)


def scan_rows(rnd, width, height):
    """Ink on paper, one bit a sample: lines of uneven strokes."""
    rows, row_bytes = [], width // 8
    for y in range(height):
        if y % 50 < 18 or y < 200 or y > height - 200:
            rows.append(b'\xff' * row_bytes)
            continue
        if y % 50 == 18:
            line = [rnd.choice((0xff, 0xff, 0xe7, 0xc3, 0x81, 0x99))
                    for _ in range(row_bytes - 80)]
        bits = bytes(b | (rnd.getrandbits(8) & rnd.getrandbits(8))
                     if (y // 4) % 3 == 0 else b for b in line)
        rows.append(b'\xff' * 40 + bits + b'\xff' * 40)
    return b''.join(rows)


def scan(path, rnd, pages):
    pdf = Pdf()
    width, height = 2480, 3504
    image = [pdf.stream(scan_rows(rnd, width, height),
                        '/Type/XObject/Subtype/Image/Width %d/Height %d'
                        '/ColorSpace/DeviceGray/BitsPerComponent 1'
                        % (width, height)) for _ in range(pages)]
    for number in range(pages):
        pdf.page('q 595 0 0 842 0 0 cm /I Do Q', '/XObject<</I %d 0 R>>'
                 % image[number])
    pdf.save(path)


def photo_rows(rnd, width, height, channels):
    """Smooth fields with grain, as a camera would give."""
    waves = [(rnd.uniform(.002, .02), rnd.uniform(.002, .02),
              rnd.uniform(0, 6)) for _ in range(3)]
    out = bytearray()
    for y in range(height):
        grain = rnd.getrandbits(64 * 8).to_bytes(64, 'little')
        for x in range(width):
            g = grain[(x * 7) & 63] & 7
            for c in range(channels):
                a, b, p = waves[c]
                out.append(int(124 + 110 * math.sin(a * x + b * y + p)) + g)
    return bytes(out)


def photo(path, rnd, pages, channels):
    pdf = Pdf()
    width, height = 720, 480
    image = pdf.stream(photo_rows(rnd, width, height, channels),
                       '/Type/XObject/Subtype/Image/Width %d/Height %d'
                       '/ColorSpace/Device%s/BitsPerComponent 8'
                       % (width, height, 'RGB' if channels == 3 else 'Gray'))
    for _ in range(pages):
        body = ['q 475 0 0 317 60 460 cm /I Do Q',
                column(rnd, 'T', 11, 60, 430, 60, 15)]
        pdf.page('\n'.join(body), FONTS + '/XObject<</I %d 0 R>>' % image)
    pdf.save(path)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rnd, here = random.Random(20), sys.argv[1]
    os.makedirs(here, exist_ok=True)

    def at(name):
        return os.path.join(here, name + '.pdf')

    text(at('01-letter'), rnd, 2, 'T', 12)
    text(at('02-memo'), rnd, 5, 'H', 10)
    text(at('03-book'), rnd, 120, 'T', 11)
    text(at('04-paper'), rnd, 14, 'T', 9, 2)
    text(at('05-listing'), rnd, 20, 'C', 9)
    text(at('06-notice'), rnd, 3, 'H', 14, colour='0.7 0 0 rg')
    text(at('07-manual'), rnd, 60, 'H', 10, 2)
    cjk(at('08-japanese'), rnd, 12, 'japan', 10.5)
    cjk(at('09-taiwanese'), rnd, 12, 'taiwan', 12)
    cjk(at('10-chinese'), rnd, 12, 'china', 10.5)
    table(at('11-budget'), rnd, 16)
    table(at('12-invoice'), rnd, 1)
    drawing(at('13-plan'), rnd, 2, 1000)
    drawing(at('14-sketch'), rnd, 6, 150)
    charts(at('15-report'), rnd, 12)
    slides(at('16-slides'), rnd, 20)
    scan(at('17-scan'), rnd, 8)
    scan(at('18-fax'), rnd, 2)
    photo(at('19-brochure'), rnd, 6, 3)
    photo(at('20-grey-photo'), rnd, 6, 1)


if __name__ == '__main__':
    main()
