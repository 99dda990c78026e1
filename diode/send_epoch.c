/*
 * Counts the starts of a sender (send_epoch.h).
 * Run by limpid-diode-send only.
 * Hostile input: none; but a crash may come between any two lines.
 * Must never return a counter that is not on disk, or one it returned before.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "link_private.h"
#include "send_epoch.h"

#define FILE_NAME	"datagram-epoch"

static int
counter_read(int dir, uint64_t *counter)
{
	char	 text[32], *end;
	int	 r;

	r = link_text_read(dir, FILE_NAME, text, sizeof(text));
	if (r == ERR_NOTFOUND) {
		*counter = (uint64_t)time(NULL);
		return ERR_OK;
	}
	if (r != ERR_OK)
		return r;
	*counter = strtoull(text, &end, 10);
	return end != text && *end == '\n' ? ERR_OK : ERR_FORMAT;
}

static int
counter_write(int dir, uint64_t counter)
{
	char	 text[32];

	snprintf(text, sizeof(text), "%" PRIu64 "\n", counter);
	return link_text_replace(dir, FILE_NAME, text, 1);
}

int
send_epoch_next(const char *folder, uint64_t *epoch)
{
	uint64_t	 counter;
	uint32_t	 chance;
	int		 dir, r;

	dir = open(folder, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (dir == -1)
		return ERR_SYS;
	if ((r = counter_read(dir, &counter)) != ERR_OK)
		goto out;
	if (++counter >= UINT32_MAX) {
		r = ERR_LIMIT;
		goto out;
	}
	if ((r = counter_write(dir, counter)) == ERR_OK &&
	    (r = random_bytes(&chance, sizeof(chance))) == ERR_OK)
		*epoch = counter << 32 | chance;
 out:
	close(dir);
	return r;
}
