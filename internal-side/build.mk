# Programs of internal-side and the libraries each one's trust needs.
internal-side_LIBS = isal jansson sqlite3 turbojpeg zstd

# Loops over every sample: vectorised.
$(O)/internal-side/page_look.o: EXTRA_CFLAGS += -O3
$(O)/internal-side/page_palette.o: EXTRA_CFLAGS += -O3

PROGRAMS += limpid-compose
limpid-compose_MAIN = internal-side/compose_tool.c
limpid-compose_LIBS = idn2 isal seccomp turbojpeg unistring zstd

# The schema, as a string in the programs that make the index.
internal-side_HEADERS = $(O)/include/index_sql.h
$(O)/include/index_sql.h: internal-side/index.sql
	@mkdir -p $(@D)
	$(Q)sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< > $@

PROGRAMS += limpid-deliverd limpid-index
limpid-deliverd_MAIN = internal-side/deliverd.c
limpid-deliverd_LIBS = confuse crypto idn2 isal jansson seccomp sqlite3 turbojpeg \
                       unistring zstd
limpid-index_MAIN = internal-side/index_tool.c
limpid-index_LIBS = confuse jansson seccomp sqlite3
