/*
 * Looks at the folder of the scanner's database from outside: names, sizes, times.
 * Runs in limpid-sanitizerd, limpid-clean, limpid-doctor and limpid-worker-scan.
 * Hostile input: none; the folder is the operator's, filled by freshclam or by hand.
 * Must never open one of its files.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "err.h"
#include "scan_database.h"

/* What libclamav loads as signatures ... */
static const char *const signatures[] = {
	".cvd", ".cld", ".cud", ".hdb", ".hsb", ".hdu", ".hsu", ".mdb", ".msb",
	".mdu", ".msu", ".ndb", ".ndu", ".ldb", ".ldu", ".cdb", ".idb", ".yar",
	".yara", NULL
};
/* ... and what changes their meaning, but alone is no database. */
static const char *const others[] = {
	".fp", ".sfp", ".ign", ".ign2", ".ftm", ".pdb", ".wdb", ".gdb", ".cfg",
	".crb", ".cat", ".info", ".pwdb", NULL
};

static int
ends_in(const char *name, const char *const *suffixes)
{
	const char	*dot = strrchr(name, '.');

	if (dot == NULL || dot == name)
		return 0;
	for (; *suffixes != NULL; suffixes++)
		if (strcmp(dot, *suffixes) == 0)
			return 1;
	return 0;
}

/* FNV-1a. The sum over files does not depend on the order of the folder. */
static uint64_t
mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t	*p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t
file_print(const char *name, const struct stat *st)
{
	uint64_t	 h = UINT64_C(0xcbf29ce484222325);

	h = mix(h, name, strlen(name));
	h = mix(h, &st->st_size, sizeof(st->st_size));
	h = mix(h, &st->st_ino, sizeof(st->st_ino));
	h = mix(h, &st->st_mtim.tv_sec, sizeof(st->st_mtim.tv_sec));
	return mix(h, &st->st_mtim.tv_nsec, sizeof(st->st_mtim.tv_nsec));
}

int
scan_folder_look(const char *folder, struct scan_folder *out)
{
	struct scan_folder	 found = { .print = 1 };
	struct dirent		*e;
	struct stat		 st;
	DIR			*d;

	if ((d = opendir(folder)) == NULL)
		return errno == ENOENT || errno == ENOTDIR ? ERR_NOTFOUND :
		    errno == EACCES ? ERR_DENIED : ERR_SYS;
	while ((e = readdir(d)) != NULL) {
		if (fstatat(dirfd(d), e->d_name, &st, 0) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (ends_in(e->d_name, others))
			found.print += file_print(e->d_name, &st);
		if (!ends_in(e->d_name, signatures))
			continue;
		found.print += file_print(e->d_name, &st);
		found.files++;
		if (st.st_mtim.tv_sec > 0 &&
		    (uint64_t)st.st_mtim.tv_sec > found.newest_s)
			found.newest_s = (uint64_t)st.st_mtim.tv_sec;
	}
	closedir(d);
	*out = found;
	return found.files > 0 ? ERR_OK : ERR_NOTFOUND;
}

int
scan_watch_step(struct scan_watch *w, uint64_t print)
{
	int	 settled = print != 0 && print == w->seen;

	w->seen = print;
	if (!settled || print == w->told)
		return 0;
	w->told = print;
	return 1;
}
