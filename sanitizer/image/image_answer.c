/*
 * What a worker that opened an image answers: facts, its pictures, how it ended.
 * Runs in the jailed children of worker-image and worker-heif.
 * Hostile input: the image, through its engine.
 * Must never decode what declares more than fits, or end in silence.
 */
#include <stdio.h>
#include <string.h>

#include "image_answer.h"

#define FAILS_MAX	20	/* broken pictures in a row of one TIFF */

static void
metadata_state(struct worker *w, unsigned metadata)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ IMAGE_META_EXIF, "Exif" },
		{ IMAGE_META_POSITION, "position" },
		{ IMAGE_META_XMP, "XMP" },
		{ IMAGE_META_IPTC, "IPTC" },
		{ IMAGE_META_COMMENT, "comments" },
		{ IMAGE_META_TRAILING, "bytes after the end" },
	};
	char value[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((metadata & names[i].bit) != 0)
			len += snprintf(value + len, sizeof(value) - len,
			    "%s%s", len > 0 ? ", " : "", names[i].name);
	}
	if (len > 0)
		worker_fact(w, FACT_METADATA, value);
}

static void
facts_state(struct worker *w, const struct image *i)
{
	struct image_meta meta;

	image_meta(i, &meta);
	worker_fact(w, FACT_FORMAT, image_format(i));
	if (meta.frames > 1)
		worker_fact_number(w, FACT_FRAMES, meta.frames);
	if (meta.cut)
		worker_fact(w, FACT_MALFORMED, "the file ends before its "
		    "picture does");
	metadata_state(w, meta.metadata);
}

/* Sends picture number index; a reason other than COMPLETE says why not. */
static enum reason
picture_send(struct worker *w, const struct worker_job *job, struct image *i,
    uint32_t index, struct image_picture *pic)
{
	struct image_limits lim = { job->max_page_pixels, job->memory_bytes };
	enum reason reason;

	memset(pic, 0, sizeof(*pic));
	reason = image_decode(i, index, &lim, pic);
	if (reason == REASON_COMPLETE && !worker_page(w, index, pic->width,
	    pic->height, pic->channels, pic->stride, pic->dpi, pic->samples))
		reason = REASON_LIMIT_PIXELS;
	return reason;
}

/* How a file of several pictures went. */
struct tally {
	uint32_t	shown, failed, in_a_row;
	enum reason	first;		/* of the pictures that failed */
	int		turned, scaled;
};

static enum reason
pictures_send(struct worker *w, const struct worker_job *job, struct image *i,
    struct tally *t)
{
	uint32_t count = image_count(i);
	uint32_t n = count < job->max_pages ? count : job->max_pages;
	struct image_picture pic;
	enum reason reason;

	for (uint32_t k = 0; k < n; k++) {
		reason = picture_send(w, job, i, k, &pic);
		if (reason == REASON_COMPLETE) {
			t->shown++;
			t->in_a_row = 0;
			t->turned |= pic.turned;
			t->scaled |= pic.scaled;
			continue;
		}
		if (t->failed++ == 0)
			t->first = reason;
		if (reason == REASON_LIMIT_PIXELS || count == 1 ||
		    ++t->in_a_row >= FAILS_MAX)
			return reason;
	}
	return n < count ? REASON_LIMIT_PAGES : REASON_COMPLETE;
}

_Noreturn static void
image_end(struct worker *w, const struct worker_job *job, struct image *i,
    const struct tally *t, enum reason reason)
{
	enum outcome outcome = t->shown > 0 ? OUTCOME_IMAGES : OUTCOME_STUB;
	char note[32] = "";

	if (t->turned)
		worker_fact(w, FACT_ROTATED, "turned upright");
	if (t->failed > 0 && t->shown > 0)
		worker_fact_number(w, FACT_PAGES_FAILED, t->failed);
	if (t->failed > 0 && reason != REASON_LIMIT_PAGES)
		reason = t->shown == 0 || t->first == REASON_LIMIT_PIXELS ?
		    t->first : REASON_PAGES_FAILED;
	if (reason == REASON_COMPLETE && outcome == OUTCOME_STUB)
		reason = REASON_EMPTY;
	if (reason == REASON_LIMIT_PAGES)
		snprintf(note, sizeof(note), "%u", job->max_pages);
	else if (reason == REASON_LIMIT_PIXELS)
		snprintf(note, sizeof(note), "%u", job->max_page_pixels);
	else if (t->scaled)
		snprintf(note, sizeof(note), "scaled down to fit");
	worker_done(w, outcome, reason, t->shown, image_count(i),
	    image_engine(i), note);
}

_Noreturn void
image_answer(struct worker *w, const struct worker_job *job, struct image *i)
{
	struct tally t = {0};

	facts_state(w, i);
	image_end(w, job, i, &t, pictures_send(w, job, i, &t));
}

_Noreturn void
image_answer_none(struct worker *w, const struct worker_job *job,
    enum reason reason, const char *engine)
{
	if (job->format[0] != '\0')
		worker_fact(w, FACT_FORMAT, job->format);
	worker_done(w, OUTCOME_STUB, reason, 0, 0, engine, "");
}
