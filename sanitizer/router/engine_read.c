/*
 * Words of pages that have none of their own, where the profile asks for them: the pages
 * that a worker drew go to worker-ocr, and what it reads stands beside them.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: none that engine_answer.c has
 * not checked. Must never lose a picture because its words could not be read.
 */
#include "engine_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "err.h"

int
part_is_read(const struct part *p)
{
	const struct policy_profile	*profile = p->action.profile;

	return profile != NULL && profile->ocr != NULL && profile->text &&
	    profile->render && !p->words;
}

void
part_drawn(struct part *p)
{
	if (p->outcome == OUTCOME_IMAGES && p->frames != NULL &&
	    !p->streamed && p->recognised == NULL && part_is_read(p))
		part_wait_for(p, ANSWER_READ, ENGINE_OCR);
	else
		part_finish(p);
}

int
part_take_read(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);

	if (d->outcome == OUTCOME_STUB) {
		part_unread(p, d->reason);
		return ERR_OK;
	}
	p->recognised = answer_take_frames(a);
	part_finish(p);
	return ERR_OK;
}

void
part_unread(struct part *p, enum reason reason)
{
	if (asprintf(&p->unread, "not done: %s", reason == REASON_ENGINE ?
	    "the engine for it does not start" : reason_name(reason)) == -1)
		p->unread = NULL;
	part_finish(p);
}
