/*
 * worker-image: an image file becomes the picture that a person would see.
 * Runs as limpid-worker-image: a warm parent and one jailed child an image.
 * Hostile input: the image file, in the child only.
 * Must never decode what declares more than fits, or end in silence.
 */
#include "codes.h"
#include "err.h"
#include "image_answer.h"

static void
image_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct image *i;
	enum reason reason;

	reason = image_open(data, len, job->memory_bytes, &i);
	if (reason != REASON_COMPLETE)
		image_answer_none(w, job, reason, "mupdf");
	image_answer(w, job, i);
}

static int
image_worker_warm(void)
{
	int r = image_warm();

	return r == ERR_OK ? codes_warm() : r;
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "image",
		.warm = image_worker_warm,
		.run = image_run,
	};

	return worker_main(argc, argv, &ops);
}
