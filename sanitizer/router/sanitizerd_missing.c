/*
 * What never came over link 1, told to the internal host: the list that this host's
 * receiver keeps becomes the body of a STATUS parcel for link 2. Runs in
 * limpid-sanitizerd. Hostile input: none; the list is our receiver's, and is carried.
 * Must never send the same list twice while it runs, or wait for anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sanitizerd_parcel.h"

#include "err.h"
#include "log.h"
#include "proc.h"

#define LIST_MAX	(128 * 1024)	/* bytes; recv_notice.h writes less */

/* The list as text. ERR_NOTFOUND: the receiver keeps none. */
static int
list_read(const char *path, char *text, size_t size, size_t *len)
{
	ssize_t	 n;
	int	 fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	n = read(fd, text, size - 1);
	close(fd);
	if (n == -1)
		return ERR_SYS;
	text[n] = '\0';
	*len = (size_t)n;
	return ERR_OK;
}

static int
status_write(struct sanitizer *s, const char *text, size_t len)
{
	struct parcel_head	 head = { .kind = PARCEL_STATUS, .link = 2,
				    .created_ms = proc_wall_ms() };
	struct outgoing		 out = { .fd = -1 };
	struct manifest		*m = NULL;
	int			 r;

	if ((r = ref_new(&head.ref)) != ERR_OK ||
	    (r = spool_new_file(s->out, &head.ref, out.name, &out.fd)) !=
	    ERR_OK)
		return r;
	r = ERR_MEMORY;
	if ((m = manifest_new()) != NULL &&
	    (r = manifest_add(m, "class", "missing")) == ERR_OK &&
	    (r = parcel_writer_new(out.fd, &head, m, s->own_sign,
	    s->internal_seal, &out.writer)) == ERR_OK &&
	    (r = outgoing_write(&out, (const uint8_t *)text, len)) == ERR_OK)
		r = outgoing_commit(s, &out);
	else
		outgoing_abort(s, &out);
	manifest_free(m);
	return r;
}

void
missing_tell(struct sanitizer *s)
{
	static char	 text[LIST_MAX];
	const char	*change;
	uint64_t	 number = 0;
	char		*path;
	size_t		 len;
	int		 r;

	if ((path = conf_path(s->conf, "state/spool/link1-in/missing")) == NULL)
		return;
	r = list_read(path, text, sizeof(text), &len);
	if (r == ERR_OK && (change = strstr(text, "\nchange ")) != NULL)
		number = strtoull(change + 8, NULL, 10);
	if (r == ERR_OK && number != s->missing_change) {
		if ((r = status_write(s, text, len)) == ERR_OK) {
			s->missing_change = number;
			record_add(s->record, "link.missing", "link", "1",
			    "told", "internal", NULL);
		}
	}
	if (r != ERR_OK && r != ERR_NOTFOUND && r != s->missing_error)
		log_error("%s: what never came is not told inside: %s; it is "
		    "tried again", path, err_text(r));
	s->missing_error = r;
	free(path);
}
