/*
 * Log lines, one write(2) each, to stderr: `level program message`.
 * Run by every process. Strings from outside reach it through log_safe only.
 * Must never print mail content, and must never split an event over two lines:
 * a line break inside a message becomes a space.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define LOG_LINE	2048
#define SAFE_CHARS	120
#define SAFE_BUFFERS	8

static const char	*log_program;
static enum log_level	 log_level = LOG_LEVEL_INFO;

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void
log_open(const char *program)
{
	log_program = program;
}

void
log_set_level(enum log_level level)
{
	log_level = level;
}

static void log_line(enum log_level, const char *, va_list)
    __attribute__((format(printf, 2, 0)));

static void
log_line(enum log_level level, const char *fmt, va_list ap)
{
	char	 line[LOG_LINE];
	int	 saved = errno, n, len;
	ssize_t	 w;

	n = snprintf(line, sizeof(line), "%s %s ", level_names[level],
	    log_program != NULL ? log_program : program_invocation_short_name);
	len = n + vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	if (len < n)
		len = n;
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	for (n = 0; n < len; n++)
		if (line[n] == '\n' || line[n] == '\r')
			line[n] = ' ';
	line[len++] = '\n';
	do
		w = write(STDERR_FILENO, line, (size_t)len);
	while (w == -1 && errno == EINTR);
	errno = saved;
}

#define LOG_AT(level) do {						\
	va_list	 ap;							\
									\
	if ((level) > log_level)					\
		return;							\
	va_start(ap, fmt);						\
	log_line((level), fmt, ap);					\
	va_end(ap);							\
} while (0)

void
log_error(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_ERROR);
}

void
log_warn(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_WARN);
}

void
log_info(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_INFO);
}

void
log_debug(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_DEBUG);
}

_Noreturn void
fatal(int code, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	exit(code);
}

const char *
log_safe(const char *s)
{
	static char	 buffers[SAFE_BUFFERS][SAFE_CHARS + 4];
	static unsigned	 next;
	static const char hex[] = "0123456789abcdef";
	char		*out = buffers[next++ % SAFE_BUFFERS];
	size_t		 n = 0;

	if (s == NULL)
		s = "";
	for (; *s != '\0'; s++) {
		unsigned char	 c = (unsigned char)*s;
		size_t		 want = c >= 0x20 && c < 0x7f && c != '\\' ?
		    1 : 4;

		if (n + want > SAFE_CHARS) {
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		if (want == 1) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	out[n] = '\0';
	return out;
}
