/*
 * The main of a fuzz target where no fuzzer is wanted: each argument is a file
 * or a folder of inputs; each is fed once. Prints TAP.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int	 count, failed;

static void
feed_file(const char *path)
{
	struct stat	 st;
	uint8_t		*data = NULL;
	int		 fd, ok;

	ok = (fd = open(path, O_RDONLY)) != -1 && fstat(fd, &st) == 0 &&
	    (data = malloc((size_t)st.st_size + 1)) != NULL &&
	    read(fd, data, (size_t)st.st_size) == st.st_size;
	if (ok) {
		/* exactly its size, so that a sanitizer sees a read past it */
		uint8_t	*exact = realloc(data, st.st_size > 0 ?
			    (size_t)st.st_size : 1);

		data = exact != NULL ? exact : data;
		LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	}
	free(data);
	if (fd != -1)
		close(fd);
	failed += !ok;
	printf("%s %d - %s\n", ok ? "ok" : "not ok", ++count, path);
	fflush(stdout);
}

static void
feed_folder(const char *path)
{
	struct dirent	**names;
	char		 *file;
	int		  i, n;

	if ((n = scandir(path, &names, NULL, alphasort)) == -1) {
		printf("not ok %d - %s: %s\n", ++count, path, strerror(errno));
		failed++;
		return;
	}
	for (i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' &&
		    asprintf(&file, "%s/%s", path, names[i]->d_name) != -1) {
			feed_file(file);
			free(file);
		}
		free(names[i]);
	}
	free(names);
}

int
main(int argc, char **argv)
{
	struct stat	 st;
	int		 i;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("ok %d - the empty input\n", ++count);
	for (i = 1; i < argc; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			feed_folder(argv[i]);
		else
			feed_file(argv[i]);
	}
	printf("1..%d\n", count);
	return failed > 0;
}
