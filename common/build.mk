# The libraries that modules of common/ use. A program links only those of the
# modules it calls, and lists them itself.
common_LIBS = confuse crypto idn2 seccomp zstd

PROGRAMS += limpid limpid-key
limpid_MAIN = common/limpid.c
limpid-key_MAIN = common/key_tool.c
limpid-key_LIBS = crypto zmq

PROGRAMS += limpid-record limpid-status limpid-trace
limpid-record_MAIN = common/record_tool.c
limpid-record_LIBS = crypto jansson
limpid-status_MAIN = common/status.c
limpid-status_LIBS = crypto jansson
limpid-trace_MAIN = common/trace.c
limpid-trace_LIBS = crypto jansson
