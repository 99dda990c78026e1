/*
 * san-try: stands at both doors of limpid-sanitizerd.
 *	san-try put ROOT [--from ADDRESS] [--to ADDRESS] FILE...
 *					each file as a MAIL parcel into link1-in
 *	san-try rot ROOT FILE		the same with one byte of the seal changed
 *	san-try take ROOT		opens each COPY parcel in link2-out, prints
 *					its story and removes it
 * Run by the flow tests; in a root that has all keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf.h"
#include "copy.h"
#include "crypto.h"
#include "err.h"
#include "parcel.h"
#include "proc.h"
#include "ref.h"
#include "spool.h"
#include "wire.h"

static void
check(int r, const char *what)
{
	if (r == ERR_OK)
		return;
	fprintf(stderr, "san-try: %s: %s\n", what, err_text(r));
	exit(1);
}

static struct key *
key_of(const struct conf *c, const char *name, enum key_type type, int private)
{
	char		 rel[80], *path;
	struct key	*k = NULL;

	snprintf(rel, sizeof(rel), "etc/keys/%s.%s", name, private ? "key" :
	    "pub");
	path = conf_path(c, rel);
	check(private ? key_load_private(path, type, &k) :
	    key_load_public(path, type, &k), path);
	free(path);
	return k;
}

static struct spool *
spool_of(const struct conf *c, const char *rel)
{
	char		*path = conf_path(c, rel);
	struct spool	*s = NULL;

	check(spool_open(path, 1ull << 40, 0, &s), path);
	free(path);
	return s;
}

static uint8_t *
slurp(const char *path, size_t *len)
{
	FILE	*f = fopen(path, "r");
	uint8_t	*data = NULL;
	size_t	 n;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	*len = 0;
	do {
		data = realloc(data, *len + 65536);
		n = fread(data + *len, 1, 65536, f);
		*len += n;
	} while (n > 0);
	fclose(f);
	return data;
}

static const char	*sender = "a@example.org", *rcpt = "b@example.com";

static void
put(const struct conf *c, const char *path, int rot)
{
	struct parcel_head	 head = { .kind = PARCEL_MAIL, .link = 1 };
	struct key		*sign = key_of(c, "intake-sign", KEY_ED25519,
				    1);
	struct key		*seal = key_of(c, "sanitizer-seal",
				    KEY_X25519, 0);
	struct spool		*s = spool_of(c, "state/spool/link1-in");
	struct manifest		*m = manifest_new();
	struct parcel_writer	*w;
	char			 name[SPOOL_NAME_MAX + 1], value[80];
	uint8_t			*body, sum[32];
	size_t			 len;
	int			 fd;

	body = slurp(path, &len);
	check(ref_new(&head.ref), "reference");
	head.created_ms = proc_wall_ms();
	check(manifest_add(m, "sender", sender), "manifest");
	check(manifest_add(m, "rcpt", rcpt), "manifest");
	snprintf(value, sizeof(value), "%zu", len);
	check(manifest_add(m, "size", value), "manifest");
	sha256(body, len, sum);
	for (int i = 0; i < 32; i++)
		snprintf(value + 2 * i, 3, "%02x", sum[i]);
	check(manifest_add(m, "sha256", value), "manifest");
	check(spool_new_file(s, &head.ref, name, &fd), "spool");
	check(parcel_writer_new(fd, &head, m, sign, seal, &w), "parcel");
	check(parcel_writer_write(w, body, len), "parcel");
	check(parcel_writer_finish(w), "parcel");
	if (rot && pwrite(fd, "?", 1, 300) != 1)
		exit(1);
	check(spool_commit(s, name, fd), "commit");
	parcel_writer_free(w);
	manifest_free(m);
	close(fd);
	ref_format(&head.ref, value);
	puts(value);
	free(body);
	key_free(sign);
	key_free(seal);
	spool_close(s);
}

static int
tell_mail(void *arg, const struct copy_mail *m)
{
	char	ref[REF_TEXT_LEN + 1];

	(void)arg;
	ref_format(&m->ref, ref);
	printf("mail %s %s %zu\n", ref, m->sender, m->rcpt_count);
	return 0;
}

static int
tell_part(void *arg, const struct copy_part *p)
{
	(void)arg;
	printf("part %s %s \"%s\"", p->path, kind_name(p->kind), p->name);
	return 0;
}

static char	 scanned[200];	/* of the part being told */

static int
tell_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	if (f == FACT_SCANNED)
		snprintf(scanned, sizeof(scanned), " scanned=%s", value);
	else if (f == FACT_UNLOCKED || f == FACT_FOLLOWS)
		printf(" %s=[%s]", fact_name(f), value);
	return 0;
}

static int
tell_text(void *arg, uint32_t page, const char *s, size_t len)
{
	(void)arg;
	(void)page;
	(void)s;
	(void)len;
	return 0;
}

static int
tell_page(void *arg, const struct copy_page *p)
{
	(void)arg;
	(void)p;
	return 0;
}

static int
tell_end(void *arg, const struct copy_part_end *e)
{
	(void)arg;
	printf(" %s %s \"%s\" %u%s\n", outcome_name(e->outcome),
	    reason_name(e->reason), e->note, e->pages, scanned);
	scanned[0] = '\0';
	return 0;
}

static int
tell_all(void *arg, uint32_t parts)
{
	(void)arg;
	printf("end %u\n", parts);
	return 0;
}

static int
to_fd(void *arg, const uint8_t *data, size_t len)
{
	return fd_write_all(*(int *)arg, data, len);
}

static void
take(const struct conf *c)
{
	const struct copy_handlers	 h = { tell_mail, tell_part, tell_fact,
					    tell_text, tell_page, tell_end,
					    tell_all };
	struct key			*sign = key_of(c, "sanitizer-sign",
					    KEY_ED25519, 0);
	struct key			*own = key_of(c, "internal-seal",
					    KEY_X25519, 1);
	struct spool			*s = spool_of(c,
					    "state/spool/link2-out");
	struct parcel_head		 head;
	struct manifest			*m;
	char				 name[SPOOL_NAME_MAX + 1];
	unsigned			 attempt;
	int				 fd, copy;

	while (spool_claim(s, name, &fd, &attempt) == ERR_OK) {
		copy = memfd_create("copy", 0);
		check(parcel_open(fd, sign, own, &head, &m, to_fd, &copy),
		    "copy parcel");
		lseek(copy, 0, SEEK_SET);
		check(copy_read(copy, &h, NULL), "copy");
		manifest_free(m);
		close(copy);
		close(fd);
		check(spool_done(s, name), "done");
	}
	key_free(sign);
	key_free(own);
	spool_close(s);
}

int
main(int argc, char **argv)
{
	struct conf	*c = NULL;
	char		*why = NULL;

	if (argc < 3)
		return 2;
	if (conf_load(argv[2], &c, &why) != ERR_OK) {
		fprintf(stderr, "san-try: %s\n", why);
		return 1;
	}
	if (strcmp(argv[1], "take") == 0)
		take(c);
	for (int i = 3; i < argc; i++)
		if (strcmp(argv[i], "--from") == 0 && i + 1 < argc)
			sender = argv[++i];
		else if (strcmp(argv[i], "--to") == 0 && i + 1 < argc)
			rcpt = argv[++i];
		else
			put(c, argv[i], strcmp(argv[1], "rot") == 0);
	conf_free(c);
	return 0;
}
