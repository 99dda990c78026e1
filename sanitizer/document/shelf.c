/*
 * Files of the host, held in memory for libraries that open them by name.
 * Runs in the warm parent of worker-poppler, read by its jailed children.
 * Hostile input: paths, which poppler makes of words in the document.
 * Must never open a file once it is closed: the jail would kill for it.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "shelf.h"

#define FILES_MAX	4000

struct kept {
	char		*path;
	const uint8_t	*data;
	size_t		 len;
};

static struct kept	 kept[FILES_MAX];
static size_t		 kept_count;
static int		 closed;

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->path,
	    ((const struct kept *)b)->path);
}

static const struct kept *
find(const char *path)
{
	struct kept	 k = { .path = (char *)(uintptr_t)path };

	if (!closed)
		return NULL;
	return bsearch(&k, kept, kept_count, sizeof(k), compare);
}

int
shelf_add_file(const char *path)
{
	struct stat	 st;
	void		*data = MAP_FAILED;
	int		 fd;

	for (size_t i = 0; i < kept_count; i++)
		if (strcmp(kept[i].path, path) == 0)
			return ERR_OK;
	if (kept_count == FILES_MAX)
		return ERR_LIMIT;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return ERR_OK;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
		    fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return ERR_OK;
	if ((kept[kept_count].path = strdup(path)) == NULL)
		return ERR_MEMORY;
	kept[kept_count].data = data;
	kept[kept_count++].len = (size_t)st.st_size;
	return ERR_OK;
}

int
shelf_add_folder(const char *path)
{
	char	*const roots[] = { (char *)(uintptr_t)path, NULL };
	FTSENT	*e;
	FTS	*fts;
	int	 r = ERR_OK;

	if ((fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL)) == NULL)
		return errno == ENOMEM ? ERR_MEMORY : ERR_OK;
	while (r == ERR_OK && (e = fts_read(fts)) != NULL)
		if (e->fts_info == FTS_F)
			r = shelf_add_file(e->fts_path);
	fts_close(fts);
	return r;
}

void
shelf_close(void)
{
	qsort(kept, kept_count, sizeof(kept[0]), compare);
	closed = 1;
}

const uint8_t *
shelf_find(const char *path, size_t *len)
{
	const struct kept	*k = find(path);

	if (k == NULL)
		return NULL;
	*len = k->len;
	return k->data;
}

FILE *
shelf_fopen(const char *path, const char *mode)
{
	const struct kept	*k;

	if (!closed)
		return fopen64(path, mode);
	if (mode[0] != 'r' || strchr(mode, '+') != NULL ||
	    (k = find(path)) == NULL) {
		errno = ENOENT;
		return NULL;
	}
	return fmemopen((void *)(uintptr_t)k->data, k->len, "r");
}
