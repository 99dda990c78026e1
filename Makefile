# Limpid. GNU make; `make help` says what there is.
# Each folder says in its build.mk which programs it makes and what they link.

O ?= build
ifeq ($(SAN),1)
override O := $(O)/san
SANFLAGS = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
           -fno-omit-frame-pointer -DLIMPID_SAN=1
else
FORTIFY = -D_FORTIFY_SOURCE=2
endif
ifeq ($(SANDBOX),trap)
override O := $(O)/trap
SANFLAGS += -DLIMPID_SANDBOX_TRAP=1
endif

PREFIX ?= /usr
CORES := $(shell nproc)
CC ?= gcc
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
       -Wswitch-enum -Wformat=2 -Wvla -Wpointer-arith -Werror
HARD = -O2 -g $(FORTIFY) -fstack-protector-strong -fPIE \
       -fstack-clash-protection -fvisibility=hidden
LINK = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(WARN) $(HARD) $(SANFLAGS) \
             -DLIMPID_LIBEXEC='"$(PREFIX)/lib/limpid"' $(CFLAGS) $(EXTRA_CFLAGS)

.DEFAULT_GOAL = all
.DELETE_ON_ERROR:
ifneq ($(V),1)
Q = @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# Libraries by the name that build.mk uses. A program gets what it lists and
# nothing else; `make lint` compares the result with deploy/links.txt.
pkg_cflags = $(shell pkg-config --cflags $(1) 2>/dev/null)
pkg_libs = $(shell pkg-config --libs $(1) 2>/dev/null)
define LIBRARY
$(1)_CFLAGS := $$(call pkg_cflags,$(2))
$(1)_LDLIBS := $$(call pkg_libs,$(2))
endef
$(eval $(call LIBRARY,archive,libarchive))
$(eval $(call LIBRARY,argon2,libargon2))
$(eval $(call LIBRARY,clamav,libclamav))
$(eval $(call LIBRARY,confuse,libconfuse))
$(eval $(call LIBRARY,crypto,libcrypto))
$(eval $(call LIBRARY,gmime,gmime-3.0))
$(eval $(call LIBRARY,gsf,libgsf-1))
$(eval $(call LIBRARY,heif,libheif))
$(eval $(call LIBRARY,ical,libical))
$(eval $(call LIBRARY,idn2,libidn2))
$(eval $(call LIBRARY,isal,libisal))
$(eval $(call LIBRARY,jansson,jansson))
$(eval $(call LIBRARY,microhttpd,libmicrohttpd))
$(eval $(call LIBRARY,poppler,poppler-glib cairo fontconfig freetype2))
$(eval $(call LIBRARY,seccomp,libseccomp))
$(eval $(call LIBRARY,sqlite3,sqlite3))
$(eval $(call LIBRARY,tesseract,tesseract))
$(eval $(call LIBRARY,tiff,libtiff-4))
$(eval $(call LIBRARY,turbojpeg,libturbojpeg))
$(eval $(call LIBRARY,webp,libwebp libwebpdemux))
$(eval $(call LIBRARY,xml2,libxml-2.0))
$(eval $(call LIBRARY,ytnef,libytnef))
$(eval $(call LIBRARY,z,zlib))
$(eval $(call LIBRARY,zmq,libzmq))
$(eval $(call LIBRARY,zstd,libzstd))
# No .pc file comes with it.
ipsec_LDLIBS = -lIPSec_MB
m_LDLIBS = -lm
# Only its image scanner, from the archive: the shared one brings X, video and a bus.
zbar_LDLIBS = -l:libzbar.a
unistring_LDLIBS = -lunistring
# mupdf.pc of Debian 12 names a wrong version and lacks libraries: spelled out.
mupdf_LDLIBS = -lmupdf -lmupdf-third -lmujs -lgumbo -lopenjp2 -ljbig2dec \
               -ljpeg -lfreetype -lharfbuzz -lcrypto -lz -lm

FOLDERS = common diode external-side internal-side policy sanitizer viewer
PROGRAMS =
include $(FOLDERS:%=%/build.mk)

# A folder and what it is sorted into.
places = $(1) $(patsubst %/,%,$(wildcard $(1)/*/))
# What a folder may include: its own headers, those of common/, policy/policy.h.
inc_common = -Icommon
$(foreach f,$(filter-out common,$(FOLDERS)),$(eval inc_$(f) := \
    $(addprefix -I,$(call places,$(f))) -Icommon -I$(O)/include))
$(O)/include/policy.h: policy/policy.h
	@mkdir -p $(@D) && cp $< $@

MAINS = $(foreach p,$(PROGRAMS),$($(p)_MAIN))
define FOLDER
$(1)_SRC := $$(filter-out $$(MAINS),$$(wildcard $$(addsuffix /*.c,$$(call places,$(1))))) $$($(1)_GENERATED)
$(1)_OBJ := $$(patsubst %.c,$(O)/%.o,$$(patsubst $(O)/%,%,$$($(1)_SRC)))
$(O)/$(1)/%.o: $(1)/%.c | $(O)/include/policy.h $$($(1)_HEADERS)
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(inc_$(1)) $$(foreach l,$$($(1)_LIBS),$$($$(l)_CFLAGS)) -MMD -MP -c -o $$@ $$<
$(O)/$(1)/%.o: $(O)/$(1)/%.c | $(O)/include/policy.h $$($(1)_HEADERS)
	$$(call say,CC,$$<)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(inc_$(1)) -I$(1) -Icommon $$(foreach l,$$($(1)_LIBS),$$($$(l)_CFLAGS)) -MMD -MP -c -o $$@ $$<
$(O)/lib$(1).a: $$($(1)_OBJ)
	$$(call say,AR,$$@)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call FOLDER,$(f))))

# A program: its main file, its folder, policy where it says so, common.
define PROGRAM
$(1)_FOLDER := $$(firstword $$(subst /, ,$$($(1)_MAIN)))
$(O)/bin/$(1): $$($(1)_MAIN:%.c=$(O)/%.o) $(O)/lib$$($(1)_FOLDER).a \
    $$(if $$($(1)_POLICY),$(O)/libpolicy.a) $(O)/libcommon.a
	$$(call say,LINK,$(1))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(LINK) $$($(1)_LINK) -o $$@ $$^ $$(foreach l,$$($(1)_LIBS),$$($$(l)_LDLIBS))
endef
$(foreach p,$(PROGRAMS),$(eval $(call PROGRAM,$(p))))

# Unit tests: tests/unit/FOLDER/test_MODULE.c, linked with that folder.
UNIT = $(wildcard tests/unit/*/test_*.c)
UNIT_BIN = $(UNIT:tests/%.c=$(O)/tests/%)
ALL_LIBS = $(sort $(foreach p,$(PROGRAMS),$($(p)_LIBS)))
define UNITFOLDER
$(O)/tests/unit/$(1)/%: tests/unit/$(1)/%.c $(O)/lib$(1).a $(O)/libpolicy.a $(O)/libcommon.a
	$$(call say,TEST,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(inc_$(1)) -I$(1) -Icommon $$(foreach l,$$(ALL_LIBS),$$($$(l)_CFLAGS)) \
	    $$(LINK) -MMD -MP -o $$@ $$< $$(filter %.a,$$^) $(O)/libcommon.a $$(foreach l,$$(ALL_LIBS),$$($$(l)_LDLIBS)) -lcmocka
endef
$(foreach f,$(FOLDERS),$(eval $(call UNITFOLDER,$(f))))

# Fuzz targets: tests/fuzz/fuzz_X.c, first line "/* folder: NAME */". Built twice:
# with libFuzzer for `make fuzz` and `make soak`, with fuzz_replay.c for `make test`.
FUZZ = $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_NAMES = $(filter-out fuzz_replay,$(FUZZ:tests/fuzz/%.c=%))
fuzz_folder = $(shell sed -n '1s/.*folder: \([a-z-]*\).*/\1/p' tests/fuzz/$(1).c)
define FUZZ_PROGRAM
$(O)/tests/fuzz/$(1): tests/fuzz/$(1).c tests/fuzz/fuzz_replay.c $(O)/lib$$(call fuzz_folder,$(1)).a $(O)/libpolicy.a $(O)/libcommon.a
	$$(call say,TEST,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(inc_$$(call fuzz_folder,$(1))) $$(foreach l,$$(ALL_LIBS),$$($$(l)_CFLAGS)) \
	    $$(LINK) -o $$@ tests/fuzz/$(1).c tests/fuzz/fuzz_replay.c $$(filter %.a,$$^) $(O)/libcommon.a $$(foreach l,$$(ALL_LIBS),$$($$(l)_LDLIBS))
endef
$(foreach f,$(FUZZ_NAMES),$(eval $(call FUZZ_PROGRAM,$(f))))

.PHONY: all demo test bench soak fuzz lint install clean help packages unit tools
SCRIPTS = limpid-init limpid-keys
all: $(PROGRAMS:%=$(O)/bin/%) $(SCRIPTS:%=$(O)/bin/%)
$(SCRIPTS:%=$(O)/bin/%): $(O)/bin/%: deploy/%
	@mkdir -p $(@D)
	$(Q)install -m 755 $< $@
unit: $(UNIT_BIN) $(FUZZ_NAMES:%=$(O)/tests/fuzz/%)

packages:
	$(Q)deploy/install-packages $(PACKAGES)

include tests/build.mk

demo: PACKAGES = build run demo
demo: packages
	$(Q)$(MAKE) --no-print-directory -j$(CORES) all
	$(Q)deploy/demo $(if $(CHECK),--check)
test: packages
	$(Q)$(MAKE) --no-print-directory -j$(CORES) all unit tools
	$(Q)tests/run
bench: packages
	$(Q)$(MAKE) --no-print-directory -j$(CORES) all tools
	$(Q)tests/bench/run $(BENCH)
soak: packages
	$(Q)$(MAKE) --no-print-directory -j$(CORES) all unit tools
	$(Q)tests/soak $(CORPUS)
fuzz: packages
	$(Q)tests/fuzz/run $(FUZZER) $(SECONDS)
lint: packages
	$(Q)$(MAKE) --no-print-directory -j$(CORES) all
	$(Q)tests/lint
install: all
	$(Q)deploy/install "$(DESTDIR)" "$(PREFIX)" "$(O)"
clean:
	rm -rf build
help:
	@sed -n 's/^#: //p' Makefile
#: make demo [CHECK=1]       install what is missing, build, start the whole system, mail it
#: make test [SAN=1]         install what is missing, build, run every test
#: make all                  build
#: make bench [BENCH=clean]  figures, as ratios in one run
#: make soak [CORPUS=DIR]    long fuzzing, load and crash runs
#: make fuzz FUZZER=x        one libFuzzer target
#: make lint                 clang-tidy, cppcheck, linked libraries, manual pages
#: make install DESTDIR=     programs, units, configuration
#: make clean

-include $(shell find $(O) -name '*.d' 2>/dev/null)
