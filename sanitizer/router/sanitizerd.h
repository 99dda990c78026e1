/*
 * Inside of limpid-sanitizerd: what the process holds, and one mail's way from
 * the spool of link 1 to the spool of link 2.
 */
#ifndef LIMPID_SANITIZERD_H
#define LIMPID_SANITIZERD_H

#include "conf.h"
#include "copy.h"
#include "crypto.h"
#include "engine.h"
#include "parcel.h"
#include "policy.h"
#include "record.h"
#include "scan_database.h"
#include "spool.h"

#define READY_MAX	16	/* copies that go to disk together */

struct mail_run;
struct keep;

/* A policy lives until the last mail begun under it is done. */
struct policy_use {
	struct policy	*policy;
	unsigned	 users;
};

struct sanitizer {
	struct conf		*conf;
	struct key		*intake_sign, *own_seal, *own_sign;
	struct key		*internal_seal;
	struct spool		*in, *out;
	struct record		*record;
	struct engine		*engine;
	struct policy_use	*policy;
	unsigned		 mails;		/* begun and not done */
	uint64_t		 bytes;		/* of their originals */
	struct mail_run		*ready[READY_MAX];	/* wait for the disk */
	unsigned		 ready_count;
	long long		 ready_until;	/* the first waits no longer */
	long long		 pause_until;	/* after trouble: no new mail */
	uint64_t		 missing_change;	/* of the list told last */
	int			 missing_error;
	struct keep		*words, *waiting;	/* NULL: not kept */
	long long		 locked_look_ms;
	unsigned		 following;	/* mails tried again now */
	long long		 follow_after_ms;
	struct scan_watch	 scan_watch;
	long long		 scan_look_ms;		/* the next look at its folder */
	struct engine_scan	 scan_told;		/* last, to limpid status */
};

/* One parcel's envelope, opened: what a copy says of it. */
struct opened {
	struct parcel_head	 head;
	struct manifest		*manifest;
	struct copy_mail	 mail;
	int			 original;	/* sealed memory file, or -1 */
};

/* The one more user of it; and one less, freeing it with the last. */
struct policy_use *policy_use_take(struct policy_use *u);
void policy_use_drop(struct policy_use *u);

/*
 * Opens a parcel: signature, seal, size and hash. At most `most` bytes of the
 * original are kept; of a larger one size and hash are, and no bytes.
 * ERR_CRYPTO, ERR_FORMAT or ERR_SHORT: the parcel is none of ours or damaged.
 */
int opened_take(const struct sanitizer *s, int fd, uint64_t most,
    struct opened *o);
void opened_free(struct opened *o);

/*
 * Begins with a claimed parcel; name and fd are taken over. When it cannot
 * begin it puts the parcel back or aside itself.
 */
void mail_begin(struct sanitizer *s, const char *name, int fd,
    unsigned attempt);
/*
 * Commits the copies that are ready, all at once, and lets go of their parcels.
 * They wait a few milliseconds for others while other mails are in work.
 */
void mails_commit(struct sanitizer *s);
/*
 * Writes a copy that holds only the root part as a stub: the recipients learn
 * of a mail that is held here.
 */
int notice_write(struct sanitizer *s, const struct opened *o);
/* The folder of the scanner's database; NULL when the operator wants none. */
const char *scan_database_of(const struct conf *c);
/* Starts the scanner where there is a database. */
void scan_begin(struct sanitizer *s);
/* Once a turn: a changed database is loaded, and limpid status is told. */
void scan_keep(struct sanitizer *s);
/* Nobody scans any more. */
void scan_end(const struct sanitizer *s);
/* Tells the internal host what never came over link 1, when that has changed. */
void missing_tell(struct sanitizer *s);
/* Notices for parcels that were held while nobody ran. */
void notices_catch_up(struct sanitizer *s);

#endif
