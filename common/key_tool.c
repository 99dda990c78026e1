/*
 * limpid-key: makes key files. Used by limpid-init and by the tests.
 * Runs as the caller.
 * Hostile input: none.
 * Must never: print a private key, or overwrite one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "crypto.h"
#include "err.h"
#include "wire.h"

static const char usage[] =
    "usage: limpid-key FOLDER NAME ed25519|x25519|curve|udp\n"
    "Makes FOLDER/NAME.key (0400) and FOLDER/NAME.pub; never overwrites.\n"
    "A udp key is one secret that both ends hold: it has no .pub.\n";

static int
write_new(int dirfd, const char *name, const char *suffix, mode_t mode,
    const char *text)
{
	char	 path[256];
	int	 fd, r = ERR_SYS;

	snprintf(path, sizeof(path), "%s%s", name, suffix);
	fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd == -1)
		return errno == EEXIST ? ERR_EXISTS : ERR_SYS;
	if (fd_write_all(fd, text, strlen(text)) == ERR_OK &&
	    fd_write_all(fd, "\n", 1) == ERR_OK && fchmod(fd, mode) == 0 &&
	    fsync(fd) == 0)
		r = ERR_OK;
	close(fd);
	return r;
}

/* CURVE keys (CurveZMQ) as Z85 text, the form ZeroMQ takes. */
static int
create_curve(int dirfd, const char *name)
{
	char	 pub[41], secret[41];
	int	 r;

	if (zmq_curve_keypair(pub, secret) != 0)
		return ERR_CRYPTO;
	r = write_new(dirfd, name, ".key", 0400, secret);
	explicit_bzero(secret, sizeof(secret));
	if (r != ERR_OK)
		return r;
	return write_new(dirfd, name, ".pub", 0444, pub);
}

/* The secret of a udp link: 32 random bytes in hex. */
static int
create_udp(int dirfd, const char *name)
{
	uint8_t	 raw[32];
	char	 text[2 * sizeof(raw) + 1];
	size_t	 i;
	int	 r;

	if ((r = random_bytes(raw, sizeof(raw))) != ERR_OK)
		return r;
	for (i = 0; i < sizeof(raw); i++)
		snprintf(text + 2 * i, 3, "%02x", raw[i]);
	r = write_new(dirfd, name, ".key", 0400, text);
	explicit_bzero(raw, sizeof(raw));
	explicit_bzero(text, sizeof(text));
	return r;
}

int
main(int argc, char **argv)
{
	int	 dirfd, r;

	if (argc != 4) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	dirfd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1) {
		fprintf(stderr, "limpid-key: %s: %s\n", argv[1],
		    strerror(errno));
		return EXIT_NOINPUT;
	}
	if (strcmp(argv[3], "ed25519") == 0)
		r = key_create(dirfd, argv[2], KEY_ED25519);
	else if (strcmp(argv[3], "x25519") == 0)
		r = key_create(dirfd, argv[2], KEY_X25519);
	else if (strcmp(argv[3], "curve") == 0)
		r = create_curve(dirfd, argv[2]);
	else if (strcmp(argv[3], "udp") == 0)
		r = create_udp(dirfd, argv[2]);
	else {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	close(dirfd);
	if (r != ERR_OK) {
		fprintf(stderr, "limpid-key: %s/%s: %s\n", argv[1], argv[2],
		    err_text(r));
		return err_exit(r);
	}
	return EXIT_DONE;
}
