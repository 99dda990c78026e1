/* folder: external-side
 * Any dialogue: the first byte picks SMTP or LMTP and how the rest is cut. What
 * is accepted must have a recipient and a bounded size; the header lines of an
 * accepted mail are read for traces of our MTA. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dialogue.h"
#include "err.h"
#include "trace.h"

#define SIZE_MAX_MAIL	4096

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct client {
	struct dialogue	*d;
	uint8_t		 mail[SIZE_MAX_MAIL];
	size_t		 len;
	size_t		 rcpts;
};

static int
on_admit(void *arg, uint64_t size)
{
	(void)arg;
	if (size > SIZE_MAX_MAIL)
		abort();
	return ERR_OK;
}

static int
on_rcpt(void *arg, const char *address)
{
	struct client	*c = arg;

	if (strpbrk(address, "\r\n") != NULL || address[0] == '\0')
		abort();
	return address[0] == 'n' ? ERR_NOTFOUND : address[0] == 'd' ?
	    ERR_DENIED : (c->rcpts++, ERR_OK);
}

static int
on_data(void *arg, const uint8_t *data, size_t len)
{
	struct client	*c = arg;

	if (len > SIZE_MAX_MAIL - c->len)
		abort();
	memcpy(c->mail + c->len, data, len);
	c->len += len;
	return ERR_OK;
}

static void
on_complete(void *arg, const struct envelope *e)
{
	struct client	*c = arg;
	struct trace	 t;

	if (e->rcpt_count == 0 || e->rcpt_count > c->rcpts ||
	    e->sender == NULL)
		abort();
	if (trace_read(c->mail, c->len, "mx", &t) != ERR_OK)
		abort();
	trace_clear(&t);
	dialogue_committed(c->d, c->len % 5 == 1 ? ERR_FULL : ERR_OK, "LM-X");
}

static void
on_discard(void *arg)
{
	struct client	*c = arg;

	c->len = 0;
}

static const struct dialogue_handlers handlers = {
	on_admit, on_rcpt, on_data, on_complete, on_discard
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dialogue_limits	 limits = { .hostname = "mx",
				    .max_size = SIZE_MAX_MAIL, .max_rcpts = 10,
				    .max_line = 512, .max_mails = 10 };
	static struct client	 c;
	size_t			 at = 1, n, len, step;

	if (size < 1)
		return 0;
	limits.protocol = data[0] & 1 ? DIALOGUE_LMTP : DIALOGUE_SMTP;
	limits.own_mta = data[0] >> 1 & 1;
	step = (data[0] >> 2) + 1u;
	c.len = c.rcpts = 0;
	if ((c.d = dialogue_new(&limits, &handlers, &c)) == NULL)
		abort();
	while (at < size && !dialogue_ended(c.d)) {
		n = dialogue_feed(c.d, data + at, size - at < step ? size - at :
		    step);
		at += n;
		dialogue_output(c.d, &len);
		dialogue_drain(c.d, len);
		if (n == 0 && len == 0)
			abort();	/* it neither reads nor writes */
	}
	dialogue_free(c.d);
	return 0;
}
