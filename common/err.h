/*
 * Error codes for what the world does to us (style: our own bugs panic, and
 * hostile input is an outcome, see outcome.h).
 */
#ifndef LIMPID_ERR_H
#define LIMPID_ERR_H

enum {
	ERR_OK		= 0,
	ERR_SYS		= -1,	/* a system call failed; errno says why */
	ERR_MEMORY	= -2,	/* allocation failed */
	ERR_LIMIT	= -3,	/* larger or more than allowed */
	ERR_FORMAT	= -4,	/* bytes do not follow the format */
	ERR_SHORT	= -5,	/* ended too early */
	ERR_CRYPTO	= -6,	/* signature, seal or key does not verify */
	ERR_NOTFOUND	= -7,	/* no such thing */
	ERR_EXISTS	= -8,	/* already there */
	ERR_FULL	= -9,	/* queue above its high-water mark, or disk full */
	ERR_PEER	= -10,	/* the other process went away or misbehaved */
	ERR_TIMEOUT	= -11,	/* deadline passed */
	ERR_CONFIG	= -12,	/* configuration is wrong */
	ERR_DENIED	= -13,	/* not permitted */
	ERR_AGAIN	= -14	/* nothing there right now */
};

/* Exit codes of every program (people type `limpid VERB; echo $?`). */
enum {
	EXIT_DONE	= 0,
	EXIT_FINDINGS	= 1,	/* worked, but the answer is no */
	EXIT_USAGE	= 2,
	EXIT_BADDATA	= 65,
	EXIT_NOINPUT	= 66,
	EXIT_UNAVAILABLE = 69,
	EXIT_BUG	= 70,
	EXIT_IO		= 74,
	EXIT_AGAIN	= 75,
	EXIT_NOPERM	= 77,
	EXIT_CONF	= 78
};

/* A sentence fragment for code, never NULL; for ERR_SYS includes errno's. */
const char *err_text(int code);

/* The exit code that fits an error that ends a program. */
int err_exit(int code);

/* A broken invariant: print where and abort. Never for input or the world. */
_Noreturn void panic_at(const char *file, int line, const char *what);
#define panic(what) panic_at(__FILE__, __LINE__, (what))

#endif
