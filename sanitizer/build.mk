# Programs of sanitizer and the libraries each one's trust needs.

# Page loops: vectorised.
sanitizer_LIBS += mupdf zstd
$(O)/sanitizer/pixels.o: EXTRA_CFLAGS += -O3
