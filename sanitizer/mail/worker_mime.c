/*
 * worker-mime: takes a mail apart.
 * Runs as limpid-worker-mime: a warm parent and one jailed child a mail.
 * Hostile input: the mail, in the child only.
 * Must never: let a mail pass without at least one part and its outcome.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "identify.h"
#include "mime_mbox.h"
#include "mime_parts.h"
#include "signed_pair.h"
#include "worker.h"

/* The answers, and what the child just begun was declared to be. */
struct unpacking {
	struct worker		*w;
	enum worker_role	 role;
	char			 declared[64];
};

static void
on_fact(void *arg, enum fact f, const char *value)
{
	struct unpacking	*u = arg;

	worker_fact(u->w, f, value);
}

static int
on_child(void *arg, enum worker_role role, enum kind hint, const char *path,
    const char *name, const char *declared, const char *charset,
    const char *content_id)
{
	struct unpacking	*u = arg;

	u->role = role;
	snprintf(u->declared, sizeof(u->declared), "%.63s", declared);
	return worker_child(u->w, role, hint, path, name, declared, charset,
	    content_id);
}

/* The whole of a child. What it really is can be told here, in the same jail, and
 * saves a jail of its own. */
static int
on_data(void *arg, const void *data, size_t len)
{
	struct unpacking	*u = arg;
	struct identity		 id;

	if (u->role == ROLE_SIGNATURE) {
		worker_identified(u->w, KIND_SIGNATURE, SIGNED_PAIR_FORMAT);
	} else {
		identify(data, len, u->declared, &id);
		worker_identified(u->w, id.kind, id.format);
	}
	return worker_child_data(u->w, data, len);
}

static void
mime_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct unpacking	 u = { .w = w };
	struct mime_sink	 sink = { &u, on_fact, on_child, on_data };
	struct mime_limits	 limits = { job->max_headers, job->max_depth,
				    job->authserv_id };
	enum reason		 reason;
	uint64_t		 n = 0;
	char			 note[32] = "";
	int			 cut;

	if (strcmp(job->format, "mbox") == 0 &&
	    mime_mbox(data, len, &sink, &cut) > 0)
		worker_done(w, OUTCOME_CONTAINER, cut ? REASON_LIMIT_PARTS :
		    REASON_COMPLETE, 0, 0, "mbox", "");
	reason = mime_read(data, len, &limits, &sink, &n);
	if (n > 0)
		snprintf(note, sizeof(note), "%" PRIu64, n);
	worker_done(w, reason == REASON_FORMAT ? OUTCOME_STUB :
	    OUTCOME_CONTAINER, reason, 0, 0, "gmime", note);
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "mime",
		.warm = mime_warm,
		.run = mime_run,
	};

	return worker_main(argc, argv, &ops);
}
