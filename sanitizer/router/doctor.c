/*
 * limpid-doctor: which isolation holds on this kernel, what each worker may ask of it
 * and why, and which parts are missing. `limpid doctor`.
 * Runs as whoever asks; the answer holds for workers started by that user.
 * Hostile input: none; it starts each worker and hands it no part.
 * Must never change anything, nor call a machine safe on which a wall is missing.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "jail.h"
#include "scan_database.h"
#include "zygote.h"

#define READY_MS	20000
#define CLAMAV_FOLDER	"/var/lib/clamav"
#define CLAMAV_MAX_AGE_S (3 * 86400)

static const char usage[] =
    "usage: limpid doctor [--root DIR] [--calls] [--json]\n"
    "Says which isolation holds on this kernel, whether each worker starts in its\n"
    "jail, and what is missing. --calls adds every system call that a worker may\n"
    "make, with its reason. Exit 0: all in place, 1: something is missing.\n";

/* Every wall, what it is for, and what to do when it is missing. */
static const struct wall {
	unsigned	 bit;
	const char	*name, *stops, *advice;
} walls[] = {
	{ JAIL_SECCOMP, "seccomp", "any system call that a worker's policy does "
	    "not name", "a kernel with CONFIG_SECCOMP_FILTER, 4.14 or later" },
	{ JAIL_LANDLOCK, "landlock", "opening any file, port or abstract socket",
	    "a kernel of 5.13 or later with landlock in its lsm= list" },
	{ JAIL_USERNS, "user namespace", "rights over anything outside",
	    "sysctl user.max_user_namespaces > 0, and where they exist "
	    "kernel.unprivileged_userns_clone=1 and "
	    "kernel.apparmor_restrict_unprivileged_userns=0; not in a chroot" },
	{ JAIL_PIDNS, "pid namespace", "seeing or signalling other processes",
	    "as for user namespaces" },
	{ JAIL_NETNS, "network namespace", "reaching any network",
	    "as for user namespaces" },
	{ JAIL_IPCNS, "ipc namespace", "shared memory and queues of others",
	    "as for user namespaces" },
	{ JAIL_MOUNTNS, "mount namespace", "seeing the file system: the root is "
	    "empty", "as for user namespaces" },
	{ JAIL_UTSNS, "uts namespace", "changing the host's name",
	    "as for user namespaces" },
	{ JAIL_CGROUPNS, "cgroup namespace", "seeing the host's groups",
	    "as for user namespaces" },
};

/* Programs, and the roles whose hosts need them (init's roles; "all" needs all). */
static const struct program {
	const char	*name, *roles;
} programs[] = {
	{ "limpid-intaked",	"external" },
	{ "limpid-diode-send",	"external sanitizer" },
	{ "limpid-diode-recv",	"sanitizer internal" },
	{ "limpid-sanitizerd",	"sanitizer" },
	{ "limpid-clean",	"sanitizer" },
	{ "limpid-compose",	"sanitizer internal" },
	{ "limpid-deliverd",	"internal" },
	{ "limpid-viewerd",	"internal" },
};

static const char *const workers[] = {
	"archive", "card", "heif", "html", "identify", "image", "mime", "msg",
	"ocr", "office", "pdf", "poppler", "scan", "smime", "text",
};

/* Files of others that a worker cannot do its whole work without. */
static const struct engine {
	const char	*name, *path, *advice;
} engines[] = {
	{ "libreoffice", "/usr/lib/libreoffice/program/libmergedlo.so",
	    "missing: office documents arrive as words alone; apt-get install "
	    "--no-install-recommends libreoffice-core libreoffice-writer "
	    "libreoffice-calc libreoffice-impress libreoffice-draw" },
	{ "its spreadsheets", "/usr/lib/libreoffice/share/config/soffice.cfg/"
	    "modules/scalc/ui",
	    "missing: apt-get install --no-install-recommends "
	    "libreoffice-calc (the -nogui packages cannot load sheets)" },
	{ "poppler's tables", "/usr/share/poppler/cMap",
	    "missing: the second engine reads no Chinese and Japanese fonts "
	    "that are not embedded; apt-get install "
	    "--no-install-recommends poppler-data" },
};

struct doctor {
	struct conf	*conf;		/* NULL: this host is not set up */
	char		*folder;	/* of this program */
	char		*seccomp;	/* folder of the policies */
	int		 calls;		/* --calls */
	int		 as_json;
	json_t		*report;
	unsigned	 missing;
};

static void
say(const struct doctor *d, int good, const char *name, const char *text)
{
	if (!d->as_json)
		printf("  %-4s %-18s %s\n", good ? "yes" : "NO", name, text);
}

static void
head(const struct doctor *d, const char *text)
{
	if (!d->as_json)
		printf("%s\n", text);
}

static char *
join(const char *folder, const char *name)
{
	char	*path;

	if (asprintf(&path, "%s/%s", folder, name) == -1)
		panic("out of memory");
	return path;
}

/* The folder of this program: in a build tree and installed, all are in one. */
static char *
folder_find(void)
{
	char	 path[4096], *slash;
	ssize_t	 n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return strdup(LIMPID_LIBEXEC);
	path[n] = '\0';
	if ((slash = strrchr(path, '/')) != NULL)
		*slash = '\0';
	return strdup(path);
}

/* Policies: as configured, beside the programs, or in the source tree above them. */
static char *
seccomp_find(const struct doctor *d)
{
	static const char *const places[] = { "seccomp", "../../deploy/seccomp",
	    "../../../deploy/seccomp" };
	char	*path;

	if (d->conf != NULL && d->conf->sanitizer.seccomp_dir != NULL &&
	    access(d->conf->sanitizer.seccomp_dir, R_OK) == 0)
		return strdup(d->conf->sanitizer.seccomp_dir);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		path = join(d->folder, places[i]);
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return join(d->folder, "seccomp");
}

static void
walls_check(struct doctor *d)
{
	json_t		*all = json_array();
	unsigned	 held = jail_probe();

	head(d, "Isolation that this kernel gives to this user's workers:");
	for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++) {
		const struct wall	*w = &walls[i];
		int			 good = (held & w->bit) != 0;
		char			*text;

		if (asprintf(&text, good ? "stops %s" :
		    "does not stop %s; it needs: %s", w->stops, w->advice) == -1)
			panic("out of memory");
		say(d, good, w->name, text);
		free(text);
		d->missing += !good;
		json_array_append_new(all, json_pack("{s:s, s:b, s:s, s:s}",
		    "name", w->name, "holds", good, "stops", w->stops,
		    "advice", good ? "" : w->advice));
	}
	json_object_set_new(d->report, "isolation", all);
}

static json_t *
rules_report(const struct doctor *d, const struct jail_filter *f)
{
	json_t	*all = json_array();

	for (size_t i = 0; i < jail_filter_rules(f); i++) {
		const struct jail_rule *r = jail_filter_rule(f, i);

		if (d->calls && !d->as_json)
			printf("         %-16s %s%s%s%s%s  %s\n", r->call,
			    *r->condition ? "if " : "", r->condition,
			    *r->condition && *r->error ? ", " : "",
			    *r->error ? "refused with " : "", r->error,
			    r->reason);
		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s}",
		    "call", r->call, "condition", r->condition,
		    "refused", r->error, "reason", r->reason));
	}
	return all;
}

/* Starts the worker in its jail; *why is a literal. */
static int
worker_starts(const char *program, const char *policy, const char *folder,
    const char **why)
{
	struct zygote	*z;
	unsigned	 held;
	int		 r;

	*why = "starts in its jail";
	if ((r = zygote_start(program, policy, folder, &z)) != ERR_OK) {
		*why = r == ERR_NOTFOUND ? "the program is missing" :
		    "the program cannot be run";
		return r;
	}
	if ((r = zygote_wait_ready(z, READY_MS, &held)) != ERR_OK)
		*why = "does not get ready; its own line above says why";
	zygote_free(z);
	return r;
}

/* The folder of the scanner's database; NULL: switched off. */
static const char *
clamav_folder(const struct doctor *d)
{
	const char	*folder = d->conf != NULL ?
			    d->conf->sanitizer.clamav_database : CLAMAV_FOLDER;

	return strcmp(folder, "none") == 0 ? NULL : folder;
}

/* Whether it can be started at all; a scanner without a database cannot. */
static int
worker_has_data(const struct doctor *d, const char *name, const char **folder,
    const char **why)
{
	struct scan_folder	 look;

	*folder = NULL;
	if (strcmp(name, "scan") != 0)
		return 1;
	*folder = clamav_folder(d);
	if (*folder != NULL && scan_folder_look(*folder, &look) == ERR_OK)
		return 1;
	*why = *folder == NULL ? "switched off in limpid.conf; not started" :
	    "not started: there is no database (see below)";
	return 0;
}

static void
worker_check(struct doctor *d, const char *name, json_t *all)
{
	struct jail_filter	*f = NULL;
	const char		*why, *folder;
	char			*policy, *program, *said = NULL, *text, label[64];
	int			 good;

	snprintf(label, sizeof(label), "worker-%s.policy", name);
	policy = join(d->seccomp, label);
	snprintf(label, sizeof(label), "limpid-worker-%s", name);
	program = join(d->conf != NULL && d->conf->sanitizer.worker_dir != NULL &&
	    access(d->conf->sanitizer.worker_dir, X_OK) == 0 ?
	    d->conf->sanitizer.worker_dir : d->folder, label);
	good = jail_filter_load(policy, &f, &said) == ERR_OK;
	why = said;
	if (good && worker_has_data(d, name, &folder, &why))
		good = worker_starts(program, policy, folder, &why) == ERR_OK;
	if (asprintf(&text, "%s; %zu calls named", why != NULL ? why : policy,
	    f != NULL ? jail_filter_calls(f) : 0) == -1)
		panic("out of memory");
	say(d, good, name, text);
	d->missing += !good;
	json_array_append_new(all, json_pack("{s:s, s:b, s:s, s:s, s:s, s:o}",
	    "name", name, "starts", good, "says", why != NULL ? why : policy,
	    "program", program, "policy", policy,
	    "calls", f != NULL ? rules_report(d, f) : json_array()));
	jail_filter_free(f);
	free(text);
	free(said);
	free(program);
	free(policy);
}

static int
role_needs(const struct doctor *d, const char *roles)
{
	return d->conf == NULL || d->conf->role == NULL ||
	    strcmp(d->conf->role, "all") == 0 ||
	    strstr(roles, d->conf->role) != NULL;
}

static void
workers_check(struct doctor *d)
{
	json_t	*all = json_array();

	if (role_needs(d, "sanitizer")) {
		head(d, "\nWorkers, each started once in its jail (libraries and fonts are theirs):");
		for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++)
			worker_check(d, workers[i], all);
	}
	json_object_set_new(d->report, "workers", all);
}

/* How old the scanner's database is, by its newest file. */
static void
database_check(struct doctor *d)
{
	const char		*folder = clamav_folder(d);
	struct scan_folder	 look = { .files = 0 };
	long long		 age = 0, most = d->conf != NULL ?
				    d->conf->sanitizer.clamav_max_age_s :
				    CLAMAV_MAX_AGE_S;
	int			 good;
	char			*text;

	if (!role_needs(d, "sanitizer"))
		return;
	good = folder == NULL || scan_folder_look(folder, &look) == ERR_OK;
	if (folder != NULL && good) {
		age = (long long)time(NULL) - (long long)look.newest_s;
		good = age <= most;
	}
	if (asprintf(&text, folder == NULL ? "switched off in limpid.conf" :
	    look.files == 0 ? "missing: no signatures in %s, so parts are not "
	    "scanned; limpid-sanitizerd(8) says how to bring them, "
	    "clamav_database = \"none\" that none are wanted" :
	    "%s: %u files, the newest %lld days old%s", folder, look.files,
	    age / 86400, good ? "" : ": too old") == -1)
		panic("out of memory");
	say(d, good, "scan database", text);
	d->missing += !good;
	json_object_set_new(d->report, "scan_database", json_pack(
	    "{s:s, s:b, s:s}", "folder", folder != NULL ? folder : "none",
	    "good", good, "says", text));
	free(text);
}

static void
engines_check(struct doctor *d)
{
	json_t	*all = json_array();

	if (role_needs(d, "sanitizer"))
		head(d, "\nEngines of others that workers load:");
	for (size_t i = 0; role_needs(d, "sanitizer") &&
	    i < sizeof(engines) / sizeof(engines[0]); i++) {
		const struct engine	*e = &engines[i];
		int			 good = access(e->path, R_OK) == 0;

		say(d, good, e->name, good ? e->path : e->advice);
		d->missing += !good;
		json_array_append_new(all, json_pack("{s:s, s:b, s:s, s:s}",
		    "name", e->name, "present", good, "path", e->path,
		    "advice", good ? "" : e->advice));
	}
	json_object_set_new(d->report, "engines", all);
}

static void
programs_check(struct doctor *d)
{
	json_t	*all = json_array();

	head(d, "\nPrograms that this host needs:");
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const struct program	*p = &programs[i];
		char			*path;
		int			 good;

		if (!role_needs(d, p->roles))
			continue;
		path = join(d->folder, p->name);
		good = access(path, X_OK) == 0;
		say(d, good, p->name, good ? "" :
		    "missing; build it with `make`, or install Limpid again");
		d->missing += !good;
		json_array_append_new(all, json_pack("{s:s, s:b, s:s}",
		    "name", p->name, "present", good, "path", path));
		free(path);
	}
	json_object_set_new(d->report, "programs", all);
}

static void
conf_check(struct doctor *d, const char *root)
{
	char	*why = NULL;
	int	 r = conf_load(root, &d->conf, &why);

	if (r != ERR_OK)
		d->conf = NULL;
	if (r != ERR_OK && r != ERR_NOTFOUND) {
		fprintf(stderr, "limpid doctor: %s\n",
		    why != NULL ? why : err_text(r));
		d->missing++;
	}
	json_object_set_new(d->report, "configured", json_boolean(r == ERR_OK));
	json_object_set_new(d->report, "role", json_string(d->conf != NULL &&
	    d->conf->role != NULL ? d->conf->role : "all"));
	if (r == ERR_NOTFOUND)
		head(d, "This host is not set up yet (limpid init); looking at "
		    "all roles.\n");
	free(why);
}

static void
report_print(struct doctor *d)
{
	json_object_set_new(d->report, "missing",
	    json_integer((json_int_t)d->missing));
	if (d->as_json) {
		json_dumpf(d->report, stdout, JSON_INDENT(2));
		printf("\n");
	} else if (d->missing == 0)
		printf("\nEverything is in place.\n");
	else
		printf("\n%u missing; each line with NO says what.\n",
		    d->missing);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "calls", no_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct doctor	 d = { .missing = 0 };
	const char	*root = NULL;
	int		 c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'r':
			root = optarg;
			break;
		case 'c':
			d.calls = 1;
			break;
		case 'j':
			d.as_json = 1;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	if (optind != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	d.report = json_object();
	conf_check(&d, root);
	d.folder = folder_find();
	d.seccomp = seccomp_find(&d);
	walls_check(&d);
	workers_check(&d);
	engines_check(&d);
	database_check(&d);
	programs_check(&d);
	report_print(&d);
	json_decref(d.report);
	conf_free(d.conf);
	free(d.folder);
	free(d.seccomp);
	return fflush(stdout) == 0 ?
	    d.missing == 0 ? EXIT_DONE : EXIT_FINDINGS : EXIT_IO;
}
