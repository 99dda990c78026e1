/*
 * From a file to an effective policy: read, parse, check, digest.
 * Runs in limpid-policy and limpid-sanitizerd, before any mail is met. Input: a
 * file of security staff. Must never return a policy with a refusal in it.
 */
#include "policy_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "policy_print.h"
#include "policy_tab.h"

static int
set_digest(struct policy *p)
{
	static const char	 hex[] = "0123456789abcdef";
	uint8_t			 sum[SHA256_BYTES];
	char			*text = NULL;
	size_t			 len = 0;
	FILE			*f;
	int			 r = ERR_MEMORY;

	if ((f = open_memstream(&text, &len)) == NULL)
		return ERR_MEMORY;
	policy_print(p, 0, f);
	if (fclose(f) == 0 && (r = sha256(text, len, sum)) == ERR_OK)
		for (size_t i = 0; i < sizeof(sum); i++) {
			p->digest[2 * i] = hex[sum[i] >> 4];
			p->digest[2 * i + 1] = hex[sum[i] & 15];
		}
	free(text);
	return r;
}

static int
parse_all(struct policy_parser *pp)
{
	int	r;

	if ((pp->policy->limit_lines = calloc(policy_limit_count,
	    sizeof(unsigned))) == NULL)
		return ERR_MEMORY;
	policy_limits_initial(&pp->policy->limits);
	r = policy_yyparse(pp);
	if (pp->no_memory)
		return ERR_MEMORY;
	if (r == 0 && pp->fault_count == 0)
		policy_check(pp);
	if (pp->fault_count > POLICY_FAULTS_MAX)
		fprintf(pp->faults, "%s: and %u more.\n", pp->file,
		    pp->fault_count - POLICY_FAULTS_MAX);
	if (r != 0 || pp->fault_count > 0)
		return ERR_CONFIG;
	return set_digest(pp->policy);
}

int
policy_parse(const char *name, const char *text, size_t len,
    struct policy **out, char **why)
{
	struct policy_parser	 pp = { .file = name, .text = text,
				    .len = len, .here = { 1, 1 } };
	char			*faults = NULL;
	size_t			 faults_len = 0;
	int			 r = ERR_MEMORY;

	if ((pp.policy = calloc(1, sizeof(*pp.policy))) == NULL ||
	    (pp.faults = open_memstream(&faults, &faults_len)) == NULL)
		goto out;
	r = parse_all(&pp);
	if (fclose(pp.faults) != 0)
		r = ERR_MEMORY;
	if (r == ERR_OK) {
		*out = pp.policy;
		pp.policy = NULL;
	} else if (r == ERR_CONFIG) {
		*why = faults;
		faults = NULL;
	}
 out:
	free(faults);
	tree_free(pp.policy);
	return r;
}

static int
read_file(const char *path, char **textp, size_t *lenp, char **why)
{
	struct stat	 st;
	char		*text = NULL;
	size_t		 len = 0;
	ssize_t		 n;
	int		 fd, saved, r = ERR_SYS;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1)
		goto out;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		goto out;
	}
	r = ERR_MEMORY;
	if ((text = malloc(POLICY_FILE_MAX + 1)) == NULL)
		goto out;
	r = ERR_SYS;
	while (len <= POLICY_FILE_MAX &&
	    (n = read(fd, text + len, POLICY_FILE_MAX + 1 - len)) != 0) {
		if (n == -1 && errno != EINTR)
			goto out;
		if (n > 0)
			len += (size_t)n;
	}
	r = ERR_CONFIG;
	if (len > POLICY_FILE_MAX) {
		if (asprintf(why, "%s:1:1: the file is larger than %d bytes. "
		    "A policy is a few pages; is this the right file?\n",
		    path, POLICY_FILE_MAX) == -1)
			r = ERR_MEMORY;
		goto out;
	}
	*textp = text;
	*lenp = len;
	text = NULL;
	r = ERR_OK;
 out:
	saved = errno;
	free(text);
	if (fd != -1)
		close(fd);
	errno = saved;
	if (r == ERR_SYS && asprintf(why, "%s: %s. Name a readable policy "
	    "file.\n", path, strerror(saved)) == -1)
		r = ERR_MEMORY;
	return r;
}

int
policy_load(const char *path, struct policy **pp, char **why)
{
	char	*text = NULL;
	size_t	 len = 0;
	int	 r;

	*why = NULL;
	if ((r = read_file(path, &text, &len, why)) == ERR_OK)
		r = policy_parse(path, text, len, pp, why);
	free(text);
	return r;
}

void
policy_free(struct policy *p)
{
	tree_free(p);
}

const struct policy_limits *
policy_limits(const struct policy *p)
{
	return &p->limits;
}

const char *
policy_digest(const struct policy *p)
{
	return p->digest;
}

const char *
policy_name(const struct policy *p)
{
	return p->name->text;
}
