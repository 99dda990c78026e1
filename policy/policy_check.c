/*
 * Judges the tree: every name exists, every number fits, nothing is said twice,
 * and fills in what evaluation needs. Each refusal is its own sentence.
 * Runs in limpid-policy and limpid-sanitizerd. Input: the grammar's tree.
 * Must never let a policy pass that could mean less than it says.
 */
#include "policy_private.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

/* Letters to change to get from a to b; only small answers matter. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned	row[32], old, next;
	size_t		la = strlen(a), lb = strlen(b);

	if (la > 31 || lb > 31)
		return 99;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		old = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			next = row[j];
			if (a[i - 1] != b[j - 1])
				old++;
			if (row[j] + 1 < old)
				old = row[j] + 1;
			if (row[j - 1] + 1 < old)
				old = row[j - 1] + 1;
			row[j] = old;
			old = next;
		}
	}
	return row[lb];
}

/* "Did you mean X" for the nearest of n names, else "It is one of X, Y". */
static void
suggest(char hint[600], const char *word, const char *(*name)(size_t),
    size_t n)
{
	const char	*best = NULL;
	unsigned	 least = 3, d;

	for (size_t i = 0; i < n; i++)
		if (name(i) != NULL && (d = distance(word, name(i))) < least) {
			least = d;
			best = name(i);
		}
	if (best != NULL) {
		snprintf(hint, 600, "Did you mean %s", best);
		return;
	}
	snprintf(hint, 600, "It is one of");
	for (size_t i = 0; i < n; i++)
		if (name(i) != NULL) {
			strncat(hint, " ", 599 - strlen(hint));
			strncat(hint, name(i), 599 - strlen(hint));
		}
}

static const char *
limit_name_at(size_t n)
{
	return policy_limit_table[n].name;
}

static const char *
field_name_at(size_t n)
{
	return policy_field_table[n].name;
}

static const char *
kind_name_at(size_t n)
{
	return kind_name((enum kind)n);
}

/* Reasons that a person may decide; the rest are things that happen. */
static const char *const stub_reasons[] = {
	"policy", "unsupported", "encrypted", "never", "malware", "format",
};

static const char *
stub_reason_at(size_t n)
{
	return stub_reasons[n];
}

static enum policy_unit
unit_of(const struct policy_limit *t)
{
	return strcmp(t->unit, "bytes") == 0 ? POLICY_BYTES :
	    strcmp(t->unit, "seconds") == 0 ? POLICY_SECONDS : POLICY_COUNT;
}

static void
check_limit(struct policy_parser *pp, const struct policy_setting *s)
{
	const struct policy_limit	*t;
	struct policy			*p = pp->policy;
	char				 hint[600];
	uint64_t			 v;
	size_t				 n;
	int				 r;

	for (n = 0; n < policy_limit_count; n++)
		if (strcmp(policy_limit_table[n].name, s->name->text) == 0)
			break;
	if (n == policy_limit_count) {
		suggest(hint, s->name->text, limit_name_at, n);
		tree_fault(pp, s->name->at, hint, "there is no limit %s",
		    s->name->text);
		return;
	}
	t = &policy_limit_table[n];
	if (p->limit_lines[n] != 0) {
		tree_fault(pp, s->name->at, "Keep one of the two",
		    "limit %s was set on line %u already", t->name,
		    p->limit_lines[n]);
		return;
	}
	p->limit_lines[n] = s->name->at.line;
	if (s->value->is != POLICY_IS_NUMBER ||
	    (r = policy_number(s->value->text, unit_of(t), &v)) ==
	    ERR_FORMAT) {
		tree_fault(pp, s->value->at, unit_of(t) == POLICY_SECONDS ?
		    "Write a number with s, m, h or d behind it" :
		    "Write a number, with K, M or G behind it where it is "
		    "large", "limit %s cannot be %s", t->name, s->value->text);
		return;
	}
	if (r != ERR_OK || v < t->least || v > t->most) {
		snprintf(hint, sizeof(hint), "It goes from %llu to %llu %s",
		    (unsigned long long)t->least, (unsigned long long)t->most,
		    t->unit);
		tree_fault(pp, s->value->at, hint, strcmp(s->value->text, "0")
		    == 0 ? "limit %s cannot be %s, and nothing is unlimited" :
		    "limit %s cannot be %s", t->name, s->value->text);
		return;
	}
	policy_limit_set(&p->limits, n, v);
}

static int
one_of(struct policy_parser *pp, const struct policy_setting *s,
    const char *yes, const char *no, int *out)
{
	char	hint[80];

	if (s->value->is == POLICY_IS_WORD &&
	    (strcmp(s->value->text, yes) == 0 ||
	    strcmp(s->value->text, no) == 0)) {
		*out = strcmp(s->value->text, yes) == 0;
		return 1;
	}
	snprintf(hint, sizeof(hint), "Write %s %s, or %s %s", s->name->text,
	    yes, s->name->text, no);
	tree_fault(pp, s->value->at, hint, "%s cannot be %s", s->name->text,
	    s->value->text);
	return 0;
}

static void
in_range(struct policy_parser *pp, const struct policy_setting *s,
    uint64_t least, uint64_t most, uint64_t *out)
{
	char		hint[80];
	uint64_t	v;

	if (s->value->is == POLICY_IS_NUMBER &&
	    policy_number(s->value->text, POLICY_COUNT, &v) == ERR_OK &&
	    v >= least && v <= most) {
		*out = v;
		return;
	}
	snprintf(hint, sizeof(hint), "It is a number from %llu to %llu",
	    (unsigned long long)least, (unsigned long long)most);
	tree_fault(pp, s->value->at, hint, "%s cannot be %s", s->name->text,
	    s->value->text);
}

/* Whether an earlier setting of the list has the same name. */
static int
said_before(struct policy_parser *pp, const struct policy_setting *list,
    const struct policy_setting *s)
{
	for (; list != s; list = list->next)
		if (strcmp(list->name->text, s->name->text) == 0) {
			tree_fault(pp, s->name->at, "Keep one of the two",
			    "%s was set on line %u already", s->name->text,
			    list->name->at.line);
			return 1;
		}
	return 0;
}

static void
check_ocr(struct policy_parser *pp, const struct policy_setting *s,
    const char **out)
{
	static const struct { const char *word, *languages; } known[] = {
		{ "off", NULL }, { "on", "chi_tra+jpn+eng" },
		{ "chi_tra", "chi_tra" }, { "jpn", "jpn" }, { "eng", "eng" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (s->value->is == POLICY_IS_WORD &&
		    strcmp(s->value->text, known[i].word) == 0) {
			*out = known[i].languages;
			return;
		}
	tree_fault(pp, s->value->at, "Write ocr on for all languages, ocr "
	    "chi_tra, ocr jpn or ocr eng for one, or ocr off",
	    "ocr cannot be %s", s->value->text);
}

static void
check_profile(struct policy_parser *pp, struct policy_block *b)
{
	struct policy_block		*o;
	const struct policy_setting	*s;
	uint64_t			 dpi = 150, pages = 100000;
	int				 rendered = 0;

	for (o = pp->policy->profiles; o != b; o = o->next)
		if (strcmp(o->name->text, b->name->text) == 0)
			tree_fault(pp, b->name->at, "Give it another name",
			    "profile %s stands on line %u already",
			    b->name->text, o->name->at.line);
	b->profile.text = 1;
	for (s = b->settings; s != NULL; s = s->next) {
		if (said_before(pp, b->settings, s))
			continue;
		if (strcmp(s->name->text, "render") == 0)
			rendered = one_of(pp, s, "images", "none",
			    &b->profile.render) || 1;
		else if (strcmp(s->name->text, "text") == 0)
			one_of(pp, s, "on", "off", &b->profile.text);
		else if (strcmp(s->name->text, "ocr") == 0)
			check_ocr(pp, s, &b->profile.ocr);
		else if (strcmp(s->name->text, "dpi") == 0)
			in_range(pp, s, 36, 600, &dpi);
		else if (strcmp(s->name->text, "pages") == 0)
			in_range(pp, s, 1, 100000, &pages);
		else
			tree_fault(pp, s->name->at,
			    "A profile has render, dpi, pages, text and ocr",
			    "a profile has no %s", s->name->text);
	}
	b->profile.dpi = (uint16_t)dpi;
	b->profile.pages = (uint32_t)pages;
	if (!rendered)
		tree_fault(pp, b->name->at,
		    "Add render images, or render none",
		    "profile %s does not say what to render", b->name->text);
	else if (b->profile.ocr != NULL &&
	    (!b->profile.render || !b->profile.text))
		tree_fault(pp, b->name->at,
		    "Set render images and text on, or ocr off",
		    "profile %s reads pages, but has no pages or no text",
		    b->name->text);
	else if (!b->profile.render && !b->profile.text)
		tree_fault(pp, b->name->at,
		    "Set text on, or use a rule with stub",
		    "profile %s would let nothing arrive", b->name->text);
}

static void
check_value(struct policy_parser *pp, const struct policy_expr *e,
    struct policy_value *v)
{
	const struct policy_field_info	*f = &policy_field_table[e->field];
	char				 hint[600];
	int				 k;

	switch (f->type) {
	case FIELD_IS_KIND:
		if (v->is == POLICY_IS_WORD && (k = kind_find(v->text)) >= 0) {
			v->number = (uint64_t)k;
			break;
		}
		suggest(hint, v->text, kind_name_at, KIND_MAX);
		tree_fault(pp, v->at, hint, "there is no kind %s", v->text);
		break;
	case FIELD_IS_BYTES:
	case FIELD_IS_COUNT:
		if (v->is != POLICY_IS_NUMBER || policy_number(v->text,
		    f->type == FIELD_IS_BYTES ? POLICY_BYTES : POLICY_COUNT,
		    &v->number) != ERR_OK)
			tree_fault(pp, v->at, "Compare it with a number, "
			    "as in part.size > 10M", "%s is a number, and "
			    "%s is none", f->name, v->text);
		break;
	case FIELD_IS_TEXT:
	case FIELD_IS_NAMES:
		if (v->is != POLICY_IS_STRING)
			tree_fault(pp, v->at, "Put it in double quotes",
			    "%s is text, so %s must be a string", f->name,
			    v->text);
		else if (v->text[0] == '\0' && (f->type == FIELD_IS_NAMES ||
		    (e->op != POLICY_EQ && e->op != POLICY_NE)))
			tree_fault(pp, v->at, "Write what to look for",
			    "every %s would match an empty string", f->name);
		break;
	case FIELD_IS_BOOL:
		break;
	}
}

static void
check_term(struct policy_parser *pp, struct policy_expr *e)
{
	const struct policy_field_info	*f;
	char				 hint[600];
	size_t				 n;

	for (n = 0; n < FIELD_COUNT; n++)
		if (strcmp(policy_field_table[n].name, e->name->text) == 0)
			break;
	if (n == FIELD_COUNT) {
		suggest(hint, e->name->text, field_name_at, FIELD_COUNT);
		tree_fault(pp, e->at, hint, "there is nothing called %s to "
		    "ask about", e->name->text);
		return;
	}
	e->field = (enum policy_field)n;
	f = &policy_field_table[n];
	if (!policy_op_fits(e->op, f->type)) {
		if (e->op == POLICY_TRUE)
			tree_fault(pp, e->at, "Compare it with something",
			    "%s is not a question of yes or no", f->name);
		else if (f->type == FIELD_IS_BOOL)
			tree_fault(pp, e->at, "Write it alone, or with not "
			    "before it", "%s is yes or no and is compared "
			    "with nothing", f->name);
		else
			tree_fault(pp, e->at, f->type == FIELD_IS_NAMES ?
			    "Names have = in ends starts contains, and stand "
			    "alone; for others write: not ... =" :
			    f->type == FIELD_IS_TEXT ?
			    "Text has = != in ends starts contains" :
			    f->type == FIELD_IS_KIND ? "A kind has = != in" :
			    "A number has = != < <= > >=",
			    "%s cannot be asked with %s", f->name,
			    policy_op_name(e->op));
		return;
	}
	for (struct policy_value *v = e->values; v != NULL; v = v->next)
		check_value(pp, e, v);
}

/* Returns how many terms; recursion is bounded by bison's own stack. */
static unsigned
count_terms(const struct policy_expr *e)
{
	unsigned	n = 0;

	/* a chain of `and` leans to the left and may be long: no recursion */
	for (; e != NULL && n <= POLICY_TERMS_MAX; e = e->left) {
		n++;
		if (e->right != NULL)
			n += count_terms(e->right);
	}
	return n;
}

static void
check_expr(struct policy_parser *pp, struct policy_expr *e)
{
	if (e == NULL)
		return;
	if (e->op == POLICY_AND || e->op == POLICY_OR || e->op == POLICY_NOT) {
		check_expr(pp, e->left);
		check_expr(pp, e->right);
		return;
	}
	check_term(pp, e);
}

static void
check_then(struct policy_parser *pp, struct policy_then *t)
{
	struct policy_block	*b;
	char			 hint[600];
	size_t			 n;

	if (t->verb == POLICY_CONVERT) {
		for (b = pp->policy->profiles; b != NULL; b = b->next)
			if (strcmp(b->name->text, t->target->text) == 0)
				break;
		if (b != NULL)
			t->profile = &b->profile;
		else
			tree_fault(pp, t->target->at, "Define it with: "
			    "profile NAME { render images }",
			    "there is no profile %s", t->target->text);
		return;
	}
	for (n = 0; n < sizeof(stub_reasons) / sizeof(stub_reasons[0]); n++)
		if (strcmp(stub_reasons[n], t->target->text) == 0) {
			t->reason = (enum reason)reason_find(stub_reasons[n]);
			return;
		}
	suggest(hint, t->target->text, stub_reason_at, n);
	tree_fault(pp, t->target->at, hint,
	    reason_find(t->target->text) >= 0 ?
	    "%s is a reason that happens; no rule can decide it" :
	    "there is no reason %s", t->target->text);
}

static int
date_is_real(const char *s)
{
	static const int	days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30,
				    31, 30, 31 };
	int			y = atoi(s), m = atoi(s + 5), d = atoi(s + 8);

	if (y < 2000 || m < 1 || m > 12 || d < 1 || d > days[m - 1])
		return 0;
	return m != 2 || d != 29 ||
	    (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
}

static void
check_about(struct policy_parser *pp, const struct policy_rule *r)
{
	static const char *const	 levels[] = { "low", "medium", "high",
					    "critical" };
	const struct policy_setting	*s;
	size_t				 n;

	for (s = r->about; s != NULL; s = s->next) {
		if (said_before(pp, r->about, s))
			continue;
		if (strcmp(s->name->text, "severity") == 0) {
			for (n = 0; n < 4; n++)
				if (strcmp(levels[n], s->value->text) == 0)
					break;
			if (n == 4)
				tree_fault(pp, s->value->at, "It is low, "
				    "medium, high or critical",
				    "there is no severity %s", s->value->text);
		}
		if (strcmp(s->name->text, "review-by") == 0 &&
		    !date_is_real(s->value->text))
			tree_fault(pp, s->value->at, "Write it as year-month-"
			    "day, for instance 2027-01-31",
			    "%s is no day of the calendar", s->value->text);
	}
}

/* `when part.kind = program then convert`: a promise nobody may make. */
static void
check_promise(struct policy_parser *pp, const struct policy_rule *r)
{
	const struct policy_value	*v;

	if (r->then->verb != POLICY_CONVERT || r->when->field != FIELD_KIND ||
	    (r->when->op != POLICY_EQ && r->when->op != POLICY_IN))
		return;
	for (v = r->when->values; v != NULL; v = v->next)
		if (!policy_convertible((enum kind)v->number))
			tree_fault(pp, v->at, "Take it out of the rule; the "
			    "default's stub answers for it",
			    "parts of kind %s cannot be converted", v->text);
}

static void
check_rule(struct policy_parser *pp, struct policy_rule *r)
{
	struct policy_rule	*o;
	unsigned		 before = pp->fault_count;

	for (o = pp->policy->rules; o != r; o = o->next)
		if (strcmp(o->id->text, r->id->text) == 0)
			tree_fault(pp, r->id->at, "Give it a number of its "
			    "own; reports name rules by it",
			    "rule %s stands on line %u already", r->id->text,
			    o->id->at.line);
	if (r->id->text[0] < 'A' || r->id->text[0] > 'Z')
		tree_fault(pp, r->id->at, "For instance P100",
		    "the rule id %s does not begin with a capital letter",
		    r->id->text);
	check_about(pp, r);
	if (count_terms(r->when) > POLICY_TERMS_MAX) {
		tree_fault(pp, r->when->at, "Split it into several rules",
		    "this condition has more than %d terms",
		    POLICY_TERMS_MAX);
		return;
	}
	check_expr(pp, r->when);
	check_then(pp, r->then);
	if (pp->fault_count == before)
		check_promise(pp, r);
}

void
policy_check(struct policy_parser *pp)
{
	struct policy	*p = pp->policy;
	uint64_t	 v;

	if (p->name->text[0] == '\0')
		tree_fault(pp, p->name->at, "Write whose policy it is",
		    "the policy's name is empty");
	if (policy_number(p->version->text, POLICY_COUNT, &v) != ERR_OK || v == 0 ||
	    v > UINT32_MAX)
		tree_fault(pp, p->version->at, "Count from 1 and raise it "
		    "with every change", "the version cannot be %s",
		    p->version->text);
	for (struct policy_setting *s = p->settings; s != NULL; s = s->next)
		check_limit(pp, s);
	for (struct policy_block *b = p->profiles; b != NULL; b = b->next)
		check_profile(pp, b);
	for (struct policy_rule *r = p->rules; r != NULL; r = r->next)
		check_rule(pp, r);
	check_then(pp, p->convert);
	check_then(pp, p->refuse);
}
