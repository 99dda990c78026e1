/*
 * One line an event, `level program key=value ... msg`, to stderr (journald
 * or the demo's log file). Log lines never hold mail content; strings that
 * came from outside pass log_safe().
 */
#ifndef LIMPID_LOG_H
#define LIMPID_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Names the program on every line. `program` is borrowed for ever. */
void log_open(const char *program);
void log_set_level(enum log_level level);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Only start-up code: print the sentence and exit with `code` (err.h). */
_Noreturn void fatal(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * `s` with everything but printable ASCII as \xNN, cut at 120 characters.
 * Returns one of eight static buffers: use at once, not from two threads.
 */
const char *log_safe(const char *s);

#endif
