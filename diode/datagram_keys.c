/*
 * Secrets of a udp link (datagram.h).
 * Run by both programs of the diode, before the filter.
 * Hostile input: none; key files are root's.
 * Must never leave a secret in memory behind its use, or print one.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "datagram_private.h"
#include "err.h"

#define IP4_UDP	28
#define IP6_UDP	48

void
datagram_keys_free(struct datagram_keys *k)
{
	if (k == NULL)
		return;
	if (k->gcm != NULL)
		free_mb_mgr(k->gcm);
	explicit_bzero(k, sizeof(*k));
	free(k);
}

int
datagram_keys_new(const uint8_t *one, const uint8_t *two,
    struct datagram_keys **kp)
{
	const uint8_t		*keys[2] = { one, two };
	struct datagram_keys	*k;
	int			 i;

	if ((k = aligned_alloc(_Alignof(struct datagram_keys), sizeof(*k))) ==
	    NULL)
		return ERR_MEMORY;
	memset(k, 0, sizeof(*k));
	if ((k->gcm = alloc_mb_mgr(0)) == NULL) {
		datagram_keys_free(k);
		return ERR_MEMORY;
	}
	init_mb_mgr_auto(k->gcm, NULL);
	if (imb_get_errno(k->gcm) != 0) {
		datagram_keys_free(k);
		return ERR_CRYPTO;
	}
	for (i = 0; i < 2; i++) {
		if (keys[i] == NULL)
			continue;
		IMB_AES256_GCM_PRE(k->gcm, keys[i], &k->schedule[i]);
		k->there[i] = 1;
	}
	*kp = k;
	return ERR_OK;
}

static int
digit(int c)
{
	if (isdigit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
hex_read(const char *s, uint8_t out[DATAGRAM_KEY])
{
	int	 i, high, low;

	if (strlen(s) != 2 * DATAGRAM_KEY)
		return ERR_FORMAT;
	for (i = 0; i < DATAGRAM_KEY; i++) {
		high = digit((unsigned char)s[2 * i]);
		low = digit((unsigned char)s[2 * i + 1]);
		if (high < 0 || low < 0)
			return ERR_FORMAT;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return ERR_OK;
}

/* ERR_NOTFOUND when there is no such file. */
static int
file_read(const char *path, uint8_t out[DATAGRAM_KEY], char **why)
{
	char	 line[2 * DATAGRAM_KEY + 8] = "";
	FILE	*f;
	int	 r;

	if ((f = fopen(path, "re")) == NULL && errno == ENOENT)
		return ERR_NOTFOUND;
	if (f == NULL) {
		if (asprintf(why, "%s: %s; it belongs to the user of this"
		    " program, see limpid init", path, strerror(errno)) == -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	setvbuf(f, NULL, _IONBF, 0);
	if (fgets(line, sizeof(line), f) != NULL)
		line[strcspn(line, "\r\n")] = '\0';
	fclose(f);
	if ((r = hex_read(line, out)) != ERR_OK && asprintf(why, "%s: is not a"
	    " udp key of 64 hex digits; copy it again from the host that made"
	    " it", path) == -1)
		*why = NULL;
	explicit_bzero(line, sizeof(line));
	return r == ERR_OK ? ERR_OK : ERR_CONFIG;
}

int
datagram_keys_load(const struct conf *c, int link, int slot,
    struct datagram_keys **kp, char **why)
{
	uint8_t	 key[2][DATAGRAM_KEY];
	char	 name[2][48], *path;
	int	 there[2] = { 0, 0 }, i, r = ERR_OK;

	*why = NULL;
	snprintf(name[0], sizeof(name[0]), "etc/keys/link%d-udp.key", link);
	snprintf(name[1], sizeof(name[1]), "etc/keys/link%d-udp-2.key", link);
	for (i = 0; i < 2; i++) {
		if ((path = conf_path(c, name[i])) == NULL)
			return ERR_MEMORY;
		r = file_read(path, key[i], why);
		free(path);
		there[i] = r == ERR_OK;
		if (r != ERR_OK && r != ERR_NOTFOUND)
			goto out;
	}
	if (slot == 0 ? !there[0] && !there[1] : !there[slot - 1]) {
		if (asprintf(why, "%s/keys/link%d-udp%s.key is not there:"
		    " `limpid init` makes it on the sending host, `limpid keys"
		    " export --secret` carries it to the other", c->etc, link,
		    slot == 2 ? "-2" : "") == -1)
			*why = NULL;
		r = ERR_CONFIG;
		goto out;
	}
	r = datagram_keys_new(there[0] ? key[0] : NULL,
	    there[1] ? key[1] : NULL, kp);
 out:
	explicit_bzero(key, sizeof(key));
	return r;
}

uint16_t
datagram_symbol(int mtu, int six)
{
	int	 room = mtu - (six ? IP6_UDP : IP4_UDP) - DATAGRAM_HEADER -
		    DATAGRAM_TAG;

	if (room < DATAGRAM_UNIT)
		return 0;
	room -= room % DATAGRAM_UNIT;
	return room > DATAGRAM_SYMBOL_MAX ? DATAGRAM_SYMBOL_MAX :
	    (uint16_t)room;
}
