/*
 * CSV to lines and tabs.
 * Runs in the jailed child of worker-office.
 * Hostile input: the CSV, written by LibreOffice from a hostile document.
 * Must never write more than it reads, so that memory stays bounded by the file.
 */
#include <stdlib.h>
#include <string.h>

#include "office_grid.h"

/* A finished row: nothing empty at its end. */
static size_t
row_end(char *out, size_t row, size_t at)
{
	while (at > row && (out[at - 1] == '\t' || out[at - 1] == ' '))
		at--;
	out[at++] = '\n';
	return at;
}

char *
office_grid_make(const char *csv, size_t len)
{
	size_t	 at = 0, row = 0;
	int	 quoted = 0;
	char	*out;

	if ((out = malloc(len + 2)) == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		char c = csv[i];

		if (c == '"' && quoted && i + 1 < len && csv[i + 1] == '"')
			out[at++] = csv[i++];
		else if (c == '"')
			quoted = !quoted;
		else if (c == ',' && !quoted)
			out[at++] = '\t';
		else if (c == '\n' && !quoted)
			row = at = row_end(out, row, at);
		else if (c == '\n' || c == '\t' || c == '\r')
			out[at++] = ' ';
		else
			out[at++] = c;
	}
	at = at > row ? row_end(out, row, at) : at;
	while (at > 1 && out[at - 1] == '\n' && out[at - 2] == '\n')
		at--;
	out[at] = '\0';
	return out;
}
