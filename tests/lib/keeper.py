# What systemd does for limpid-diode-recv: starts it again when it has ended, and keeps
# the socket that it was given meanwhile (FDSTORE, LISTEN_FDS).
#	keeper.py NOTIFY-SOCKET PROGRAM ARGUMENT...
# Ends with its program on SIGTERM. Says "kept" on stderr for each socket it was given.
import os, signal, socket, sys

path = sys.argv[1]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(path)
notify.setblocking(False)
os.chmod(path, 0o777)
kept, name, child, over = None, '', 0, False


def stop(number, frame):
    global over
    over = True
    if child:
        os.kill(child, signal.SIGTERM)


def listen():
    global kept, name
    while True:
        try:
            text, fds, _, _ = socket.recv_fds(notify, 4096, 4)
        except BlockingIOError:
            return
        words = dict(l.split('=', 1) for l in text.decode().splitlines())
        if 'FDSTOREREMOVE' in words and kept is not None:
            os.close(kept)
            kept = None
        if 'FDSTORE' in words:
            kept, name = fds[0], words['FDNAME']
            print('kept', file=sys.stderr, flush=True)


signal.signal(signal.SIGTERM, stop)
while not over:
    child = os.fork()
    if child == 0:
        os.environ['NOTIFY_SOCKET'] = path
        if kept is not None:
            os.dup2(kept, 3, inheritable=True)
            os.environ.update(LISTEN_FDS='1', LISTEN_FDNAMES=name,
                              LISTEN_PID=str(os.getpid()))
        os.execv(sys.argv[2], sys.argv[2:])
    os.waitpid(child, 0)
    child = 0
    listen()
