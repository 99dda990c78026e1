/*
 * worker-msg: takes the mails of Outlook apart.
 * Runs as limpid-worker-msg: a warm parent and one jailed child a mail.
 * Hostile input: .msg and winmail.dat, in the child only.
 * Must never: open what a mail only refers to.
 */
#include <string.h>


#include "outlook.h"
#include "worker.h"

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
