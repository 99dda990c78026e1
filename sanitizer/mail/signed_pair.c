/*
 * signed_pair: a signature and what it signs, in one piece.
 * Runs in: worker-mime (packs) and worker-smime (unpacks), in their jails.
 * Hostile input: all of it; worker-mime may have been taken over.
 * Must never: point outside of what it was given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "signed_pair.h"
#include "wire.h"

uint8_t *
signed_pair_pack(const struct signed_pair *p, size_t *len)
{
	struct wire	*w;
	uint8_t		*out = NULL;

	if ((w = wire_new(2 * SIGNED_PAIR_TEXT_MAX + 16 + p->signature_len +
	    p->content_len)) == NULL)
		return NULL;
	if (wire_put_text(w, p->from) == ERR_OK &&
	    wire_put_text(w, p->over) == ERR_OK &&
	    wire_put_data(w, p->signature, p->signature_len) == ERR_OK &&
	    wire_put_data(w, p->content, p->content_len) == ERR_OK &&
	    (out = malloc(wire_len(w))) != NULL) {
		memcpy(out, wire_data(w), wire_len(w));
		*len = wire_len(w);
	}
	wire_free(w);
	return out;
}

static int
get_text(struct wire *w, char *into)
{
	char	*s = NULL;
	int	 r;

	if ((r = wire_get_text(w, SIGNED_PAIR_TEXT_MAX - 1, &s)) == ERR_OK)
		snprintf(into, SIGNED_PAIR_TEXT_MAX, "%s", s);
	free(s);
	return r;
}

int
signed_pair_unpack(const uint8_t *data, size_t len, struct signed_pair *p)
{
	struct wire	*w;
	int		 r;

	if ((w = wire_new_over(data, len)) == NULL)
		return ERR_MEMORY;
	if ((r = get_text(w, p->from)) == ERR_OK &&
	    (r = get_text(w, p->over)) == ERR_OK &&
	    (r = wire_get_data(w, &p->signature, &p->signature_len)) ==
	    ERR_OK &&
	    (r = wire_get_data(w, &p->content, &p->content_len)) == ERR_OK)
		r = wire_end(w);
	wire_free(w);
	return r == ERR_OK || r == ERR_MEMORY ? r : ERR_FORMAT;
}
