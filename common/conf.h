/*
 * Configuration: ROOT/etc/limpid/limpid.conf, read by libconfuse, never written by
 * a daemon. Every value has a default that is safe; conf_print shows each
 * effective value with its origin ("default" or the file).
 */
#ifndef LIMPID_CONF_H
#define LIMPID_CONF_H

#include <stdint.h>
#include <stdio.h>

struct conf_link {
	int		 id;		/* 1 or 2 */
	char		*transport;	/* "zmq" "file" "udp" */
	char		*connect;	/* sender: tcp://host:port, udp://host:port,
					 * or a folder */
	char		*bind;		/* receiver: the same */
	int		 rounds;	/* times each object is sent, 1..10 */
	int		 round_gap_s;	/* seconds between rounds */
	int		 keep_s;	/* sent parcels stay this long for resends */
	int		 resend_window_s; /* after a lost connection, repeat what was
					   * sent in these last seconds */
	uint64_t	 max_object;	/* bytes */
	int		 medium;	/* file: connect is a mount point, and where
					 * nothing is mounted nothing is sent */
	/* transport udp */
	uint64_t	 rate;		/* bits a second; 0 not set: no sending */
	int		 mtu;
	int		 interleave;	/* blocks sent at a time */
	int		 parity;	/* symbols for each 64, in each round */
	int		 gso;		/* many datagrams in one call */
	int		 key_slot;	/* the key to send with, 1 or 2 */
};

struct conf {
	char		*root;		/* "" for / */
	char		*role;		/* external sanitizer internal all */
	char		*hostname;	/* announced in SMTP, used in Message-IDs */
	/* paths, absolute, ROOT applied */
	char		*etc, *state, *run;

	struct { char *lmtp_socket, *listen; /* "addr:port", "" none */
		 char *protocol;	/* of listen: "smtp" or "lmtp" */
		 char *domains, *recipients; /* files */
		 char *authserv_id;
		 uint64_t max_size; int max_rcpts, max_line, idle_s, session_s,
		 max_sessions, max_mails; } intake;
	struct { uint64_t high_water, reserve; } spool;
	struct conf_link link[2];	/* [0] is link 1 */
	struct { char *policy; int workers; char *worker_dir, *seccomp_dir;
		 char *clamav_database;	/* folder, or "none" */
		 char *smime_ca;	/* the same */
		 int clamav_max_age_s; } sanitizer;
	struct { char *recipients; char *unclaimed; /* box for unknown rcpts */ } deliver;
	struct { char *listen, *tls_cert, *tls_key; int idle_s, session_s; } viewer;
	int		 identities;	/* log.identities: addresses in clear */
};

/*
 * Reads ROOT/etc/limpid/limpid.conf; root may be NULL (""). A wrong file is
 * ERR_CONFIG and a sentence "file:line: what, what to do" in *why (caller frees).
 * A missing file is ERR_NOTFOUND with its sentence.
 */
int conf_load(const char *root, struct conf **cp, char **why);
void conf_free(struct conf *c);
void conf_print(const struct conf *c, FILE *out);

/* ROOT-applied path: conf_path(c, "state/spool/link1-out"): first component is
 * one of etc, state, run. New string, caller frees; NULL: no memory. */
char *conf_path(const struct conf *c, const char *path);

#endif
