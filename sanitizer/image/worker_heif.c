/*
 * worker-heif: HEIC and AVIF pictures, by a library too large to sit beside others.
 * Runs as limpid-worker-heif: a warm parent and one jailed child an image.
 * Hostile input: the image file, in the child only.
 * Must never decode what declares more than fits, start a thread, or end in silence.
 */
#include "codes.h"
#include "err.h"
#include "image_answer.h"
#include "image_heif.h"

static void
heif_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct image *i;
	enum reason reason;

	reason = image_open_with(&image_heif, data, len, job->memory_bytes, &i);
	if (reason != REASON_COMPLETE)
		image_answer_none(w, job, reason, image_heif.name);
	image_answer(w, job, i);
}

static int
heif_worker_warm(void)
{
	int r = image_heif_warm();

	return r == ERR_OK ? codes_warm() : r;
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "heif",
		.warm = heif_worker_warm,
		.run = heif_run,
	};

	return worker_main(argc, argv, &ops);
}
