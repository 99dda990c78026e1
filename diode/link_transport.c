/*
 * Finds a transport by its name in limpid.conf.
 * Run by limpid-diode-send and limpid-diode-recv.
 * Hostile input: none.
 * Must never name a sending or a receiving function: both programs contain this one.
 */
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "link_private.h"

int
link_transport_open(const struct link_transport *t, size_t count,
    const struct conf *c, int link, const void **opsp, void **backp,
    char **why)
{
	const char	*name = c->link[link - 1].transport;
	size_t		 i;
	int		 r;

	*why = NULL;
	for (i = 0; i < count; i++) {
		if (strcmp(t[i].name, name) != 0)
			continue;
		if ((r = t[i].open(c, link, backp, why)) == ERR_OK)
			*opsp = t[i].ops;
		return r;
	}
	if (asprintf(why, "link \"%d\": this build has no transport %s, write"
	    " zmq, udp or file", link, name) == -1)
		*why = NULL;
	return ERR_CONFIG;
}

int
link_folder_check(const char *folder, const char *key, int link, char **why)
{
	if (folder[0] == '/')
		return ERR_OK;
	if (asprintf(why, "link \"%d\": %s is \"%s\", transport file needs the"
	    " absolute path of a folder", link, key, folder) == -1)
		*why = NULL;
	return ERR_CONFIG;
}
