/*
 * worker-identify: says what a part really is.
 * Runs as limpid-worker-identify: a warm parent and one jailed child a part.
 * Hostile input: the part, in the child only; job->format is what the mail
 * declared it to be, a hint. Must never believe a name.
 */
#include "identify.h"
#include "worker.h"

static void
identify_run(struct worker *w, const struct worker_job *job,
    const uint8_t *data, size_t len)
{
	struct identity id;

	identify(data, len, job->format, &id);
	worker_identified(w, id.kind, id.format);
	worker_done(w, OUTCOME_CONTAINER, REASON_COMPLETE, 0, 0, "identify",
	    "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "identify",
		.run = identify_run,
	};

	return worker_main(argc, argv, &ops);
}
