/*
 * The tree that the grammar builds, in one pool that is freed whole, and the
 * list of refusals.
 * Runs in limpid-policy and limpid-sanitizerd. Input: what the grammar found.
 * Must never judge: whether a name exists or a number fits is policy_check.c's.
 */
#include "policy_private.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

struct pool_block {
	struct pool_block	*next;
	max_align_t		 data[];
};

void *
tree_alloc(struct policy_parser *pp, size_t size)
{
	struct pool_block	*b;

	if ((b = calloc(1, sizeof(*b) + size)) == NULL) {
		pp->no_memory = 1;
		return NULL;
	}
	b->next = pp->policy->pool;
	pp->policy->pool = b;
	return b->data;
}

struct policy_value *
tree_value(struct policy_parser *pp, enum policy_word is, const char *text,
    size_t len, struct policy_place at)
{
	struct policy_value	*v;

	if ((v = tree_alloc(pp, sizeof(*v))) == NULL ||
	    (v->text = tree_alloc(pp, len + 1)) == NULL)
		return NULL;
	memcpy(v->text, text, len);
	v->is = is;
	v->at = at;
	return v;
}

struct policy_setting *
tree_setting(struct policy_parser *pp, struct policy_value *name,
    struct policy_value *value)
{
	struct policy_setting	*s;

	if ((s = tree_alloc(pp, sizeof(*s))) == NULL)
		return NULL;
	s->name = name;
	s->value = value;
	return s;
}

struct policy_expr *
tree_expr(struct policy_parser *pp, enum policy_op op,
    struct policy_expr *left, struct policy_expr *right)
{
	struct policy_expr	*e;

	if (left == NULL || (e = tree_alloc(pp, sizeof(*e))) == NULL)
		return NULL;
	e->op = op;
	e->left = left;
	e->right = right;
	e->at = left->at;
	return e;
}

struct policy_expr *
tree_term(struct policy_parser *pp, enum policy_op op,
    struct policy_value *name, struct policy_value *values)
{
	struct policy_expr	*e;

	if (name == NULL || (e = tree_alloc(pp, sizeof(*e))) == NULL)
		return NULL;
	e->op = op;
	e->name = name;
	e->values = values;
	e->at = name->at;
	return e;
}

struct policy_then *
tree_then(struct policy_parser *pp, enum policy_verb verb,
    struct policy_value *target)
{
	struct policy_then	*t;

	if ((t = tree_alloc(pp, sizeof(*t))) == NULL)
		return NULL;
	t->verb = verb;
	t->target = target;
	return t;
}

struct policy_value *
tree_value_append(struct policy_value *list, struct policy_value *one)
{
	struct policy_value	**at = &list;

	while (*at != NULL)
		at = &(*at)->next;
	*at = one;
	return list;
}

struct policy_setting *
tree_setting_append(struct policy_setting *list, struct policy_setting *one)
{
	struct policy_setting	**at = &list;

	while (*at != NULL)
		at = &(*at)->next;
	*at = one;
	return list;
}

void
tree_add_profile(struct policy_parser *pp, struct policy_value *name,
    struct policy_setting *settings)
{
	struct policy_block	*b, **at = &pp->policy->profiles;

	if (name == NULL || (b = tree_alloc(pp, sizeof(*b))) == NULL)
		return;
	b->name = name;
	b->settings = settings;
	b->profile.name = name->text;
	while (*at != NULL)
		at = &(*at)->next;
	*at = b;
}

void
tree_add_rule(struct policy_parser *pp, struct policy_value *id,
    struct policy_value *title, struct policy_setting *about,
    struct policy_expr *when, struct policy_then *then)
{
	struct policy_rule	*r, **at = &pp->policy->rules;

	if ((r = tree_alloc(pp, sizeof(*r))) == NULL)
		return;
	r->id = id;
	r->title = title;
	r->about = about;
	r->when = when;
	r->then = then;
	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
}

void
tree_free(struct policy *p)
{
	struct pool_block	*b;

	if (p == NULL)
		return;
	while ((b = p->pool) != NULL) {
		p->pool = b->next;
		free(b);
	}
	free(p->limit_lines);
	free(p);
}

void
tree_fault(struct policy_parser *pp, struct policy_place at, const char *hint,
    const char *fmt, ...)
{
	va_list	ap;

	if (pp->fault_count++ >= POLICY_FAULTS_MAX)
		return;
	fprintf(pp->faults, "%s:%u:%u: ", pp->file, at.line, at.column);
	va_start(ap, fmt);
	vfprintf(pp->faults, fmt, ap);
	va_end(ap);
	fputs(".", pp->faults);
	if (hint != NULL)
		fprintf(pp->faults, " %s.", hint);
	fputs("\n", pp->faults);
}
