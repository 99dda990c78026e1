# Programs of diode and the libraries each one's trust needs.
diode_LIBS = crypto zmq

PROGRAMS += limpid-diode-send
limpid-diode-send_MAIN = diode/diode_send.c
limpid-diode-send_LIBS = zmq crypto confuse seccomp

PROGRAMS += limpid-diode-recv
limpid-diode-recv_MAIN = diode/diode_recv.c
limpid-diode-recv_LIBS = zmq crypto confuse seccomp
