/* folder: common
 * Any file as a parcel: its shape is read, its signature never holds. Bytes
 * after the first "\n--\n" are a manifest of its own: what decodes must encode
 * to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "crypto_private.h"
#include "err.h"
#include "parcel.h"
#include "parcel_private.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct key *
new_key(enum key_type type)
{
	struct key	*k = calloc(1, sizeof(*k));
	size_t		 len = CRYPTO_KEY_BYTES;

	if (k == NULL || (k->pkey = EVP_PKEY_Q_keygen(NULL, NULL, type ==
	    KEY_ED25519 ? "ED25519" : "X25519")) == NULL ||
	    EVP_PKEY_get_raw_public_key(k->pkey, k->pub, &len) != 1)
		abort();
	k->type = type;
	k->has_private = 1;
	return k;
}

static int
never(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	abort();		/* nothing here was signed */
}

static void
try_manifest(const uint8_t *data, size_t size)
{
	struct manifest	*m;
	uint8_t		*again;
	size_t		 len;

	if (manifest_decode(data, size, &m) != ERR_OK)
		return;
	if (manifest_encode(m, &again, &len) != ERR_OK || len != size ||
	    memcmp(again, data, len) != 0)
		abort();
	free(again);
	manifest_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key	*signer, *own;
	struct parcel_head	 head;
	struct manifest		*m = NULL;
	const uint8_t		*cut;
	int			 fd;

	if (signer == NULL) {
		signer = new_key(KEY_ED25519);
		own = new_key(KEY_X25519);
	}
	if ((fd = memfd_create("fuzz", MFD_CLOEXEC)) == -1 ||
	    fd_write_all(fd, data, size) != ERR_OK)
		abort();
	if (parcel_peek(fd, &head, &m) == ERR_OK)
		manifest_free(m);
	if (parcel_open(fd, signer, own, &head, NULL, never, NULL) == ERR_OK)
		abort();
	close(fd);
	if ((cut = memmem(data, size, "\n--\n", 4)) != NULL)
		try_manifest(cut + 4, size - (size_t)(cut + 4 - data));
	return 0;
}
