# Programs of policy and the libraries each one's trust needs.
PROGRAMS += limpid-policy
limpid-policy_MAIN = policy/limpid_policy.c
limpid-policy_LIBS = crypto unistring

# The grammar becomes C under $(O)/policy; only the lexer includes its header.
policytab_CFLAGS = -I$(O)/policy
policy_LIBS = policytab
policy_GENERATED = $(O)/policy/policy_tab.c
policy_HEADERS = $(O)/policy/policy_tab.h
$(O)/policy/policy_tab.c $(O)/policy/policy_tab.h &: policy/policy.y
	$(call say,BISON,$<)
	@mkdir -p $(@D)
	$(Q)bison -Wall -Werror --no-lines -H$(O)/policy/policy_tab.h \
	    -o $(O)/policy/policy_tab.c $<
