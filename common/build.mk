# The libraries that modules of common/ use. A program links only those of the
# modules it calls, and lists them itself.
common_LIBS = confuse crypto idn2 seccomp zstd

PROGRAMS += limpid limpid-key
limpid_MAIN = common/limpid.c
limpid-key_MAIN = common/key_tool.c
limpid-key_LIBS = crypto zmq
