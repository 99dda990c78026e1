/* folder: common
 * Copy bytes into the reader: what passes must hold what copy.h promises.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "copy.h"
#include "err.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static int
on_mail(void *arg, const struct copy_mail *m)
{
	(void)arg;
	must(m->rcpt_count <= COPY_RCPTS_MAX);
	return ERR_OK;
}

static int
on_part(void *arg, const struct copy_part *p)
{
	(void)arg;
	must(p->parent < p->id && p->id <= COPY_PARTS_MAX);
	must(strchr(p->path, '/') == NULL);
	return ERR_OK;
}

static int
on_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	must((unsigned)f < FACT_MAX && strchr(value, '\n') == NULL);
	return ERR_OK;
}

static int
on_text(void *arg, uint32_t page, const char *utf8, size_t len)
{
	(void)arg;
	(void)page;
	must(text_check(utf8, len, TEXT_BLOCK) == ERR_OK);
	return ERR_OK;
}

static int
on_page(void *arg, const struct copy_page *p)
{
	(void)arg;
	must((uint64_t)p->width * p->height <= COPY_PAGE_PIXELS);
	return ERR_OK;
}

static int
on_part_end(void *arg, const struct copy_part_end *e)
{
	(void)arg;
	must(e->outcome != OUTCOME_STUB || e->reason != REASON_COMPLETE);
	return ERR_OK;
}

static int
on_end(void *arg, uint32_t parts)
{
	(void)arg;
	must(parts > 0);
	return ERR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct copy_handlers h = { on_mail, on_part, on_fact,
	    on_text, on_page, on_part_end, on_end };
	int	 fd;

	if ((fd = memfd_create("copy", MFD_CLOEXEC)) == -1)
		return 0;
	if (write(fd, data, size) == (ssize_t)size &&
	    lseek(fd, 0, SEEK_SET) == 0)
		copy_read(fd, &h, NULL);
	close(fd);
	return 0;
}
