/*
 * worker-ocr: words of pages that have none of their own, recognised by Tesseract from the
 * samples that a drawing worker made; never from the original.
 * Runs as limpid-worker-ocr: a warm parent with the models, one jailed child a part.
 * Hostile input: the kept frames of the drawing worker, in the child only.
 * Must never pass off what it guessed as the page's own text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tesseract/capi.h>

#include "drawn.h"
#include "err.h"
#include "links.h"
#include "log.h"
#include "text.h"
#include "worker.h"
#include "worker_private.h"

#define LANGUAGES	3
#define LETTERS_OWN	20	/* a page with as many needs no guessing */
#define SURE		50	/* percent; below, it is a picture and no text */
#define LEAST_MS	200	/* less is no time for a page */
#define LETTERS_SAYING	"[recognised by machine, may be wrong]\n"

static const char *const languages[LANGUAGES] = { "chi_tra", "jpn", "eng" };

/* One for each language, and one for all that are installed. */
static struct {
	char		 name[32];	/* "" for one that is not there */
	TessBaseAPI	*api;
} readers[LANGUAGES + 1];

struct task {
	struct worker			*w;
	const struct worker_job		*job;
	TessBaseAPI			*api;
	int64_t				 began_ms;
	uint32_t			 tried, read;	/* pages */
	int				 late, cut;
};

static int64_t
clock_ms(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Recognises nothing once, so that all it allocates at its first page is there. */
static void
reader_try(TessBaseAPI *api)
{
	static const uint8_t	 white[64 * 32] = { 255 };
	char			*text;

	TessBaseAPISetImage(api, white, 64, 32, 1, 64);
	text = TessBaseAPIGetUTF8Text(api);
	TessDeleteText(text);
	TessBaseAPIClear(api);
}

static int
reader_open(size_t i, const char *name)
{
	TessBaseAPI	*api;

	if ((api = TessBaseAPICreate()) == NULL)
		return ERR_MEMORY;
	if (TessBaseAPIInit2(api, NULL, name, OEM_LSTM_ONLY) != 0) {
		TessBaseAPIDelete(api);
		return ERR_NOTFOUND;
	}
	TessBaseAPISetPageSegMode(api, PSM_AUTO);
	reader_try(api);
	readers[i].api = api;
	snprintf(readers[i].name, sizeof(readers[i].name), "%s", name);
	return ERR_OK;
}

static int
ocr_warm(void)
{
	char	 all[sizeof(readers[0].name)] = "";
	size_t	 n = 0;
	int	 r;

	for (size_t i = 0; i < LANGUAGES; i++) {
		if ((r = reader_open(i, languages[i])) == ERR_MEMORY)
			return r;
		if (r == ERR_OK)
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
			    n > 0 ? "+" : "", languages[i]);
		else
			log_warn("no model for %s: install the package "
			    "tesseract-ocr-%s", languages[i], languages[i]);
	}
	return n == 0 ? ERR_NOTFOUND : reader_open(LANGUAGES, all);
}

/* The one for these languages; what is not installed is left out, and the fact says
 * which were used. */
static size_t
reader_find(const char *wanted)
{
	for (size_t i = 0; i < LANGUAGES; i++)
		if (strcmp(languages[i], wanted) == 0)
			return i;
	return LANGUAGES;
}

static int
time_left(const struct task *t)
{
	int64_t	 left = t->began_ms + t->job->deadline_ms / 10 * 8 - clock_ms();

	return left < 0 ? 0 : (int)left;
}

static void
text_send(struct task *t, uint32_t page, const char *raw)
{
	size_t	 len = strlen(raw);
	char	*clean, *safe, *all = NULL;

	clean = text_clean(raw, len, TEXT_BLOCK, len * 4 + 16, NULL);
	safe = clean == NULL ? NULL :
	    links_defang_text(clean, strlen(clean), NULL);
	if (safe == NULL || asprintf(&all, "%s%s", LETTERS_SAYING, safe) == -1)
		worker_no_memory();
	t->cut = !worker_text(t->w, page, all, strlen(all));
	t->read++;
	free(all);
	free(safe);
	free(clean);
}

/* The words of a page, NULL when there are none to be sure of. */
static char *
samples_read(struct task *t, const struct drawn_page *p, const uint8_t *samples)
{
	ETEXT_DESC	*monitor = TessMonitorCreate();
	char		*text = NULL;
	int		 done;

	if (monitor == NULL)
		worker_no_memory();
	TessMonitorSetDeadlineMSecs(monitor, time_left(t));
	TessBaseAPISetImage(t->api, samples, (int)p->width, (int)p->height,
	    p->channels, (int)(p->width * p->channels));
	TessBaseAPISetSourceResolution(t->api, p->dpi < 70 ? 70 : p->dpi);
	done = TessBaseAPIRecognize(t->api, monitor) == 0;
	t->late = t->late || time_left(t) == 0;
	if (done && TessBaseAPIMeanTextConf(t->api) >= SURE)
		text = TessBaseAPIGetUTF8Text(t->api);
	TessBaseAPIClear(t->api);
	TessMonitorDelete(monitor);
	return text;
}

static void
page_read(struct task *t, const struct drawn_page *p)
{
	uint8_t	*samples;
	char	*text;

	if ((samples = drawn_samples(p, t->job->max_page_pixels)) == NULL)
		return;		/* it is no picture: the decoder inside says so */
	t->tried++;
	text = samples_read(t, p, samples);
	if (text != NULL && text[strspn(text, " \n\f")] != '\0')
		text_send(t, p->index, text);
	TessDeleteText(text);
	free(samples);
}

static void
fact_state(struct task *t, const char *name)
{
	char	 value[160];

	if (t->tried == 0)
		return;
	snprintf(value, sizeof(value), "%s, %u page%s of %u%s", name, t->read,
	    t->read == 1 ? "" : "s", t->tried, t->late ?
	    ", then its time was over" : t->cut ?
	    ", then there was text enough" : "");
	worker_fact(t->w, FACT_OCR, value);
}

static void
ocr_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct task	 t = { .w = w, .job = job, .began_ms = clock_ms() };
	size_t		 reader = reader_find(job->ocr);
	struct drawn	 d;
	int		 r;

	if ((t.api = readers[reader].api) == NULL)
		worker_done(w, OUTCOME_STUB, REASON_ENGINE, 0, 0, "tesseract",
		    "");
	if ((r = drawn_read(data, len, &d)) == ERR_MEMORY)
		worker_no_memory();
	if (r != ERR_OK)
		worker_done(w, OUTCOME_STUB, REASON_FORMAT, 0, 0, "tesseract",
		    "");
	for (size_t i = 0; i < d.count && !t.late && !t.cut; i++) {
		if (d.pages[i].letters >= LETTERS_OWN)
			continue;
		if (time_left(&t) < LEAST_MS)
			t.late = 1;
		else
			page_read(&t, &d.pages[i]);
	}
	drawn_free(&d);
	fact_state(&t, readers[reader].name);
	worker_done(w, OUTCOME_TEXT, REASON_COMPLETE, 0, 0, "tesseract", "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "ocr",
		.warm = ocr_warm,
		.run = ocr_run,
	};

	return worker_main(argc, argv, &ops);
}
