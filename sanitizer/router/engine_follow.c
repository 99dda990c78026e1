/*
 * A mail that is looked at again for its locked parts only: nothing is written until
 * all is decided, and then only what was opened, with what holds it. Runs in
 * limpid-sanitizerd. Hostile input: none that engine_part.c has not checked.
 * Must never write a copy when nothing opened, nor anything that the first copy
 * could show already.
 */
#include "engine_private.h"

#include "err.h"

#include <string.h>

static int
is_container(const struct part *p)
{
	return p->kind == KIND_MAIL || p->kind == KIND_MULTIPART ||
	    p->kind == KIND_ARCHIVE;
}

int
part_is_wanted(const struct part *p)
{
	const struct engine_request	*q = &p->mail->q;

	if (q->follow == NULL || p->inside_opened)
		return 1;
	for (size_t i = 0; i < q->only_count; i++)
		if (memcmp(q->only[i], p->sha256, sizeof(p->sha256)) == 0)
			return 1;
	return 0;
}

int
part_is_left_out(const struct part *p)
{
	return !part_is_wanted(p) && !is_container(p);
}

/* Keeps what was opened, what is inside of it, and what it is inside of. */
static void
keep_unlocked(struct mail *m)
{
	struct part	**at = &m->parts, *p, *inner;

	while ((p = *at) != NULL) {
		int keep = p->inside_opened || p->opened;

		for (inner = p->next; !keep && inner != NULL &&
		    inner->depth > p->depth; inner = inner->next)
			keep = inner->opened;
		if (keep) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		part_free(p);
	}
}

void
mail_follow(struct mail *m)
{
	struct ref	 ref = m->q.mail.ref;
	int		 r;

	if (m->q.follow == NULL || m->following)
		return;
	for (const struct part *p = m->parts; p != NULL; p = p->next)
		if (p->state != PART_FINISHED)
			return;
	m->following = 1;
	r = m->result.unlocked_count == 0 ? ERR_NOTFOUND :
	    m->q.follow(m->q.arg, (const uint8_t (*)[32])m->unlocked_parts,
	    m->result.unlocked_count, &ref);
	if (r == ERR_OK) {
		keep_unlocked(m);
		ref_format(&m->q.mail.ref, m->follows);
		m->q.mail.ref = ref;
		return;
	}
	if (r != ERR_NOTFOUND)
		engine_fail_mail(m, r);
	while (m->parts != NULL) {
		struct part *p = m->parts;

		m->parts = p->next;
		part_free(p);
	}
}
