/*
 * A model of a link's two ends (diode/MODEL.md) and its exhaustive check: every order
 * of steps, losses, repeats and crashes of two objects is walked. At each state what
 * the spool holds is right, and from each state all objects can still arrive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OBJECTS		2
#define STATES_MAX	(1u << 23)

/* Where a parcel lies on the sender's disk. NUMBERED is in work, with an entry. */
enum place { IN_NEW, CLAIMED, NUMBERED, KEPT };
/* On the receiver's disk: tmp without and with an intent, new without and with the
 * mark; MARKED, the mark without new, is a fault. */
enum slot { NOTHING, WRITTEN, INTENT, RENAMED, SEEN, MARKED };
/* A gap on the receiver's disk: told to people, accepted as lost in the record alone,
 * accepted. */
enum gap { NO_GAP, TOLD, RECORDED, ACCEPTED };

struct state {
	struct {
		uint8_t	 place, number;	/* number: from 1, 0 none */
		uint8_t	 entry;		/* 1: in the ledger, 2: synced */
		uint8_t	 left;		/* handed over, known in memory */
	} out[OBJECTS];
	struct {
		uint8_t	 slot;
		uint8_t	 copies;	/* in the spool, ever */
		uint8_t	 wire;		/* of its number, under way */
		uint8_t	 again;		/* its second round was sent */
		uint8_t	 gap;		/* enum gap */
	} in[OBJECTS];			/* by number - 1 */
	uint8_t	 last;			/* number given last, in memory */
	uint8_t	 heard;			/* newest heartbeat's word, in memory */
	uint8_t	 told;			/* up to here gaps are listed, on disk */
	uint8_t	 send_crashes, recv_crashes;
};

/* What the mutations leave out, so that the check is seen to find it. */
enum fault { FAULT_NONE, FAULT_SEND_UNSYNCED, FAULT_NO_INTENT,
    FAULT_BEATS_AHEAD, FAULT_COMMIT_UNSYNCED, FAULT_MARK_FIRST,
    FAULT_GAP_FORGOTTEN, FAULT_ACCEPTED_IS_SEEN };

static enum fault	 fault;
static int		 crashes;	/* of each end, at most */
static struct state	*states;
static uint32_t		*table, state_count;
static uint32_t		*from_state;	/* edges, for the way back */
static uint32_t		*to_state, edge_count, edge_max;
static unsigned		 doubled, wrong_told;

static uint32_t
hash_of(const struct state *s)
{
	const uint8_t	*p = (const uint8_t *)s;
	uint32_t	 h = 2166136261u;
	size_t		 i;

	for (i = 0; i < sizeof(*s); i++)
		h = (h ^ p[i]) * 16777619u;
	return h ^ h >> 15;
}

static uint32_t
state_index(const struct state *s)
{
	uint32_t	 at = hash_of(s) & (STATES_MAX - 1);

	while (table[at] != 0) {
		if (memcmp(&states[table[at] - 1], s, sizeof(*s)) == 0)
			return table[at] - 1;
		at = (at + 1) & (STATES_MAX - 1);
	}
	assert_true(state_count < STATES_MAX / 2);
	states[state_count] = *s;
	table[at] = ++state_count;
	return state_count - 1;
}

static void
edge(uint32_t from, const struct state *to)
{
	uint32_t	 index = state_index(to);

	if (edge_count == edge_max) {
		edge_max = edge_max == 0 ? 1 << 20 : edge_max * 2;
		from_state = realloc(from_state, edge_max * sizeof(uint32_t));
		to_state = realloc(to_state, edge_max * sizeof(uint32_t));
		assert_true(from_state != NULL && to_state != NULL);
	}
	from_state[edge_count] = from;
	to_state[edge_count++] = index;
}

/* One fdatasync makes all entries written so far durable. */
static void
entries_sync(struct state *s)
{
	int	 i;

	for (i = 0; i < OBJECTS; i++)
		if (s->out[i].entry == 1)
			s->out[i].entry = 2;
}

/* On the line, or lost at once. */
static void
line_put(uint32_t at, struct state *t, int number)
{
	edge(at, t);
	t->in[number - 1].wire = 1;
	edge(at, t);
}

/* The sender: claim, number, sync, send, move to sent; any parcel first, and those under
 * way leave in any order. */
static void
sender_steps(uint32_t at)
{
	struct state	 s = states[at], t;
	int		 i, may_send;

	for (i = 0; i < OBJECTS; i++) {
		t = s;
		if (s.out[i].place == IN_NEW) {
			t.out[i].place = CLAIMED;
			edge(at, &t);
		} else if (s.out[i].place == CLAIMED) {
			t.out[i].place = NUMBERED;
			t.out[i].number = ++t.last;
			t.out[i].entry = 1;
			edge(at, &t);
		} else if (s.out[i].entry == 1) {
			entries_sync(&t);
			edge(at, &t);
		}
		may_send = s.out[i].entry == 2 || (s.out[i].entry == 1 &&
		    fault == FAULT_SEND_UNSYNCED);
		t = s;
		if (may_send && !s.out[i].left) {
			t.out[i].left = 1;
			line_put(at, &t, s.out[i].number);
		} else if (s.out[i].left && s.out[i].place == NUMBERED) {
			/* A crash comes before or after. */
			t.out[i].place = KEPT;
			edge(at, &t);
		} else if (s.out[i].place == KEPT && s.out[i].number != 0 &&
		    !s.in[s.out[i].number - 1].again) {
			t.in[s.out[i].number - 1].again = 1;
			line_put(at, &t, s.out[i].number);
		}
	}
}

/* All in memory is gone; the disk says where to begin. */
static void
sender_crash(uint32_t at)
{
	struct state	 s = states[at], t;
	int		 i, torn;

	if (s.send_crashes == crashes)
		return;
	for (torn = 0; torn < 2; torn++) {
		t = s;
		t.send_crashes++;
		t.last = 0;
		for (i = 0; i < OBJECTS; i++) {
			/* Not synced: may be there or not. */
			if (t.out[i].entry == 1 && torn) {
				t.out[i].entry = 0;
				t.out[i].number = 0;
			}
			if (t.out[i].entry == 1)
				t.out[i].entry = 2;
			if (t.out[i].place == CLAIMED ||
			    (t.out[i].place == NUMBERED && !t.out[i].entry))
				t.out[i].place = IN_NEW;
			if (t.out[i].number > t.last)
				t.last = t.out[i].number;
			t.out[i].left = t.out[i].place == KEPT;
		}
		edge(at, &t);
	}
}

/* The disk is full: before the commit, or in it. Nothing of the number stays. */
static void
receiver_full(uint32_t at)
{
	struct state	 s = states[at], t;
	int		 i;

	for (i = 0; i < OBJECTS; i++) {
		t = s;
		if (s.in[i].slot != WRITTEN && s.in[i].slot != INTENT)
			continue;
		t.in[i].slot = NOTHING;
		edge(at, &t);
	}
}

static void
receiver_steps(uint32_t at)
{
	struct state	 s = states[at], t;
	int		 i;

	for (i = 0; i < OBJECTS; i++) {
		t = s;
		switch ((enum slot)s.in[i].slot) {
		case NOTHING:
			if (!s.in[i].wire)
				continue;
			/* It stays on the wire: the same may come again. */
			t.in[i].slot = WRITTEN;
			break;
		case WRITTEN:
			t.in[i].slot = INTENT;
			if (fault == FAULT_NO_INTENT) {
				t.in[i].slot = RENAMED;
				t.in[i].copies++;
			} else if (fault == FAULT_MARK_FIRST)
				t.in[i].slot = MARKED;
			break;
		case INTENT:
			t.in[i].slot = RENAMED;
			t.in[i].copies++;
			break;
		case RENAMED:
			t.in[i].slot = SEEN;
			t.in[i].gap = NO_GAP;
			break;
		case MARKED:
			t.in[i].slot = SEEN;
			t.in[i].copies++;
			t.in[i].gap = NO_GAP;
			break;
		case SEEN:
			continue;	/* a repeat, dropped */
		}
		edge(at, &t);
	}
	for (i = 0; i < OBJECTS; i++)
		if (s.in[i].wire) {
			t = s;
			t.in[i].wire = 0;	/* lost, or the last repeat */
			edge(at, &t);
		}
}

/* What the disk tells of a number when the receiver starts again. */
static void
slot_settle(struct state *s, int i)
{
	/* In tmp: never committed. An intent without the file in tmp: it was. Without
	 * intents nobody could tell. */
	switch ((enum slot)s->in[i].slot) {
	case WRITTEN:
	case INTENT:
		s->in[i].slot = NOTHING;
		break;
	case RENAMED:
		s->in[i].slot = fault == FAULT_NO_INTENT ? NOTHING : SEEN;
		/* The name was durable and the bytes were not. */
		if (fault == FAULT_COMMIT_UNSYNCED)
			s->in[i].copies--;
		break;
	case MARKED:
		s->in[i].slot = SEEN;
		break;
	case NOTHING:
	case SEEN:
		break;
	}
	if (s->in[i].slot == SEEN || fault == FAULT_GAP_FORGOTTEN)
		s->in[i].gap = NO_GAP;
}

/* What the socket holds outlives it where the service manager keeps the socket; else it
 * is lost, as anything on the line may be. */
static void
receiver_crash(uint32_t at)
{
	struct state	 s = states[at];
	int		 i;

	if (s.recv_crashes == crashes)
		return;
	s.recv_crashes++;
	s.heard = 0;
	for (i = 0; i < OBJECTS; i++)
		slot_settle(&s, i);
	edge(at, &s);
}

/* What a heartbeat says: all up to here was handed over, in whatever order. */
static uint8_t
beat_word(const struct state *s)
{
	uint8_t	 word = s->last;
	int	 i;

	for (i = 0; i < OBJECTS && fault != FAULT_BEATS_AHEAD; i++)
		if (s->out[i].number != 0 && !s->out[i].left &&
		    s->out[i].number <= word)
			word = (uint8_t)(s->out[i].number - 1);
	return word;
}

/* What an operator does about a gap: accept the loss, in two steps on disk, or type a
 * slip, also of one that was accepted. */
static void
operator_steps(uint32_t at, int i)
{
	struct state	 s = states[at], t = s;
	int		 k;

	if (s.in[i].gap == TOLD || s.in[i].gap == RECORDED) {
		t.in[i].gap++;
		if (t.in[i].gap == ACCEPTED && fault == FAULT_ACCEPTED_IS_SEEN)
			t.in[i].slot = SEEN;
		edge(at, &t);
	}
	for (k = 0; k < OBJECTS; k++)
		if (s.in[i].gap && s.out[k].number == i + 1 &&
		    s.out[k].place >= NUMBERED) {
			t = s;
			t.in[i].wire = 1;
			edge(at, &t);
		}
}

/* Heartbeats, and the alarm behind them. */
static void
notice_steps(uint32_t at)
{
	struct state	 s = states[at], t = s;
	int		 i;

	if (beat_word(&s) > s.heard) {
		t.heard = beat_word(&s);
		edge(at, &t);
	}
	/* The grace has passed, though some may be late: each number is told once. */
	t = s;
	if (s.heard > s.told) {
		t.told = s.heard;
		for (i = s.told; i < s.heard; i++)
			t.in[i].gap = s.in[i].slot != SEEN ? TOLD : NO_GAP;
		edge(at, &t);
	}
	for (i = 0; i < OBJECTS; i++)
		operator_steps(at, i);
}

static void
judge(const struct state *s)
{
	int	 i, k, given;

	for (i = 0; i < OBJECTS; i++) {
		doubled += s->in[i].copies > 1;
		/* What people are told is missing was given a number. */
		for (given = k = 0; k < OBJECTS; k++)
			given |= s->out[k].number == i + 1;
		wrong_told += (s->in[i].gap || s->in[i].copies) && !given;
		/* What came is no gap any more. */
		wrong_told += s->in[i].gap && s->in[i].slot == SEEN;
		/* A number names one parcel. */
		for (k = 0; k < i; k++)
			wrong_told += s->out[i].number != 0 &&
			    s->out[i].number == s->out[k].number;
	}
}

static int
is_done(const struct state *s)
{
	int	 i;

	for (i = 0; i < OBJECTS; i++)
		if (s->in[i].copies != 1 || s->in[i].slot != SEEN)
			return 0;
	return 1;
}

/* How many states cannot reach the end any more: mail lost for good. */
static uint32_t
stuck_count(void)
{
	uint8_t		*good = calloc(state_count, 1);
	uint32_t	 i, stuck = 0;
	int		 changed = 1;

	assert_non_null(good);
	for (i = 0; i < state_count; i++)
		good[i] = (uint8_t)is_done(&states[i]);
	while (changed) {
		changed = 0;
		for (i = edge_count; i-- > 0;)
			if (good[to_state[i]] && !good[from_state[i]])
				good[from_state[i]] = 1, changed = 1;
	}
	for (i = 0; i < state_count; i++)
		stuck += !good[i];
	free(good);
	return stuck;
}

static uint32_t
walk(enum fault with, int crashes_most)
{
	struct state	 s = {0};
	uint32_t	 at, stuck;

	fault = with;
	crashes = crashes_most;
	doubled = wrong_told = state_count = edge_count = 0;
	table = calloc(STATES_MAX, sizeof(*table));
	states = calloc(STATES_MAX / 2, sizeof(*states));
	assert_true(table != NULL && states != NULL);
	state_index(&s);
	for (at = 0; at < state_count; at++) {
		judge(&states[at]);
		sender_steps(at);
		sender_crash(at);
		receiver_steps(at);
		receiver_full(at);
		receiver_crash(at);
		notice_steps(at);
	}
	stuck = stuck_count();
	free(table);
	free(states);
	return stuck;
}

static void
test_no_loss_no_double(void **state)
{
	uint32_t	 stuck;

	(void)state;
	stuck = walk(FAULT_NONE, 2);
	printf("# %u states, %u steps\n", state_count, edge_count);
	assert_int_equal(stuck, 0);
	assert_int_equal(doubled, 0);
	assert_int_equal(wrong_told, 0);
	assert_true(state_count > 10000);
}

static void
test_sending_before_the_sync_is_found(void **state)
{
	(void)state;
	assert_true(walk(FAULT_SEND_UNSYNCED, 1) > 0 || wrong_told > 0);
}

static void
test_no_intent_is_found(void **state)
{
	(void)state;
	walk(FAULT_NO_INTENT, 1);
	assert_true(doubled > 0);
}

static void
test_a_commit_before_the_bytes_are_synced_is_found(void **state)
{
	(void)state;
	assert_true(walk(FAULT_COMMIT_UNSYNCED, 1) > 0);
}

static void
test_a_mark_before_the_commit_is_found(void **state)
{
	(void)state;
	assert_true(walk(FAULT_MARK_FIRST, 1) > 0);
}

static void
test_a_gap_that_is_forgotten_is_found(void **state)
{
	(void)state;
	assert_true(walk(FAULT_GAP_FORGOTTEN, 1) > 0);
}

static void
test_heartbeat_ahead_of_the_line_is_not_fatal(void **state)
{
	(void)state;
	/* Only an alarm too many, and the slip helps all the same. */
	assert_int_equal(walk(FAULT_BEATS_AHEAD, 1), 0);
	assert_int_equal(doubled, 0);
}

static void
test_accepted_taken_for_received_is_found(void **state)
{
	(void)state;
	assert_true(walk(FAULT_ACCEPTED_IS_SEEN, 1) > 0);
	assert_true(wrong_told > 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_no_loss_no_double),
		cmocka_unit_test(test_sending_before_the_sync_is_found),
		cmocka_unit_test(test_no_intent_is_found),
		cmocka_unit_test(
		    test_a_commit_before_the_bytes_are_synced_is_found),
		cmocka_unit_test(test_a_mark_before_the_commit_is_found),
		cmocka_unit_test(test_a_gap_that_is_forgotten_is_found),
		cmocka_unit_test(test_heartbeat_ahead_of_the_line_is_not_fatal),
		cmocka_unit_test(test_accepted_taken_for_received_is_found),
	};
	int			 r;

	r = cmocka_run_group_tests(tests, NULL, NULL);
	free(from_state);
	free(to_state);
	return r;
}
