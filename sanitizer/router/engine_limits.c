/*
 * The number of the limit that a part was cut by, in one form for all workers.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: none but the reason
 * that a worker stated, a number of a closed list.
 * Must never leave a limit unnamed: the reader is told it, and staff tune by it.
 */
#include "engine_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
note_number(struct part *p, const char *limit, uint64_t number)
{
	free(p->note);
	if (asprintf(&p->note, "%s %llu", limit,
	    (unsigned long long)number) == -1)
		p->note = NULL;
}

void
part_name_limit(struct part *p)
{
	const struct policy_limits	*l = part_limits(p);
	const struct policy_profile	*profile = p->action.profile;

	switch ((int)p->reason) {
	case REASON_LIMIT_BYTES:
		if (p->note != NULL && strncmp(p->note, "expand", 6) == 0)
			note_number(p, "expand", l->expand);
		else
			note_number(p, "bytes", l->bytes);
		break;
	case REASON_LIMIT_PARTS:
		note_number(p, "parts", l->parts);
		break;
	case REASON_LIMIT_DEPTH:
		note_number(p, "depth", l->depth);
		break;
	case REASON_LIMIT_PAGES:
		note_number(p, "pages", profile != NULL ?
		    least(l->pages, profile->pages) : l->pages);
		break;
	case REASON_LIMIT_PIXELS:
		if (p->kind == KIND_IMAGE && l->page_pixels <
		    l->mail_pixels - least(l->mail_pixels, p->mail->pixels))
			note_number(p, "page-pixels", l->page_pixels);
		else
			note_number(p, "mail-pixels", l->mail_pixels);
		break;
	case REASON_LIMIT_TEXT:
		note_number(p, "text", l->text);
		break;
	case REASON_LIMIT_HEADERS:
		note_number(p, "headers", l->headers);
		break;
	case REASON_TIMEOUT:
		if (p->mail->late)
			note_number(p, "mail-seconds", l->mail_seconds);
		else
			note_number(p, "seconds", l->seconds);
		break;
	case REASON_MEMORY:
		note_number(p, "memory", l->memory /
		    (ENGINE_WEIGHT / part_weight(p)));
		break;
	}
}
