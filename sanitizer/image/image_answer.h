/*
 * What a worker that opened an image answers, whichever engine read it.
 */
#ifndef LIMPID_IMAGE_ANSWER_H
#define LIMPID_IMAGE_ANSWER_H

#include "image.h"
#include "worker.h"

/* Facts, pages and DONE of an open image. */
_Noreturn void image_answer(struct worker *w, const struct worker_job *job,
    struct image *i);
/* DONE of a file that could not be opened for this reason. */
_Noreturn void image_answer_none(struct worker *w, const struct worker_job *job,
    enum reason reason, const char *engine);

#endif
