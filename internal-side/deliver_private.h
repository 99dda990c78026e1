/*
 * The inside of deliver.h, shared by deliver.c (the queue), deliver_mail.c (one
 * mail) and deliver_missing.c (what never came).
 */
#ifndef LIMPID_DELIVER_PRIVATE_H
#define LIMPID_DELIVER_PRIVATE_H

#include <time.h>

#include "compose_jail.h"
#include "deliver.h"
#include "maildir.h"
#include "parcel.h"
#include "spool.h"

#define BATCH		64
#define WHY_MAX		256

struct conf;
struct index_db;
struct key;
struct maildir;
struct recipients;
struct record;

/* What happened to a mail, recorded once it is on disk. */
struct filed {
	const char	*event;		/* "mail.filed" "mail.more" "mail.repeat"
					 * "mail.notice" */
	char		 ref[REF_TEXT_LEN + 1];
	size_t		 boxes;
	struct compose_done done;
};

struct deliver {
	const struct conf	*conf;
	struct spool		*spool;
	struct key		*signer, *own;
	struct compose_jail	*jail;
	struct maildir		*maildir;
	struct recipients	*recipients;
	char			*index_path;
	struct index_db		*index;
	struct record		*record;
	int			 copy, text, report, spill;	/* scratch */
	struct {
		char		 name[SPOOL_NAME_MAX + 1];	/* "" for a notice */
		struct filed	 filed;
	}			 done[BATCH];
	size_t			 done_count;
	struct made {
		int		 fd;
		char		 name[MAILDIR_MAKING_MAX + 1];
	}			 made[BATCH + 1];	/* mails not on disk yet */
	size_t			 made_count;
	struct wanted {
		size_t		 made;		/* which of them */
		const char	*box;		/* the table's */
		char		 name[MAILDIR_NAME_MAX + 1];
	}			*wanted;		/* links, once they are */
	size_t			 wanted_count, wanted_room;
	char			*missing_path;	/* list of this host's receiver */
	struct timespec		 missing_at;	/* its time when it was read */
};

/* A link to be made when the batch's mails are on disk. ERR_OK or ERR_MEMORY. */
int deliver_want(struct deliver *d, const char *box, const char *name);

/* What is to become of a parcel. */
enum verdict {
	VERDICT_DONE = 0,	/* filed, or a repeat: done once all is on disk */
	VERDICT_LATER,		/* the world forbids it now; nothing is counted */
	VERDICT_RETRY,		/* it failed by itself; counted */
	VERDICT_HOLD		/* it will never do */
};

/* Opens the index again when it was made again, under its lock. */
int deliver_index_follow(struct deliver *d);
/*
 * Files one parcel, inside an index transaction. why (WHY_MAX) gets a line for the
 * operator unless VERDICT_DONE.
 */
enum verdict deliver_parcel(struct deliver *d, int fd, struct filed *f,
    char *why);
/*
 * Files a notice for a parcel that is held, so its recipients are not left waiting.
 * f->event is NULL when there is none to be filed: the signature does not hold or
 * something is filed already.
 */
enum verdict deliver_notice(struct deliver *d, int fd, const char *why_held,
    struct filed *f);
/*
 * Files what a STATUS parcel says, whose body lies in d->copy, inside an index
 * transaction.
 */
enum verdict deliver_status(struct deliver *d, struct filed *f, char *why);

#endif
