/*
 * worker-msg: takes the mails of Outlook apart; words of Hangul documents.
 * Runs as limpid-worker-msg: a warm parent and one jailed child a part.
 * Hostile input: .msg, winmail.dat and .hwp, in the child only.
 * Must never: open what a mail only refers to.
 */
#include <string.h>

#include "hwp_text.h"
#include "links.h"
#include "outlook.h"
#include "text.h"
#include "worker.h"
#include "worker_private.h"

struct told {
	struct worker	*w;
	unsigned	 children;
};

static void
on_fact(void *arg, enum fact f, const char *value)
{
	worker_fact(((struct told *)arg)->w, f, value);
}

static int
on_child(void *arg, enum worker_role role, enum kind hint, const char *path,
    const char *name, const char *declared, const char *charset,
    const char *content_id)
{
	struct told	*t = arg;

	t->children++;
	return worker_child(t->w, role, hint, path, name, declared, charset,
	    content_id);
}

static int
on_data(void *arg, const void *data, size_t len)
{
	return worker_child_data(((struct told *)arg)->w, data, len);
}

static void
on_stub(void *arg, enum reason reason, const char *note)
{
	worker_child_stub(((struct told *)arg)->w, reason, note);
}

/* Words of a document that nothing here can draw; it is an OLE2 file as a mail is. */
static _Noreturn void
hwp_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	static const char	 note[] = "[Only the words of this document: "
				    "its layout cannot be shown.]\n\n";
	char			*text, *clean, *safe;
	struct text_cleaned	 counts = { 0 };
	uint32_t		 links = 0;
	enum reason		 reason;
	int			 whole;

	worker_fact(w, FACT_FORMAT, "HWP 5");
	text = hwp_text(data, len, (size_t)job->max_text, &reason);
	if (reason == REASON_ENCRYPTED)
		worker_fact(w, FACT_ENCRYPTED, "needs a password");
	if (text == NULL || !job->want_text)
		worker_done(w, OUTCOME_STUB, reason == REASON_COMPLETE ?
		    REASON_UNSUPPORTED : reason, 0, 0, "libgsf", "");
	if ((clean = text_clean(text, strlen(text), TEXT_BLOCK,
	    (size_t)job->max_text, &counts)) == NULL ||
	    (safe = links_defang_text(clean, strlen(clean), &links)) == NULL)
		worker_no_memory();
	if (links > 0)
		worker_fact_number(w, FACT_LINKS, links);
	if (counts.invisible > 0)
		worker_fact_number(w, FACT_INVISIBLE_CHARS, counts.invisible);
	whole = worker_text(w, COPY_NO_PAGE, note, strlen(note)) &&
	    worker_text(w, COPY_NO_PAGE, safe, strlen(safe));
	worker_done(w, OUTCOME_TEXT, whole && !counts.cut ? reason :
	    REASON_LIMIT_TEXT, 0, 0, "libgsf", "");
}

static void
msg_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct told		 t = { w, 0 };
	struct outlook_sink	 sink = { &t, on_fact, on_child, on_data,
				    on_stub };
	struct outlook_limits	 limits = { job->max_text, job->max_input };
	int			 tnef = strcmp(job->format, "TNEF") == 0;
	enum reason		 reason;

	if (strcmp(job->format, "HWP") == 0)
		hwp_run(w, job, data, len);
	reason = tnef ? outlook_read_tnef(data, len, &limits, &sink) :
	    outlook_read_msg(data, len, &limits, &sink);
	worker_done(w, t.children > 0 || reason == REASON_COMPLETE ?
	    OUTCOME_CONTAINER : OUTCOME_STUB, reason, 0, 0,
	    tnef ? "libytnef" : "libgsf", "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "msg",
		.warm = outlook_warm,
		.run = msg_run,
	};

	return worker_main(argc, argv, &ops);
}
