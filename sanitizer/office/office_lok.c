/*
 * LibreOfficeKit, in two halves: warmed up in the parent, started in the child.
 * Runs in limpid-worker-office.
 * Hostile input: the document, in the child only, behind LibreOffice's own parsers.
 * Must never let the warm parent fork with more than one thread, nor start a document
 * with macros, links or Java switched on.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOK_USE_UNSTABLE_API
#include <LibreOfficeKit/LibreOfficeKit.h>

#include "err.h"
#include "office_jail.h"
#include "office_lok.h"
#include "wire.h"
#include "words.h"

#define PROFILE		"/tmp/.config/libreoffice/4"
#define REST_MS		10000		/* for its helper threads to end */
#define FORMS_MAX	1000		/* passwords that are tried */
#define CALLBACK_PASSWORD		20	/* LOK_CALLBACK_DOCUMENT_PASSWORD */
#define CALLBACK_PASSWORD_MODIFY	21
#define FEATURE_PASSWORD		1ull
#define FEATURE_PASSWORD_MODIFY		2ull

/*
 * The whole profile: nothing that runs, fetches or asks, and a version number that
 * saves the self-test of a first start.
 */
static const char profile[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<oor:items xmlns:oor=\"http://openoffice.org/2001/registry\""
    " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
#define ITEM(path, name, value)						\
    "<item oor:path=\"/org.openoffice." path "\"><prop oor:name=\"" name	\
    "\" oor:op=\"fuse\"><value>" value "</value></prop></item>\n"
    ITEM("Setup/Product", "ooSetupLastVersion", "7.4")
    ITEM("Office.Common/Misc", "FirstRun", "false")
    ITEM("Office.Common/Security/Scripting", "MacroSecurityLevel", "3")
    ITEM("Office.Common/Security/Scripting", "DisableMacrosExecution", "true")
    ITEM("Office.Common/Security/Scripting", "OfficeBasic", "0")
    ITEM("Office.Common/Security/Scripting", "ExecutePlugins", "false")
    ITEM("Office.Common/Security/Scripting", "CheckDocumentEvents", "true")
    ITEM("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true")
    ITEM("Office.Common/Misc", "UseOpenCL", "false")
    ITEM("Office.Common/Save/Document", "AutoSave", "false")
    ITEM("Office.Common/Save/Document", "CreateBackup", "false")
    ITEM("Office.Recovery/AutoSave", "Enabled", "false")
    ITEM("Office.Recovery/RecoveryInfo", "Enabled", "false")
    ITEM("Office.Java/VirtualMachine", "Enable", "false")
    ITEM("Office.Writer/Content/Update", "Link", "0")
    ITEM("Office.Writer/Content/Update", "Field", "false")
    ITEM("Office.Writer/Content/Update", "Chart", "false")
    ITEM("Office.Calc/Content/Update", "Link", "1")
    ITEM("Office.Calc/Formula/Load", "OOXMLRecalcMode", "1")
    ITEM("Office.Calc/Formula/Load", "ODFRecalcMode", "1")
    /* what is damaged is no text, and nobody is here to be asked for its commas */
    "<item oor:path=\"/org.openoffice.TypeDetection.Types/Types\">"
    "<node oor:name=\"generic_Text\" oor:op=\"remove\"/></item>\n"
    "</oor:items>\n";

/* Modules of LibreOffice that the warm-up leaves alone; office_jail.c hides them. */
static const char unwanted[] =
    "abp avmediagst avmediavlc cmdmail losessioninstall OGLTrans PresenterScreen "
    "syssh ucpftp1 ucpgio1 ucphier1 ucpimage updatecheckui updatefeed updchk "
    "dbaxml dbmm dbp dbu deployment firebird_sdbc mork mysql mysqlc odbc "
    "postgresql-sdbc postgresql-sdbc-impl sdbc2 sdbt javaloader javavm jdbc rpt "
    "rptui rptxml dlgprov scriptframe vbaobj vbaswobj msforms LanguageTool "
    "ldapbe2 ucpdav1 slideshow pdfimport invocadapt";

/* Loaded by name when they are first needed: too late in a jail. */
static const char *const lazy[] = {
	"libnss3.so", "libsoftokn3.so", "libfreebl3.so", "libfreeblpriv3.so",
	"libnssckbi.so", "libsqlite3.so.0", "libnss_files.so.2", "libgcc_s.so.1",
};

static void			*library;
static LibreOfficeKit		*office;
static void			(*when_locked)(void *arg);
static void			*when_locked_arg;

/* Passwords, in the order in which LibreOffice gets them. */
static struct office_key	*key;
static struct { char *password; unsigned line; } forms[FORMS_MAX];
static unsigned			 form_count, form_next;
static struct timespec		 asked_at;

struct office_document {
	LibreOfficeKitDocument	*lok;
};

static int
profile_write(void)
{
	static const char *const folders[] = {
		"/tmp/.config", "/tmp/.config/libreoffice", PROFILE,
		PROFILE "/user",
	};
	int	 fd, r;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdir(folders[i], 0700) == -1 && errno != EEXIST)
			return ERR_SYS;
	if ((fd = open(PROFILE "/user/registrymodifications.xcu",
	    O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)) == -1)
		return ERR_SYS;
	r = fd_write_all(fd, profile, sizeof(profile) - 1);
	close(fd);
	return r;
}

static void
environment_set(void)
{
	static const char *const variables[][2] = {
		{ "HOME", "/tmp" },
		{ "TMPDIR", "/tmp" },
		{ "LANG", "C.UTF-8" },
		{ "LC_ALL", "C.UTF-8" },
		{ "SAL_USE_VCLPLUGIN", "svp" },
		{ "SAL_DISABLE_OPENCL", "1" },
		{ "SAL_NO_NWF", "1" },
		{ "UNODISABLELIBRARY", unwanted },
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		setenv(variables[i][0], variables[i][1], 1);
	/* one heap: a heap a thread would reserve addresses that limits count */
	mallopt(M_ARENA_MAX, 1);
}

/* Libraries of LibreOffice that its own warm-up leaves for later. */
static void
libraries_load(void)
{
	static const char *const kinds[] = {
		"liblocaledata_", "libdict_", "libcollator_data", "libindex_data",
		"libtextconv_dict",
	};
	char		 path[512];
	struct dirent	*e;
	DIR		*d;

	for (size_t i = 0; i < sizeof(lazy) / sizeof(lazy[0]); i++)
		dlopen(lazy[i], RTLD_NOW);
	if ((d = opendir(OFFICE_PROGRAM)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strncmp(e->d_name, kinds[i],
			    strlen(kinds[i])) == 0) {
				snprintf(path, sizeof(path), "%s/%s",
				    OFFICE_PROGRAM, e->d_name);
				dlopen(path, RTLD_NOW);
			}
	closedir(d);
}

/* Its names of languages are in a large file, which would be read in each child at the
 * first tag; once read they stay. */
static void
languages_load(void)
{
	void	*lib = dlopen("liblangtag.so.1", RTLD_NOW);
	void	*(*make)(void), *tag;
	int	 (*parse)(void *tag, const char *s, void **error);
	char	*(*canonical)(void *tag, void **error);

	if (lib == NULL)
		return;
	*(void **)&make = dlsym(lib, "lt_tag_new");
	*(void **)&parse = dlsym(lib, "lt_tag_parse");
	*(void **)&canonical = dlsym(lib, "lt_tag_canonicalize");
	if (make != NULL && parse != NULL && canonical != NULL &&
	    (tag = make()) != NULL && parse(tag, "en-US", NULL))
		free(canonical(tag, NULL));
}

static unsigned
threads_count(void)
{
	struct dirent	*e;
	unsigned	 n = 0;
	DIR		*d;

	if ((d = opendir("/proc/self/task")) == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Its writer of configuration lives a moment longer than the warm-up. */
static int
rest_wait(void)
{
	const struct timespec	 step = { 0, 10000000 };

	for (int ms = 0; ms < REST_MS; ms += 10) {
		if (threads_count() == 1)
			return ERR_OK;
		nanosleep(&step, NULL);
	}
	return ERR_SYS;
}

/* Its warm-up talks: to nobody. */
static int
quietly(int (*start)(const char *program, const char *url))
{
	int	 saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), r;

	dup2(STDOUT_FILENO, STDERR_FILENO);	/* a worker's is /dev/null */
	r = start(OFFICE_PROGRAM, "file://" PROFILE);
	if (saved != -1) {
		dup2(saved, STDERR_FILENO);
		close(saved);
	}
	return r;
}

int
office_lok_warm(void)
{
	typedef int	 pre_init(const char *program, const char *profile_url);
	pre_init	*start;

	environment_set();
	if (access(OFFICE_PROGRAM "/libmergedlo.so", R_OK) == -1)
		return ERR_NOTFOUND;
	if (profile_write() != ERR_OK)
		return ERR_SYS;
	if ((library = dlopen(OFFICE_PROGRAM "/libmergedlo.so", RTLD_LAZY)) ==
	    NULL)
		return ERR_NOTFOUND;
	*(void **)&start = dlsym(library, "lok_preinit");
	if (start == NULL || quietly(start) != 0)
		return ERR_NOTFOUND;
	libraries_load();
	languages_load();
	return rest_wait();
}

static int
form_keep(void *arg, const char *password, unsigned line)
{
	(void)arg;
	if (form_count == FORMS_MAX ||
	    (forms[form_count].password = strdup(password)) == NULL)
		return 1;
	forms[form_count++].line = line;
	return 0;
}

static int
is_late(void)
{
	struct timespec	 now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (asked_at.tv_sec == 0)
		asked_at = now;
	return (now.tv_sec - asked_at.tv_sec) * 1000 +
	    (now.tv_nsec - asked_at.tv_nsec) / 1000000 > (long)key->max_ms;
}

/* It asks again after each password that is wrong. */
static void
password_next(const char *url)
{
	if (form_next == form_count || is_late())
		when_locked(when_locked_arg);
	key->line = (int)forms[form_next].line;
	office->pClass->setDocumentPassword(office, url,
	    forms[form_next++].password);
}

/* To read without changing, no password is needed. */
static void
asked(int type, const char *payload, void *arg)
{
	(void)arg;
	if (type == CALLBACK_PASSWORD)
		password_next(payload);
	else if (type == CALLBACK_PASSWORD_MODIFY)
		office->pClass->setDocumentPassword(office, payload, "");
}

int
office_lok_start(struct office_key *passwords, void (*locked)(void *arg),
    void *arg)
{
	typedef LibreOfficeKit	*hook(const char *program, const char *url);
	hook			*start;

	when_locked = locked;
	when_locked_arg = arg;
	key = passwords;
	words_try(key->words, key->attempts, 0, form_keep, NULL);
	if (profile_write() != ERR_OK)
		return ERR_SYS;
	*(void **)&start = dlsym(library, "libreofficekit_hook_2");
	if (start == NULL ||
	    (office = start(OFFICE_PROGRAM, "file://" PROFILE)) == NULL)
		return ERR_SYS;
	office->pClass->registerCallback(office, asked, NULL);
	office->pClass->setOptionalFeatures(office,
	    FEATURE_PASSWORD | FEATURE_PASSWORD_MODIFY);
	return ERR_OK;
}

enum reason
office_document_open(const char *path, struct office_document **dp)
{
	struct office_document	*d;
	char			 url[256];

	snprintf(url, sizeof(url), "file://%s", path);
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return REASON_MEMORY;
	d->lok = office->pClass->documentLoadWithOptions(office, url,
	    "Language=en-US");
	if (d->lok == NULL) {
		free(d);
		return REASON_FORMAT;
	}
	*dp = d;
	return REASON_COMPLETE;
}

void
office_document_close(struct office_document *d)
{
	if (d == NULL)
		return;
	d->lok->pClass->destroy(d->lok);
	free(d);
}

enum office_type
office_document_type(const struct office_document *d)
{
	int	 type = d->lok->pClass->getDocumentType(d->lok);

	return type >= 0 && type < OFFICE_OTHER ? (enum office_type)type :
	    OFFICE_OTHER;
}

int
office_document_save(struct office_document *d, const char *path,
    const char *format, const char *options)
{
	char	 url[256];

	snprintf(url, sizeof(url), "file://%s", path);
	return d->lok->pClass->saveAs(d->lok, url, format, options) != 0;
}

/* LibreOffice lists them as JSON; each one has one of these words. */
static unsigned
words_count(struct office_document *d, const char *command, const char *word)
{
	char		*list = d->lok->pClass->getCommandValues(d->lok, command);
	unsigned	 n = 0;

	for (const char *at = list; at != NULL &&
	    (at = strstr(at, word)) != NULL; at += strlen(word))
		n++;
	free(list);
	return n;
}

unsigned
office_document_comments(struct office_document *d)
{
	return words_count(d, ".uno:ViewAnnotations", "\"dateTime\"");
}

unsigned
office_document_changes(struct office_document *d)
{
	return words_count(d, ".uno:AcceptTrackedChanges", "\"dateTime\"");
}
