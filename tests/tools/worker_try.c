/*
 * Hands files to one worker program in its jail and prints how each ended:
 *	worker-try PROGRAM POLICY FILE...
 * A line a file: end, outcome, reason, pages, text bytes, children, wall ms, MB, file.
 * Exit 1 when a file ended otherwise than with DONE. --text prints the texts.
 * Test tool, for filters and limits over many files; it plays the router.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "outcome.h"
#include "wire.h"
#include "zygote.h"

struct answers {
	uint8_t		 outcome, reason;
	int		 done, bad;
	uint32_t	 pages, children;
	size_t		 text;
};

static int	 show_text;

static void
done_read(struct wire *w, struct answers *a)
{
	uint32_t	 pages, total;
	char		*engine = NULL, *note = NULL;

	a->done = wire_get_u8(w, &a->outcome) == ERR_OK &&
	    wire_get_u8(w, &a->reason) == ERR_OK &&
	    wire_get_u32(w, &pages) == ERR_OK &&
	    wire_get_u32(w, &total) == ERR_OK &&
	    wire_get_text(w, 255, &engine) == ERR_OK &&
	    wire_get_text(w, COPY_VALUE_MAX, &note) == ERR_OK &&
	    wire_end(w) == ERR_OK;
	a->bad |= !a->done;
	free(engine);
	free(note);
}

static void
text_read(struct wire *w, struct answers *a)
{
	const uint8_t	*s;
	uint32_t	 page;
	size_t		 len;

	if (wire_get_u32(w, &page) != ERR_OK ||
	    wire_get_data(w, &s, &len) != ERR_OK) {
		a->bad = 1;
		return;
	}
	a->text += len;
	if (show_text)
		printf("[page %d] %.*s\n", (int)page, (int)len, (const char *)s);
}

static void
fact_read(struct wire *w)
{
	uint16_t	 fact;
	char		*value = NULL;

	if (show_text && wire_get_u16(w, &fact) == ERR_OK &&
	    wire_get_text(w, COPY_VALUE_MAX, &value) == ERR_OK)
		printf("[%s] %s\n", fact_name((enum fact)fact), value);
	free(value);
}

static void
child_read(struct wire *w)
{
	uint8_t	 role, hint;
	char	*path = NULL, *name = NULL, *type = NULL;

	if (show_text && wire_get_u8(w, &role) == ERR_OK &&
	    wire_get_u8(w, &hint) == ERR_OK &&
	    wire_get_text(w, 255, &path) == ERR_OK &&
	    wire_get_text(w, 1024, &name) == ERR_OK &&
	    wire_get_text(w, 255, &type) == ERR_OK)
		printf("[child %s] role %u %s %s '%s'\n", path, role,
		    kind_name((enum kind)hint), type, name);
	free(path);
	free(name);
	free(type);
}

static void
answers_read(int fd, struct wire *w, struct answers *a)
{
	uint8_t	 type;
	int	 r;

	while ((r = wire_read_frame(fd, WORKER_FRAME_MAX, w, &type)) == ERR_OK) {
		a->bad |= a->done;
		switch (type) {
		case WORKER_FACT:
			fact_read(w);
			break;
		case WORKER_TEXT:
			text_read(w, a);
			break;
		case WORKER_PAGE:
			a->pages++;
			break;
		case WORKER_CHILD:
			child_read(w);
			a->children++;
			break;
		case WORKER_CHILD_DATA:
		case WORKER_CHILD_STUB:
		case WORKER_IDENTIFIED:
		case WORKER_PAGES_TOTAL:
		case WORKER_LEGIBLE:
			break;
		case WORKER_DONE:
			done_read(w, a);
			break;
		default:
			a->bad = 1;
		}
	}
	a->bad |= r != ERR_NOTFOUND && a->done;
}

static int
file_try(struct zygote *z, uint32_t id, const char *path, struct wire *w)
{
	struct worker_job	 job = { .id = id, .deadline_ms = 60000,
	    .memory_bytes = 1536u << 20, .max_input = 256u << 20,
	    .max_pages = 100, .max_page_pixels = COPY_PAGE_PIXELS,
	    .max_pixels = 2000u * 1000 * 1000, .max_text = 16u << 20,
	    .max_children = 1000, .max_child_bytes = 256u << 20,
	    .max_headers = 1u << 20, .max_depth = 50, .dpi = 150,
	    .want_pages = 1, .want_text = 1 };
	struct answers		 a = {0};
	struct zygote_event	 ev;
	struct pollfd		 p = { .fd = zygote_fd(z), .events = POLLIN };
	int			 in, out[2], r;

	if ((in = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    pipe2(out, O_CLOEXEC) == -1 ||
	    (r = zygote_send_job(z, &job, in, out[1], -1)) != ERR_OK) {
		fprintf(stderr, "worker-try: %s: %s\n", path, err_text(ERR_SYS));
		exit(EXIT_IO);
	}
	close(in);
	close(out[1]);
	answers_read(out[0], w, &a);
	close(out[0]);
	while ((r = zygote_read(z, &ev)) == ERR_AGAIN)
		poll(&p, 1, 70000);
	if (r != ERR_OK) {
		fprintf(stderr, "worker-try: the zygote died\n");
		exit(EXIT_UNAVAILABLE);
	}
	printf("%-14s %-9s %-14s pages %u text %zu children %u ms %u MB %u %s%s\n",
	    job_end_name(ev.end), a.done ? outcome_name(a.outcome) : "-",
	    a.done ? reason_name(a.reason) : "-", a.pages, a.text, a.children,
	    ev.wall_ms, ev.max_rss_kb >> 10, path, a.bad ? " BAD ANSWER" : "");
	return ev.end == JOB_OK && a.done && !a.bad;
}

int
main(int argc, char **argv)
{
	struct zygote	*z;
	struct wire	*w = wire_new(WORKER_FRAME_MAX);
	unsigned	 held, bad = 0;
	int		 i = 1, r;

	if (argc > 1 && strcmp(argv[1], "--text") == 0)
		show_text = i++;
	if (argc - i < 3 || w == NULL) {
		fprintf(stderr,
		    "usage: worker-try [--text] PROGRAM POLICY FILE...\n");
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	if ((r = zygote_start(argv[i], argv[i + 1], NULL, &z)) != ERR_OK ||
	    (r = zygote_wait_ready(z, 20000, &held)) != ERR_OK) {
		fprintf(stderr, "worker-try: %s: %s\n", argv[i], err_text(r));
		exit(EXIT_UNAVAILABLE);
	}
	for (i += 2; i < argc; i++)
		bad += !file_try(z, (uint32_t)i, argv[i], w);
	zygote_free(z);
	wire_free(w);
	return bad == 0 ? EXIT_DONE : EXIT_FINDINGS;
}
