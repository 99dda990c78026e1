/*
 * Seccomp filters from text: deploy/seccomp/NAME.policy becomes a BPF program, once,
 * in a warm parent or at the start of a daemon.
 * The file is ours, but a wrong one must be refused with its line, never guessed at.
 * Must never allow a call that no line names, nor accept a line without a reason.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "jail.h"
#include "jail_private.h"
#include "wire.h"

#define POLICY_BYTES_MAX	262144
#define POLICY_RULES_MAX	500
#define LINE_WORDS_MAX		32
#define ARGS			6	/* a system call has no more */

#ifdef LIMPID_SANDBOX_TRAP
#define FORBID	SCMP_ACT_TRAP
#else
#define FORBID	SCMP_ACT_KILL_PROCESS
#endif

struct jail_filter {
	struct jail_rule	*rules;
	size_t			 count;
	size_t			 calls;		/* different names among them */
	struct sock_fprog	 program;
};

/* One policy being read: where we are, and what came of it. */
struct reading {
	const char		*name;
	unsigned		 line;
	scmp_filter_ctx		 ctx;
	struct jail_filter	*f;
	char			**why;
};

static const struct { const char *name; int value; } errors[] = {
	{ "EACCES",		EACCES },
	{ "EAFNOSUPPORT",	EAFNOSUPPORT },
	{ "EBADF",		EBADF },
	{ "EINVAL",		EINVAL },
	{ "ENOENT",		ENOENT },
	{ "ENOSYS",		ENOSYS },
	{ "ENOTTY",		ENOTTY },
	{ "EPERM",		EPERM },
};

/* Says what is wrong with the line being read and what to do about it. */
static int __attribute__((format(printf, 2, 3)))
refuse(struct reading *rd, const char *fmt, ...)
{
	char	*what = NULL;
	va_list	 ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) == -1)
		what = NULL;
	va_end(ap);
	if (asprintf(rd->why, "%s:%u: %s", rd->name, rd->line,
	    what != NULL ? what : "out of memory") == -1)
		*rd->why = NULL;
	free(what);
	return ERR_CONFIG;
}

static int
number_parse(const char *s, uint64_t *vp)
{
	char	*end;

	if (*s < '0' || *s > '9')
		return ERR_FORMAT;
	errno = 0;
	*vp = strtoull(s, &end, 0);
	return errno != 0 || *end != '\0' ? ERR_FORMAT : ERR_OK;
}

/* "arg2", "!&", "0x4" as libseccomp wants it. */
static int
condition_parse(struct reading *rd, char **word, struct scmp_arg_cmp *cmp)
{
	uint64_t	 v;
	unsigned	 arg;

	if (strncmp(word[0], "arg", 3) != 0 || word[0][3] < '0' ||
	    word[0][3] >= '0' + ARGS || word[0][4] != '\0')
		return refuse(rd, "'%s' is no argument; write arg0 to arg5",
		    word[0]);
	arg = (unsigned)(word[0][3] - '0');
	if (number_parse(word[2], &v) != ERR_OK)
		return refuse(rd, "'%s' is no number; write it like 0x4 or 4",
		    word[2]);
	if (strcmp(word[1], "!&") == 0)
		*cmp = SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, v, 0);
	else if (strcmp(word[1], "&") == 0)
		*cmp = SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, v, v);
	else if (strcmp(word[1], "==") == 0)
		*cmp = SCMP_CMP64(arg, SCMP_CMP_EQ, v);
	else if (strcmp(word[1], "!=") == 0)
		*cmp = SCMP_CMP64(arg, SCMP_CMP_NE, v);
	else
		return refuse(rd, "'%s' is no comparison; use == != & or !&",
		    word[1]);
	return ERR_OK;
}

static int
error_find(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].value;
	return -1;
}

/* Remembers the line for doctor. cond_words words from cond on are its condition. */
static int
rule_keep(struct reading *rd, const char *call, char **cond, size_t cond_words,
    const char *error, const char *reason)
{
	struct jail_rule	*grown, rule = {0};
	struct jail_filter	*f = rd->f;
	char			*at;
	size_t			 i, len = 1;

	if (f->count == POLICY_RULES_MAX)
		return refuse(rd, "more than %d lines; a filter this long needs "
		    "another shape", POLICY_RULES_MAX);
	for (i = 0; i < cond_words; i++)
		len += strlen(cond[i]) + 1;
	grown = reallocarray(f->rules, f->count + 1, sizeof(rule));
	if (grown == NULL)
		return ERR_MEMORY;
	f->rules = grown;
	rule.call = strdup(call);
	rule.error = strdup(error);
	rule.reason = strdup(reason);
	if ((rule.condition = malloc(len)) != NULL) {
		at = rule.condition;
		*at = '\0';
		for (i = 0; i < cond_words; i++) {
			at = stpcpy(at, i > 0 ? " " : "");
			at = stpcpy(at, cond[i]);
		}
	}
	for (i = 0; i < f->count; i++)
		if (strcmp(f->rules[i].call, call) == 0)
			break;
	f->calls += i == f->count;
	f->rules[f->count++] = rule;	/* jail_filter_free drops half a rule too */
	if (rule.call == NULL || rule.condition == NULL || rule.error == NULL ||
	    rule.reason == NULL)
		return ERR_MEMORY;
	return ERR_OK;
}

static int
rule_add(struct reading *rd, const char *call, const char *error,
    const struct scmp_arg_cmp *cmp, unsigned cmps)
{
	uint32_t	 action = SCMP_ACT_ALLOW;
	int		 nr, e, r;

	nr = seccomp_syscall_resolve_name(call);
	if (nr == __NR_SCMP_ERROR)
		return refuse(rd, "no system call is named '%s'; "
		    "`scmp_sys_resolver -a` knows the names", call);
	if (*error != '\0') {
		if ((e = error_find(error)) == -1)
			return refuse(rd, "errno '%s' is not known here; use "
			    "EPERM, EACCES or ENOSYS", error);
		action = SCMP_ACT_ERRNO((uint16_t)e);
	}
	if (nr < 0)
		return ERR_OK;	/* a call of another architecture */
	r = seccomp_rule_add_array(rd->ctx, action, nr, cmps, cmp);
	if (r == -ENOMEM)
		return ERR_MEMORY;
	if (r != 0)
		return refuse(rd, "'%s' contradicts an earlier line, or names an "
		    "argument twice; one line a case", call);
	return ERR_OK;
}

/* The words before '#', and the reason after it. */
static int
words_read(struct reading *rd, char **word, size_t count, const char *reason)
{
	struct scmp_arg_cmp	 cmp[ARGS];
	const char		*error = "";
	size_t			 i = 1, cond_from = 1, cond_words;
	unsigned		 cmps = 0;
	int			 r;

	if (count > i && strcmp(word[i], "if") == 0) {
		cond_from = i + 1;
		do {
			if (count - i < 4)
				return refuse(rd, "the condition is incomplete; "
				    "write: if arg2 !& 0x4");
			if (cmps == ARGS)
				return refuse(rd, "a call has %d arguments, not "
				    "more; drop a condition", ARGS);
			if ((r = condition_parse(rd, word + i + 1,
			    &cmp[cmps])) != ERR_OK)
				return r;
			cmps++;
			i += 4;
		} while (count > i && strcmp(word[i], "and") == 0);
	}
	cond_words = i - cond_from;
	if (count - i >= 2 && strcmp(word[i], "errno") == 0) {
		error = word[i + 1];
		i += 2;
	}
	if (i != count)
		return refuse(rd, "'%s' is not understood here; a line is: CALL "
		    "[if argN OP NUMBER [and ...]] [errno NAME] # reason",
		    word[i]);
	if ((r = rule_add(rd, word[0], error, cmp, cmps)) != ERR_OK)
		return r;
	return rule_keep(rd, word[0], word + cond_from, cond_words, error,
	    reason);
}

static int
line_read(struct reading *rd, char *line)
{
	char	*word[LINE_WORDS_MAX], *reason, *at, *next;
	size_t	 count = 0;

	if ((reason = strchr(line, '#')) != NULL) {
		*reason++ = '\0';
		reason += strspn(reason, " \t");
	}
	for (at = strtok_r(line, " \t", &next); at != NULL;
	    at = strtok_r(NULL, " \t", &next)) {
		if (count == LINE_WORDS_MAX)
			return refuse(rd, "the line has too many words; split it");
		word[count++] = at;
	}
	if (count == 0)
		return ERR_OK;		/* empty, or a comment of its own */
	if (reason == NULL || *reason == '\0')
		return refuse(rd, "'%s' has no reason; end the line with "
		    "'# why it is needed'", word[0]);
	return words_read(rd, word, count, reason);
}

static int
lines_read(struct reading *rd, char *text, size_t len)
{
	char	*line = text, *end;
	int	 r;

	if (memchr(text, '\0', len) != NULL) {
		rd->line = 1;
		return refuse(rd, "there is a zero byte in it; this is no policy");
	}
	while (line != NULL) {
		rd->line++;
		if ((end = strchr(line, '\n')) != NULL)
			*end++ = '\0';
		if ((r = line_read(rd, line)) != ERR_OK)
			return r;
		line = end;
	}
	if (rd->f->count == 0)
		return refuse(rd, "it names no call; a process without calls "
		    "cannot even end");
	return ERR_OK;
}

/* The filter as the kernel takes it, by way of a file in memory. */
static int
program_export(scmp_filter_ctx ctx, struct sock_fprog *program)
{
	struct stat	 st;
	int		 fd, r = ERR_SYS;

	if ((fd = memfd_create("filter", MFD_CLOEXEC)) == -1)
		return ERR_SYS;
	if (seccomp_export_bpf(ctx, fd) != 0 || fstat(fd, &st) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		goto out;
	if (st.st_size <= 0 || st.st_size % (off_t)sizeof(*program->filter) != 0 ||
	    st.st_size / (off_t)sizeof(*program->filter) > BPF_MAXINSNS)
		goto out;
	if ((program->filter = malloc((size_t)st.st_size)) == NULL) {
		r = ERR_MEMORY;
		goto out;
	}
	program->len = (unsigned short)((size_t)st.st_size /
	    sizeof(*program->filter));
	r = fd_read_all(fd, program->filter, (size_t)st.st_size);
 out:
	close(fd);
	return r;
}

int
jail_filter_parse(const char *text, size_t len, const char *name,
    struct jail_filter **fp, char **why)
{
	struct reading	 rd = { .name = name, .why = why };
	char		*copy = NULL;
	int		 r = ERR_MEMORY;

	*why = NULL;
	if ((copy = malloc(len + 1)) == NULL ||
	    (rd.f = calloc(1, sizeof(*rd.f))) == NULL ||
	    (rd.ctx = seccomp_init(FORBID)) == NULL)
		goto out;
	memcpy(copy, text, len);
	copy[len] = '\0';
	/* Calls of another architecture's table (x32, i386) die as well. */
	if (seccomp_attr_set(rd.ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS) != 0 ||
	    seccomp_attr_set(rd.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
		goto out;
	if ((r = lines_read(&rd, copy, len)) != ERR_OK)
		goto out;
#ifdef LIMPID_SANDBOX_TRAP
	if (seccomp_rule_add(rd.ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(rt_sigreturn), 0) != 0) {
		r = ERR_MEMORY;
		goto out;
	}
#endif
	if ((r = program_export(rd.ctx, &rd.f->program)) != ERR_OK)
		goto out;
	*fp = rd.f;
	rd.f = NULL;
 out:
	if (r != ERR_OK && *why == NULL &&
	    asprintf(why, "%s: %s", name, err_text(r)) == -1)
		*why = NULL;
	if (rd.ctx != NULL)
		seccomp_release(rd.ctx);
	jail_filter_free(rd.f);
	free(copy);
	return r;
}

int
jail_filter_load(const char *path, struct jail_filter **fp, char **why)
{
	struct stat	 st;
	char		*text = NULL;
	int		 fd, r = ERR_SYS;

	*why = NULL;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1) {
		r = errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > POLICY_BYTES_MAX) {
		r = ERR_LIMIT;
		goto out;
	}
	if ((text = malloc((size_t)st.st_size + 1)) == NULL) {
		r = ERR_MEMORY;
		goto out;
	}
	if ((r = fd_read_all(fd, text, (size_t)st.st_size)) == ERR_OK)
		r = jail_filter_parse(text, (size_t)st.st_size, path, fp, why);
 out:
	if (r != ERR_OK && *why == NULL && asprintf(why, "%s: %s; without its "
	    "list of calls the program must not run", path, err_text(r)) == -1)
		*why = NULL;
	if (fd != -1)
		close(fd);
	free(text);
	return r;
}

void
jail_filter_free(struct jail_filter *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->count; i++) {
		free(f->rules[i].call);
		free(f->rules[i].condition);
		free(f->rules[i].error);
		free(f->rules[i].reason);
	}
	free(f->rules);
	free(f->program.filter);
	free(f);
}

size_t
jail_filter_calls(const struct jail_filter *f)
{
	return f->calls;
}

size_t
jail_filter_rules(const struct jail_filter *f)
{
	return f->count;
}

const struct jail_rule *
jail_filter_rule(const struct jail_filter *f, size_t i)
{
	if (i >= f->count)
		panic("a filter has no such rule");
	return &f->rules[i];
}

#ifdef LIMPID_SANDBOX_TRAP
/* Names the call by number and lets it fail; only in builds that no one installs. */
static void
trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t	*uc = context;
	char		 line[] = "trapped call 00000\n";
	unsigned	 nr = (unsigned)info->si_syscall;

	(void)sig;
	for (size_t i = sizeof(line) - 3; nr > 0 && line[i] == '0'; i--) {
		line[i] = (char)('0' + nr % 10);
		nr /= 10;
	}
	if (write(STDERR_FILENO, line, sizeof(line) - 1) == -1)
		_exit(EXIT_BUG);
	uc->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
}

static int
trap_set(void)
{
	struct sigaction sa = { .sa_sigaction = trap, .sa_flags = SA_SIGINFO };

	return sigaction(SIGSYS, &sa, NULL) == -1 ? ERR_SYS : ERR_OK;
}
#endif

int
jail_filter_install(const struct jail_filter *f, unsigned flags)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return ERR_SYS;
#ifdef LIMPID_SANDBOX_TRAP
	if (trap_set() != ERR_OK)
		return ERR_SYS;
#endif
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags,
	    &f->program) != 0)
		return ERR_SYS;
	return ERR_OK;
}

int
jail_filter_apply(const struct jail_filter *f)
{
	return jail_filter_install(f, SECCOMP_FILTER_FLAG_TSYNC);
}
