# Programs of internal-side and the libraries each one's trust needs.
internal-side_LIBS = isal jansson sqlite3 turbojpeg zstd

# Loops over every sample: vectorised.
$(O)/internal-side/page_look.o: EXTRA_CFLAGS += -O3
$(O)/internal-side/page_palette.o: EXTRA_CFLAGS += -O3

PROGRAMS += limpid-compose
limpid-compose_MAIN = internal-side/compose_tool.c
limpid-compose_LIBS = idn2 isal seccomp turbojpeg unistring zstd
