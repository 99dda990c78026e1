/*
 * The engine with recorded workers: a fake warm parent answers each job with what
 * stands in the part itself, so every deviation can be played. A part is
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

static void
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

static enum job_end
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
static int
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
static int
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

static enum job_end
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

static enum job_end
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

static enum job_end
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

static _Noreturn void
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

static void
put(struct bytes *o, const void *data, size_t len)
{
	assert_true(o->len + len <= PART_MAX);
	memcpy(o->b + o->len, data, len);
	o->len += len;
}

static void
put_frame(struct bytes *o, uint8_t type, const struct wire *w)
{
	uint8_t	h[5] = { (uint8_t)wire_len(w), (uint8_t)(wire_len(w) >> 8),
		    (uint8_t)(wire_len(w) >> 16), 0, type };

	put(o, h, 5);
	put(o, wire_data(w), wire_len(w));
}

static struct bytes *
part(enum kind kind, char how)
{
	struct bytes	*o = calloc(1, sizeof(*o));
	uint8_t		 head[2] = { (uint8_t)kind, (uint8_t)how };

	put(o, head, 2);
	return o;
}

static struct bytes *
with_text(struct bytes *o, const char *text)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u32(w, COPY_NO_PAGE);
	wire_put_text(w, text);
	put_frame(o, WORKER_TEXT, w);
	wire_free(w);
	return o;
}

static struct bytes *
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
static struct bytes *
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

static struct bytes *
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

static struct bytes *
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

static int
tell_mail(void *arg, const struct copy_mail *m)
{
	(void)arg;
	fprintf(story_file, "mail document=%u\n", m->document);
	return 0;
}

static int
tell_part(void *arg, const struct copy_part *p)
{
	(void)arg;
	fprintf(story_file, "%u<%u %s %s \"%s\"%s", p->id, p->parent, p->path,
	    kind_name(p->kind), p->name, p->body ? " body" : "");
	return 0;
}

static int
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

static int
tell_text(void *arg, uint32_t page, const char *s, size_t len)
{
	(void)arg;
	(void)page;
	fprintf(story_file, " '%.*s'", (int)(len < 20 ? len : 20), s);
	return 0;
}

static int
tell_page(void *arg, const struct copy_page *p)
{
	(void)arg;
	fprintf(story_file, " page%u", p->index);
	return 0;
}

static int
tell_end(void *arg, const struct copy_part_end *e)
{
	(void)arg;
	fprintf(story_file, " = %s %s%s%s %u/%u\n", outcome_name(e->outcome),
	    reason_name(e->reason), e->note[0] ? " " : "", e->note, e->pages,
	    e->pages_total);
	return 0;
}

static int
tell_all(void *arg, uint32_t parts)
{
	(void)arg;
	fprintf(story_file, "end %u\n", parts);
	return 0;
}

static int
sink(void *arg, const uint8_t *data, size_t len)
{
	*begun = 1;
	return fd_write_all(*(int *)arg, data, len);
}

static void
on_done(void *arg, const struct engine_result *r)
{
	(void)arg;
	result = *r;
	finished++;
}

static void
on_event(void *arg, const struct engine_event *ev)
{
	(void)arg;
	snprintf(events + strlen(events), sizeof(events) - strlen(events),
	    "%s %s: %s\n", ev->worker, reason_name(ev->reason), ev->what);
}

static struct policy *
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

static int
memory_file(const void *data, size_t len)
{
	int	fd = memfd_create("t", MFD_ALLOW_SEALING);

	assert_int_equal(fd_write_all(fd, data, len), ERR_OK);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void
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

static int
on_follow(void *arg, const uint8_t (*unlocked)[32], size_t n, struct ref *r)
{
	(void)arg;
	(void)unlocked;
	opened = n;
	memset(r, 7, sizeof(*r));
	return ERR_OK;
}

/* Flattens root (used up); the copy's story must be as told. NULL: in any way. */
static void
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

static void
parts_come_in_order_depth_first(void **state)
{
	struct bytes	*inner, *root;

	(void)state;
	inner = part(KIND_MAIL, '.');
	with_child(inner, ROLE_BODY, "1", "", text_part("inside"));
	done(inner, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	root = part(KIND_MAIL, '.');
	with_child(root, ROLE_BODY, "1", "", text_part("hello"));
	with_child(root, ROLE_ATTACHMENT, "2", "fwd.eml", inner);
	with_child(root, ROLE_ATTACHMENT, "3", "a/b.pdf",
	    done(with_page(with_page(part(KIND_PDF, '.'), 0), 1),
	    OUTCOME_IMAGES, REASON_COMPLETE, 2));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 text \"\" body 'hello' = text complete 0/0\n"
	    "3<1 2 mail \"fwd.eml\" = container complete 0/0\n"
	    "4<3 2.1 text \"\" 'inside' = text complete 0/0\n"
	    "5<1 3 pdf \"b.pdf\" page0 page1"
	    " = images complete 2/2\n"
	    "end 5\n");
	assert_int_equal(result.parts, 5);
	assert_int_equal(result.pages, 2);
	assert_int_equal(result.stubs, 0);
}

static void
each_way_to_die_has_one_name(void **state)
{
	static const char	ways[] = "cfdml";
	char			name[2] = "";
	struct bytes		*root = part(KIND_MAIL, '.'), *child;

	(void)state;
	for (int i = 0; ways[i] != '\0'; i++) {
		name[0] = (char)('1' + i);
		child = with_page(part(KIND_PDF, ways[i]), 0);
		done(child, OUTCOME_IMAGES, REASON_COMPLETE, 1);
		with_child(root, ROLE_ATTACHMENT, name, "", child);
	}
	with_child(root, ROLE_ATTACHMENT, "9", "", text_part("fine"));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" = stub crash 0/0\n"
	    "3<1 2 pdf \"\" = stub forbidden-call 0/0\n"
	    "4<1 3 pdf \"\" page0 = images timeout seconds 5 1/0\n"
	    "5<1 4 pdf \"\" page0 = images memory memory 1610612736 1/0\n"
	    "6<1 5 pdf \"\" = stub engine 0/0\n"
	    "7<1 9 text \"\" 'fine' = text complete 0/0\n"
	    "end 7\n");
	assert_non_null(strstr(events, "pdf forbidden-call: forbidden-call"));
	assert_int_equal(result.stubs, 3);
	assert_int_equal(result.cuts, 2);
}

/* 20 pages of 40, in the part. */
static struct bytes *
long_part(enum kind kind, char how)
{
	struct bytes	*o = part(kind, how);
	struct wire	*w = wire_new(100);

	wire_put_u32(w, 40);
	put_frame(o, WORKER_PAGES_TOTAL, w);
	wire_free(w);
	for (uint32_t n = 0; n < 20; n++)
		with_page(o, n);
	return o;
}

#define PAGES_20 " page0 page1 page2 page3 page4 page5 page6 page7 page8 page9" \
	" page10 page11 page12 page13 page14 page15 page16 page17 page18 page19"

static void
pages_go_out_while_the_next_are_drawn_and_stay(void **state)
{
	(void)state;
	flatten(long_part(KIND_PDF, 'C'), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\"" PAGES_20 " = images crash 20/40\n"
	    "end 1\n");
	assert_int_equal(result.stubs, 0);
	assert_int_equal(result.cuts, 1);
	assert_int_equal(result.pages, 20);
	flatten(long_part(KIND_PDF, 'F'), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\"" PAGES_20 " = images forbidden-call 20/40\n"
	    "end 1\n");
	assert_non_null(strstr(events, "pdf forbidden-call"));
}

static void
files_in_a_long_part_know_their_parent(void **state)
{
	struct bytes	*o = long_part(KIND_PDF, 'B');

	(void)state;
	with_child(o, ROLE_ATTACHMENT, "1", "a.txt", text_part("data"));
	flatten(done(o, OUTCOME_IMAGES, REASON_COMPLETE, 20), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\"" PAGES_20 " = images complete 20/20\n"
	    "2<1 1 text \"a.txt\" 'data' = text complete 0/0\n"
	    "end 2\n");
}

/* Behind a part that is still drawn, nothing goes out: nothing is promised. */
static void
a_long_part_that_is_not_next_can_still_be_a_stub(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');

	(void)state;
	with_child(root, ROLE_ATTACHMENT, "1", "", part(KIND_TEXT, 'h'));
	with_child(root, ROLE_ATTACHMENT, "2", "", long_part(KIND_PDF, 'c'));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "mail-seconds 1",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 text \"\" = stub timeout mail-seconds 1 0/0\n"
	    "3<1 2 pdf \"\" = stub crash 0/0\n"
	    "end 3\n");
}

static struct bytes *
with_fact(struct bytes *o, enum fact f, const char *value)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u16(w, (uint16_t)f);
	wire_put_text(w, value);
	put_frame(o, WORKER_FACT, w);
	wire_free(w);
	return o;
}

/* A document whose rendering this is (used up). */
static struct bytes *
document(struct bytes *rendering)
{
	struct bytes	*o = with_fact(part(KIND_OFFICE, '.'), FACT_MACROS, "yes");

	with_child(o, ROLE_RENDERING, "1", "", rendering);
	return done(o, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
}

static void
a_rendering_is_drawn_as_the_documents_own_pages(void **state)
{
	struct bytes	*pdf = part(KIND_PDF, '.');

	(void)state;
	with_fact(pdf, FACT_FORMAT, "PDF 1.6");
	with_fact(pdf, FACT_LINKS, "3");
	done(with_page(with_page(pdf, 0), 1), OUTCOME_IMAGES, REASON_COMPLETE, 2);
	flatten(document(pdf), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 office \"r i.bin\" macros=yes links=3 page0 page1"
	    " = images complete 2/2\n"
	    "end 1\n");
	assert_int_equal(result.parts, 1);
}

static void
a_rendering_that_is_none_is_not_drawn(void **state)
{
	(void)state;
	flatten(document(with_text(part(KIND_PROGRAM, '.'), "boo")),
	    KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 office \"r i.bin\" macros=yes = stub bad-answer 0/0\n"
	    "end 1\n");
}

static void
a_document_that_cannot_be_drawn_arrives_as_words(void **state)
{
	struct bytes	*o = with_text(part(KIND_OFFICE, 'w'), "its words");

	(void)state;
	flatten(done(o, OUTCOME_TEXT, REASON_COMPLETE, 0), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 office \"r i.bin\" 'its words' = text crash 0/0\n"
	    "end 1\n");
	assert_non_null(strstr(events, "office crash"));
}

static void
a_rendering_is_nobody_elses_child(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');

	(void)state;
	with_child(root, ROLE_RENDERING, "1", "", text_part("hello"));
	flatten(done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0), KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = stub bad-answer 0/0\n"
	    "end 1\n");
}

/* A PDF of which worker-pdf says one thing and worker-poppler another. */
static struct bytes *
two_answers(struct bytes *first, struct bytes *other)
{
	struct bytes	*o = part(KIND_PDF, '2');
	uint32_t	 len = (uint32_t)first->len - 2;

	put(o, &len, sizeof(len));
	put(o, first->b + 2, first->len - 2);
	put(o, other->b + 2, other->len - 2);
	free(first);
	free(other);
	return o;
}

static struct bytes *
pages(unsigned n, enum outcome outcome, enum reason reason)
{
	struct bytes	*o = part(KIND_PDF, '.');

	for (unsigned i = 0; i < n; i++)
		with_page(o, i);
	return done(o, outcome, reason, n);
}

static void
what_one_engine_cannot_draw_is_given_to_the_other(void **state)
{
	struct bytes	*o = with_page(part(KIND_PDF, 'p'), 0);

	(void)state;
	flatten(done(o, OUTCOME_IMAGES, REASON_COMPLETE, 1), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 = images complete 1/1\nend 1\n");
	assert_non_null(strstr(events, "pdf crash"));
	flatten(two_answers(pages(0, OUTCOME_STUB, REASON_FORMAT),
	    pages(2, OUTCOME_IMAGES, REASON_COMPLETE)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 page1"
	    " = images complete 2/2\nend 1\n");
}

static void
the_first_failure_stands_when_both_engines_fail(void **state)
{
	(void)state;
	flatten(two_answers(pages(0, OUTCOME_STUB, REASON_FORMAT),
	    pages(0, OUTCOME_STUB, REASON_EMPTY)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" = stub format 0/0\nend 1\n");
	flatten(two_answers(pages(0, OUTCOME_STUB, REASON_ENCRYPTED),
	    pages(1, OUTCOME_IMAGES, REASON_COMPLETE)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" encrypted=yes = stub encrypted 0/0\n"
	    "end 1\n");
}

static void
more_pages_win_and_fewer_do_not(void **state)
{
	(void)state;
	flatten(two_answers(pages(1, OUTCOME_IMAGES, REASON_PAGES_FAILED),
	    pages(3, OUTCOME_IMAGES, REASON_COMPLETE)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 page1 page2"
	    " = images complete 3/3\nend 1\n");
	flatten(two_answers(pages(2, OUTCOME_IMAGES, REASON_PAGES_FAILED),
	    pages(1, OUTCOME_IMAGES, REASON_COMPLETE)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 page1"
	    " = images pages-failed 2/2\nend 1\n");
	flatten(two_answers(pages(2, OUTCOME_IMAGES, REASON_PAGES_FAILED),
	    text_part("rubbish")), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 page1"
	    " = images pages-failed 2/2\nend 1\n");
}

static struct bytes *
with_words(struct bytes *o, uint64_t legible, int doubted)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u64(w, legible);
	wire_put_u8(w, (uint8_t)doubted);
	put_frame(o, WORKER_LEGIBLE, w);
	wire_free(w);
	return o;
}

static struct bytes *
page_of_words(const char *text, uint64_t legible, int doubted)
{
	struct bytes	*o = with_page(with_text(part(KIND_PDF, '.'), text), 0);

	return done(with_words(o, legible, doubted), OUTCOME_IMAGES,
	    REASON_COMPLETE, 1);
}

static struct bytes *
words_only(const char *text, uint64_t legible)
{
	return done(with_words(with_text(part(KIND_PDF, '.'), text), legible,
	    0), OUTCOME_TEXT, REASON_COMPLETE, 0);
}

static void
doubtful_words_are_read_again_and_the_richer_are_kept(void **state)
{
	(void)state;
	flatten(two_answers(page_of_words("w?r?s", 3, 1),
	    words_only("words", 5)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" 'words' page0"
	    " = images complete 1/1\nend 1\n");
	flatten(two_answers(page_of_words("words", 5, 1),
	    words_only("w?r?s", 3)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" 'words' page0"
	    " = images complete 1/1\nend 1\n");
	/* nobody asks for what is not doubted, nor for pictures again */
	flatten(two_answers(page_of_words("words", 5, 0),
	    words_only("many more words", 15)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" 'words' page0"
	    " = images complete 1/1\nend 1\n");
	flatten(two_answers(page_of_words("words", 5, 1),
	    page_of_words("many more words", 15, 0)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" 'words' page0"
	    " = images complete 1/1\nend 1\n");
	assert_non_null(strstr(events, "poppler bad-answer"));
}

static void
files_in_a_document_are_its_children(void **state)
{
	struct bytes	*o = with_page(part(KIND_PDF, '.'), 0);

	(void)state;
	with_child(o, ROLE_ATTACHMENT, "1", "invoice.xml", text_part("data"));
	flatten(done(o, OUTCOME_IMAGES, REASON_COMPLETE, 1), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 = images complete 1/1\n"
	    "2<1 1 text \"invoice.xml\" 'data' = text complete 0/0\n"
	    "end 2\n");
	o = with_child(with_page(part(KIND_IMAGE, '.'), 0), ROLE_ATTACHMENT,
	    "1", "x", text_part("data"));
	flatten(done(o, OUTCOME_IMAGES, REASON_COMPLETE, 1), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 image \"r i.bin\" = stub bad-answer 0/0\nend 1\n");
}

static void
a_lost_worker_is_tried_once_more(void **state)
{
	struct bytes	*root = with_page(part(KIND_PDF, 'L'), 0);

	(void)state;
	*lost_once = 0;
	done(root, OUTCOME_IMAGES, REASON_COMPLETE, 1);
	flatten(root, KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0"
	    " = images complete 1/1\nend 1\n");
	assert_int_equal(*lost_once, 2);
}

static void
rubbish_and_silence_are_bad_answers(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.'), *child;

	(void)state;
	child = part(KIND_PDF, '.');
	put(child, "\xff\xff\xff\xff\x05 rubbish", 13);
	with_child(root, ROLE_ATTACHMENT, "1", "", child);
	with_child(root, ROLE_ATTACHMENT, "2", "",
	    with_page(part(KIND_PDF, '.'), 0));
	child = done(with_page(part(KIND_PDF, '.'), 0), OUTCOME_IMAGES,
	    REASON_COMPLETE, 1);
	put(child, "x", 1);
	with_child(root, ROLE_ATTACHMENT, "3", "", child);
	/* rubbish from one that then never ends */
	child = part(KIND_PDF, 'h');
	put(child, "\x01\x00\x00\x00\x02z", 6);
	with_child(root, ROLE_ATTACHMENT, "4", "", child);
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" = stub bad-answer 0/0\n"
	    "3<1 2 pdf \"\" = stub bad-answer 0/0\n"
	    "4<1 3 pdf \"\" = stub bad-answer 0/0\n"
	    "5<1 4 pdf \"\" = stub bad-answer 0/0\n"
	    "end 5\n");
	assert_non_null(strstr(events, "pdf bad-answer: frame too long\n"));
	assert_non_null(strstr(events, "pdf bad-answer: ended early\n"));
	assert_non_null(strstr(events, "pdf bad-answer: unknown frame\n"));
}

static void
bounds_are_named_with_their_number(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.'), *inner, *big;

	(void)state;
	big = part(KIND_TEXT, '.');
	big->len = 5000;
	inner = part(KIND_MAIL, '.');
	with_child(inner, ROLE_BODY, "1", "", text_part("deep"));
	done(inner, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	with_child(root, ROLE_ATTACHMENT, "1", "", big);
	with_child(root, ROLE_ATTACHMENT, "2", "", inner);
	with_child(root, ROLE_ATTACHMENT, "3", "", calloc(1, sizeof(*root)));
	with_child(root, ROLE_ATTACHMENT, "4", "", part(KIND_PROGRAM, '.'));
	with_child(root, ROLE_ATTACHMENT, "5", "", part(KIND_VIDEO, '.'));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "bytes 10K depth 1",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 text \"\" = stub bad-answer 0/0\n"
	    "3<1 2 mail \"\" = container complete 0/0\n"
	    "4<3 2.1 unknown \"\" = stub limit-depth depth 1 0/0\n"
	    "5<1 3 empty \"\" = stub empty 0/0\n"
	    "6<1 4 program \"\" = stub never 0/0\n"
	    "7<1 5 video \"\" = stub unsupported 0/0\n"
	    "end 7\n");
	flatten(text_part("0123456789"), KIND_TEXT, "text 1K bytes 1K",
	    "mail document=1\n"
	    "1<0 0 text \"r i.bin\" '0123456789'"
	    " = text complete 0/0\nend 1\n");
	big = part(KIND_PDF, '.');
	big->len = 5000;
	flatten(big, KIND_PDF, "bytes 1K",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" = stub limit-bytes bytes 1024 0/0\nend 1\n");
}

/* Each page has 20,000 pixels, and two are drawn at once: which of them is too
 * much is a matter of time. */
static void
the_pixels_of_a_mail_are_shared_by_its_parts(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');

	(void)state;
	for (char path[] = "1"; path[0] <= '3'; path[0]++)
		with_child(root, ROLE_ATTACHMENT, path, "",
		    done(with_page(part(KIND_PDF, '.'), 0), OUTCOME_IMAGES,
		    REASON_COMPLETE, 1));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "mail-pixels 40000", NULL);
	assert_int_equal(result.pages, 2);
	assert_int_equal(result.stubs, 1);
}

/* A member that its archive could not give, whole, beside one that it could. */
static void
a_child_that_is_lost_says_why(void **state)
{
	struct bytes	*root = part(KIND_ARCHIVE, '.');
	struct wire	*w = wire_new(200);

	(void)state;
	with_child(root, ROLE_ATTACHMENT, "1", "half.txt", text_part("half"));
	wire_put_u8(w, REASON_LIMIT_BYTES);
	wire_put_text(w, "expand 5000");
	put_frame(root, WORKER_CHILD_STUB, w);
	wire_free(w);
	with_child(root, ROLE_ATTACHMENT, "2", "all.txt", text_part("whole"));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 archive \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 unknown \"half.txt\" = stub limit-bytes expand 200 0/0\n"
	    "3<1 2 text \"all.txt\" 'whole' = text complete 0/0\n"
	    "end 3\n");
}

static void
a_worker_that_never_ends_costs_the_mails_time_only(void **state)
{
	(void)state;
	flatten(part(KIND_TEXT, 'h'), KIND_TEXT, "mail-seconds 1",
	    "mail document=1\n"
	    "1<0 0 text \"r i.bin\" = stub timeout mail-seconds 1 0/0\nend 1\n");
}

static void
without_workers_every_part_says_so(void **state)
{
	(void)state;
	without = 1;
	flatten(text_part("x"), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 unknown \"r i.bin\" = stub engine identify 0/0\nend 1\n");
	without = 0;
}

static void
many_parts_stay_in_order(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');
	char		 path[20], *want = NULL;
	size_t		 len = 0;
	FILE		*f = open_memstream(&want, &len);

	(void)state;
	fputs("mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n", f);
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(path, sizeof(path), "%u", i);
		with_child(root, ROLE_INLINE, path, "", text_part(path));
		fprintf(f, "%u<1 %u text \"\" '%u' = text complete 0/0\n",
		    i + 1, i, i);
	}
	fputs("end 101\n", f);
	fclose(f);
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "", want);
	free(want);
}

/* Parts are scanned, not what holds them; what fails goes on and says so; one that
 * attacked the scanner does not. */
static void
each_part_is_scanned_or_says_why_not(void **state)
{
	static const char *const	words[] = { "clean", "virus", "late", "cut",
					    "cut virus", "trap" };
	struct bytes			*root = part(KIND_MAIL, '.');
	char				 path[2] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		path[0] = (char)('1' + i);
		with_child(root, ROLE_ATTACHMENT, path, "",
		    text_part(words[i]));
	}
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	scans = 1;
	scan_version = 0;
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" scanned=Fake 1, database daily 1 of 19"
	    " = container complete 0/0\n"
	    "2<1 1 text \"\" 'clean' = text complete 0/0\n"
	    "3<1 2 text \"\" malware=Test Virus A = stub malware 0/0\n"
	    "4<1 3 text \"\" scanned=not scanned: timeout 'late'"
	    " = text complete 0/0\n"
	    "5<1 4 text \"\" scanned=not scanned to its end: limit-bytes 'cut'"
	    " = text complete 0/0\n"
	    "6<1 5 text \"\" scanned=not scanned to its end: limit-bytes"
	    " malware=Test Virus A = stub malware 0/0\n"
	    "7<1 6 text \"\" = stub forbidden-call 0/0\n"
	    "end 7\n");
	scans = 0;
	assert_non_null(strstr(events, "scan malware: Test Virus A\n"));
	assert_non_null(strstr(events, "scan timeout: deadline 0\n"));
	assert_non_null(strstr(events, "scan limit-bytes: scan not ended\n"));
	assert_non_null(strstr(events, "scan forbidden-call: "));
}

static void
a_scanner_that_dies_or_does_not_start_stops_no_mail(void **state)
{
	(void)state;
	scans = 1;
	flatten(text_part("die"), KIND_TEXT, "",
	    "mail document=1\n1<0 0 text \"r i.bin\" scanned=not scanned: the "
	    "scanner does not start 'die' = text complete 0/0\nend 1\n");
	scan_broken = 1;
	flatten(text_part("x"), KIND_TEXT, "",
	    "mail document=1\n1<0 0 text \"r i.bin\" scanned=not scanned: the "
	    "scanner does not start 'x' = text complete 0/0\nend 1\n");
	scans = scan_broken = 0;
}

/* Runs until the scanner is as wanted. */
static void
run_until(struct engine *e, uint32_t version, int kept)
{
	struct pollfd		p = { .fd = engine_fd(e), .events = POLLIN };
	struct engine_scan	s;
	int			i;

	for (i = 0; i < 1000; i++) {
		assert_int_equal(engine_work(e), ERR_OK);
		engine_scan_look(e, &s);
		if (s.state == ENGINE_SCAN_READY &&
		    s.data.version == version && s.kept == kept)
			break;
		poll(&p, 1, 10);
	}
	assert_true(i < 1000);
}

static void
a_new_database_takes_over_and_a_broken_one_does_not(void **state)
{
	struct engine_config	 config = { .workers = 1, .tmp_dirfd = -1 };
	struct engine_scan	 s;
	struct engine		*e = NULL;

	(void)state;
	scan_version = 0;
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	engine_scan_look(e, &s);
	assert_int_equal(s.state, ENGINE_SCAN_NONE);
	engine_scan_database(e);
	run_until(e, 1, 0);
	engine_scan_database(e);
	run_until(e, 2, 0);
	scan_broken = 1;
	engine_scan_database(e);
	run_until(e, 2, 1);
	assert_int_equal(scan_version, 3);
	scan_broken = 0;
	engine_scan_database(e);
	run_until(e, 4, 0);
	/* at once again, and a third time while that one starts */
	engine_scan_database(e);
	assert_int_equal(engine_work(e), ERR_OK);
	engine_scan_database(e);
	run_until(e, 6, 0);
	engine_free(e);
	config.scan_off = 1;
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	engine_scan_database(e);
	engine_scan_look(e, &s);
	assert_int_equal(s.state, ENGINE_SCAN_OFF);
	engine_free(e);
}

static struct bytes *
with_word(struct bytes *o, const char *word)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_text(w, word);
	put_frame(o, WORKER_WORD, w);
	wire_free(w);
	return o;
}

static struct bytes *
locked_part(void)
{
	return done(with_page(part(KIND_PDF, 'k'), 0), OUTCOME_IMAGES,
	    REASON_COMPLETE, 1);
}

/* The word comes last of more parts than are looked at ahead. */
static void
a_locked_part_waits_for_a_word_far_behind_it(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');
	char		 path[20], *want = NULL;
	size_t		 len = 0;
	FILE		*f = open_memstream(&want, &len);

	(void)state;
	with_child(root, ROLE_ATTACHMENT, "1", "", locked_part());
	fputs("mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" unlocked=a word in this mail page0"
	    " = images complete 1/1\n", f);
	for (unsigned i = 2; i <= 100; i++) {
		snprintf(path, sizeof(path), "%u", i);
		with_child(root, ROLE_INLINE, path, "", i < 100 ?
		    text_part(path) : done(with_word(with_word(part(KIND_TEXT,
		    '.'), "other"), "sesame"), OUTCOME_TEXT, REASON_COMPLETE,
		    0));
		fprintf(f, "%u<1 %u text \"\"", i + 1, i);
		if (i < 100)
			fprintf(f, " '%u'", i);
		fputs(" = text complete 0/0\n", f);
	}
	fputs("end 101\n", f);
	fclose(f);
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "", want);
	free(want);
	assert_int_equal(result.unlocked_count, 1);
	assert_int_equal(result.locked_count, 0);
	assert_int_equal(result.word_count, 2);
}

static void
what_no_word_opens_stays_locked_and_is_told(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.'), *kept;

	(void)state;
	kept = done(part(KIND_PDF, 'K'), OUTCOME_STUB, REASON_ENCRYPTED, 0);
	with_child(root, ROLE_ATTACHMENT, "1", "", locked_part());
	with_child(root, ROLE_ATTACHMENT, "2", "", kept);
	with_child(root, ROLE_ATTACHMENT, "3", "",
	    done(with_word(part(KIND_TEXT, '.'), "salami"), OUTCOME_TEXT,
	    REASON_COMPLETE, 0));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" encrypted=yes = stub encrypted 0/0\n"
	    "3<1 2 pdf \"\" encrypted=yes = stub encrypted 0/0\n"
	    "4<1 3 text \"\" = text complete 0/0\n"
	    "end 4\n");
	assert_int_equal(result.unlocked_count, 0);
	assert_int_equal(result.locked_count, 2);
	flatten(locked_part(), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" encrypted=yes = stub encrypted 0/0\n"
	    "end 1\n");
	flatten(locked_part(), KIND_UNKNOWN, "passwords 0",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" encrypted=yes = stub encrypted 0/0\n"
	    "end 1\n");
}

/* Its frames come after the pages; of one that failed nothing comes but why. */
static void
pages_are_read_where_the_profile_asks(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');

	(void)state;
	with_child(root, ROLE_ATTACHMENT, "1", "", done(with_page(with_page(
	    part(KIND_PDF, '.'), 0), 1), OUTCOME_IMAGES, REASON_COMPLETE, 2));
	with_child(root, ROLE_ATTACHMENT, "2", "", text_part("words"));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	reads = 'r';
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" page0 page1 ocr=jpn 'read' = images complete 2/2\n"
	    "3<1 2 text \"\" 'words' = text complete 0/0\n"
	    "end 3\n");
	reads = 'c';
	flatten(done(with_page(part(KIND_PDF, '.'), 0), OUTCOME_IMAGES,
	    REASON_COMPLETE, 1), KIND_PDF, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" ocr=not done: crash page0"
	    " = images complete 1/1\n"
	    "end 1\n");
	assert_non_null(strstr(events, "ocr crash: "));
	reads = 0;
}

static int
broken_sink(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	errno = ENOSPC;
	return ERR_SYS;
}

/* A text, a mail with a locked part, and a part that is locked otherwise. */
static struct bytes *
twice_locked(void)
{
	struct bytes	*root = part(KIND_MAIL, '.'), *inner, *lock;

	inner = part(KIND_MAIL, '.');
	with_child(inner, ROLE_BODY, "1", "", text_part("inside"));
	lock = locked_part();
	sha256(lock->b, lock->len, only[0]);
	with_child(inner, ROLE_ATTACHMENT, "2", "in.pdf", lock);
	done(inner, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	with_child(root, ROLE_BODY, "1", "", text_part("hello"));
	with_child(root, ROLE_ATTACHMENT, "2", "fwd.eml", inner);
	lock = done(with_page(with_page(part(KIND_PDF, 'k'), 0), 1),
	    OUTCOME_IMAGES, REASON_COMPLETE, 2);
	sha256(lock->b, lock->len, only[1]);
	with_child(root, ROLE_ATTACHMENT, "3", "out.pdf", lock);
	return done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
}

static void
what_opens_later_follows_alone(void **state)
{
	static char	 sesame[] = "sesame", salami[] = "salami",
			 from[] = "a word of another mail";

	(void)state;
	more_words[0] = (struct engine_word){ salami, from };
	more_words[1] = (struct engine_word){ sesame, from };
	more_count = 2;
	only_count = 1;
	flatten(twice_locked(), KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" follows=LM-00000-00000-00000-00000"
	    " = container complete 0/0\n"
	    "2<1 2 mail \"fwd.eml\" = container complete 0/0\n"
	    "3<2 2.2 pdf \"in.pdf\" unlocked=a word of another mail page0"
	    " = images complete 1/1\n"
	    "end 3\n");
	assert_int_equal(opened, 1);
	assert_int_equal(result.locked_count, 0);
	more_count = only_count = 0;
}

static void
nothing_follows_when_nothing_opens(void **state)
{
	struct engine_config	 config = { .workers = 1, .tmp_dirfd = -1 };
	struct policy		*policy = the_policy("");
	struct bytes		*b = twice_locked();
	char			 none[] = "";
	struct engine_request	 q = { .name = "", .policy = policy,
				    .kind = KIND_MAIL, .sink = broken_sink,
				    .sink_fd = -1, .done = on_done,
				    .follow = on_follow };
	struct engine		*e = NULL;

	(void)state;
	q.only = (const uint8_t (*)[32])only;
	q.only_count = 2;
	q.mail.sender = q.mail.client = q.mail.tls = q.mail.auth =
	    q.mail.policy = none;
	q.mail.size = b->len;
	q.original = memory_file(b->b, b->len);
	finished = 0;
	opened = 0;
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	assert_int_equal(engine_submit(e, &q), ERR_OK);
	run_engine(e, 1);
	assert_int_equal(result.error, ERR_OK);
	assert_int_equal(result.parts, 0);
	assert_int_equal(result.locked_count, 2);
	assert_int_equal(opened, 0);
	engine_free(e);
	free(b);
	policy_free(policy);
}

static void
a_full_disk_fails_the_mail_not_the_engine(void **state)
{
	struct engine_config	 config = { .workers = 1, .tmp_dirfd = -1 };
	struct policy		*policy = the_policy("");
	struct bytes		*b = text_part("x");
	char			 none[] = "";
	struct engine_request	 q = { .name = "", .policy = policy,
				    .sink = broken_sink, .sink_fd = -1,
				    .done = on_done };
	struct engine		*e = NULL;

	(void)state;
	q.mail.sender = q.mail.client = q.mail.tls = q.mail.auth =
	    q.mail.policy = none;
	q.mail.size = b->len;
	finished = 0;
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	for (int i = 0; i < 3; i++) {
		q.original = memory_file(b->b, b->len);
		assert_int_equal(engine_submit(e, &q), ERR_OK);
	}
	run_engine(e, 3);
	assert_int_equal(result.error, ERR_SYS);
	assert_int_equal(engine_mails(e), 0);
	engine_free(e);
	free(b);
	policy_free(policy);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(parts_come_in_order_depth_first),
		cmocka_unit_test(each_way_to_die_has_one_name),
		cmocka_unit_test(what_one_engine_cannot_draw_is_given_to_the_other),
		cmocka_unit_test(the_first_failure_stands_when_both_engines_fail),
		cmocka_unit_test(more_pages_win_and_fewer_do_not),
		cmocka_unit_test(doubtful_words_are_read_again_and_the_richer_are_kept),
		cmocka_unit_test(files_in_a_document_are_its_children),
		cmocka_unit_test(a_lost_worker_is_tried_once_more),
		cmocka_unit_test(rubbish_and_silence_are_bad_answers),
		cmocka_unit_test(bounds_are_named_with_their_number),
		cmocka_unit_test(pages_go_out_while_the_next_are_drawn_and_stay),
		cmocka_unit_test(files_in_a_long_part_know_their_parent),
		cmocka_unit_test(a_long_part_that_is_not_next_can_still_be_a_stub),
		cmocka_unit_test(the_pixels_of_a_mail_are_shared_by_its_parts),
		cmocka_unit_test(a_child_that_is_lost_says_why),
		cmocka_unit_test(
		    a_worker_that_never_ends_costs_the_mails_time_only),
		cmocka_unit_test(a_rendering_is_drawn_as_the_documents_own_pages),
		cmocka_unit_test(a_rendering_that_is_none_is_not_drawn),
		cmocka_unit_test(a_document_that_cannot_be_drawn_arrives_as_words),
		cmocka_unit_test(a_rendering_is_nobody_elses_child),
		cmocka_unit_test(without_workers_every_part_says_so),
		cmocka_unit_test(many_parts_stay_in_order),
		cmocka_unit_test(pages_are_read_where_the_profile_asks),
		cmocka_unit_test(each_part_is_scanned_or_says_why_not),
		cmocka_unit_test(
		    a_scanner_that_dies_or_does_not_start_stops_no_mail),
		cmocka_unit_test(
		    a_new_database_takes_over_and_a_broken_one_does_not),
		cmocka_unit_test(a_locked_part_waits_for_a_word_far_behind_it),
		cmocka_unit_test(what_no_word_opens_stays_locked_and_is_told),
		cmocka_unit_test(what_opens_later_follows_alone),
		cmocka_unit_test(nothing_follows_when_nothing_opens),
		cmocka_unit_test(a_full_disk_fails_the_mail_not_the_engine),
	};

	signal(SIGPIPE, SIG_IGN);
	lost_once = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	begun = lost_once + 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
