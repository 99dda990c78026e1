/*
 * parcel-get: opens what intake made, for its flow test.
 *	parcel-get parcel FILE SIGNER.pub OWN.key	body to stdout
 *	parcel-get vault FILE OWN.key			original to stdout
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "log.h"
#include "parcel.h"
#include "wire.h"

#define VAULT_HEADER	80

static int
out(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	return fd_write_all(STDOUT_FILENO, data, len);
}

static int
get_parcel(int fd, const char *signer_path, const char *own_path)
{
	struct key		*signer = NULL, *own = NULL;
	struct parcel_head	 head;
	int			 r;

	if ((r = key_load_public(signer_path, KEY_ED25519, &signer)) ==
	    ERR_OK && (r = key_load_private(own_path, KEY_X25519, &own)) ==
	    ERR_OK)
		r = parcel_open(fd, signer, own, &head, NULL, out, NULL);
	key_free(signer);
	key_free(own);
	return r;
}

static int
get_vault(int fd, const char *own_path)
{
	uint8_t		 head[VAULT_HEADER], buf[65536];
	struct unseal	*u = NULL;
	struct key	*own = NULL;
	ssize_t		 n;
	int		 r;

	if ((r = key_load_private(own_path, KEY_X25519, &own)) != ERR_OK ||
	    (r = fd_read_all(fd, head, sizeof(head))) != ERR_OK ||
	    (r = unseal_new(own, "limpid-vault-1", head, sizeof(head), out,
	    NULL, &u)) != ERR_OK)
		goto done;
	while (r == ERR_OK && (n = read(fd, buf, sizeof(buf))) > 0)
		r = unseal_write(u, buf, (size_t)n);
	if (r == ERR_OK)
		r = unseal_finish(u);
 done:
	unseal_free(u);
	key_free(own);
	return r;
}

int
main(int argc, char **argv)
{
	int	 fd, r;

	if (argc < 4 || (fd = open(argv[2], O_RDONLY)) == -1)
		fatal(EXIT_USAGE, "parcel-get parcel|vault FILE KEY...");
	if (argc == 5 && strcmp(argv[1], "parcel") == 0)
		r = get_parcel(fd, argv[3], argv[4]);
	else
		r = get_vault(fd, argv[3]);
	if (r != ERR_OK)
		fatal(err_exit(r), "%s: %s", argv[2], err_text(r));
	return EXIT_DONE;
}
