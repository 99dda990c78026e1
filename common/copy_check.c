/*
 * What a copy may say and when. Run by the sanitizer's engine before it writes
 * and by the jailed child of the internal side after it has read. Hostile input:
 * every value. Must never let through a string that text_check refuses, a size
 * the reader did not compute itself, or a frame out of its order.
 */
#include <string.h>

#include "copy_private.h"
#include "err.h"
#include "text.h"

_Static_assert(FACT_MAX <= 64, "facts_seen has a bit for each fact");

static int
check_line(const char *s, size_t max)
{
	size_t	 len;

	if (s == NULL)
		return ERR_FORMAT;
	len = strnlen(s, max + 1);
	if (len > max)
		return ERR_LIMIT;
	return len == 0 ? ERR_OK : text_check(s, len, TEXT_LINE);
}

int
copy_check_mail(struct copy_order *o, const struct copy_mail *m)
{
	const char	*lines[] = { m->sender, m->client, m->tls, m->auth,
			    m->policy };
	size_t		 i;
	int		 r;

	if (o->stage != COPY_BEFORE || m->document > 1)
		return ERR_FORMAT;
	if (m->rcpt_count > COPY_RCPTS_MAX)
		return ERR_LIMIT;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if ((r = check_line(lines[i], COPY_VALUE_MAX)) != ERR_OK)
			return r;
	for (i = 0; i < m->rcpt_count; i++)
		if ((r = check_line(m->rcpts[i], COPY_VALUE_MAX)) != ERR_OK)
			return r;
	o->stage = COPY_BETWEEN;
	return ERR_OK;
}

/* A path is digits and dots, so it can stand in a file name as it is. */
static int
check_path(const char *path)
{
	size_t	 len;

	if (path == NULL || path[0] == '\0')
		return ERR_FORMAT;
	len = strnlen(path, COPY_NAME_MAX + 1);
	if (len > COPY_NAME_MAX)
		return ERR_LIMIT;
	return strspn(path, "0123456789.") == len ? ERR_OK : ERR_FORMAT;
}

/* Depth first: the parent is the part before or one of its ancestors. */
static int
check_parent(const struct copy_order *o, uint32_t parent, size_t *keep)
{
	size_t	 n = o->path_len;

	if (o->parts == 0) {
		*keep = 0;
		return parent == 0 ? ERR_OK : ERR_FORMAT;
	}
	while (n > 0 && o->path[n - 1] != parent)
		n--;
	if (n == 0)
		return ERR_FORMAT;
	if (n == COPY_DEPTH_MAX)
		return ERR_LIMIT;
	*keep = n;
	return ERR_OK;
}

int
copy_check_part(struct copy_order *o, const struct copy_part *p)
{
	size_t	 keep;
	int	 r;

	if (o->stage != COPY_BETWEEN || p->id != o->parts + 1)
		return ERR_FORMAT;
	if (p->id > COPY_PARTS_MAX || p->depth > COPY_DEPTH_MAX)
		return ERR_LIMIT;
	if ((unsigned)p->kind >= KIND_MAX || p->body > 1)
		return ERR_FORMAT;
	if ((r = check_parent(o, p->parent, &keep)) != ERR_OK ||
	    (r = check_path(p->path)) != ERR_OK ||
	    (r = check_line(p->name, COPY_NAME_MAX)) != ERR_OK ||
	    (r = check_line(p->declared, COPY_NAME_MAX)) != ERR_OK)
		return r;
	o->path[keep] = p->id;
	o->path_len = keep + 1;
	o->parts = p->id;
	o->facts = o->pages = o->page_count = 0;
	o->facts_seen = 0;
	o->stage = COPY_INSIDE;
	return ERR_OK;
}

int
copy_check_fact(struct copy_order *o, enum fact f, const char *value)
{
	uint64_t	 bit;
	int		 r;

	if (o->stage != COPY_INSIDE || f == FACT_NONE ||
	    (unsigned)f >= FACT_MAX)
		return ERR_FORMAT;
	bit = UINT64_C(1) << f;
	if ((o->facts_seen & bit) != 0 && !fact_repeatable(f))
		return ERR_FORMAT;
	if (o->facts == COPY_FACTS_MAX)
		return ERR_LIMIT;
	if ((r = check_line(value, COPY_VALUE_MAX)) != ERR_OK)
		return r;
	o->facts_seen |= bit;
	o->facts++;
	return ERR_OK;
}

int
copy_check_text(struct copy_order *o, uint32_t page, const char *utf8,
    size_t len)
{
	if (o->stage != COPY_INSIDE || len == 0)
		return ERR_FORMAT;
	if (len > COPY_TEXT_CHUNK ||
	    (page != COPY_NO_PAGE && page >= COPY_PAGES_MAX))
		return ERR_LIMIT;
	return text_check(utf8, len, TEXT_BLOCK);
}

int
copy_check_page(struct copy_order *o, const struct copy_page *p)
{
	uint64_t	 raw;

	if (o->stage != COPY_INSIDE || p->index < o->pages ||
	    (p->channels != 1 && p->channels != 3) || p->dpi == 0 ||
	    p->width == 0 || p->height == 0 || p->frame_len == 0)
		return ERR_FORMAT;
	if (p->index >= COPY_PAGES_MAX || p->width > COPY_PAGE_SIDE ||
	    p->height > COPY_PAGE_SIDE)
		return ERR_LIMIT;
	raw = (uint64_t)p->width * p->height;
	if (raw > COPY_PAGE_PIXELS)
		return ERR_LIMIT;
	raw *= p->channels;
	/* zstd never makes more of what it cannot compress than this. */
	if (p->frame_len > raw + raw / 128 + 1024)
		return ERR_FORMAT;
	o->pages = p->index + 1;
	o->page_count++;
	return ERR_OK;
}

int
copy_check_part_end(struct copy_order *o, const struct copy_part_end *e)
{
	int	 r;

	if (o->stage != COPY_INSIDE || (unsigned)e->outcome >= OUTCOME_MAX ||
	    (unsigned)e->reason >= REASON_MAX || e->pages != o->page_count)
		return ERR_FORMAT;
	/* A stub says why, whatever happened. */
	if (e->outcome == OUTCOME_STUB && e->reason == REASON_COMPLETE)
		return ERR_FORMAT;
	if ((r = check_line(e->engine, COPY_NAME_MAX)) != ERR_OK ||
	    (r = check_line(e->rule, COPY_NAME_MAX)) != ERR_OK ||
	    (r = check_line(e->note, COPY_VALUE_MAX)) != ERR_OK)
		return r;
	o->stage = COPY_BETWEEN;
	return ERR_OK;
}

int
copy_check_end(struct copy_order *o, uint32_t parts)
{
	/* No empty mail without a reason: the root part is always there. */
	if (o->stage != COPY_BETWEEN || parts == 0 || parts != o->parts)
		return ERR_FORMAT;
	o->stage = COPY_AFTER;
	return ERR_OK;
}

size_t
copy_payload_max(uint8_t type)
{
	switch (type) {
	case COPY_MAIL:
		return 128 + (size_t)(COPY_RCPTS_MAX + 5) *
		    (COPY_VALUE_MAX + 4);
	case COPY_PART:
		return 128 + 3 * (COPY_NAME_MAX + 4);
	case COPY_FACT:
		return 2 + COPY_VALUE_MAX + 4;
	case COPY_TEXT:
		return 4 + COPY_TEXT_CHUNK + 4;
	case COPY_PAGE:
		return COPY_FRAME_MAX;
	case COPY_PART_END:
		return 64 + 2 * (COPY_NAME_MAX + 4) + COPY_VALUE_MAX + 4;
	case COPY_END:
		return 4;
	default:
		return 0;
	}
}
