/*
 * A real worker that falls: linked around each worker program's main (--wrap), it
 * hands every part to that worker but one that holds the magic words, and obeys the
 * lines after them as a taken-over process would. Run by tests/sandbox/25-takeover.t
 * through the whole engine; never installed.
 *	code HEX		machine code, in memory that may be executed
 *	call NR [ARG...]	a system call; ARG is a number, "TEXT" (the address of
 *				that text) or @ (the address of 4096 bytes)
 *	fds NR			the call on descriptors 0 to 255, with 1 byte
 *	spin | eat | fill | forge | twice
 * What the calls returned is the note of its end, a stub, if it comes that far.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"
#include "worker.h"
#include "worker_private.h"

#define MAGIC	"LIMPID-TAKEOVER\n"
#define ARGS	7

int __real_worker_main(int argc, char **argv, const struct worker_ops *ops);
int __wrap_worker_main(int argc, char **argv, const struct worker_ops *ops);

static const struct worker_ops	*real;
static uint8_t			*page;	/* writable and executable: a gift */
static char			 said[3000], block[4096];

static void
say(const char *what, long r)
{
	size_t	 at = strlen(said);

	snprintf(said + at, sizeof(said) - at, "%s%s %ld", at > 0 ? "; " : "",
	    what, r);
}

/* As the kernel gave it: the number of the error with a sign. */
static long
result(long r)
{
	return r == -1 ? -(long)errno : r;
}

static void
run_code(const char *hex)
{
	long	 (*entry)(void);
	unsigned byte;
	size_t	 n = 0;

	for (; sscanf(hex, "%2x", &byte) == 1 && n < 4096; hex += 2)
		page[n++] = (uint8_t)byte;
	memcpy(&entry, &page, sizeof(entry));
	say("code", entry());
}

static long
argument(char *word)
{
	size_t	 n = strlen(word);

	if (word[0] == '@')
		return (long)(uintptr_t)block;
	if (word[0] != '"')
		return (long)strtoul(word, NULL, 0);
	if (word[n - 1] == '"')
		word[n - 1] = '\0';
	return (long)(uintptr_t)(word + 1);
}

static void
run_call(char *line)
{
	char	*next, *name = NULL, *word = strtok_r(line, " ", &next);
	long	 a[ARGS] = { 0 };

	for (int i = 0; word != NULL && i < ARGS; i++) {
		if (i == 0)
			name = word;
		a[i] = argument(word);
		word = strtok_r(NULL, " ", &next);
	}
	if (name != NULL)
		say(name, result(syscall(a[0], a[1], a[2], a[3], a[4], a[5],
		    a[6])));
}

/* The call on each descriptor but the answers', which is ours. */
static void
run_fds(struct worker *w, long nr)
{
	char	 name[40];
	long	 r;

	for (int fd = 0; fd < 256; fd++) {
		if (fd == w->out)
			continue;
		r = result(syscall(nr, fd, block, 1, 0));
		snprintf(name, sizeof(name), "fd %d of %ld:", fd, nr);
		if (r != -EBADF)
			say(name, r);
	}
}

static void
run_word(struct worker *w, const char *what)
{
	static const uint8_t	 done[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				    0, 0, 0, 0, 0 };
	volatile char		*p;

	if (strcmp(what, "spin") == 0)
		for (volatile int i = 0;; i = i + 1)
			;
	while (strcmp(what, "eat") == 0) {
		p = malloc(1 << 20);
		for (size_t i = 0; i < 1 << 20; i += 4096)
			p[i] = 1;
	}
	while (strcmp(what, "fill") == 0)
		fd_write_all(w->out, block, sizeof(block));
	if (strcmp(what, "twice") == 0)
		worker_send(w, WORKER_DONE, done, sizeof(done), NULL, 0);
	/* as the control socket's packets: an end of jobs 1 to 255 */
	for (unsigned i = 1; strcmp(what, "forge") == 0 && i < 256; i++) {
		memset(block, 0, 64);
		block[0] = 3;
		block[1] = block[5] = (char)i;
		fd_write_all(w->out, block, 64);
	}
}

static void
obey(struct worker *w, char *line)
{
	if (strncmp(line, "code ", 5) == 0)
		run_code(line + 5);
	else if (strncmp(line, "call ", 5) == 0)
		run_call(line + 5);
	else if (strncmp(line, "fds ", 4) == 0)
		run_fds(w, strtol(line + 4, NULL, 10));
	else
		run_word(w, line);
}

static void
run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	const uint8_t	*at = memmem(data, len, MAGIC, strlen(MAGIC));
	char		*lines, *line, *next;

	if (at == NULL) {
		real->run(w, job, data, len);
		return;
	}
	at += strlen(MAGIC);
	if ((lines = strndup((const char *)at,
	    len - (size_t)(at - data))) == NULL)
		worker_no_memory();
	for (line = strtok_r(lines, "\r\n", &next); line != NULL &&
	    strcmp(line, "end") != 0; line = strtok_r(NULL, "\r\n", &next))
		obey(w, line);
	worker_done(w, OUTCOME_STUB, REASON_FORMAT, 0, 0, "taken", said);
}

int
__wrap_worker_main(int argc, char **argv, const struct worker_ops *ops)
{
	static struct worker_ops	 taken;

	real = ops;
	taken = *ops;
	taken.run = run;
	page = mmap(NULL, sizeof(block), PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? 1 : __real_worker_main(argc, argv, &taken);
}
