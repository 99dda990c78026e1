/*
 * Notices: what is written is read, whatever is changed is refused; and what a receiver
 * makes of them: due, told once, healed, over restarts; silence, replays.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "link.h"
#include "record.h"
#include "recv_notice.h"
#include "recv_object.h"
#include "recv_seen.h"
#include "spool.h"

struct place {
	char			 dir[64], state[96], spool_dir[96], record[96];
	char			 transport[8];
	struct key		*key;
	struct conf_link	 conf;
	struct recv_shared	 shared;
	struct recv_notice	*n;
	uint64_t		 number;
};

static void
place_open(struct place *p)
{
	assert_int_equal(spool_open(p->spool_dir, 0, 0, &p->shared.spool),
	    ERR_OK);
	assert_int_equal(seen_open(p->state, p->shared.spool, &p->shared.seen),
	    ERR_OK);
	assert_int_equal(record_open(p->record, &p->shared.record), ERR_OK);
	assert_int_equal(recv_notice_new(p->state, p->spool_dir, &p->conf,
	    &p->shared, &p->n), ERR_OK);
}

static void
place_close(struct place *p)
{
	recv_notice_free(p->n);
	record_close(p->shared.record);
	seen_close(p->shared.seen);
	spool_close(p->shared.spool);
}

static int
place_setup(void **state)
{
	struct place	*p = calloc(1, sizeof(*p));
	char		 path[128];
	int		 fd;

	strcpy(p->dir, "/tmp/limpid-notice-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->state, sizeof(p->state), "%s/1-recv", p->dir);
	snprintf(p->spool_dir, sizeof(p->spool_dir), "%s/spool", p->dir);
	snprintf(p->record, sizeof(p->record), "%s/record", p->dir);
	assert_int_equal(spool_create(p->spool_dir), ERR_OK);
	fd = open(p->dir, O_RDONLY|O_DIRECTORY);
	assert_int_equal(key_create(fd, "k", KEY_ED25519), ERR_OK);
	close(fd);
	snprintf(path, sizeof(path), "%s/k.key", p->dir);
	assert_int_equal(key_load_private(path, KEY_ED25519, &p->key), ERR_OK);
	strcpy(p->transport, "zmq");
	p->conf.id = p->shared.link = 1;
	p->conf.transport = p->transport;
	p->shared.signer = p->key;
	place_open(p);
	*state = p;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place	*p = *state;
	char		 cmd[128];

	place_close(p);
	key_free(p->key);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

static void
beat_in(struct place *p, uint64_t epoch, uint64_t number, uint64_t sent)
{
	struct link_notice	 n = { .link = 1, .class = LINK_HEARTBEAT,
				    .epoch = epoch << 32, .number = number,
				    .sent = sent };
	uint8_t			 raw[LINK_NOTICE_MAX];
	size_t			 len;

	assert_int_equal(link_notice_encode(&n, p->key, raw, &len), ERR_OK);
	recv_notice_take(p->n, raw, len);
}

static void
came(struct place *p, uint64_t seq)
{
	struct seen_news	 news;
	uint8_t			 hash[32] = {0}, prev[32] = {0};

	hash[0] = (uint8_t)seq;
	prev[0] = (uint8_t)(seq - 1);
	assert_int_equal(seen_intend(p->shared.seen, seq, hash, prev, "x.a0"),
	    ERR_OK);
	assert_int_equal(seen_mark(p->shared.seen, seq, &news), ERR_OK);
	p->shared.changes += (uint64_t)news.told;
}

static void
wait_tick(struct place *p)
{
	usleep((NOTICE_GRACE_MS + 20) * 1000);
	assert_int_equal(recv_notice_tick(p->n, 1, 0), ERR_OK);
}

/* Lines of the list behind its three of head; "" when there is no file. */
static const char *
list(struct place *p)
{
	static char	 text[512];
	char		 path[128], line[64];
	FILE		*f;
	int		 n = 0;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/missing", p->spool_dir);
	if ((f = fopen(path, "r")) == NULL)
		return text;
	while (fgets(line, sizeof(line), f) != NULL)
		if (n++ >= 3)
			strcat(text, line);
	fclose(f);
	return text;
}

static int
recorded(struct place *p, const char *event)
{
	char	 line[1024];
	FILE	*f;
	int	 n = 0;

	assert_int_equal(record_sync(p->shared.record), ERR_OK);
	assert_non_null(f = fopen(p->record, "r"));
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, event) != NULL;
	fclose(f);
	return n;
}

static void
test_round_and_every_changed_byte(void **state)
{
	struct place		*p = *state;
	struct link_notice	 n = { .link = 1, .class = LINK_HISTORY,
				    .epoch = 5, .number = 6, .sent = 70,
				    .first = 7, .count = LINK_NOTICES }, m;
	uint8_t			 raw[LINK_NOTICE_MAX + 1];
	size_t			 len, i;

	memset(n.hash, 7, sizeof(n.hash));
	assert_int_equal(link_notice_encode(&n, p->key, raw, &len), ERR_OK);
	assert_int_equal(len, LINK_NOTICE_MAX);
	assert_int_equal(link_notice_decode(raw, len, p->key, 1, &m), ERR_OK);
	assert_int_equal(m.first, 7);
	assert_memory_equal(m.hash, n.hash, sizeof(n.hash));
	assert_int_not_equal(link_notice_decode(raw, len, p->key, 2, &m),
	    ERR_OK);
	for (i = 0; i < len; i++) {
		raw[i] ^= 1;
		assert_int_not_equal(link_notice_decode(raw, len, p->key, 1,
		    &m), ERR_OK);
		raw[i] ^= 1;
	}
	for (i = 0; i <= len + 1; i++)
		if (i != len)
			assert_int_not_equal(link_notice_decode(raw, i, p->key,
			    1, &m), ERR_OK);
}

static void
test_the_last_object_is_told_and_healed(void **state)
{
	struct place	*p = *state;

	came(p, 1);
	beat_in(p, 1, 1, 3);
	assert_int_equal(recv_notice_tick(p->n, 1, 0), ERR_OK);
	assert_string_equal(list(p), "");
	wait_tick(p);
	assert_string_equal(list(p), "2-3\n");
	assert_int_equal(recorded(p, "link.gap"), 1);
	beat_in(p, 1, 2, 3);
	wait_tick(p);
	assert_int_equal(recorded(p, "link.gap"), 1);
	/* It stays missing over a restart, and is not told again. */
	place_close(p);
	place_open(p);
	beat_in(p, 1, 3, 3);
	wait_tick(p);
	assert_string_equal(list(p), "2-3\n");
	assert_int_equal(recorded(p, "link.gap"), 1);
	came(p, 3);
	assert_int_equal(recv_notice_tick(p->n, 1, 0), ERR_OK);
	assert_string_equal(list(p), "2\n");
	came(p, 2);
	assert_int_equal(recv_notice_tick(p->n, 1, 0), ERR_OK);
	assert_string_equal(list(p), "");
	assert_int_equal(seen_missing(p->shared.seen), 0);
}

static void
test_late_is_not_missing(void **state)
{
	struct place	*p = *state;

	came(p, 3);
	beat_in(p, 1, 1, 3);
	came(p, 2);
	came(p, 1);
	wait_tick(p);
	assert_string_equal(list(p), "");
	assert_int_equal(recorded(p, "link.gap"), 0);
	assert_int_equal(p->shared.changes, 0);
}

static void
test_old_notices_say_nothing(void **state)
{
	struct place	*p = *state;

	beat_in(p, 2, 5, 0);
	beat_in(p, 2, 5, 9);	/* again */
	beat_in(p, 2, 4, 9);	/* older */
	beat_in(p, 1, 9, 9);	/* of a start before */
	wait_tick(p);
	assert_string_equal(list(p), "");
	place_close(p);
	place_open(p);
	beat_in(p, 1, 99, 9);	/* nor after a restart */
	wait_tick(p);
	assert_string_equal(list(p), "");
	beat_in(p, 3, 1, 1);
	wait_tick(p);
	assert_string_equal(list(p), "1\n");
}

static void
test_silence_is_told_once_and_its_end(void **state)
{
	struct place	*p = *state;

	beat_in(p, 1, 1, 0);
	usleep((NOTICE_SILENT_MS - 600) * 1000);
	assert_int_equal(recv_notice_tick(p->n, 1, 0), ERR_OK);
	assert_int_equal(recorded(p, "link.silent"), 0);
	usleep(700 * 1000);
	assert_int_equal(recv_notice_tick(p->n, 1, 0), ERR_OK);
	assert_int_equal(recv_notice_tick(p->n, 1, 0), ERR_OK);
	assert_int_equal(recorded(p, "link.silent"), 1);
	/* Objects come before the first heartbeat does. */
	recv_notice_alive(p->n);
	beat_in(p, 1, 2, 0);
	assert_int_equal(recorded(p, "link.heard"), 1);
	assert_int_equal(recorded(p, "silent_s=3"), 2);
}

static void
test_clocks_decide_nothing(void **state)
{
	struct place		*p = *state;
	struct link_notice	 n = { .link = 1, .class = LINK_HEARTBEAT,
				    .epoch = 1ULL << 32, .sent = 1 };
	uint8_t			 raw[LINK_NOTICE_MAX];
	size_t			 len;
	int			 i;

	/* The sender's clock jumps by hours, back and forth, and to nonsense. */
	for (i = 0; i < 5; i++) {
		n.number = (uint64_t)i + 1;
		n.made_ms = (const int64_t[]){ 1, INT64_MAX, -1, 36000000,
		    INT64_MIN }[i];
		assert_int_equal(link_notice_encode(&n, p->key, raw, &len),
		    ERR_OK);
		recv_notice_take(p->n, raw, len);
	}
	wait_tick(p);
	assert_string_equal(list(p), "1\n");
	assert_int_equal(recorded(p, "link.gap"), 1);
}

static void
test_history_of_another_object_is_an_alarm(void **state)
{
	struct place		*p = *state;
	struct link_notice	 n = { .link = 1, .class = LINK_HISTORY,
				    .epoch = 1ULL << 32, .number = 1,
				    .sent = 2, .first = 1, .count = 2 };
	uint8_t			 raw[LINK_NOTICE_MAX];
	size_t			 len;

	came(p, 1);
	came(p, 2);
	n.hash[0][0] = 1;
	n.hash[1][0] = 2;
	assert_int_equal(link_notice_encode(&n, p->key, raw, &len), ERR_OK);
	recv_notice_take(p->n, raw, len);
	assert_int_equal(recorded(p, "link.history"), 0);
	n.hash[1][0] = 9;
	n.number = 2;
	assert_int_equal(link_notice_encode(&n, p->key, raw, &len), ERR_OK);
	recv_notice_take(p->n, raw, len);
	assert_int_equal(recorded(p, "link.history"), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(test_round_and_every_changed_byte),
		T(test_the_last_object_is_told_and_healed),
		T(test_late_is_not_missing),
		T(test_old_notices_say_nothing),
		T(test_silence_is_told_once_and_its_end),
		T(test_clocks_decide_nothing),
		T(test_history_of_another_object_is_an_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
