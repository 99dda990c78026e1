/*
 * worker-scan: asks libclamav whether it knows the part as malware, and says nothing else.
 * Runs as limpid-worker-scan: a warm parent that holds the database, and one jailed child
 * a part, with a /tmp of its own into which libclamav unpacks (scan_jail.c).
 * Hostile input: the part, in the child only; the database is the operator's.
 * Must never run code from the database (bytecode is off), nor call a part clean of which
 * it saw only the beginning.
 */
#include <sys/mman.h>

#include <stdio.h>
#include <string.h>

#include <clamav.h>

#include "charset.h"
#include "err.h"
#include "log.h"
#include "scan_database.h"
#include "scan_jail.h"
#include "worker.h"
#include "worker_private.h"

#define NAMES_MAX	8		/* told of one part; more say nothing new */
#define NAME_BYTES	160
#define RECURSION_MAX	50		/* libclamav takes no more than 100 */
#define LARGE_PAGE	(2ull << 20)
#define LIMITS_PREFIX	"Heuristics.Limits.Exceeded."

struct scan {
	struct worker	*w;		/* NULL in the warm parent */
	char		 names[NAMES_MAX][NAME_BYTES];
	unsigned	 count;
	enum reason	 cut;		/* which limit it ran into */
};

static struct cl_engine	*engine;

/* How libclamav says that it looked no further. */
static const struct { const char *name; enum reason reason; } limits[] = {
	{ LIMITS_PREFIX "MaxScanTime", REASON_TIMEOUT },
	{ LIMITS_PREFIX "MaxFiles", REASON_LIMIT_PARTS },
	{ LIMITS_PREFIX "MaxRecursion", REASON_LIMIT_DEPTH },
	{ LIMITS_PREFIX, REASON_LIMIT_BYTES },
};

static enum reason
limit_named(const char *name)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strncmp(name, limits[i].name, strlen(limits[i].name)) == 0)
			return limits[i].reason;
	return REASON_COMPLETE;
}

static void
found(int fd, const char *name, void *context)
{
	struct scan	*s = context;
	enum reason	 cut = limit_named(name);

	(void)fd;
	if (cut != REASON_COMPLETE) {
		s->cut = cut;
		return;
	}
	for (unsigned i = 0; i < s->count; i++)
		if (strncmp(s->names[i], name, NAME_BYTES - 1) == 0)
			return;
	if (s->count == NAMES_MAX || s->w == NULL)
		return;
	snprintf(s->names[s->count], NAME_BYTES, "%s", name);
	worker_fact(s->w, FACT_MALWARE, s->names[s->count++]);
}

/* libclamav tells stderr of every file that it finds odd. */
static void
silent(enum cl_msg severity, const char *full, const char *text, void *context)
{
	(void)full;
	(void)context;
	if (severity == CL_MSG_ERROR)
		log_debug("libclamav: %s", log_safe(text));
}

static int
set(enum cl_engine_field field, long long n)
{
	return cl_engine_set_num(engine, field, n) == CL_SUCCESS ? ERR_OK :
	    ERR_LIMIT;
}

static int
engine_prepare(void)
{
	int	 r = ERR_OK;

	cl_set_clcb_msg(silent);
	if (cl_init(CL_INIT_DEFAULT) != CL_SUCCESS ||
	    (engine = cl_engine_new()) == NULL)
		return ERR_MEMORY;
	cl_engine_set_clcb_virus_found(engine, found);
	/* a child's own memory of clean files would end with it */
	r |= set(CL_ENGINE_DISABLE_CACHE, 1);
	r |= set(CL_ENGINE_DISABLE_PE_STATS, 1);
	r |= set(CL_ENGINE_KEEPTMP, 0);
	if (cl_engine_set_str(engine, CL_ENGINE_TMPDIR, "/tmp") != CL_SUCCESS)
		r = ERR_LIMIT;
	return r;
}

/* Seconds since 1970: what the set itself says, else its newest file. */
static void
data_describe(const struct scan_folder *folder, unsigned count,
    struct worker_data *data)
{
	long long	 version, made;

	version = cl_engine_get_num(engine, CL_ENGINE_DB_VERSION, NULL);
	made = cl_engine_get_num(engine, CL_ENGINE_DB_TIME, NULL);
	snprintf(data->engine, sizeof(data->engine), "ClamAV %s", cl_retver());
	if (version > 0) {
		snprintf(data->name, sizeof(data->name), "daily");
		data->version = (uint32_t)version;
	}
	data->made_s = made > 0 ? (uint64_t)made : folder->newest_s;
	data->entries = count;
}

/* The first scan makes libcrypto read its configuration and find its hashes: here, over
 * bytes of our own, because in the jail it could not. */
static int
first_scan(void)
{
	static const char	 page[] = "<html><body>warm</body></html>";
	struct cl_scan_options	 options = { .parse = ~0u };
	struct scan		 nobody = { .w = NULL };
	const char		*name = NULL;
	unsigned long		 blocks = 0;
	cl_fmap_t		*map;
	cl_error_t		 e;

	if ((map = cl_fmap_open_memory(page, sizeof(page) - 1)) == NULL)
		return ERR_MEMORY;
	e = cl_scanmap_callback(map, NULL, &name, &blocks, engine, &options,
	    &nobody);
	cl_fmap_close(map);
	return e == CL_CLEAN ? ERR_OK : ERR_FORMAT;
}

static int
database_load(const char *folder, struct worker_data *data)
{
	struct scan_folder	 look;
	unsigned		 count = 0;
	cl_error_t		 e;
	int			 r;

	if (folder == NULL)
		fatal(EXIT_USAGE, "limpid-worker-scan needs --data FOLDER");
	if ((r = scan_folder_look(folder, &look)) != ERR_OK) {
		log_error("%s: %s: no database to scan with", folder,
		    err_text(r));
		return r;
	}
	/* cl_load wants converters and files that are out of reach later */
	if ((r = charset_warm()) != ERR_OK || (r = engine_prepare()) != ERR_OK) {
		log_error("libclamav cannot be prepared: %s", err_text(r));
		return r;
	}
	/* without CL_DB_BYTECODE: its programs would be compiled to run here */
	e = cl_load(folder, engine, &count, CL_DB_PHISHING |
	    CL_DB_PHISHING_URLS | CL_DB_ENHANCED);
	if (e == CL_SUCCESS && count > 0)
		e = cl_engine_compile(engine);
	if (e == CL_SUCCESS && count > 0 && first_scan() != ERR_OK)
		e = CL_EMALFDB;		/* it calls an empty page malware */
	if (e != CL_SUCCESS || count == 0) {
		log_error("%s: the database does not load: %s; bring a whole "
		    "one", folder, e != CL_SUCCESS ? cl_strerror(e) :
		    "it holds no signature");
		return ERR_FORMAT;
	}
	data_describe(&look, count, data);
	return ERR_OK;
}

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25	/* Linux 6.1; headers of Debian 12 do not know it */
#endif

/* A fork copies a table of every small page that the database lies in, which costs more
 * than the scan of a letter: in large pages there are 512 times fewer. */
static int
pages_join(void)
{
	unsigned long long	 from, to;
	char			 line[512], rights[5];
	FILE			*f;

	if ((f = fopen("/proc/self/maps", "re")) == NULL)
		return ERR_OK;		/* slower, and no worse */
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%llx-%llx %4s", &from, &to, rights) != 3 ||
		    strncmp(rights, "rw-p", 4) != 0)
			continue;
		from = (from + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
		to &= ~(LARGE_PAGE - 1);
		if (from < to)
			madvise((void *)(uintptr_t)from, to - from,
			    MADV_COLLAPSE);
	}
	fclose(f);
	return ERR_OK;
}

static long long
within(uint64_t n, long long least, long long most)
{
	if (n < (uint64_t)least)
		return least;
	return n > (uint64_t)most ? most : (long long)n;
}

/* The limits of this part: libclamav is asked to stop before it is ended. */
static int
limits_set(const struct worker_job *job)
{
	const long long	 most = 2147483647;
	int		 r = ERR_OK;

	r |= set(CL_ENGINE_MAX_FILESIZE, within(job->max_input, 1, most));
	r |= set(CL_ENGINE_MAX_SCANSIZE, within(job->max_child_bytes, 1, most));
	r |= set(CL_ENGINE_MAX_FILES, within(job->max_children, 1, 1000000));
	r |= set(CL_ENGINE_MAX_RECURSION, within(job->max_depth, 2,
	    RECURSION_MAX));
	r |= set(CL_ENGINE_MAX_SCANTIME, job->deadline_ms / 10 * 8 + 1);
	return r;
}

static enum reason
reason_of(cl_error_t e, const struct scan *s)
{
	if (s->cut != REASON_COMPLETE)
		return s->cut;
	switch ((int)e) {
	case CL_CLEAN:
	case CL_VIRUS:
		return REASON_COMPLETE;
	case CL_ETIMEOUT:
		return REASON_TIMEOUT;
	case CL_EMAXREC:
		return REASON_LIMIT_DEPTH;
	case CL_EMAXSIZE:
		return REASON_LIMIT_BYTES;
	case CL_EMAXFILES:
		return REASON_LIMIT_PARTS;
	case CL_EMEM:
		return REASON_MEMORY;
	default:
		return REASON_FORMAT;
	}
}

static void
scan_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct scan		 s = { .w = w };
	struct cl_scan_options	 options = {
		.general = CL_SCAN_GENERAL_ALLMATCHES |
		    CL_SCAN_GENERAL_HEURISTICS,
		/* likeness of pictures costs more than all else and is for
		 * pages that the reader sees anyway */
		.parse = ~0u & ~(unsigned)CL_SCAN_PARSE_IMAGE_FUZZY_HASH,
		.heuristic = CL_SCAN_HEURISTIC_EXCEEDS_MAX,
	};
	const char		*name = NULL;
	unsigned long		 blocks = 0;
	cl_fmap_t		*map;
	cl_error_t		 e;
	enum reason		 reason;

	if (limits_set(job) != ERR_OK ||
	    (map = cl_fmap_open_memory(data, len)) == NULL)
		worker_no_memory();
	e = cl_scanmap_callback(map, NULL, &name, &blocks, engine, &options, &s);
	reason = reason_of(e, &s);
	worker_done(w, OUTCOME_STUB, reason, 0, 0, "clamav",
	    reason == REASON_FORMAT ? cl_strerror(e) : "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "scan",
		.load = database_load,
		.warm = pages_join,
		.files = &scan_files,
		.run = scan_run,
	};

	return worker_main(argc, argv, &ops);
}
