/*
 * The effective policy as text in canonical form, which parses to itself.
 * Runs in limpid-policy and limpid-sanitizerd. Input: a checked policy.
 * Must never leave out what changes a decision: the digest covers this text.
 */
#include "policy_print.h"

#include <string.h>

#include "policy_private.h"

static void
print_value(const struct policy_value *v, FILE *out)
{
	fprintf(out, v->is == POLICY_IS_STRING ? "\"%s\"" : "%s", v->text);
}

static void
print_expr(const struct policy_expr *e, FILE *out)
{
	const struct policy_value	*v;

	if (e->op == POLICY_AND || e->op == POLICY_OR) {
		fputs("(", out);
		print_expr(e->left, out);
		fprintf(out, " %s ", policy_op_name(e->op));
		print_expr(e->right, out);
		fputs(")", out);
		return;
	}
	if (e->op == POLICY_NOT) {
		fputs("not ", out);
		print_expr(e->left, out);
		return;
	}
	fputs(e->name->text, out);
	if (e->op == POLICY_TRUE)
		return;
	fprintf(out, " %s ", policy_op_name(e->op));
	if (e->op == POLICY_IN)
		fputs("{ ", out);
	for (v = e->values; v != NULL; v = v->next) {
		print_value(v, out);
		if (e->op == POLICY_IN)
			fputs(" ", out);
	}
	if (e->op == POLICY_IN)
		fputs("}", out);
}

static void
print_limits(const struct policy *p, int origins, FILE *out)
{
	const struct policy_limit	*t;

	for (size_t n = 0; n < policy_limit_count; n++) {
		t = &policy_limit_table[n];
		fprintf(out, "limit %s %llu", t->name,
		    (unsigned long long)policy_limit_get(&p->limits, n));
		if (origins && p->limit_lines[n] != 0)
			fprintf(out, "\t# %s %s, line %u", t->unit, t->what,
			    p->limit_lines[n]);
		else if (origins)
			fprintf(out, "\t# %s %s, default", t->unit, t->what);
		fputs("\n", out);
	}
}

void
policy_print(const struct policy *p, int origins, FILE *out)
{
	const struct policy_block	*b;
	const struct policy_rule	*r;
	const struct policy_setting	*s;

	fprintf(out, "policy \"%s\" version %s\n", p->name->text,
	    p->version->text);
	print_limits(p, origins, out);
	for (b = p->profiles; b != NULL; b = b->next)
		fprintf(out, "profile %s { render %s dpi %u pages %u text %s "
		    "ocr %s }\n", b->profile.name,
		    b->profile.render ? "images" : "none", b->profile.dpi,
		    b->profile.pages, b->profile.text ? "on" : "off",
		    b->profile.ocr == NULL ? "off" :
		    strchr(b->profile.ocr, '+') != NULL ? "on" :
		    b->profile.ocr);
	for (r = p->rules; r != NULL; r = r->next) {
		fprintf(out, "rule %s \"%s\"", r->id->text, r->title->text);
		for (s = r->about; s != NULL; s = s->next) {
			fprintf(out, " %s ", s->name->text);
			print_value(s->value, out);
		}
		fputs(" { when ", out);
		print_expr(r->when, out);
		fprintf(out, " then %s %s }\n",
		    r->then->verb == POLICY_CONVERT ? "convert" : "stub",
		    r->then->target->text);
	}
	fprintf(out, "default { convert %s else stub %s }\n",
	    p->convert->target->text, p->refuse->target->text);
}
