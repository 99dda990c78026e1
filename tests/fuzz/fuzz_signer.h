/*
 * A signer's key for targets that meet what stands behind a signature. Included by one of
 * them at a time.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct key	*signer;

static void
key_make(void)
{
	char	 dir[] = "/tmp/limpid-fuzz-XXXXXX", path[64];
	int	 fd;

	if (mkdtemp(dir) == NULL || (fd = open(dir, O_RDONLY)) == -1 ||
	    key_create(fd, "k", KEY_ED25519) != ERR_OK)
		abort();
	strcpy(path, dir);
	strcat(path, "/k.key");
	if (key_load_private(path, KEY_ED25519, &signer) != ERR_OK)
		abort();
	unlinkat(fd, "k.key", 0);
	unlinkat(fd, "k.pub", 0);
	close(fd);
	rmdir(dir);
}
