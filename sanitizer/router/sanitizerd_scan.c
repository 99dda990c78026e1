/*
 * The scanner's database as limpid-sanitizerd sees it: looked at every two seconds, handed
 * on when it has changed, and told to `limpid status`.
 * Runs in limpid-sanitizerd, the router. Hostile input: none; the folder is the operator's.
 * Must never keep it to itself that there is no database, or an old one.
 */
#include "sanitizerd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "proc.h"
#include "scan_database.h"

#define LOOK_MS		2000

const char *
scan_database_of(const struct conf *c)
{
	return strcmp(c->sanitizer.clamav_database, "none") == 0 ? NULL :
	    c->sanitizer.clamav_database;
}

/* Where nobody ever made the standard folder, nobody wants a scanner; where there is
 * a folder, or another one was named, a database is missing. */
static const char *
absence_name(const struct conf *c)
{
	const char	*folder = c->sanitizer.clamav_database;
	struct stat	 st;

	return stat(folder, &st) == -1 &&
	    strcmp(folder, "/var/lib/clamav") == 0 ? "none" : "missing";
}

static void
status_print(const struct sanitizer *s, const struct engine_scan *now, FILE *f)
{
	const struct worker_data	*d = &now->data;

	fprintf(f, "state %s\n", now->state == ENGINE_SCAN_NONE ?
	    absence_name(s->conf) : engine_scan_name(now->state));
	fprintf(f, "folder %s\nmax_age_s %d\nkept %d\n",
	    s->conf->sanitizer.clamav_database,
	    s->conf->sanitizer.clamav_max_age_s, now->kept);
	if (now->state == ENGINE_SCAN_READY)
		fprintf(f, "engine %s\nname %s\nversion %u\nsignatures %u\n"
		    "made_s %" PRIu64 "\n", d->engine, d->name, d->version,
		    d->entries, d->made_s);
}

/* For `limpid status`, replaced as a whole. */
static void
status_write(struct sanitizer *s, const struct engine_scan *now)
{
	char	*path = conf_path(s->conf, "run/scan.status");
	char	*fresh = conf_path(s->conf, "run/scan.status.new");
	FILE	*f;

	if (path != NULL && fresh != NULL && (f = fopen(fresh, "we")) != NULL) {
		status_print(s, now, f);
		if (fclose(f) == 0 && rename(fresh, path) == 0)
			s->scan_told = *now;
	} else
		log_warn("the state of the scanner cannot be told: %s",
		    err_text(ERR_SYS));
	free(path);
	free(fresh);
}

void
scan_begin(struct sanitizer *s)
{
	const char		*folder = scan_database_of(s->conf);
	struct scan_folder	 look;

	if (folder != NULL && scan_folder_look(folder, &look) == ERR_OK) {
		s->scan_watch.seen = s->scan_watch.told = look.print;
		engine_scan_database(s->engine);
	} else if (folder != NULL)
		log_warn("%s: no scan database: parts are not scanned, and each "
		    "mail says so", folder);
	engine_scan_look(s->engine, &s->scan_told);
	status_write(s, &s->scan_told);
}

void
scan_keep(struct sanitizer *s)
{
	const char		*folder = scan_database_of(s->conf);
	struct scan_folder	 look;
	struct engine_scan	 now;
	long long		 ms = proc_now_ms();

	if (ms >= s->scan_look_ms) {
		s->scan_look_ms = ms + LOOK_MS;
		if (folder != NULL && scan_watch_step(&s->scan_watch,
		    scan_folder_look(folder, &look) == ERR_OK ? look.print : 0)) {
			log_info("%s: the scan database has changed and is "
			    "loaded", folder);
			engine_scan_database(s->engine);
		}
	}
	engine_scan_look(s->engine, &now);
	if (memcmp(&now, &s->scan_told, sizeof(now)) == 0)
		return;
	log_info("scan=%s engine=\"%s\" database=%s version=%u signatures=%u",
	    engine_scan_name(now.state), now.data.engine, now.data.name,
	    now.data.version, now.data.entries);
	status_write(s, &now);
}

void
scan_end(const struct sanitizer *s)
{
	char	*path = conf_path(s->conf, "run/scan.status");

	if (path != NULL)
		unlink(path);
	free(path);
}
