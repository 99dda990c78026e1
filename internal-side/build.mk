# Programs of internal-side and the libraries each one's trust needs.
internal-side_LIBS = isal jansson sqlite3 turbojpeg zstd

# Loops over every sample: vectorised.
$(O)/internal-side/page_look.o: EXTRA_CFLAGS += -O3
$(O)/internal-side/page_palette.o: EXTRA_CFLAGS += -O3
