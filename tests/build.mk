# Test tools.

# What a fuzz target links and includes, for tests/fuzz/run.
.PHONY: fuzz-libs includes
includes:
	@echo $(inc_$(INCLUDES_OF))
fuzz-libs:
	@echo $(foreach l,$(ALL_LIBS),$($(l)_LDLIBS))

# The attacker in a worker's jail, and who locks it in (tests/sandbox).
tools: $(O)/tools/worker-evil $(O)/tools/jail-try $(O)/tools/worker-try
$(O)/tools/worker-evil: tests/tools/worker_evil.c
$(O)/tools/jail-try: tests/tools/jail_try.c tests/tools/jail_attempts.h
$(O)/tools/worker-try: tests/tools/worker_try.c
$(O)/tools/worker-evil: LINK += $(WORKER_LINK)
$(O)/tools/worker-evil $(O)/tools/jail-try $(O)/tools/worker-try: $(O)/libsanitizer.a $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(inc_sanitizer) $(LINK) -o $@ $(filter %.c,$^) $(filter %.a,$^) \
	    $(seccomp_LDLIBS) $(unistring_LDLIBS)

# The same attacker where files are shown, as to worker-office and worker-scan.
tools: $(O)/tools/worker-evil-files $(O)/tools/worker-evil-scan
$(O)/tools/worker-evil-files: FILES = office_files
$(O)/tools/worker-evil-scan: FILES = scan_files
$(O)/tools/worker-evil-files $(O)/tools/worker-evil-scan: tests/tools/worker_evil.c $(O)/libsanitizer.a $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -DEVIL_FILES=$(FILES) $(inc_sanitizer) $(LINK) $(WORKER_LINK) -o $@ $(filter %.c,$^) \
	    $(filter %.a,$^) $(seccomp_LDLIBS) $(unistring_LDLIBS)

# Real workers that fall to a part with the magic words.
TAKEN = archive card html image mime office pdf text
define TAKE
tools: $(O)/tools/taken/limpid-worker-$(1)
$(O)/tools/taken/limpid-worker-$(1): tests/tools/takeover.c $(limpid-worker-$(1)_MAIN:%.c=$(O)/%.o) \
    $(O)/libsanitizer.a $(O)/libcommon.a
	$$(call say,TOOL,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $(inc_sanitizer) $$(LINK) $$(WORKER_LINK) -Wl,--wrap=worker_main -o $$@ $$^ \
	    $$(foreach l,$$(limpid-worker-$(1)_LIBS),$$($$(l)_LDLIBS))
endef
$(foreach w,$(TAKEN),$(eval $(call TAKE,$(w))))

# Copies of every shape, for what stands behind the sanitizer.
tools: $(O)/tools/make-copy
$(O)/tools/make-copy: tests/tools/make_copy.c $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Icommon $(LINK) -o $@ $^ $(zstd_LDLIBS) $(unistring_LDLIBS)

# Parcels as intake would spool them, for the tests of the link.
tools: $(O)/tools/parcel-put
$(O)/tools/parcel-put: tests/tools/parcel_put.c $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Icommon $(LINK) -o $@ $^ $(crypto_LDLIBS) $(confuse_LDLIBS) $(seccomp_LDLIBS)

# Both doors of limpid-sanitizerd, for its flow test.
tools: $(O)/tools/san-try
$(O)/tools/san-try: tests/tools/san_try.c $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Icommon $(LINK) -o $@ $^ $(crypto_LDLIBS) $(confuse_LDLIBS) $(seccomp_LDLIBS) $(unistring_LDLIBS)

# Opens parcels and originals, for the flow test of intake.
tools: $(O)/tools/parcel-get
$(O)/tools/parcel-get: tests/tools/parcel_get.c $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Icommon $(LINK) -o $@ $^ $(crypto_LDLIBS)
tools: $(O)/tools/spool-copy
$(O)/tools/spool-copy: tests/tools/spool_copy.c $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Icommon $(LINK) -o $@ $^ $(crypto_LDLIBS)
# The raw line that tests/bench/link is held against.
tools: $(O)/tools/fec-speed
$(O)/tools/fec-speed: tests/tools/fec_speed.c $(O)/libdiode.a $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Idiode -Icommon $(LINK) -o $@ $^ $(isal_LDLIBS)

# Another one-way transfer, for make bench.
tools: $(O)/tools/norm-try
$(O)/tools/norm-try: tests/tools/norm_try.c
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LINK) -o $@ $< -lnorm

# An attacker in the datagram front's jail.
tools: $(O)/tools/front-try
$(O)/tools/front-try: tests/tools/front_try.c $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Icommon $(LINK) -o $@ $^ $(seccomp_LDLIBS)

tools: $(O)/tools/clockshift.so
$(O)/tools/clockshift.so: tests/tools/clockshift.c
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC -shared -o $@ $<

tools: $(O)/tools/forger
$(O)/tools/forger: tests/tools/forger.c $(O)/libdiode.a $(O)/libcommon.a
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Idiode -Icommon $(LINK) -o $@ $^ $(crypto_LDLIBS) $(ipsec_LDLIBS) $(confuse_LDLIBS) $(seccomp_LDLIBS)

tools: $(O)/tools/blaster
$(O)/tools/blaster: tests/tools/blaster.c
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LINK) -o $@ $^
