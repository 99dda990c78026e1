/*
 * worker-poppler: a PDF that MuPDF could not draw, or not read, a second time.
 * Runs as limpid-worker-poppler: a warm parent and one jailed child a document.
 * Hostile input: the document, in the child only, by poppler.
 * Must never hold another document's bytes than its own.
 */
#include "codes.h"
#include "document.h"
#include "err.h"
#include "flatten.h"
#include "popdf.h"
#include "worker.h"

static void
poppler_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	flatten_document(&popdf_engine, w, job, data, len);
}

static int
poppler_worker_warm(void)
{
	int r = popdf_warm();

	return r == ERR_OK ? codes_warm() : r;
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "poppler",
		.warm = poppler_worker_warm,
		.run = poppler_run,
	};

	return worker_main(argc, argv, &ops);
}
