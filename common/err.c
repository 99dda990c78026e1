/*
 * Error codes as words and as exit codes, and the panic for our own bugs.
 * Run by every process. No input reaches it but error numbers.
 * Must never exit for what the world did, and must never print what came from
 * outside: panic sentences are literals of our own source.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

const char *
err_text(int code)
{
	const char	*s;

	switch (code) {
	case ERR_OK:
		return "no error";
	case ERR_SYS:
		s = strerrordesc_np(errno);
		return s != NULL ? s : "unknown system error";
	case ERR_MEMORY:
		return "out of memory";
	case ERR_LIMIT:
		return "larger or more than allowed";
	case ERR_FORMAT:
		return "malformed";
	case ERR_SHORT:
		return "ended too early";
	case ERR_CRYPTO:
		return "signature, seal or key does not verify";
	case ERR_NOTFOUND:
		return "not found";
	case ERR_EXISTS:
		return "already exists";
	case ERR_FULL:
		return "queue or disk is full";
	case ERR_PEER:
		return "the other process went away or misbehaved";
	case ERR_TIMEOUT:
		return "deadline passed";
	case ERR_CONFIG:
		return "configuration is wrong";
	case ERR_DENIED:
		return "not permitted";
	case ERR_AGAIN:
		return "nothing there right now";
	default:
		return "unknown error";
	}
}

int
err_exit(int code)
{
	switch (code) {
	case ERR_OK:
		return EXIT_DONE;
	case ERR_FORMAT:
	case ERR_SHORT:
	case ERR_LIMIT:
	case ERR_CRYPTO:
		return EXIT_BADDATA;
	case ERR_NOTFOUND:
		return EXIT_NOINPUT;
	case ERR_PEER:
		return EXIT_UNAVAILABLE;
	case ERR_SYS:
	case ERR_EXISTS:
		return EXIT_IO;
	case ERR_MEMORY:
	case ERR_FULL:
	case ERR_TIMEOUT:
	case ERR_AGAIN:
		return EXIT_AGAIN;
	case ERR_DENIED:
		return EXIT_NOPERM;
	case ERR_CONFIG:
		return EXIT_CONF;
	default:
		return EXIT_BUG;
	}
}

_Noreturn void
panic_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "panic %s %s:%d: %s\n", program_invocation_short_name,
	    file, line, what);
	fflush(stderr);
	abort();
}
