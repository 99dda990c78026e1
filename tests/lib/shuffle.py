# A bad line: takes datagrams on one address and passes them on in another order (a
# window of 64), some twice, some never.
#	shuffle.py FROM-ADDRESS FROM-PORT TO-ADDRESS TO-PORT TWICE-PERCENT LOST-PERCENT
import random, socket, sys

src = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
src.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)  # SO_RCVBUFFORCE
src.bind((sys.argv[1], int(sys.argv[2])))
dst = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dst.connect((sys.argv[3], int(sys.argv[4])))
twice, lost = int(sys.argv[5]), int(sys.argv[6])
src.settimeout(0.2)
window = []
while True:
    try:
        window.append(src.recv(65536))
        if random.random() * 100 < twice:
            window.append(window[-1])
        if len(window) < 64:
            continue
    except TimeoutError:
        pass
    while window:
        data = window.pop(random.randrange(len(window)))
        if random.random() * 100 >= lost:
            dst.send(data)
        if len(window) < 64:
            break
