/*
 * armour: OpenPGP's lines taken out of a text.
 * Runs in: worker-text, in the jail.
 * Hostile input: the text.
 * Must never: lose a word that stood in clear, nor grow the text.
 */
#include <stdio.h>
#include <string.h>

#include "armour.h"

#define SIGNED		"-----BEGIN PGP SIGNED MESSAGE-----"
#define SIGNATURE	"-----BEGIN PGP SIGNATURE-----"
#define SIGNATURE_END	"-----END PGP SIGNATURE-----"
#define MESSAGE		"-----BEGIN PGP MESSAGE-----"
#define MESSAGE_END	"-----END PGP MESSAGE-----"

static int
line_is(const char *s, const char *line)
{
	size_t	 n = strlen(line);

	return strncmp(s, line, n) == 0 && (s[n] == '\n' || s[n] == '\0');
}

/* The line at or after s that is just this; NULL: none. */
static char *
line_find(char *s, const char *text, const char *line)
{
	while ((s = strstr(s, line)) != NULL) {
		if ((s == text || s[-1] == '\n') && line_is(s, line))
			return s;
		s += strlen(line);
	}
	return NULL;
}

static char *
line_after(char *s)
{
	s += strcspn(s, "\n");
	return s + (*s == '\n');
}

static unsigned
count_lines(const char *s, const char *end)
{
	unsigned	 n = 0;

	while ((s = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		s++;
		n++;
	}
	return n;
}

/* The words of a signed text, without the dashes that guarded them. */
static char *
put_clear(char *out, char *s, const char *end)
{
	char	*next;

	while (s < end && *s != '\n')		/* "Hash: SHA256" */
		s = line_after(s);
	s += s < end;
	for (; s < end; s = next) {
		next = line_after(s);
		if (s[0] == '-' && s[1] == ' ')
			s += 2;
		memmove(out, s, (size_t)(next - s));
		out += next - s;
	}
	return out;
}

void
armour_strip(char *text, struct armour *a)
{
	char	*in = text, *out = text, *next, *end, *last;
	char	 note[64];
	int	 open_signed = 1, open_message = 1;

	memset(a, 0, sizeof(*a));
	for (; *in != '\0'; in = next) {
		next = line_after(in);
		if (open_signed && line_is(in, SIGNED) &&
		    (open_signed = (end = line_find(next, text, SIGNATURE)) !=
		    NULL && (last = line_find(end, text, SIGNATURE_END)) !=
		    NULL)) {
			out = put_clear(out, next, end);
			next = line_after(last);
			a->clear++;
		} else if (open_message && line_is(in, MESSAGE) &&
		    (open_message = (end = line_find(next, text,
		    MESSAGE_END)) != NULL)) {
			snprintf(note, sizeof(note), "[OpenPGP message, "
			    "locked: %u lines]\n", count_lines(next, end));
			next = line_after(end);
			memcpy(out, note, strlen(note));
			out += strlen(note);
			a->locked++;
		} else {
			memmove(out, in, (size_t)(next - in));
			out += next - in;
		}
	}
	*out = '\0';
}
