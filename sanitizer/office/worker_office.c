/*
 * worker-office: a document of an office becomes a PDF of it, which is hostile again
 * and goes to worker-pdf; sheets also become a grid of their values. Where LibreOffice
 * fails or is not there, its words arrive by libarchive and libxml2, or our own RTF.
 * Runs as limpid-worker-office: a warm parent and one jailed child a document, which
 * is shown program files and fonts and has a /tmp of its own (office_jail.c).
 * Hostile input: the document, in the child only. Must never run a macro, follow a link,
 * or let pass what it found without saying so.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "charset.h"
#include "err.h"
#include "links.h"
#include "log.h"
#include "office_facts.h"
#include "office_fit.h"
#include "office_grid.h"
#include "office_jail.h"
#include "office_lok.h"
#include "office_package.h"
#include "office_text.h"
#include "text.h"
#include "wire.h"
#include "worker.h"
#include "worker_private.h"

#define SHEETS_MAX	(64u << 20)	/* larger ones are drawn as they are, and */
#define SHEETS_INPUT_MAX (16u << 20)	/* their words are those of the pages */
#define RESULT		"/tmp/result.pdf"
#define SHEETS		"/tmp/sheets.fods"
#define FITTED		"/tmp/fitted.fods"

/* Pictures as they are (making them smaller takes LibreOffice seconds), no bookmarks, no
 * live form. */
static const char pdf_options[] =
    "{\"ExportBookmarks\":{\"type\":\"boolean\",\"value\":\"false\"},"
    "\"ExportFormFields\":{\"type\":\"boolean\",\"value\":\"false\"},"
    "\"UseTaggedPDF\":{\"type\":\"boolean\",\"value\":\"false\"},"
    "\"ExportNotes\":{\"type\":\"boolean\",\"value\":\"false\"},"
    "\"Quality\":{\"type\":\"long\",\"value\":\"90\"},"
    "\"ReduceImageResolution\":{\"type\":\"boolean\",\"value\":\"false\"}}";

/* What identify calls it, and how LibreOffice likes its name to end. Others are not
 * given to it: it would call anything a text. */
static const struct { const char *format, *suffix; } formats[] = {
	{ "DOCX", "docx" }, { "DOCM", "docm" }, { "XLSX", "xlsx" },
	{ "XLSM", "xlsm" }, { "PPTX", "pptx" }, { "PPTM", "pptm" },
	{ "VSDX", "vsdx" }, { "VSDM", "vsdm" }, { "DOC", "doc" },
	{ "XLS", "xls" }, { "PPT", "ppt" }, { "VSD", "vsd" },
	{ "Publisher", "pub" }, { "ODT", "odt" }, { "ODS", "ods" },
	{ "ODP", "odp" }, { "ODG", "odg" }, { "ODF", "odf" },
	{ "StarOffice", "sxw" }, { "RTF", "rtf" }, { "WordPerfect", "wpd" },
	{ "HWP 3", "hwp" }, { "SYLK", "slk" }, { "Write", "wri" },
	{ "Lotus 1-2-3", "wk1" }, { "Works", "wps" },
	{ "encrypted OOXML", "docx" }, { "OOXML", "docx" },
	{ "Word XML", "xml" }, { "Excel XML", "xml" }, { "flat OPC", "xml" },
	{ "flat ODF", "xml" }, { "EMF", "emf" }, { "WMF", "wmf" },
};

struct task {
	struct worker			*w;
	const struct worker_job		*job;
	const uint8_t			*data;
	size_t				 len;
	struct office_facts		 facts;
	struct office_document		*doc;
	struct office_key		 key;
	uint32_t			 links;
	uint64_t			 invisible;
	int				 text_cut, texts;
};

static int	 libreoffice;	/* is there, warmed up */

static int
office_warm(void)
{
	int	 r = charset_warm();

	if (r != ERR_OK)
		return r;
	r = office_lok_warm();
	office_package_warm();
	libreoffice = r == ERR_OK;
	if (r == ERR_NOTFOUND)
		log_warn("LibreOffice is not installed: documents arrive as "
		    "text where that can be had; install libreoffice-writer, "
		    "-calc, -impress and -draw");
	return r == ERR_NOTFOUND ? ERR_OK : r;
}

/* Cleans, defangs and sends. */
static void
text_send(struct task *t, const char *raw)
{
	struct text_cleaned	 counts = {0};
	char			*clean, *safe;
	size_t			 len = strlen(raw);

	if (!t->job->want_text || t->text_cut || len == 0)
		return;
	clean = text_clean(raw, len, TEXT_BLOCK, len * 4 + 16, &counts);
	safe = clean == NULL ? NULL :
	    links_defang_text(clean, strlen(clean), &t->links);
	if (safe == NULL)
		worker_no_memory();
	if (safe[0] != '\0') {
		t->text_cut = !worker_text(t->w, COPY_NO_PAGE, safe,
		    strlen(safe));
		t->texts++;
	}
	t->invisible += counts.invisible;
	free(clean);
	free(safe);
}

/* Where the links lead, for words that are not those of drawn pages: those have it
 * beside them. */
static void
targets_send(struct task *t)
{
	char	*safe, *line;

	for (unsigned i = 0; i < t->facts.target_count; i++) {
		safe = links_defang_target(t->facts.targets[i],
		    strlen(t->facts.targets[i]));
		if (safe == NULL || asprintf(&line, "%s[link] %s\n",
		    i == 0 ? "\n" : "", safe) == -1)
			worker_no_memory();
		text_send(t, line);
		free(line);
		free(safe);
	}
	t->links += t->facts.target_count;
}

static void
count_state(struct task *t, enum fact f, uint64_t n)
{
	if (n > 0)
		worker_fact_number(t->w, f, n);
}

static void
facts_state(struct task *t)
{
	const struct office_facts	*f = &t->facts;

	if (t->job->format[0] != '\0')
		worker_fact(t->w, FACT_FORMAT, t->job->format);
	if (f->macros > 0)
		worker_fact(t->w, FACT_MACROS, "yes");
	if (f->scripts > 0)
		worker_fact(t->w, FACT_SCRIPTS, "DDE");
	count_state(t, FACT_EXTERNAL_LINKS, f->external);
	count_state(t, FACT_EMBEDDED, f->embedded);
	count_state(t, FACT_HIDDEN_SHEETS, f->hidden_sheets);
	count_state(t, FACT_TRACKED_CHANGES, f->changes);
	count_state(t, FACT_COMMENTS, f->comments);
	count_state(t, FACT_LINKS, t->links);
	count_state(t, FACT_INVISIBLE_CHARS, t->invisible);
}

/* No picture: the words, where they can be had without LibreOffice. */
static _Noreturn void
end_as_text(struct task *t, enum reason reason)
{
	char	*text;

	if (reason != REASON_ENCRYPTED && t->job->want_text &&
	    (text = office_text_take(t->data, t->len,
	    (size_t)t->job->max_text)) != NULL) {
		text_send(t, text);
		targets_send(t);
		free(text);
	}
	if (reason == REASON_ENCRYPTED)
		worker_fact(t->w, FACT_ENCRYPTED, "needs a password");
	facts_state(t);
	if (t->texts > 0)
		worker_done(t->w, OUTCOME_TEXT, reason == REASON_COMPLETE &&
		    t->text_cut ? REASON_LIMIT_TEXT : reason, 0, 0, "libxml2",
		    reason == REASON_COMPLETE ? "" : "only its words");
	worker_done(t->w, OUTCOME_STUB, reason == REASON_COMPLETE ?
	    REASON_UNSUPPORTED : reason, 0, 0, libreoffice ? "libreoffice" :
	    "libxml2", "");
}

static void
locked(void *arg)
{
	end_as_text(arg, REASON_ENCRYPTED);
}

static const char *
suffix_find(const char *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(format, formats[i].format) == 0)
			return formats[i].suffix;
	return NULL;
}

static int
file_write(const char *path, const void *data, size_t len)
{
	int	 fd, r;

	if ((fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)) ==
	    -1)
		return ERR_SYS;
	r = fd_write_all(fd, data, len);
	close(fd);
	return r;
}

/* A whole file of /tmp, malloced, with a 0 behind it; NULL when it is not there or
 * larger than max. */
static char *
file_read(const char *path, size_t max, size_t *lenp)
{
	struct stat	 st;
	char		*data = NULL;
	int		 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size >= 0 &&
	    (uint64_t)st.st_size <= max &&
	    (data = malloc((size_t)st.st_size + 1)) != NULL) {
		*lenp = (size_t)st.st_size;
		if (fd_read_all(fd, data, *lenp) == ERR_OK) {
			data[*lenp] = '\0';
		} else {
			free(data);
			data = NULL;
		}
	}
	close(fd);
	return data;
}

/* 1 when a sheet may be wider than a page. */
static int
grid_send(struct task *t, const char *fods, size_t len)
{
	struct office_sheets	 seen;
	char			*grid;

	grid = office_grid_make(fods, len, (size_t)t->job->max_text, &seen);
	if (!t->facts.known)
		t->facts.hidden_sheets = seen.hidden;
	if (grid != NULL) {
		text_send(t, grid);
		targets_send(t);
	}
	free(grid);
	return seen.wide;
}

/* Replaces the document by itself with pages that fit, where that can be done. */
static void
sheets_fit(struct task *t, const char *fods, size_t len)
{
	struct office_document	*fitted;
	char			*changed;
	size_t			 n;

	if ((changed = office_fit_pages(fods, len, &n)) == NULL)
		return;
	if (file_write(FITTED, changed, n) == ERR_OK &&
	    office_document_open(FITTED, &fitted) == REASON_COMPLETE) {
		office_document_close(t->doc);
		t->doc = fitted;
	}
	free(changed);
	unlink(FITTED);
}

/* Both are made from what LibreOffice itself says of the sheets, whatever they came
 * as. */
static void
sheets_prepare(struct task *t)
{
	char	*fods;
	size_t	 len;

	if (t->len > SHEETS_INPUT_MAX ||
	    !office_document_save(t->doc, SHEETS, "fods", NULL))
		return;
	fods = file_read(SHEETS, SHEETS_MAX, &len);
	unlink(SHEETS);
	if (fods == NULL)
		return;
	if (grid_send(t, fods, len))
		sheets_fit(t, fods, len);
	free(fods);
}

static enum reason
document_convert(struct task *t, const char *suffix)
{
	char		 path[64];
	enum reason	 reason;

	if (office_lok_start(&t->key, locked, t) != ERR_OK)
		return REASON_ENGINE;
	snprintf(path, sizeof(path), "/tmp/document.%s", suffix);
	if (file_write(path, t->data, t->len) != ERR_OK)
		return REASON_LIMIT_BYTES;
	if ((reason = office_document_open(path, &t->doc)) != REASON_COMPLETE)
		return t->facts.encrypted ? REASON_ENCRYPTED : reason;
	if (!t->facts.known) {
		t->facts.comments = office_document_comments(t->doc);
		t->facts.changes = office_document_changes(t->doc);
	}
	if (office_document_type(t->doc) == OFFICE_SHEETS)
		sheets_prepare(t);
	return office_document_save(t->doc, RESULT, "pdf", pdf_options) ?
	    REASON_COMPLETE : REASON_FORMAT;
}

static void
office_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct task	 t = { .w = w, .job = job, .data = data, .len = len,
			    /* passwords may take two thirds of the time */
			    .key = { worker_words(w), job->max_attempts,
				job->deadline_ms / 3 * 2, -1 } };
	const char	*suffix = suffix_find(job->format);
	enum reason	 reason;
	char		*pdf;
	size_t		 n;

	office_facts_look(data, len, &t.facts);
	if (!job->want_pages || suffix == NULL || !libreoffice)
		end_as_text(&t, t.facts.encrypted ? REASON_ENCRYPTED :
		    job->want_pages && suffix != NULL ? REASON_ENGINE :
		    REASON_COMPLETE);
	if ((reason = document_convert(&t, suffix)) != REASON_COMPLETE)
		end_as_text(&t, reason);
	if ((pdf = file_read(RESULT, (size_t)job->max_child_bytes, &n)) == NULL)
		end_as_text(&t, REASON_LIMIT_BYTES);
	if (t.key.line >= 0)
		worker_unlocked(w, (unsigned)t.key.line);
	facts_state(&t);
	if (!worker_child(w, ROLE_RENDERING, KIND_PDF, "1", "", "application/pdf",
	    "", ""))
		worker_done(w, OUTCOME_STUB, REASON_LIMIT_PARTS, 0, 0,
		    "libreoffice", "");
	worker_child_data(w, pdf, n);
	worker_done(w, OUTCOME_CONTAINER, t.text_cut ? REASON_LIMIT_TEXT :
	    REASON_COMPLETE, 0, 0, "libreoffice", "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "office",
		.warm = office_warm,
		.files = &office_files,
		.run = office_run,
	};

	return worker_main(argc, argv, &ops);
}
