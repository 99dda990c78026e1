/*
 * worker-pdf: a document becomes the pictures and the words of its pages.
 * Runs as limpid-worker-pdf: a warm parent and one jailed child a document.
 * Hostile input: the document, in the child only, by MuPDF.
 * Must never hold another document's bytes than its own.
 */
#include "codes.h"
#include "document.h"
#include "err.h"
#include "flatten.h"
#include "worker.h"

static void
pdf_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	flatten_document(&document_mupdf, w, job, data, len);
}

static int
pdf_worker_warm(void)
{
	int r = document_warm();

	return r == ERR_OK ? codes_warm() : r;
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "pdf",
		.warm = pdf_worker_warm,
		.run = pdf_run,
	};

	return worker_main(argc, argv, &ops);
}
