/*
 * Record: the chained, append-only file of events (record.h has the format).
 * Run by every daemon as the writer of its own record, and by `limpid record`.
 * Hostile input: values handed to record_add may come from mails and peers; the
 * file itself when someone has edited it to hide what happened.
 * Must never write a raw control character, rewrite a line, or exit.
 * Longer than most files: writer and verifier must agree on every byte of a line.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "record.h"
#include "wire.h"

#define LINE_BYTES	16384	/* longest line, with its newline */
#define VALUE_BYTES	1024	/* of a value that are kept */
#define HEX_BYTES	(2 * SHA256_BYTES)
#define TAIL_BYTES	(sizeof(" prev= hash=\n") + 2 * HEX_BYTES)

struct record {
	int		 fd;
	char		*head, *head_new;
	uint64_t	 seq;		/* of the last line */
	uint8_t		 hash[SHA256_BYTES];
	int		 dirty;		/* lines since the last sync */
};

/* A line taken apart; the pointers borrow from the line. */
struct line {
	uint64_t	 seq;
	uint8_t		 prev[SHA256_BYTES], stated[SHA256_BYTES];
	uint8_t		 real[SHA256_BYTES];	/* computed */
};

static void
hex_write(const uint8_t *b, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t		  i;

	for (i = 0; i < SHA256_BYTES; i++) {
		out[2 * i] = digits[b[i] >> 4];
		out[2 * i + 1] = digits[b[i] & 15];
	}
	out[HEX_BYTES] = '\0';
}

static int
hex_read(const char *s, uint8_t *out)
{
	size_t	 i;
	int	 hi, lo;

	for (i = 0; i < SHA256_BYTES; i++) {
		hi = (unsigned char)s[2 * i];
		lo = (unsigned char)s[2 * i + 1];
		if (strchr("0123456789abcdef", hi) == NULL || hi == '\0' ||
		    strchr("0123456789abcdef", lo) == NULL || lo == '\0')
			return ERR_FORMAT;
		hi = hi <= '9' ? hi - '0' : hi - 'a' + 10;
		lo = lo <= '9' ? lo - '0' : lo - 'a' + 10;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return ERR_OK;
}

/* Takes apart a line of len bytes without its newline. */
static int
line_parse(const char *s, size_t len, struct line *out)
{
	struct line	 l;
	const char	*hash, *prev;
	char		*end;

	if (len < TAIL_BYTES || !isdigit((unsigned char)s[0]) ||
	    memchr(s, '\0', len) != NULL)
		return ERR_FORMAT;
	l.seq = strtoull(s, &end, 10);
	hash = s + len - HEX_BYTES - 6;
	prev = hash - HEX_BYTES - 6;
	if (*end != ' ' || prev <= end ||
	    memcmp(hash, " hash=", 6) != 0 || memcmp(prev, " prev=", 6) != 0 ||
	    hex_read(hash + 6, l.stated) != ERR_OK ||
	    hex_read(prev + 6, l.prev) != ERR_OK)
		return ERR_FORMAT;
	if (sha256(s, (size_t)(hash - s), l.real) != ERR_OK)
		return ERR_CRYPTO;
	*out = l;
	return ERR_OK;
}

/* Appends to a bounded line; a line that is full keeps its tail free. */
static void
line_put(char *line, size_t *len, const char *s, size_t n)
{
	if (n > LINE_BYTES - TAIL_BYTES - *len)
		n = LINE_BYTES - TAIL_BYTES - *len;
	memcpy(line + *len, s, n);
	*len += n;
}

static int
value_is_bare(const char *v)
{
	const char	*p;

	for (p = v; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"\\=", *p) != NULL)
			return 0;
	return p != v;
}

static void
value_put(char *line, size_t *len, const char *v)
{
	size_t	 i;
	char	 escape[5];

	if (strlen(v) <= VALUE_BYTES && value_is_bare(v)) {
		line_put(line, len, v, strlen(v));
		return;
	}
	/* Room is checked once, so that a quote is never left open. */
	if (*len + 4 * VALUE_BYTES + 8 > LINE_BYTES - TAIL_BYTES) {
		line_put(line, len, "\"...\"", 5);
		return;
	}
	line_put(line, len, "\"", 1);
	for (i = 0; i < VALUE_BYTES && v[i] != '\0'; i++) {
		if (v[i] == '"' || v[i] == '\\') {
			line_put(line, len, "\\", 1);
			line_put(line, len, &v[i], 1);
		} else if (v[i] < ' ' || v[i] > '~' || v[i] == '=') {
			snprintf(escape, sizeof(escape), "\\x%02x",
			    (unsigned)(unsigned char)v[i]);
			line_put(line, len, escape, 4);
		} else
			line_put(line, len, &v[i], 1);
	}
	line_put(line, len, v[i] == '\0' ? "\"" : "...\"",
	    v[i] == '\0' ? 1 : 4);
}

/* Seals the line with prev and hash, writes it, moves the chain on. */
static int
line_append(struct record *r, char *line, size_t len)
{
	uint8_t	 hash[SHA256_BYTES];
	char	 hex[HEX_BYTES + 1];
	off_t	 end;
	int	 e;

	hex_write(r->hash, hex);
	len += (size_t)sprintf(line + len, " prev=%s", hex);
	if ((e = sha256(line, len, hash)) != ERR_OK)
		return e;
	hex_write(hash, hex);
	len += (size_t)sprintf(line + len, " hash=%s\n", hex);
	if ((end = lseek(r->fd, 0, SEEK_END)) == -1)
		return ERR_SYS;
	if ((e = fd_write_all(r->fd, line, len)) != ERR_OK) {
		/* A half line must not stay in front of the next one. */
		if (ftruncate(r->fd, end) == -1)
			return ERR_SYS;
		return e;
	}
	memcpy(r->hash, hash, sizeof(hash));
	r->seq++;
	r->dirty = 1;
	return ERR_OK;
}

static void
time_text(char *out, size_t size)
{
	struct timespec	 t;
	struct tm	 tm;
	char		 date[32];

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, size, "%s.%03ldZ", date, t.tv_nsec / 1000000);
}

int
record_add(struct record *r, const char *event, ...)
{
	char		 line[LINE_BYTES + 1], when[48], start[96];
	const char	*key, *value;
	va_list		 ap;
	size_t		 len = 0;

	time_text(when, sizeof(when));
	snprintf(start, sizeof(start), "%" PRIu64 " %s ", r->seq + 1, when);
	line_put(line, &len, start, strlen(start));
	line_put(line, &len, event, strlen(event));
	va_start(ap, event);
	while ((key = va_arg(ap, const char *)) != NULL) {
		if ((value = va_arg(ap, const char *)) == NULL)
			panic("record_add: a key without a value");
		if (strcmp(key, "prev") == 0 || strcmp(key, "hash") == 0)
			panic("record_add: a key that belongs to the chain");
		line_put(line, &len, " ", 1);
		line_put(line, &len, key, strlen(key));
		line_put(line, &len, "=", 1);
		value_put(line, &len, value);
	}
	va_end(ap);
	return line_append(r, line, len);
}

int
record_sync(struct record *r)
{
	char	 text[HEX_BYTES + 32], hex[HEX_BYTES + 1];
	int	 fd, e;

	if (!r->dirty)
		return ERR_OK;
	if (fdatasync(r->fd) == -1)
		return ERR_SYS;
	hex_write(r->hash, hex);
	snprintf(text, sizeof(text), "%" PRIu64 " %s\n", r->seq, hex);
	fd = open(r->head_new, O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW|O_CLOEXEC,
	    0640);
	if (fd == -1)
		return ERR_SYS;
	e = fd_write_all(fd, text, strlen(text));
	if (close(fd) == -1 && e == ERR_OK)
		e = ERR_SYS;
	if (e == ERR_OK && rename(r->head_new, r->head) == -1)
		e = ERR_SYS;
	if (e == ERR_OK)
		r->dirty = 0;
	return e;
}

static int
head_read(const char *head, uint64_t *seq, uint8_t hash[SHA256_BYTES])
{
	char	 text[HEX_BYTES + 32] = "";
	char	*end;
	FILE	*f;
	int	 r = ERR_FORMAT;

	if ((f = fopen(head, "re")) == NULL)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	if (fgets(text, sizeof(text), f) != NULL) {
		*seq = strtoull(text, &end, 10);
		if (*end == ' ' && strlen(end) >= 1 + HEX_BYTES)
			r = hex_read(end + 1, hash);
	}
	fclose(f);
	return r;
}

/*
 * Reads one line into buf (LINE_BYTES + 1). Returns its length without the
 * newline; *torn is set when the file ended before a newline. -1 at the end.
 */
static ssize_t
line_read(FILE *f, char *buf, int *torn)
{
	size_t	 n = 0;
	int	 c;

	*torn = 0;
	while ((c = getc(f)) != EOF && c != '\n')
		if (n < LINE_BYTES)
			buf[n++] = (char)c;
	buf[n] = '\0';
	if (c == EOF && n == 0)
		return -1;
	*torn = c == EOF;
	return (ssize_t)n;
}

/* Finds the last whole line; cuts what a crash left behind it. */
static int
record_find_end(struct record *r, size_t *torn_bytes)
{
	char		 buf[2 * LINE_BYTES + 1];
	struct line	 l;
	struct stat	 st;
	off_t		 from;
	ssize_t		 n;
	char		*end, *start;
	int		 e;

	*torn_bytes = 0;
	if (fstat(r->fd, &st) == -1)
		return ERR_SYS;
	from = st.st_size > (off_t)sizeof(buf) - 1 ?
	    st.st_size - (off_t)sizeof(buf) + 1 : 0;
	if ((n = pread(r->fd, buf, sizeof(buf) - 1, from)) == -1)
		return ERR_SYS;
	if ((end = memrchr(buf, '\n', (size_t)n)) == NULL)
		end = buf;
	else
		end++;
	if (end == buf && from != 0)
		return ERR_FORMAT;
	*torn_bytes = (size_t)(buf + n - end);
	if (*torn_bytes > 0 && ftruncate(r->fd, from + (end - buf)) == -1)
		return ERR_SYS;
	if (end == buf)
		return ERR_OK;
	start = memrchr(buf, '\n', (size_t)(end - 1 - buf));
	start = start == NULL ? buf : start + 1;
	if ((e = line_parse(start, (size_t)(end - 1 - start), &l)) != ERR_OK)
		return e;
	r->seq = l.seq;
	memcpy(r->hash, l.stated, SHA256_BYTES);
	return ERR_OK;
}

/* Where the chain goes on: after the last line, or after the head when lines
 * that were already promised are gone: `verify` then names the hole. */
static int
record_resume(struct record *r)
{
	uint8_t		 head_hash[SHA256_BYTES];
	uint64_t	 head_seq;
	size_t		 torn;
	char		 bytes[32];
	int		 e;

	if ((e = record_find_end(r, &torn)) != ERR_OK)
		return e;
	e = head_read(r->head, &head_seq, head_hash);
	if (e == ERR_OK && head_seq > r->seq) {
		r->seq = head_seq;
		memcpy(r->hash, head_hash, SHA256_BYTES);
	}
	if (torn > 0) {
		snprintf(bytes, sizeof(bytes), "%zu", torn);
		e = record_add(r, "record.repaired", "bytes", bytes, NULL);
		if (e != ERR_OK)
			return e;
	}
	r->dirty = 1;		/* the head must exist from the start */
	return record_sync(r);
}

int
record_open(const char *path, struct record **rp)
{
	struct record	*r;
	int		 e = ERR_MEMORY;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return ERR_MEMORY;
	r->fd = -1;
	if (asprintf(&r->head, "%s.head", path) == -1 ||
	    asprintf(&r->head_new, "%s.head.new", path) == -1)
		goto out;
	e = ERR_SYS;
	r->fd = open(path, O_RDWR|O_CREAT|O_APPEND|O_NOFOLLOW|O_CLOEXEC, 0640);
	if (r->fd == -1)
		goto out;
	if (flock(r->fd, LOCK_EX|LOCK_NB) == -1) {
		e = errno == EWOULDBLOCK ? ERR_AGAIN : ERR_SYS;
		goto out;
	}
	if ((e = record_resume(r)) != ERR_OK)
		goto out;
	*rp = r;
	r = NULL;
 out:
	record_close(r);
	return e;
}

void
record_close(struct record *r)
{
	if (r == NULL)
		return;
	if (r->fd != -1)
		close(r->fd);
	free(r->head);
	free(r->head_new);
	free(r);
}

struct verifier {
	void	(*report)(void *arg, enum record_fault fault, uint64_t line,
		    const char *sentence);
	void	*arg;
	int	 faults;
};

static void fault(struct verifier *v, enum record_fault what, uint64_t line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void
fault(struct verifier *v, enum record_fault what, uint64_t line,
    const char *fmt, ...)
{
	char	 sentence[512];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	v->faults++;
	if (v->report != NULL)
		v->report(v->arg, what, line, sentence);
}

/* First pass: the sequence number of every line, sorted, to tell a line that is
 * gone from one that stands elsewhere. */
static int
seqs_read(FILE *f, uint64_t **seqs, size_t *count)
{
	char		 buf[LINE_BYTES + 1], *end;
	uint64_t	*v = NULL, *w;
	size_t		 n = 0, room = 0;
	int		 torn;

	while (line_read(f, buf, &torn) >= 0) {
		if (n == room) {
			room = room == 0 ? 1024 : room * 2;
			if ((w = reallocarray(v, room, sizeof(*v))) == NULL) {
				free(v);
				return ERR_MEMORY;
			}
			v = w;
		}
		v[n] = strtoull(buf, &end, 10);
		if (*end == ' ' && v[n] != 0)
			n++;
	}
	*seqs = v;
	*count = n;
	return ERR_OK;
}

static int
seq_compare(const void *a, const void *b)
{
	uint64_t	 x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Reports the events first..last that no line holds, in runs. */
static void
report_missing(struct verifier *v, const uint64_t *seqs, size_t count,
    uint64_t first, uint64_t last, uint64_t line)
{
	uint64_t	 from = first, to;
	size_t		 i = 0;

	while (from <= last) {
		while (i < count && seqs[i] < from)
			i++;
		to = i < count && seqs[i] <= last ? seqs[i] - 1 : last;
		if (to >= from && to == from)
			fault(v, RECORD_REMOVED, line, "line %" PRIu64 ": event"
			    " %" PRIu64 " is missing before this line", line,
			    from);
		else if (to > from)
			fault(v, RECORD_REMOVED, line, "line %" PRIu64 ": events"
			    " %" PRIu64 " to %" PRIu64 " are missing before"
			    " this line", line, from, to);
		if (i >= count || seqs[i] > last)
			break;
		from = seqs[i] + 1;
	}
}

/* Second pass: order, hashes and chain. */
static uint64_t
verify_lines(struct verifier *v, FILE *f, const uint64_t *seqs, size_t count,
    struct line *last)
{
	char		 buf[LINE_BYTES + 1];
	struct line	 l, before = {0};
	uint64_t	 n = 0, highest = 0;
	ssize_t		 len;
	int		 torn, readable = 1, chained;

	while ((len = line_read(f, buf, &torn)) >= 0) {
		n++;
		if (torn) {
			fault(v, RECORD_CUT, n, "line %" PRIu64 " has no end:"
			    " the program was stopped while writing, or the"
			    " file was cut here", n);
			break;
		}
		if (line_parse(buf, (size_t)len, &l) != ERR_OK) {
			fault(v, RECORD_CHANGED, n, "line %" PRIu64 " is not a"
			    " line of a record: it was changed or put in", n);
			readable = 0;
			highest++;	/* it stands where an event stood */
			continue;
		}
		if (memcmp(l.real, l.stated, SHA256_BYTES) != 0)
			fault(v, RECORD_CHANGED, n, "line %" PRIu64 " (event %"
			    PRIu64 ") was changed after it was written", n,
			    l.seq);
		chained = l.seq == before.seq + 1 && readable;
		if (l.seq <= highest && (readable || l.seq < highest))
			fault(v, RECORD_REORDERED, n, "line %" PRIu64 " (event"
			    " %" PRIu64 ") stands after event %" PRIu64 ": it"
			    " was moved or repeated", n, l.seq, highest);
		else if (l.seq > highest + 1)
			report_missing(v, seqs, count, highest + 1, l.seq - 1,
			    n);
		if (chained && memcmp(l.prev, before.stated,
		    SHA256_BYTES) != 0)
			fault(v, RECORD_CHANGED, n - 1, "line %" PRIu64
			    " does not follow the line before it: line %" PRIu64
			    " was rewritten together with its hash", n, n - 1);
		highest = l.seq > highest ? l.seq : highest;
		before = l;
		readable = 1;
		if (l.seq == highest)
			*last = l;
	}
	return n;
}

static void
verify_head(struct verifier *v, const char *path, const struct line *last,
    uint64_t lines)
{
	uint8_t		 hash[SHA256_BYTES];
	uint64_t	 seq;
	char		*head;
	int		 r;

	if (asprintf(&head, "%s.head", path) == -1)
		return;
	r = head_read(head, &seq, hash);
	if (r != ERR_OK)
		fault(v, RECORD_CUT, lines, "%s is missing or unreadable:"
		    " nothing shows whether the end of the record was cut",
		    head);
	else if (seq > last->seq)
		fault(v, RECORD_CUT, lines, "the record ends at event %" PRIu64
		    " but events up to %" PRIu64 " were written: its end was"
		    " cut off", last->seq, seq);
	else if (seq == last->seq && seq != 0 &&
	    memcmp(hash, last->stated, SHA256_BYTES) != 0)
		fault(v, RECORD_CHANGED, lines, "line %" PRIu64 " (event %"
		    PRIu64 ") was rewritten together with its hash", lines,
		    seq);
	free(head);
}

int
record_verify(const char *path,
    void (*report)(void *arg, enum record_fault fault, uint64_t line,
    const char *sentence), void *arg, uint64_t *lines)
{
	struct verifier	 v = { report, arg, 0 };
	struct line	 last = {0};
	uint64_t	*seqs = NULL, n;
	size_t		 count;
	FILE		*f;
	int		 r;

	if ((f = fopen(path, "re")) == NULL)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	if ((r = seqs_read(f, &seqs, &count)) != ERR_OK)
		goto out;
	if (count > 0)
		qsort(seqs, count, sizeof(*seqs), seq_compare);
	rewind(f);
	n = verify_lines(&v, f, seqs, count, &last);
	verify_head(&v, path, &last, n);
	if (ferror(f))
		fault(&v, RECORD_UNREADABLE, n, "%s cannot be read to its end",
		    path);
	if (lines != NULL)
		*lines = n;
	r = v.faults;
 out:
	free(seqs);
	fclose(f);
	return r;
}

int
record_find(const char *path, const char *ref,
    void (*fn)(void *arg, const char *line), void *arg)
{
	char	 buf[LINE_BYTES + 1], *want = NULL;
	FILE	*f;
	int	 torn;

	if ((f = fopen(path, "re")) == NULL)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	if (asprintf(&want, " ref=%s ", ref) == -1) {
		fclose(f);
		return ERR_MEMORY;
	}
	/* Only a real field matches: inside quotes '=' is written \x3d. */
	while (line_read(f, buf, &torn) >= 0)
		if (!torn && strstr(buf, want) != NULL)
			fn(arg, buf);
	free(want);
	fclose(f);
	return ERR_OK;
}
