/*
 * What a sender sends next, after a crash at each point between the spool, the ledger
 * and the link. The link is a folder, so that every object sent can be counted.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>

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
#include "parcel.h"
#include "record.h"
#include "send_ledger.h"
#include "send_queue.h"
#include "send_resend.h"
#include "spool.h"

struct place {
	char			 dir[64], spool_dir[96], ledger_dir[96];
	char			 record_path[96], media[96];
	char			 transport[8];
	struct conf		 conf;
	struct key		*sign, *seal;
	struct spool		*spool;
	struct ledger		*ledger;
	struct record		*record;
	struct link_sender	*link;
	struct send_queue	*queue;
};

static void
place_open(struct place *p)
{
	char	*why;

	assert_int_equal(spool_open(p->spool_dir, 0, 0, &p->spool), ERR_OK);
	assert_int_equal(ledger_open(p->ledger_dir, &p->ledger), ERR_OK);
	assert_int_equal(record_open(p->record_path, &p->record), ERR_OK);
	assert_int_equal(link_sender_new(&p->conf, 1, &p->link, &why), ERR_OK);
	assert_int_equal(link_sender_start(p->link), ERR_OK);
	assert_int_equal(link_sender_events(p->link), LINK_UP);
	p->queue = send_queue_new(&p->conf.link[0], p->spool, p->ledger,
	    p->record, p->sign, p->link);
	assert_non_null(p->queue);
	assert_int_equal(send_queue_recover(p->queue), ERR_OK);
	assert_int_equal(send_queue_rewind(p->queue), ERR_OK);
}

static void
place_close(struct place *p)
{
	send_queue_free(p->queue);
	link_sender_free(p->link);
	record_close(p->record);
	ledger_close(p->ledger);
	spool_close(p->spool);
}

static void
crash(struct place *p)
{
	place_close(p);
	place_open(p);
}

static int
place_setup(void **state)
{
	struct place	*p = calloc(1, sizeof(*p));
	char		 path[160];
	int		 fd;

	strcpy(p->dir, "/tmp/limpid-queue-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->spool_dir, sizeof(p->spool_dir), "%s/spool", p->dir);
	snprintf(p->ledger_dir, sizeof(p->ledger_dir), "%s/ledger", p->dir);
	snprintf(p->record_path, sizeof(p->record_path), "%s/record", p->dir);
	snprintf(p->media, sizeof(p->media), "%s/media", p->dir);
	snprintf(path, sizeof(path), "mkdir %s", p->media);
	assert_int_equal(system(path), 0);
	fd = open(p->dir, O_RDONLY|O_DIRECTORY);
	assert_int_equal(key_create(fd, "sign", KEY_ED25519), ERR_OK);
	assert_int_equal(key_create(fd, "seal", KEY_X25519), ERR_OK);
	close(fd);
	snprintf(path, sizeof(path), "%s/sign.key", p->dir);
	assert_int_equal(key_load_private(path, KEY_ED25519, &p->sign), ERR_OK);
	snprintf(path, sizeof(path), "%s/seal.pub", p->dir);
	assert_int_equal(key_load_public(path, KEY_X25519, &p->seal), ERR_OK);
	assert_int_equal(spool_create(p->spool_dir), ERR_OK);
	strcpy(p->transport, "file");
	p->conf.link[0].id = 1;
	p->conf.link[0].transport = p->transport;
	p->conf.link[0].connect = p->media;
	p->conf.link[0].rounds = 1;
	p->conf.link[0].max_object = 1 << 20;
	p->conf.link[0].keep_s = 1000;
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
	key_free(p->sign);
	key_free(p->seal);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

static void
put(struct place *p, uint8_t link, size_t size)
{
	struct parcel_head	 head = { .kind = PARCEL_MAIL, .link = link };
	struct parcel_writer	*w;
	struct manifest		*m = manifest_new();
	char			 name[SPOOL_NAME_MAX + 1];
	uint8_t			*body = calloc(1, size + 1);
	int			 fd;

	assert_int_equal(ref_new(&head.ref), ERR_OK);
	assert_int_equal(manifest_add(m, "rcpt", "b@example.com"), ERR_OK);
	assert_int_equal(spool_new_file(p->spool, &head.ref, name, &fd),
	    ERR_OK);
	assert_int_equal(parcel_writer_new(fd, &head, m, p->sign, p->seal, &w),
	    ERR_OK);
	assert_int_equal(parcel_writer_write(w, body, size), ERR_OK);
	assert_int_equal(parcel_writer_finish(w), ERR_OK);
	assert_int_equal(spool_commit(p->spool, name, fd), ERR_OK);
	parcel_writer_free(w);
	manifest_free(m);
	free(body);
	close(fd);
}

static void
run(struct place *p)
{
	int	 r;

	while ((r = send_queue_step(p->queue)) == 1)
		;
	assert_int_equal(r, 0);
}

/* Objects in the folder: exactly the sequences 1..n. */
static void
media_holds(struct place *p, int n)
{
	char	 path[200];
	int	 i;

	for (i = 1; i <= n + 3; i++) {
		snprintf(path, sizeof(path), "%s/link1-%020d.lmpo", p->media,
		    i);
		assert_int_equal(access(path, F_OK) == 0, i <= n);
	}
}

static void
spool_holds(struct place *p, uint64_t n, uint64_t w, uint64_t held,
    uint64_t sent)
{
	struct spool_stat	 st;

	assert_int_equal(spool_stat(p->spool, &st), ERR_OK);
	assert_int_equal(st.new_count, n);
	assert_int_equal(st.work_count, w);
	assert_int_equal(st.held_count, held);
	assert_int_equal(st.sent_count, sent);
}

static void
test_parcels_are_numbered_and_sent_in_order(void **state)
{
	struct place	*p = *state;
	int		 i;

	for (i = 0; i < 40; i++)
		put(p, 1, 100);
	run(p);
	media_holds(p, 40);
	spool_holds(p, 0, 0, 0, 40);
	assert_int_equal(ledger_last(p->ledger), 40);
}

static void
test_a_crash_after_the_claim_gives_the_parcel_back(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];
	unsigned	 attempt;
	int		 fd, i;

	put(p, 1, 100);
	for (i = 0; i < 5; i++) {
		assert_int_equal(spool_claim(p->spool, name, &fd, &attempt),
		    ERR_OK);
		close(fd);
		crash(p);
		spool_holds(p, 1, 0, 0, 0);
	}
	run(p);
	media_holds(p, 1);
	spool_holds(p, 0, 0, 0, 1);
}

static void
test_a_crash_after_the_number_was_given_keeps_the_number(void **state)
{
	struct place	*p = *state;

	put(p, 1, 100);
	put(p, 1, 200);
	assert_int_equal(send_queue_step(p->queue), 1);	/* numbers both */
	assert_int_equal(ledger_last(p->ledger), 2);
	spool_holds(p, 0, 2, 0, 0);
	crash(p);
	assert_int_equal(send_queue_position(p->queue), 1);
	run(p);
	media_holds(p, 2);
	spool_holds(p, 0, 0, 0, 2);
	assert_int_equal(ledger_last(p->ledger), 2);
}

static void
test_a_crash_between_two_objects_sends_the_second(void **state)
{
	struct place	*p = *state;

	put(p, 1, 100);
	put(p, 1, 200);
	assert_int_equal(send_queue_step(p->queue), 1);
	assert_int_equal(send_queue_step(p->queue), 1);	/* sends the first */
	media_holds(p, 1);
	crash(p);
	assert_int_equal(send_queue_position(p->queue), 2);
	run(p);
	media_holds(p, 2);
}

static void
test_a_crash_after_sending_repeats_the_same_bytes(void **state)
{
	struct place	*p = *state;
	char		 cmd[500], path[200], moved[200];

	put(p, 1, 100);
	run(p);
	/* as if the move to sent had not happened */
	snprintf(cmd, sizeof(cmd), "mv %s/sent/* %s/work/", p->spool_dir,
	    p->spool_dir);
	assert_int_equal(system(cmd), 0);
	snprintf(path, sizeof(path), "%s/link1-%020d.lmpo", p->media, 1);
	snprintf(moved, sizeof(moved), "%s/first", p->dir);
	assert_int_equal(rename(path, moved), 0);
	crash(p);
	run(p);
	media_holds(p, 1);
	spool_holds(p, 0, 0, 0, 1);
	snprintf(cmd, sizeof(cmd), "cmp -s %s %s", path, moved);
	assert_int_equal(system(cmd), 0);
}

static void
test_an_absent_folder_keeps_everything(void **state)
{
	struct place	*p = *state;
	char		 away[160];

	put(p, 1, 100);
	snprintf(away, sizeof(away), "%s.away", p->media);
	assert_int_equal(rename(p->media, away), 0);
	assert_int_equal(send_queue_step(p->queue), 1);
	assert_int_equal(send_queue_step(p->queue), ERR_AGAIN);
	spool_holds(p, 0, 1, 0, 0);
	assert_non_null(strstr(link_sender_why(p->link), "cannot be opened"));
	assert_int_equal(link_sender_events(p->link), LINK_DOWN);
	assert_int_equal(rename(away, p->media), 0);
	assert_int_equal(link_sender_events(p->link), LINK_UP);
	assert_null(link_sender_why(p->link));
	run(p);
	media_holds(p, 1);
}

static void
test_what_may_not_cross_is_held_with_its_reason(void **state)
{
	struct place	*p = *state;
	struct ref	 ref = {{0}};
	char		 name[SPOOL_NAME_MAX + 1];
	int		 fd;

	put(p, 2, 100);			/* made for the other link */
	put(p, 1, 2 << 20);		/* above max_object */
	assert_int_equal(spool_new_file(p->spool, &ref, name, &fd), ERR_OK);
	assert_int_equal(write(fd, "rubbish", 7), 7);
	assert_int_equal(spool_commit(p->spool, name, fd), ERR_OK);
	close(fd);
	put(p, 1, 10);
	run(p);
	spool_holds(p, 0, 0, 3, 1);
	media_holds(p, 1);
}

static void
test_a_parcel_that_shrank_is_held_and_the_rest_goes_on(void **state)
{
	struct place	*p = *state;
	char		 cmd[200];

	put(p, 1, 1000);
	put(p, 1, 1000);
	assert_int_equal(send_queue_step(p->queue), 1);
	snprintf(cmd, sizeof(cmd), "truncate -s 500 \"$(ls %s/work/* | head -1)"
	    "\"", p->spool_dir);
	assert_int_equal(system(cmd), 0);
	run(p);
	spool_holds(p, 0, 0, 1, 1);
}

static void
test_rounds_repeat_what_was_sent(void **state)
{
	struct place	*p = *state;
	char		 cmd[200];

	p->conf.link[0].rounds = 2;
	p->conf.link[0].round_gap_s = 0;
	put(p, 1, 100);
	assert_int_equal(send_queue_step(p->queue), 1);
	assert_int_equal(send_queue_step(p->queue), 1);
	snprintf(cmd, sizeof(cmd), "rm %s/*", p->media);
	assert_int_equal(system(cmd), 0);
	run(p);
	media_holds(p, 1);
	assert_int_equal(system(cmd), 0);
	run(p);
	media_holds(p, 0);	/* two rounds, not three */
}

static void
test_a_crash_before_the_first_repeat_forgets_no_round(void **state)
{
	struct place	*p = *state;
	char		 cmd[200];

	p->conf.link[0].rounds = 2;
	p->conf.link[0].round_gap_s = 1000;
	crash(p);
	put(p, 1, 100);
	put(p, 1, 100);
	run(p);
	snprintf(cmd, sizeof(cmd), "rm %s/*", p->media);
	assert_int_equal(system(cmd), 0);
	crash(p);
	run(p);
	media_holds(p, 0);
	p->conf.link[0].round_gap_s = 0;
	run(p);
	media_holds(p, 2);
}

/* The same place, from here on over UDP to a socket of our own. */
static int
udp_instead(struct place *p)
{
	struct sockaddr_in	 a = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(a);
	int			 fd = socket(AF_INET, SOCK_DGRAM, 0);
	char			 cmd[300];

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (void *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (void *)&a, &len), 0);
	snprintf(cmd, sizeof(cmd), "mkdir -p %s/link/1-send %s/keys && cd %s/keys"
	    " && umask 077 && printf %%064d 7 >link1-udp.key", p->dir, p->dir,
	    p->dir);
	assert_int_equal(system(cmd), 0);
	place_close(p);
	snprintf(p->media, sizeof(p->media), "udp://127.0.0.1:%d",
	    ntohs(a.sin_port));
	strcpy(p->transport, "udp");
	p->conf.etc = p->conf.state = p->dir;
	p->conf.link[0].rate = 100000000;
	p->conf.link[0].mtu = 1500;
	p->conf.link[0].interleave = 4;
	p->conf.link[0].parity = 16;
	p->conf.link[0].key_slot = 1;
	p->conf.link[0].resend_window_s = 60;
	place_open(p);
	return fd;
}

static void
test_a_start_over_udp_repeats_only_what_was_in_work(void **state)
{
	struct place	*p = *state;
	int		 fd = udp_instead(p), i;

	for (i = 0; i < 20; i++)
		put(p, 1, 100);
	do
		run(p);
	while (link_sender_pump(p->link) >= 0);
	run(p);
	spool_holds(p, 0, 0, 0, 20);
	for (i = 0; i < 3; i++)
		put(p, 1, 100);
	run(p);
	spool_holds(p, 0, 3, 0, 20);
	crash(p);
	assert_int_equal(send_queue_position(p->queue), 21);
	close(fd);
}

static void
test_what_the_disk_holds_back_leaves_work_later(void **state)
{
	struct place	*p = *state;
	int		 fd = udp_instead(p), i, r = 0;
	char		 cmd[300];

	put(p, 1, 100);
	put(p, 1, 100);
	run(p);
	/* What lies there under the same names cannot be replaced. */
	snprintf(cmd, sizeof(cmd), "cp %s/work/* %s/sent", p->spool_dir,
	    p->spool_dir);
	assert_int_equal(system(cmd), 0);
	for (i = 0; i < 1000 && r >= 0; i++) {
		(void)link_sender_pump(p->link);
		r = send_queue_step(p->queue);
	}
	assert_true(r < 0);
	spool_holds(p, 0, 2, 0, 2);
	assert_int_equal(send_queue_position(p->queue), 1);
	snprintf(cmd, sizeof(cmd), "rm %s/sent/*", p->spool_dir);
	assert_int_equal(system(cmd), 0);
	run(p);
	spool_holds(p, 0, 0, 0, 2);
	assert_int_equal(send_queue_position(p->queue), 3);
	close(fd);
}

static void
test_a_wish_is_done_when_the_line_has_it(void **state)
{
	struct place	*p = *state;
	int		 fd = udp_instead(p), i;

	for (i = 0; i < 3; i++)
		put(p, 1, 100);
	do
		run(p);
	while (link_sender_pump(p->link) >= 0);
	run(p);
	assert_int_equal(send_queue_resend(p->queue, 1, 2), ERR_OK);
	assert_int_equal(send_queue_resend(p->queue, 2, 3), ERR_OK);
	assert_int_equal(send_queue_resend(p->queue, 7, 7), ERR_OK);
	run(p);
	/* The last names nothing that there is; it waits for those before it. */
	assert_int_equal(send_queue_resends(p->queue), 3);
	do
		run(p);
	while (link_sender_pump(p->link) >= 0);
	run(p);
	assert_int_equal(send_queue_resends(p->queue), 0);
	close(fd);
}

static void
test_a_wish_that_cannot_be_removed_is_served_once(void **state)
{
	struct place		*p = *state;
	struct send_resend	*s;
	char			 wish[200];

	put(p, 1, 100);
	run(p);
	snprintf(wish, sizeof(wish), "%s/" RESEND_NAME, p->ledger_dir, 1ULL,
	    1ULL);
	/* A folder, which nobody removes like a file. */
	assert_int_equal(mkdir(wish, 0700), 0);
	s = send_resend_new(p->ledger_dir, p->queue);
	assert_non_null(s);
	send_resend_tick(s);
	assert_int_equal(send_queue_resends(p->queue), 1);
	run(p);
	usleep(1010000);	/* it looks each second */
	send_resend_tick(s);
	assert_int_equal(send_queue_resends(p->queue), 0);
	/* When it is gone, the same may be wished again. */
	assert_int_equal(rmdir(wish), 0);
	usleep(1010000);
	send_resend_tick(s);
	assert_int_equal(mkdir(wish, 0700), 0);
	usleep(1010000);
	send_resend_tick(s);
	assert_int_equal(send_queue_resends(p->queue), 1);
	send_resend_free(s);
}

static void
test_a_wish_that_is_typed_again_meanwhile_is_served_again(void **state)
{
	struct place		*p = *state;
	struct send_resend	*s;
	struct stat		 st;
	char			 wish[200];
	int			 fd;

	put(p, 1, 100);
	run(p);
	snprintf(wish, sizeof(wish), "%s/" RESEND_NAME, p->ledger_dir, 1ULL,
	    1ULL);
	assert_true((fd = open(wish, O_WRONLY|O_CREAT, 0600)) != -1);
	assert_non_null(s = send_resend_new(p->ledger_dir, p->queue));
	send_resend_tick(s);
	run(p);
	usleep(1010000);	/* it looks each second */
	assert_int_equal(futimens(fd, NULL), 0);
	send_resend_tick(s);
	assert_int_equal(send_queue_resends(p->queue), 1);
	run(p);
	usleep(1010000);
	send_resend_tick(s);
	assert_int_equal(send_queue_resends(p->queue), 0);
	assert_int_equal(stat(wish, &st), -1);
	send_resend_free(s);
	close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_parcels_are_numbered_and_sent_in_order),
		T(test_a_crash_after_the_claim_gives_the_parcel_back),
		T(test_a_crash_after_the_number_was_given_keeps_the_number),
		T(test_a_crash_between_two_objects_sends_the_second),
		T(test_a_crash_after_sending_repeats_the_same_bytes),
		T(test_an_absent_folder_keeps_everything),
		T(test_what_may_not_cross_is_held_with_its_reason),
		T(test_a_parcel_that_shrank_is_held_and_the_rest_goes_on),
		T(test_rounds_repeat_what_was_sent),
		T(test_a_crash_before_the_first_repeat_forgets_no_round),
		T(test_a_start_over_udp_repeats_only_what_was_in_work),
		T(test_what_the_disk_holds_back_leaves_work_later),
		T(test_a_wish_is_done_when_the_line_has_it),
		T(test_a_wish_that_cannot_be_removed_is_served_once),
		T(test_a_wish_that_is_typed_again_meanwhile_is_served_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
