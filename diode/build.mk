# Programs of diode and the libraries each one's trust needs.
diode_LIBS = crypto ipsec isal zmq

PROGRAMS += limpid-diode-send
limpid-diode-send_MAIN = diode/diode_send.c
limpid-diode-send_LIBS = zmq crypto ipsec isal confuse seccomp

PROGRAMS += limpid-diode-recv
limpid-diode-recv_MAIN = diode/diode_recv.c
limpid-diode-recv_LIBS = zmq crypto ipsec isal confuse seccomp

PROGRAMS += limpid-resend limpid-slip
limpid-resend_MAIN = diode/resend_tool.c
limpid-resend_LIBS = crypto
limpid-slip_MAIN = diode/slip_tool.c
limpid-slip_LIBS = jansson

PROGRAMS += limpid-missing
limpid-missing_MAIN = diode/missing_tool.c
limpid-missing_LIBS = crypto jansson

PROGRAMS += limpid-link
limpid-link_MAIN = diode/link_tool.c
limpid-link_LIBS = m
