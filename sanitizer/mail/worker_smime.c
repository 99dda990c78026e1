/*
 * worker-smime: says what a signature is worth.
 * Runs as limpid-worker-smime: a warm parent and one jailed child a signature.
 * Hostile input: the signature, its certificates and what was signed, in the child
 * only. Must never: show a byte of what was signed; that is other workers'.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "links.h"
#include "log.h"
#include "signed_pair.h"
#include "smime.h"
#include "text.h"
#include "worker.h"
#include "worker_private.h"

/* Issuers that cannot be read are no reason to check no signature at all. */
static int
smime_load(const char *folder, struct worker_data *data)
{
	int	 r;

	(void)data;
	if ((r = smime_warm(folder)) == ERR_MEMORY)
		fatal(EXIT_UNAVAILABLE, "%s: %s", folder, err_text(r));
	if (r != ERR_OK)
		log_warn("smime_ca %s: no certificate can be read there by "
		    "limpid-work; issuers of signatures are not checked. Put "
		    "PEM files into it, readable by all", folder);
	return ERR_OK;
}

static void
send(struct worker *w, const struct worker_job *job, const char *format,
    const char *line, const char *text)
{
	char	*clean, *safe;
	int	 whole = 1;

	worker_fact(w, FACT_FORMAT, format);
	worker_fact(w, FACT_SIGNED, line);
	if ((clean = text_clean(text, strlen(text), TEXT_BLOCK,
	    (size_t)job->max_text, NULL)) == NULL ||
	    (safe = links_defang_text(clean, strlen(clean), NULL)) == NULL)
		worker_no_memory();
	if (job->want_text && *safe != '\0')
		whole = worker_text(w, COPY_NO_PAGE, safe, strlen(safe));
	worker_done(w, OUTCOME_TEXT, whole ? REASON_COMPLETE :
	    REASON_LIMIT_TEXT, 0, 0, "openssl", "");
}

static void
smime_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct smime_verdict	 v = { 0 };
	struct signed_pair	 pair = { 0 };
	int			 r;

	if (strcmp(job->format, SIGNED_PAIR_FORMAT) == 0) {
		if ((r = signed_pair_unpack(data, len, &pair)) == ERR_OK)
			r = smime_judge(&pair, &v);
	} else if (strncmp(job->format, "S/MIME", 6) == 0) {
		r = smime_describe(data, len, &v);
	} else {
		send(w, job, "OpenPGP signature",
		    "OpenPGP signature, not checked",
		    "Signature (OpenPGP): not checked. Whose it is can only be "
		    "told by\nsomebody who has the signer's key.\n");
		return;
	}
	if (r == ERR_MEMORY)
		worker_no_memory();
	if (r != ERR_OK)
		worker_done(w, OUTCOME_STUB, REASON_FORMAT, 0, 0, "openssl",
		    "");
	send(w, job, "S/MIME signature", v.line, v.text);
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "smime",
		.load = smime_load,
		.run = smime_run,
	};

	return worker_main(argc, argv, &ops);
}
