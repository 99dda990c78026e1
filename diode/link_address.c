/*
 * The option --link, addresses and CURVE keys: what both ends read at start.
 * Run by both programs of the diode, before the filter.
 * Hostile input: none; the configuration and the keys are root's.
 * Must never look a name up once the program has locked itself in.
 */
#include <sys/socket.h>

#include <netdb.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "link_private.h"

/* Splits tcp://host:port and tcp://[host]:port, udp:// likewise. */
static int
address_split(const char *s, const char *scheme, char *host, size_t size, const char **port)
{
	const char	*end, *start;

	if (strncmp(s, scheme, 3) != 0 || strncmp(s + 3, "://", 3) != 0)
		return ERR_FORMAT;
	start = s + 6;
	if ((end = strrchr(start, ':')) == NULL || end == start ||
	    end[1] == '\0' || strlen(end + 1) > 5 ||
	    end[1 + strspn(end + 1, "0123456789")] != '\0')
		return ERR_FORMAT;
	*port = end + 1;
	if (*start == '[') {
		if (end[-1] != ']')
			return ERR_FORMAT;
		start++;
		end--;
	}
	if (end <= start || (size_t)(end - start) >= size)
		return ERR_FORMAT;
	snprintf(host, size, "%.*s", (int)(end - start), start);
	return ERR_OK;
}

int
link_address_find(const char *address, const char *scheme,
    struct sockaddr_storage *out, socklen_t *len, char **why)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *found;
	char		 host[256];
	const char	*port;
	int		 r;

	*why = NULL;
	if (address_split(address, scheme, host, sizeof(host), &port) !=
	    ERR_OK) {
		if (asprintf(why, "\"%s\" is not a link address, write"
		    " %s://HOST:PORT", address, scheme) == -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	if (strcmp(host, "*") == 0) {
		strcpy(host, "::");
		hints.ai_flags = AI_PASSIVE;
	}
	if ((r = getaddrinfo(host, port, &hints, &found)) != 0) {
		if (asprintf(why, "the host of %s is not found (%s): write its"
		    " IP address, or mend /etc/hosts", address,
		    gai_strerror(r)) == -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	memcpy(out, found->ai_addr, found->ai_addrlen);
	*len = found->ai_addrlen;
	freeaddrinfo(found);
	return ERR_OK;
}

int
link_curve_key(const struct conf *c, int link, const char *role,
    const char *suffix, char out[LINK_KEY_TEXT + 1], char **why)
{
	char	 line[64] = "", name[64], *path;
	FILE	*f;
	int	 r = ERR_CONFIG;

	*why = NULL;
	snprintf(name, sizeof(name), "etc/keys/link%d-%s-curve.%s", link, role,
	    suffix);
	if ((path = conf_path(c, name)) == NULL)
		return ERR_MEMORY;
	if ((f = fopen(path, "re")) == NULL) {
		if (asprintf(why, "%s: %s; `limpid init` makes this key, a"
		    " peer's .pub is copied from its host", path,
		    strerror(errno)) == -1)
			*why = NULL;
		goto out;
	}
	if (fgets(line, sizeof(line), f) != NULL)
		line[strcspn(line, "\r\n")] = '\0';
	if (strlen(line) == LINK_KEY_TEXT) {
		memcpy(out, line, LINK_KEY_TEXT + 1);
		r = ERR_OK;
	} else if (asprintf(why, "%s: is not a CURVE key of 40 characters; copy"
	    " it again from the host that made it", path) == -1)
		*why = NULL;
	explicit_bzero(line, sizeof(line));
	fclose(f);
 out:
	free(path);
	return r;
}

int
link_option_take(int *argc, char **argv)
{
	int	 i, n = 0, left = 1;

	for (i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--link") == 0 && i + 1 < *argc)
			n = atoi(argv[++i]);
		else if (strncmp(argv[i], "--link=", 7) == 0)
			n = atoi(argv[i] + 7);
		else
			argv[left++] = argv[i];
	}
	argv[left] = NULL;
	*argc = left;
	return n == 1 || n == 2 ? n : 0;
}
