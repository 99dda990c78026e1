/*
 * Resend slips (slip.h).
 * Run by limpid-slip and limpid-resend.
 * Hostile input: what a person types.
 * Must never accept a slip with a mistyped letter.
 */
#include "err.h"
#include "ref.h"
#include "slip.h"

#define LETTERS		15
#define CHECKED		13
#define CHECK_PRIME	1021
#define VERSION		1

static unsigned
check_of(const uint8_t letters[CHECKED])
{
	unsigned	 sum = 0;
	int		 i;

	for (i = 0; i < CHECKED; i++)
		sum = (sum * 32 + letters[i]) % CHECK_PRIME;
	return sum;
}

static void
letters_put(uint8_t *letters, int n, uint64_t v)
{
	while (n-- > 0) {
		letters[n] = (uint8_t)(v & 31);
		v >>= 5;
	}
}

static uint64_t
letters_get(const uint8_t *letters, int n)
{
	uint64_t	 v = 0;
	int		 i;

	for (i = 0; i < n; i++)
		v = v << 5 | letters[i];
	return v;
}

int
slip_format(const struct slip *s, char out[SLIP_TEXT_LEN + 1])
{
	uint8_t	 letters[LETTERS];
	int	 i;

	if (s->link < 1 || s->link > 2 || s->first == 0 ||
	    s->first > SLIP_FIRST_MAX || s->count == 0 ||
	    s->count > SLIP_COUNT_MAX)
		return ERR_LIMIT;
	letters[0] = (uint8_t)(VERSION << 2 | s->link);
	letters_put(letters + 1, 8, s->first);
	letters_put(letters + 9, 4, s->count - 1);
	letters_put(letters + CHECKED, 2, check_of(letters));
	*out++ = 'L';
	*out++ = 'R';
	for (i = 0; i < LETTERS; i++) {
		if (i % 5 == 0)
			*out++ = '-';
		*out++ = ref_alphabet[letters[i]];
	}
	*out = '\0';
	return ERR_OK;
}

/* How many letters and digits; they go to out, which has room for max. -1: more,
 * or something else among them. */
static int
letters_typed(const char *text, uint8_t *out, int max)
{
	int	 n = 0, v;

	for (; *text != '\0'; text++) {
		if (*text == '-' || *text == ' ')
			continue;
		if (n == max || (v = ref_letter(*text)) == -1)
			return -1;
		out[n++] = (uint8_t)v;
	}
	return n;
}

int
slip_parse(const char *text, struct slip *out)
{
	uint8_t		 typed[LETTERS + 2], *letters = typed;
	struct slip	 s;
	int		 n;

	n = letters_typed(text, typed, LETTERS + 2);
	if (n == LETTERS + 2 && typed[0] == ref_letter('L') &&
	    typed[1] == ref_letter('R')) {
		letters += 2;
		n -= 2;
	}
	if (n != LETTERS)
		return ERR_FORMAT;
	if (letters_get(letters + CHECKED, 2) != check_of(letters))
		return ERR_CRYPTO;
	s.link = letters[0] & 3;
	s.first = letters_get(letters + 1, 8);
	s.count = (uint32_t)letters_get(letters + 9, 4) + 1;
	if (letters[0] >> 2 != VERSION || s.link < 1 || s.link > 2 ||
	    s.first == 0)
		return ERR_LIMIT;
	*out = s;
	return ERR_OK;
}
