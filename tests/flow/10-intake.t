#!/bin/bash
# The real limpid-intaked: LMTP and SMTP dialogues, smuggling, a 60 MB mail in bounded
# memory, 200 sessions at once, full spool, reload, kill -9 between.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "${BUILD:-build}" && pwd)
top=$(mktemp -d /tmp/limpid-intake-XXXXXX)
trap 'rm -rf "$top"' EXIT
keys=$top/etc/limpid/keys state=$top/var/lib/limpid
mkdir -p "$keys" "$top/run/limpid" "$state"/{vault,intake,record} \
    "$state"/spool/link1-out/{tmp,new,work,held,sent}
pair() {
	openssl genpkey -algorithm "$2" -out "$keys/$1.key" 2>/dev/null
	openssl pkey -in "$keys/$1.key" -pubout -out "$keys/$1.pub"
}
pair vault X25519
pair sanitizer-seal X25519
pair intake-sign ED25519
echo agency.example > "$top/etc/limpid/domains"
printf '%s\n' '# readers' reader@agency.example box@agency.example \
    > "$top/etc/limpid/recipients"
port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$top/etc/limpid/limpid.conf" <<EOF
role = external
hostname = "mx.agency.example"
intake {
	listen = "127.0.0.1:$port"
	max_size = 80M
	max_sessions = 300
	authserv_id = "mx.agency.example"
}
spool { reserve = 16M }
sanitizer { seccomp_dir = "$PWD/deploy/seccomp" }
EOF
# As root the daemon would want its own user, which a test does not make.
as=()
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chown -R 65534:65534 "$top"
	chmod 755 "$top"
	# nobody may not be let into the tree: its programs are copied
	mkdir "$top/bin"
	cp "$BUILD/bin/limpid-intaked" "$top/bin/"
	cp -r deploy/seccomp "$top/seccomp"
	sed -i "s|seccomp_dir = .*\"|seccomp_dir = \"$top/seccomp\"|" \
	    "$top/etc/limpid/limpid.conf"
	chmod -R a+rX "$top/bin" "$top/seccomp"
	daemon=$top/bin/limpid-intaked
else
	daemon=$BUILD/bin/limpid-intaked
fi
TOP=$top PORT=$port BUILD=$BUILD DAEMON=$daemon AS="${as[*]}" python3 - <<'EOF'
import glob, hashlib, os, signal, socket, struct, subprocess, sys, threading, time

TOP, PORT, BUILD = os.environ['TOP'], int(os.environ['PORT']), os.environ['BUILD']
# the sanitizers of a SAN=1 build need memory of their own
SAN = b'__asan_init' in open(os.environ['DAEMON'], 'rb').read()
SOCK = TOP + '/run/limpid/lmtp.sock'
CMD = os.environ['AS'].split() + [os.environ['DAEMON'], '--root', TOP]
STATE = TOP + '/var/lib/limpid'
NEW = STATE + '/spool/link1-out/new'
n = bad = 0

def ok(good, name):
    global n, bad
    n += 1
    bad |= not good
    print('%s %d - %s' % ('ok' if good else 'not ok', n, name), flush=True)

class Client:
    def __init__(self, unix=False, hello=True):
        if unix:
            self.s = socket.socket(socket.AF_UNIX)
            self.s.connect(SOCK)
        else:
            self.s = socket.create_connection(('127.0.0.1', PORT))
        self.s.settimeout(30)
        self.f = self.s.makefile('rb')
        self.banner = self.reply()
        if hello:
            self.cmd('LHLO c' if unix else 'EHLO c')
    def reply(self):
        text = b''
        while True:
            line = self.f.readline()
            text += line
            if len(line) < 4 or line[3:4] != b'-':
                return text.decode('latin1')
    def send(self, data):
        self.s.sendall(data if isinstance(data, bytes) else data.encode('latin1'))
    def cmd(self, line):
        self.send(line + '\r\n')
        return self.reply()
    def envelope(self, rcpts=('reader@agency.example',), sender='a@b.tld'):
        out = [self.cmd('MAIL FROM:<%s>' % sender)]
        return out + [self.cmd('RCPT TO:<%s>' % r) for r in rcpts]
    def data(self, body):
        self.cmd('DATA')
        self.send(body + b'.\r\n')
        return self.reply()
    def mail(self, body, **kw):
        self.envelope(**kw)
        return self.data(body)
    def quit(self):
        r = self.cmd('QUIT')
        self.f.close()
        self.s.close()
        return r
    def reset(self):
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.f.close()
        self.s.close()

log = open(TOP + '/log', 'ab')
proc = None
def start():
    global proc
    try:
        os.unlink(TOP + '/run/limpid/intaked.pid')
    except FileNotFoundError:
        pass
    proc = subprocess.Popen(CMD, stderr=log)
    for _ in range(200):
        if os.path.exists(TOP + '/run/limpid/intaked.pid'):
            return
        if proc.poll() is not None:
            break
        time.sleep(0.05)
    print('Bail out! limpid-intaked does not start:')
    print(open(TOP + '/log').read())
    sys.exit(1)
def stop(sig=signal.SIGTERM):
    proc.send_signal(sig)
    return proc.wait(20)
def rss(what='VmHWM'):
    for line in open('/proc/%d/status' % proc.pid):
        if line.startswith(what):
            return int(line.split()[1])
def spooled():
    return sorted(os.listdir(NEW))
def manifest(name):
    b = open(NEW + '/' + name, 'rb').read()
    m, = struct.unpack('<I', b[36:40])
    out = {}
    for line in b[48:48 + m].decode().splitlines():
        k, v = line.split(' ', 1)
        out.setdefault(k, []).append(v)
    return out
def body(name):
    k = TOP + '/etc/limpid/keys/'
    return subprocess.run([BUILD + '/tools/parcel-get', 'parcel', NEW + '/' + name,
        k + 'intake-sign.pub', k + 'sanitizer-seal.key'], stdout=subprocess.PIPE).stdout
def original(ref):
    return subprocess.run([BUILD + '/tools/parcel-get', 'vault',
        '%s/vault/%s/%s.vlt' % (STATE, ref[3:5], ref),
        TOP + '/etc/limpid/keys/vault.key'], stdout=subprocess.PIPE).stdout
def ref_of(reply):
    return reply.split('Accepted as ')[1].split()[0]
def fresh(before):
    return [x for x in spooled() if x not in before]

start()

# SMTP
text = b'Subject: hi\r\n\r\nhello\r\n..dots\r\n\0\xff\r\n'
c = Client()
ok(c.banner.startswith('220 mx.agency.example ESMTP'), 'SMTP greets')
r = c.cmd('EHLO c')
ok(all(x in r for x in ('PIPELINING', 'SIZE 83886080', '8BITMIME', 'SMTPUTF8',
    'CHUNKING', 'ENHANCEDSTATUSCODES')), 'EHLO offers the extensions')
ok('XFORWARD' not in r, 'XFORWARD is not for strangers')
r = c.envelope(('reader@agency.example', 'nobody@agency.example', 'a@else.example'))
ok([x[:9] for x in r] == ['250 2.1.0', '250 2.1.5', '550 5.1.1', '550 5.7.1'],
    'recipients are answered one by one')
r = c.data(text)
ok(r.startswith('250 2.0.0 Accepted as LM-'), 'a mail is accepted with its reference')
ref = ref_of(r)
ok(c.quit().startswith('221'), 'QUIT is answered')
m = manifest(spooled()[0])
plain = text.replace(b'\r\n..dots', b'\r\n.dots')
ok(ref in spooled()[0] and m['rcpt'] == ['reader@agency.example'] and
    m['sender'] == ['a@b.tld'] and m['client'] == ['127.0.0.1'] and m['helo'] == ['c'] and
    m['sha256'] == [hashlib.sha256(plain).hexdigest()], 'the parcel says who, to whom and what')
ok(body(spooled()[0]) == plain, 'the parcel holds the bytes')
ok(original(ref) == plain, 'the vault holds the bytes')
stored = b''.join(open(p, 'rb').read() for p in glob.glob(STATE + '/**/*', recursive=True)
    if os.path.isfile(p))
ok(b'Subject: hi' not in stored, 'no plain original lies anywhere')

# LMTP
before = spooled()
c = Client(unix=True)
ok('LMTP' in c.banner, 'LMTP greets')
ok(c.cmd('XFORWARD ADDR=192.0.2.9 HELO=there').startswith('250'), 'our MTA says whose mail it is')
c.envelope(('reader@agency.example', 'gone@agency.example', 'box@agency.example'))
c.cmd('DATA')
c.send(b'Authentication-Results: mx.agency.example; spf=pass\r\n'
    b'Authentication-Results: evil.example; dkim=pass\r\n'
    b'Received: from there (there [192.0.2.9])\r\n\t(using TLSv1.3 with cipher TLS_X (2/2))\r\n'
    b'\tby mx\r\nReceived: from evil\r\n'
    b'Authentication-Results: mx.agency.example; spf=forged\r\n\r\nbody\r\n.\r\n')
r = [c.reply(), c.reply()]
ok(all(x.startswith('250 2.1.5') for x in r) and '<reader@' in r[0] and '<box@' in r[1],
    'LMTP answers for each accepted recipient')
c.quit()
m = manifest(fresh(before)[0])
ok(m.get('auth') == ['mx.agency.example; spf=pass'], 'only our own results are believed')
ok(m.get('client') == ['192.0.2.9'] and m.get('helo') == ['there'] and
    m.get('tls') == ['TLSv1.3 TLS_X'], 'client, HELO and TLS are what our MTA says')

# CHUNKING, PIPELINING
before = spooled()
c = Client()
c.send(b'MAIL FROM:<a@b.tld>\r\nRCPT TO:<reader@agency.example>\r\n'
    b'BDAT 5\r\nab\r\n.BDAT 4 LAST\r\n\r\n\r\nNOOP\r\nQUIT\r\n')
r = [c.reply()[:3] for _ in range(6)]
ok(r == ['250', '250', '250', '250', '250', '221'], 'pipelined chunks are answered in order')
ok(body(fresh(before)[0]) == b'ab\r\n.\r\n\r\n', 'chunks are one mail, dots untouched')

# smuggling
evil = b'MAIL FROM:<admin@agency.example>\r\nRCPT TO:<box@agency.example>\r\nDATA\r\nevil\r\n'
for name, mark in (('LF . LF', b'\n.\n'), ('LF . CR LF', b'\n.\r\n'), ('CR . CR', b'\r.\r'),
    ('CR LF . LF', b'\r\n.\n'), ('CR LF . CR', b'\r\n.\r'), ('CR . CR LF', b'\r.\r\n'),
    ('LF CR LF . NUL CR LF', b'\n\r\n.\0\r\n')):
    before = spooled()
    c = Client()
    r = c.mail(b'first' + mark + evil)
    ok(r.startswith('550 5.6.0') and fresh(before) == [] and
        c.cmd('NOOP').startswith('250'), '%s smuggles nothing' % name)
    c.quit()
c = Client()
r = c.mail(b'mail\r\n')
ok(r.startswith('250'), 'a session after a refused one is as any')
r = c.cmd('NOOP\nMAIL FROM:<x@y>')
ok(r.startswith('521') and c.s.recv(100) in (b'',), 'a lone LF in a command ends the session')

# limits
c = Client()
ok(c.cmd('MAIL FROM:<a@b.tld> SIZE=90000000').startswith('552 5.3.4'), 'SIZE beyond the limit is refused')
ok(c.cmd('MAIL FROM:<' + 'x' * 5000 + '@b.tld>').startswith('500 5.5.2'), 'a long line is refused')
c.quit()

# a large mail
before = spooled()
base = rss()
c = Client()
c.envelope()
c.cmd('DATA')
block = (b'x' * 76 + b'\r\n') * 840
h = hashlib.sha256()
size = 0
while size < 60 * 1000 * 1000:
    c.send(block)
    h.update(block)
    size += len(block)
c.send(b'.\r\n')
r = c.reply()
ok(r.startswith('250'), 'a mail of 60 MB is accepted')
ok(manifest(fresh(before)[0])['sha256'] == [h.hexdigest()], 'all its bytes are there')
grown = rss() - base
ok(grown < 8 * 1024, 'it costs %d KB of memory' % grown)
c.quit()
os.unlink(NEW + '/' + fresh(before)[0])
os.unlink('%s/vault/%s/%s.vlt' % (STATE, ref_of(r)[3:5], ref_of(r)))

# 200 at once
before = spooled()
base = rss()
clients = [Client(unix=i % 2) for i in range(200)]
ok(len(clients) == 200, '200 sessions are open')
for i, c in enumerate(clients):
    c.envelope()
    c.cmd('DATA')
for i, c in enumerate(clients):
    c.send(b'Subject: number %d\r\n\r\n' % i + b'y' * 100000 + b'\r\n.\r\n')
replies = [c.reply() for c in clients]
ok(all(r.startswith('250') for r in replies), 'all 200 mails are accepted')
ok(len(fresh(before)) == 200 and len(set(ref_of(r) for r in replies)) == 200,
    'each is in the spool with its own reference')
grown = rss() - base
ok(grown < 200 * (1000 if SAN else 220), 'a session costs %d KB at most' % (grown / 200))
for c in clients:
    c.quit()
more = []
try:
    for i in range(310):
        more.append(Client(hello=False))
except OSError:
    pass
ok(sum(c.banner.startswith('421 4.3.2') for c in more) == 10, 'one session too many is told so')
for c in more:
    c.reset()

# reload
def reload(lines):
    open(TOP + '/etc/limpid/recipients', 'w').write(lines)
    proc.send_signal(signal.SIGHUP)
    time.sleep(0.3)
reload('reader@agency.example\nnew@agency.example\n')
c = Client()
r = c.envelope(('new@agency.example', 'box@agency.example'))
ok(r[1].startswith('250') and r[2].startswith('550'), 'SIGHUP takes new tables')
c.quit()
reload('reader@agency.example\nbroken line\n')
c = Client()
r = c.envelope(('new@agency.example',))
ok(r[1].startswith('250'), 'a wrong table changes nothing')
ok('/recipients:2: "broken" is not an address' in open(TOP + '/log').read(),
    'and is named with its line')
c.quit()
reload('@agency.example\n')
c = Client()
ok(c.envelope(('whoever@agency.example', 'Postmaster'))[1:] == ['250 2.1.5 Recipient taken\r\n'] * 2,
    '@domain takes everybody')
c.quit()

# kill -9 after the commit, before the client has its 250 (as far as intake knows)
before = spooled()
c = Client()
r = c.mail(b'Subject: twice\r\n\r\nkilled\r\n')
stop(signal.SIGKILL)
c.reset()
start()
c = Client()
again = c.mail(b'Subject: twice\r\n\r\nkilled\r\n')
ok(ref_of(r) == ref_of(again), 'a mail that comes again after kill -9 keeps its reference')
r = c.mail(b'Subject: twice\r\n\r\nkilled\r\n')
ok(ref_of(r) != ref_of(again), 'once it is answered, an equal mail is a new one')
c.quit()
c = Client()
r = c.mail(b'Subject: gone\r\n\r\nreset\r\n')
c.reset()
time.sleep(0.2)
c = Client()
ok(ref_of(c.mail(b'Subject: gone\r\n\r\nreset\r\n')) == ref_of(r),
    'so does one whose connection broke before the client surely knew')
c.quit()

# two mails in one breath, and the connection breaks: both keep their references
text = b'MAIL FROM:<a@b.tld>\r\nRCPT TO:<box@agency.example>\r\nBDAT 5 LAST\r\n%b\r\n\r\n'
c = Client()
c.send(text % b'1' + text % b'2')
first = [ref_of([c.reply() for _ in range(3)][2]) for _ in range(2)]
c.reset()
time.sleep(0.2)
c = Client()
c.send(text % b'1' + text % b'2')
ok([ref_of([c.reply() for _ in range(3)][2]) for _ in range(2)] == first,
    'pipelined mails keep their references over a broken connection')
c.quit()

# kill -9 at random moments while 40 mails come in, each tried until it is accepted
before = spooled()
accepted = {}
def sender(k):
    for i in range(10):
        text = b'Subject: %d-%d\r\n\r\n' % (k, i) + os.urandom(3000).hex().encode() + b'\r\n'
        while True:
            try:
                c = Client()
                r = c.mail(text)
                if r.startswith('250'):
                    c.quit()
                    accepted[hashlib.sha256(text).hexdigest()] = ref_of(r)
                    break
            except (OSError, IndexError):
                pass
            time.sleep(0.01)
threads = [threading.Thread(target=sender, args=(k,)) for k in range(4)]
for t in threads:
    t.start()
import random
for _ in range(8):
    time.sleep(random.uniform(0.01, 0.15))
    stop(signal.SIGKILL)
    start()
for t in threads:
    t.join()
got = {}
for name in fresh(before):
    got.setdefault(manifest(name)['sha256'][0], set()).add('LM-' + name.split('LM-')[1].split('.')[0])
ok(len(accepted) == 40 and all(accepted[h] in got.get(h, ()) for h in accepted),
    'every accepted mail is in the spool')
ok(all(len(refs) == 1 for refs in got.values()), 'and none under two references')
ok(all(hashlib.sha256(original(accepted[h])).hexdigest() == h for h in accepted),
    'and every original is in the vault')

# the end, and no room
stop()
open(STATE + '/spool/link1-out/tmp/1-left.a0', 'w').close()
open(STATE + '/vault/tmp/left', 'w').close()
start()
ok(os.listdir(STATE + '/spool/link1-out/tmp') + os.listdir(STATE + '/vault/tmp') == [],
    'what a crash left half-written is swept')
ok(stop() == 0, 'SIGTERM ends it with 0')
conf = open(TOP + '/etc/limpid/limpid.conf').read()
open(TOP + '/etc/limpid/limpid.conf', 'w').write(conf.replace('reserve = 16M', 'reserve = 900T'))
start()
c = Client()
ok(c.envelope()[0].startswith('452 4.3.1'), 'without room mail is put off')
c.quit()
r = subprocess.run(CMD, stderr=subprocess.PIPE)
ok(r.returncode != 0 and b'another' in r.stderr, 'a second one does not start beside it')
stop()
open(TOP + '/etc/limpid/limpid.conf', 'w').write(conf.replace('max_size = 80M', 'max_size = 80M\nidle = 1'))
start()
c = Client()
began = time.time()
ok(c.reply().startswith('421 4.4.2 Idle') and time.time() - began < 5, 'an idle session is ended')
stop()
os.unlink(TOP + '/etc/limpid/keys/vault.pub')
r = subprocess.run(CMD, stderr=subprocess.PIPE)
ok(r.returncode == 66 and b'vault.pub: not found; limpid init makes the keys' in r.stderr,
    'a missing key is named')
print('1..%d' % n)
sys.exit(bad)
EOF
