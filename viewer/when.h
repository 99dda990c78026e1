/*
 * When: times and sizes as people read them, in the local time zone.
 */
#ifndef LIMPID_WHEN_H
#define LIMPID_WHEN_H

#include <stddef.h>
#include <stdint.h>

#define WHEN_MAX 64

/* "2026-03-17 11:40:02"; without seconds when seconds is 0. */
void when_full(int64_t ms, int seconds, char out[WHEN_MAX]);
/* "2026-03-17T11:40" for <time datetime>. */
void when_machine(int64_t ms, char out[WHEN_MAX]);
/* In a list: "14:05" today and yesterday, "03-15" this year, "2025-11-02". */
void when_row(int64_t ms, int64_t now_ms, char out[WHEN_MAX]);
/* "Today, Tuesday 17 March", "Yesterday, ...", "Earlier this week", "March
 * 2026": equal for all mails of one group. */
void when_group(int64_t ms, int64_t now_ms, char out[WHEN_MAX]);
/* "2024-06" */
void when_month(int64_t ms, char out[WHEN_MAX]);
/* "188 KB", "2.4 MB" */
void when_size(int64_t bytes, char out[WHEN_MAX]);

/* "1,284" */
void when_number(int64_t n, char out[WHEN_MAX]);

/* Start of the day YYYY-MM-DD in milliseconds; 0 when it is no day. */
int64_t when_day(const char *s);

#endif
