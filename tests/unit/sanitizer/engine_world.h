/*
 * The world of the tests of the engine: recorded workers. A fake warm parent answers
 * each job with what stands in the part itself, so every deviation can be played. A
 * part is
 *	first byte: the kind that identify is to say, then the way it ends:
 *	'.' leaves well, 'c' crash, 'f' forbidden call, 'd' deadline, 'm' memory,
 *	'l' the warm parent dies, 'L' it dies at the first try only, 'h' never ends,
 *	'k' locked: opens, and answers, with the word "sesame" only,
 *	'w' crash while pictures are wanted, else well (and says nothing before),
 *	'C' 'F' 'B' crash, forbidden call, leaves well, but not before the copy has
 *	begun,
 *	'p' as 'c' of worker-pdf, but worker-poppler leaves well,
 *	'2' two answers: u32 length of that of worker-pdf, it, and what others say,
 *	then the answer of the flattening worker, byte for byte.
 * The fake scanner looks for a word in the part: virus, late, trap, cut, die.
 */
#ifndef TEST_ENGINE_WORLD_H
#define TEST_ENGINE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "control.h"
#include "crypto.h"
#include "engine.h"
#include "err.h"
#include "launcher.h"
#include "store.h"
#include "wire.h"
#include "zygote.h"

#define PART_MAX	(1 << 20)

/* The fake warm parent. */

static int	*lost_once;		/* shared with the fakes */
static volatile int	*begun;		/* the same: bytes of the copy are out */

static inline void
say_identity(int out, uint8_t kind)
{
	uint8_t	frames[] = { 5, 0, 0, 0, WORKER_IDENTIFIED, kind, 0, 0, 0, 0,
		    18, 0, 0, 0, WORKER_DONE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		    0, 0, 0, 0, 0, 0, 0, 0 };

	fd_write_all(out, frames, sizeof(frames));
}

static int	 scans;			/* there is a scan database */
static uint32_t	 scan_version;		/* of the fake scanner started last */
static int	 scan_broken;		/* its database does not load */

static inline enum job_end
play_scan(const uint8_t *part, size_t len, int out)
{
	static const uint8_t	found[] = { 18, 0, 0, 0, WORKER_FACT,
				    FACT_MALWARE, 0, 12, 0, 0, 0, 'T', 'e', 's',
				    't', ' ', 'V', 'i', 'r', 'u', 's', ' ', 'A' };
	uint8_t			done_frame[] = { 18, 0, 0, 0, WORKER_DONE, 0, 0,
				    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				    0 };

	if (memmem(part, len, "late", 4) != NULL)
		return JOB_DEADLINE;
	if (memmem(part, len, "trap", 4) != NULL)
		return JOB_FORBIDDEN_CALL;
	if (memmem(part, len, "die", 3) != NULL)
		_exit(1);
	if (memmem(part, len, "cut", 3) != NULL)
		done_frame[6] = REASON_LIMIT_BYTES;
	if (memmem(part, len, "virus", 5) != NULL)
		fd_write_all(out, found, sizeof(found));
	fd_write_all(out, done_frame, sizeof(done_frame));
	return JOB_OK;
}

/* The line of "sesame" in the words, or -1. */
static inline int
find_word(int fd)
{
	char	 list[4096] = "", *line = list, *word;
	int	 n = 0;

	if (fd == -1 || pread(fd, list, sizeof(list) - 1, 0) < 0)
		return -1;
	for (; (word = strsep(&line, "\n")) != NULL; n++)
		if (strcmp(word, "sesame") == 0)
			return n;
	return -1;
}

/* 1 when it opened. */
static inline int
say_lock(int out, int words)
{
	uint8_t	opened[] = { 4, 0, 0, 0, WORKER_UNLOCKED, 0, 0, 0, 0 },
		locked[] = { 18, 0, 0, 0, WORKER_DONE, OUTCOME_STUB,
		    REASON_ENCRYPTED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		    0, 0 };
	int	n = find_word(words);

	opened[5] = (uint8_t)n;
	fd_write_all(out, n < 0 ? locked : opened, n < 0 ? sizeof(locked) :
	    sizeof(opened));
	return n >= 0;
}

static inline enum job_end
play_two(const char *name, const uint8_t *two, size_t len, int out)
{
	uint32_t	first;

	memcpy(&first, two, sizeof(first));
	two += sizeof(first);
	len -= sizeof(first);
	if (strcmp(name, "pdf") == 0)
		fd_write_all(out, two, first);
	else
		fd_write_all(out, two + first, len - first);
	return JOB_OK;
}

static int	 reads;			/* the profile has ocr: 'r' well, 'c' crash */

static inline enum job_end
play_ocr(const struct worker_job *job, const uint8_t *part, size_t len, int out)
{
	static const uint8_t	fact[] = { 9, 0, 0, 0, WORKER_FACT, FACT_OCR, 0,
				    3, 0, 0, 0, 'j', 'p', 'n' };
	static const uint8_t	text[] = { 12, 0, 0, 0, WORKER_TEXT, 1, 0, 0, 0,
				    4, 0, 0, 0, 'r', 'e', 'a', 'd' };
	static const uint8_t	end[] = { 18, 0, 0, 0, WORKER_DONE, OUTCOME_TEXT,
				    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				    0, 0 };

	/* it is given what was drawn, and never the part */
	assert_true(len > 5 && part[4] == WORKER_PAGE);
	assert_string_equal(job->ocr, "jpn");
	fd_write_all(out, fact, sizeof(fact));
	fd_write_all(out, text, sizeof(text));
	if (reads == 'c')
		return JOB_CRASH;
	fd_write_all(out, end, sizeof(end));
	return JOB_OK;
}

static inline enum job_end
play(const char *name, const struct worker_job *job, int in, int out,
    int words)
{
	static uint8_t	part[PART_MAX];
	ssize_t		n = pread(in, part, sizeof(part), 0);

	if (n < 2)
		return JOB_SILENT;
	if (strcmp(name, "ocr") == 0)
		return play_ocr(job, part, (size_t)n, out);
	if (strcmp(name, "scan") == 0)
		return play_scan(part, (size_t)n, out);
	if (strcmp(name, "identify") == 0) {
		say_identity(out, part[0]);
		return JOB_OK;
	}
	if (part[1] == 'l' || (part[1] == 'L' && (*lost_once)++ == 0))
		_exit(1);
	if (part[1] == 'w' && job->want_pages)
		return JOB_CRASH;
	if (part[1] == '2')
		return play_two(name, part + 2, (size_t)n - 2, out);
	if (part[1] == 'k' && !say_lock(out, words))
		return JOB_OK;
	if (part[1] == 'K' && words != -1)
		return JOB_CRASH;
	fd_write_all(out, part + 2, (size_t)n - 2);
	while (strchr("CFB", part[1]) != NULL && !*begun)
		usleep(1000);
	switch (part[1]) {
	case 'p':
		return strcmp(name, "pdf") == 0 ? JOB_CRASH : JOB_OK;
	case 'c':
	case 'C':
		return JOB_CRASH;
	case 'f':
	case 'F':
		return JOB_FORBIDDEN_CALL;
	case 'd':
		return JOB_DEADLINE;
	case 'm':
		return JOB_MEMORY;
	default:
		return part[1] == 'h' ? JOB_KILLED : JOB_OK;
	}
}

static inline _Noreturn void
fake_zygote(const char *name, int control)
{
	struct control_packet	 p = { .type = CONTROL_READY }, q;
	int			 hang;

	if (strcmp(name, "scan") == 0) {
		strcpy(p.event.data.engine, "Fake 1");
		strcpy(p.event.data.name, "daily");
		p.event.data.version = scan_version;
		p.event.data.made_s = 86400;
		if (scan_broken)
			_exit(1);
	}
	control_send(control, &p);
	while (control_take(control, 0, &q) == ERR_OK) {
		if (q.type != CONTROL_JOB)
			continue;
		memset(&p, 0, sizeof(p));
		p.type = CONTROL_ENDED;
		p.event.job = q.job.id;
		p.event.wall_ms = 7;
		p.event.end = play(name, &q.job, q.in, q.out, q.words);
		hang = p.event.end == JOB_KILLED;
		while (hang && control_take(control, 0, &q) == ERR_OK)
			hang = q.type != CONTROL_KILL;
		close(q.in);
		close(q.out);
		if (q.words != -1)
			close(q.words);
		control_send(control, &p);
	}
	_exit(0);
}

static int	without;		/* no worker can be started */

int
launcher_start(struct launcher *l, const char *name, struct zygote **zp)
{
	int	pair[2];
	pid_t	pid;

	(void)l;
	if (without)
		return ERR_NOTFOUND;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair), 0);
	scan_version += strcmp(name, "scan") == 0;
	if ((pid = fork()) == 0) {
		close(pair[0]);
		signal(SIGPIPE, SIG_IGN);
		fake_zygote(name, pair[1]);
	}
	close(pair[1]);
	return zygote_attach(pair[0], pid, zp);
}

/* Recorded parts. */

struct bytes { uint8_t b[PART_MAX]; size_t len; };

static inline void
put(struct bytes *o, const void *data, size_t len)
{
	assert_true(o->len + len <= PART_MAX);
	memcpy(o->b + o->len, data, len);
	o->len += len;
}

static inline void
put_frame(struct bytes *o, uint8_t type, const struct wire *w)
{
	uint8_t	h[5] = { (uint8_t)wire_len(w), (uint8_t)(wire_len(w) >> 8),
		    (uint8_t)(wire_len(w) >> 16), 0, type };

	put(o, h, 5);
	put(o, wire_data(w), wire_len(w));
}

static inline struct bytes *
part(enum kind kind, char how)
{
	struct bytes	*o = calloc(1, sizeof(*o));
	uint8_t		 head[2] = { (uint8_t)kind, (uint8_t)how };

	put(o, head, 2);
	return o;
}

static inline struct bytes *
with_text(struct bytes *o, const char *text)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u32(w, COPY_NO_PAGE);
	wire_put_text(w, text);
	put_frame(o, WORKER_TEXT, w);
	wire_free(w);
	return o;
}

static inline struct bytes *
with_page(struct bytes *o, uint32_t index)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u32(w, index);
	wire_put_u32(w, 200);
	wire_put_u32(w, 100);
	wire_put_u8(w, 1);
	wire_put_u16(w, 150);
	wire_put_data(w, "page", 4);
	put_frame(o, WORKER_PAGE, w);
	wire_free(w);
	return o;
}

/* The child is used up. */
static inline struct bytes *
with_child(struct bytes *o, enum worker_role role, const char *path,
    const char *name, struct bytes *child)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u8(w, (uint8_t)role);
	wire_put_u8(w, KIND_UNKNOWN);
	wire_put_text(w, path);
	wire_put_text(w, name);
	wire_put_text(w, "a/b");
	wire_put_text(w, "");
	wire_put_text(w, "");
	put_frame(o, WORKER_CHILD, w);
	for (size_t at = 0, n; at < child->len; at += n) {
		n = child->len - at < 1000 ? child->len - at : 1000;
		wire_clear(w);
		wire_put_raw(w, child->b + at, n);
		put_frame(o, WORKER_CHILD_DATA, w);
	}
	wire_free(w);
	free(child);
	return o;
}

static inline struct bytes *
done(struct bytes *o, enum outcome outcome, enum reason reason,
    uint32_t pages)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u8(w, (uint8_t)outcome);
	wire_put_u8(w, (uint8_t)reason);
	wire_put_u32(w, pages);
	wire_put_u32(w, pages);
	wire_put_text(w, "fake");
	wire_put_text(w, "");
	put_frame(o, WORKER_DONE, w);
	wire_free(w);
	return o;
}

static inline struct bytes *
text_part(const char *text)
{
	return done(with_text(part(KIND_TEXT, '.'), text), OUTCOME_TEXT,
	    REASON_COMPLETE, 0);
}

/* Running: the copy as lines of text. */

static char	*story;
static size_t	 story_len;
static FILE	*story_file;
static struct engine_result	result;
static int	 finished;
static char	 events[1000];
static int	 no_database;		/* how often it was said */

static inline int
tell_mail(void *arg, const struct copy_mail *m)
{
	(void)arg;
	fprintf(story_file, "mail document=%u\n", m->document);
	return 0;
}

static inline int
tell_part(void *arg, const struct copy_part *p)
{
	(void)arg;
	fprintf(story_file, "%u<%u %s %s \"%s\"%s", p->id, p->parent, p->path,
	    kind_name(p->kind), p->name, p->body ? " body" : "");
	return 0;
}

static inline int
tell_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	if (f == FACT_SCANNED && strcmp(value, "no database") == 0)
		no_database++;
	else if (f == FACT_SCANNED && strncmp(value, "Fake 1, ", 8) == 0)
		fprintf(story_file, " scanned=%.30s", value);	/* no age */
	else
		fprintf(story_file, " %s=%s", fact_name(f), value);
	return 0;
}

static inline int
tell_text(void *arg, uint32_t page, const char *s, size_t len)
{
	(void)arg;
	(void)page;
	fprintf(story_file, " '%.*s'", (int)(len < 20 ? len : 20), s);
	return 0;
}

static inline int
tell_page(void *arg, const struct copy_page *p)
{
	(void)arg;
	fprintf(story_file, " page%u", p->index);
	return 0;
}

static inline int
tell_end(void *arg, const struct copy_part_end *e)
{
	(void)arg;
	fprintf(story_file, " = %s %s%s%s %u/%u\n", outcome_name(e->outcome),
	    reason_name(e->reason), e->note[0] ? " " : "", e->note, e->pages,
	    e->pages_total);
	return 0;
}

static inline int
tell_all(void *arg, uint32_t parts)
{
	(void)arg;
	fprintf(story_file, "end %u\n", parts);
	return 0;
}

static inline int
sink(void *arg, const uint8_t *data, size_t len)
{
	*begun = 1;
	return fd_write_all(*(int *)arg, data, len);
}

static inline void
on_done(void *arg, const struct engine_result *r)
{
	(void)arg;
	result = *r;
	finished++;
}

static inline void
on_event(void *arg, const struct engine_event *ev)
{
	(void)arg;
	snprintf(events + strlen(events), sizeof(events) - strlen(events),
	    "%s %s: %s\n", ev->worker, reason_name(ev->reason), ev->what);
}

static inline struct policy *
the_policy(const char *limits)
{
	struct policy	*p = NULL;
	char		*why = NULL, text[400];

	snprintf(text, sizeof(text), "policy \"t\" version 1 limit { seconds 5 "
	    "%s } profile p { render images %s } rule P1 \"m\" { when "
	    "part.malware then stub malware } default { convert p else stub "
	    "unsupported }", limits, reads ? "ocr jpn" : "");
	if (policy_parse("t", text, strlen(text), &p, &why) != ERR_OK)
		fail_msg("%s", why);
	return p;
}

static inline int
memory_file(const void *data, size_t len)
{
	int	fd = memfd_create("t", MFD_ALLOW_SEALING);

	assert_int_equal(fd_write_all(fd, data, len), ERR_OK);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static inline void
run_engine(struct engine *e, int want)
{
	struct pollfd	p = { .fd = engine_fd(e), .events = POLLIN };

	for (int i = 0; i < 100000 && finished < want; i++) {
		assert_int_equal(engine_work(e), ERR_OK);
		if (finished < want)
			poll(&p, 1, engine_timeout(e));
	}
	assert_int_equal(finished, want);
}

/* When a mail is looked at again: what for, and the words there are now. */
static uint8_t			 only[2][32];
static size_t			 only_count;
static struct engine_word	 more_words[2];
static size_t			 more_count;
static size_t			 opened;

static inline int
on_follow(void *arg, const uint8_t (*unlocked)[32], size_t n, struct ref *r)
{
	(void)arg;
	(void)unlocked;
	opened = n;
	memset(r, 7, sizeof(*r));
	return ERR_OK;
}

/* Flattens root (used up); the copy's story must be as told. NULL: in any way. */
static inline void
flatten(struct bytes *root, enum kind kind, const char *limits,
    const char *want)
{
	const struct copy_handlers	 h = { tell_mail, tell_part, tell_fact,
					    tell_text, tell_page, tell_end,
					    tell_all };
	struct engine_config		 config = { .workers = 2,
					    .tmp_dirfd = -1 };
	char				 none[] = "";
	int				 out = memory_file("", 0);
	struct policy			*policy = the_policy(limits);
	struct engine_request		 q = { .kind = kind, .name = "r\ti.bin",
					    .policy = policy, .sink = sink,
					    .sink_arg = &out, .sink_fd = -1,
					    .event = on_event,
					    .done = on_done };
	struct engine			*e = NULL;

	q.mail.sender = q.mail.client = q.mail.tls = q.mail.auth =
	    q.mail.policy = none;
	q.mail.size = root->len;
	q.original = memory_file(root->b, root->len);
	q.follow = only_count > 0 ? on_follow : NULL;
	q.only = (const uint8_t (*)[32])only;
	q.only_count = only_count;
	q.words = more_words;
	q.word_count = more_count;
	opened = 0;
	free(root);
	finished = *begun = 0;
	events[0] = '\0';
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	if (scans)
		engine_scan_database(e);
	assert_int_equal(engine_submit(e, &q), ERR_OK);
	run_engine(e, 1);
	assert_int_equal(result.error, ERR_OK);
	engine_free(e);
	no_database = 0;
	story_file = open_memstream(&story, &story_len);
	lseek(out, 0, SEEK_SET);
	assert_int_equal(copy_read(out, &h, NULL), ERR_OK);
	fclose(story_file);
	close(out);
	policy_free(policy);
	if (want != NULL && strcmp(story, want) != 0)
		fail_msg("the copy says\n%swanted\n%s", story, want);
	assert_int_equal(no_database, !scans);
	free(story);
}

/* Once, before the tests. */
static inline void
world_setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	lost_once = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	begun = lost_once + 1;
}

#endif
