/*
 * worker-archive: takes an archive apart; its members become parts.
 * Runs as limpid-worker-archive: a warm parent and one jailed child an archive.
 * Hostile input: the archive, in the child only.
 * Must never: write a file, follow a link, or unpack more than it was allowed.
 */
#include "unpack.h"
#include "worker.h"

static void
on_fact(void *arg, enum fact f, const char *value)
{
	worker_fact(arg, f, value);
}

static int
on_child(void *arg, enum kind hint, const char *path, const char *name)
{
	return worker_child(arg, ROLE_ATTACHMENT, hint, path, name, "", "", "");
}

static int
on_data(void *arg, const void *data, size_t len)
{
	return worker_child_data(arg, data, len);
}

static void
on_stub(void *arg, enum reason reason, const char *note)
{
	worker_child_stub(arg, reason, note);
}

static void
archive_run(struct worker *w, const struct worker_job *job,
    const uint8_t *data, size_t len)
{
	struct unpack_sink	 sink = { w, on_fact, on_child, on_data,
				    on_stub };
	/* some time is left for what was unpacked to be told */
	struct unpack_limits	 limits = { job->max_input,
				    job->deadline_ms - job->deadline_ms / 5,
				    worker_words(w), job->max_attempts };
	struct unpack_end	 end;

	unpack_read(data, len, job->format, &limits, &sink, &end);
	if (end.word >= 0)
		worker_unlocked(w, (unsigned)end.word);
	worker_done(w, end.outcome, end.reason, 0, 0, "libarchive", end.note);
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "archive",
		.warm = unpack_warm,
		.run = archive_run,
	};

	return worker_main(argc, argv, &ops);
}
