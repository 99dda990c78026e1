/*
 * Decides what happens to one part: facts in, action out, nothing else.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: names, formats and
 * senders are the attacker's words; they are only compared, never interpreted.
 * Must never convert where a fact is missing that a refusing rule asks for.
 */
#include "policy_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A fact can be unknown; so can what follows from it. */
enum truth { FALSE = 0, TRUE = 1, UNKNOWN = 2 };

int
policy_convertible(enum kind k)
{
	switch (k) {
	case KIND_MAIL:
	case KIND_MULTIPART:
	case KIND_TEXT:
	case KIND_HTML:
	case KIND_PDF:
	case KIND_IMAGE:
	case KIND_OFFICE:
	case KIND_ARCHIVE:
	case KIND_CARD:
	case KIND_SIGNATURE:
		return 1;
	case KIND_UNKNOWN:
	case KIND_PROGRAM:
	case KIND_ENCRYPTED:
	case KIND_AUDIO:
	case KIND_VIDEO:
	case KIND_EMPTY:
	case KIND_MAX:
		break;
	}
	return 0;
}

static enum truth
compare_numbers(enum policy_op op, uint64_t have, uint64_t want)
{
	switch (op) {
	case POLICY_EQ:
		return have == want;
	case POLICY_NE:
		return have != want;
	case POLICY_LT:
		return have < want;
	case POLICY_LE:
		return have <= want;
	case POLICY_GT:
		return have > want;
	case POLICY_GE:
		return have >= want;
	case POLICY_AND:
	case POLICY_OR:
	case POLICY_NOT:
	case POLICY_TRUE:
	case POLICY_IN:
	case POLICY_ENDS:
	case POLICY_STARTS:
	case POLICY_CONTAINS:
		break;
	}
	return UNKNOWN;
}

static int
is_in(const char *have, const struct policy_value *list)
{
	for (; list != NULL; list = list->next)
		if (strcasecmp(have, list->text) == 0)
			return 1;
	return 0;
}

static enum truth
compare_text(const struct policy_expr *e, const char *have)
{
	const char	*want = e->values->text;
	size_t		 h, w = strlen(want);

	if (have == NULL)
		return UNKNOWN;
	h = strlen(have);
	switch (e->op) {
	case POLICY_EQ:
	case POLICY_IN:
		return is_in(have, e->values);
	case POLICY_NE:
		return !is_in(have, e->values);
	case POLICY_ENDS:
		return h >= w && strcasecmp(have + h - w, want) == 0;
	case POLICY_STARTS:
		return strncasecmp(have, want, w) == 0;
	case POLICY_CONTAINS:
		return strcasestr(have, want) != NULL;
	case POLICY_AND:
	case POLICY_OR:
	case POLICY_NOT:
	case POLICY_TRUE:
	case POLICY_LT:
	case POLICY_LE:
	case POLICY_GT:
	case POLICY_GE:
		break;
	}
	return UNKNOWN;
}

/* Of names, one a line: whether any of them is meant. None at all is no name. */
static enum truth
compare_names(const struct policy_expr *e, const char *have)
{
	char		*names, *name, *rest = NULL;
	enum truth	 t = FALSE;

	if (have == NULL || e->op == POLICY_TRUE)
		return have != NULL;
	if ((names = strdup(have)) == NULL)
		return UNKNOWN;
	for (name = strtok_r(names, "\n", &rest); name != NULL && t == FALSE;
	    name = strtok_r(NULL, "\n", &rest))
		t = compare_text(e, name);
	free(names);
	return t;
}

static enum truth
compare_kind(const struct policy_expr *e, enum kind have)
{
	const struct policy_value	*v;
	int				 found = 0;

	for (v = e->values; v != NULL; v = v->next)
		found |= v->number == (uint64_t)have;
	return e->op == POLICY_NE ? !found : found;
}

static enum truth
eval_term(const struct policy_expr *e, const struct policy_facts *f)
{
	switch (e->field) {
	case FIELD_KIND:
		return compare_kind(e, f->kind);
	case FIELD_ENCRYPTED:
		return f->encrypted < 0 ? UNKNOWN : f->encrypted != 0;
	case FIELD_SIZE:
		return compare_numbers(e->op, f->size, e->values->number);
	case FIELD_DEPTH:
		return compare_numbers(e->op, f->depth, e->values->number);
	case FIELD_NAME:
		return compare_text(e, f->name);
	case FIELD_FORMAT:
		return compare_text(e, f->format);
	case FIELD_DECLARED:
		return compare_text(e, f->declared);
	case FIELD_SENDER:
		return compare_text(e, f->sender);
	case FIELD_SCANNED:
		return f->scanned != 0;
	case FIELD_MALWARE:
		return compare_names(e, f->malware);
	case FIELD_COUNT:
		break;
	}
	return UNKNOWN;
}

static enum truth
eval(const struct policy_expr *e, const struct policy_facts *f)
{
	enum truth	a, b;

	switch (e->op) {
	case POLICY_AND:
		a = eval(e->left, f);
		b = a == FALSE ? FALSE : eval(e->right, f);
		return a == FALSE || b == FALSE ? FALSE :
		    a == TRUE && b == TRUE ? TRUE : UNKNOWN;
	case POLICY_OR:
		a = eval(e->left, f);
		b = a == TRUE ? TRUE : eval(e->right, f);
		return a == TRUE || b == TRUE ? TRUE :
		    a == FALSE && b == FALSE ? FALSE : UNKNOWN;
	case POLICY_NOT:
		a = eval(e->left, f);
		return a == UNKNOWN ? UNKNOWN : a == TRUE ? FALSE : TRUE;
	case POLICY_TRUE:
	case POLICY_EQ:
	case POLICY_NE:
	case POLICY_LT:
	case POLICY_LE:
	case POLICY_GT:
	case POLICY_GE:
	case POLICY_IN:
	case POLICY_ENDS:
	case POLICY_STARTS:
	case POLICY_CONTAINS:
		break;
	}
	return eval_term(e, f);
}

/* What to say of a kind that nothing converts. */
static enum reason
kind_reason(enum kind k, enum reason otherwise)
{
	if (k == KIND_PROGRAM)
		return REASON_NEVER;
	if (k == KIND_ENCRYPTED)
		return REASON_ENCRYPTED;
	if (k == KIND_EMPTY)
		return REASON_EMPTY;
	return otherwise;
}

static void
set_action(const struct policy *p, const struct policy_then *t,
    const struct policy_facts *f, struct policy_action *out)
{
	out->verb = t->verb;
	if (t->verb == POLICY_CONVERT && policy_convertible(f->kind)) {
		out->reason = REASON_COMPLETE;
		out->profile = t->profile;
		return;
	}
	out->reason = t->verb == POLICY_STUB ? t->reason :
	    kind_reason(f->kind, p->refuse->reason);
	out->verb = POLICY_STUB;
	out->profile = NULL;
}

void
policy_decide(const struct policy *p, const struct policy_facts *f,
    struct policy_action *out)
{
	const struct policy_rule	*r;
	enum truth			 t;

	for (r = p->rules; r != NULL; r = r->next) {
		t = eval(r->when, f);
		/* not knowing refuses, and never permits */
		if (t == TRUE || (t == UNKNOWN &&
		    r->then->verb == POLICY_STUB)) {
			out->rule = r->id->text;
			set_action(p, r->then, f, out);
			return;
		}
	}
	out->rule = "default";
	set_action(p, p->convert, f, out);
}
