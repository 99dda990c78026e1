/*
 * Purpose: times and sizes in words.
 * Process: limpid-viewerd.
 * Hostile input: numbers from the index, days typed into the search box.
 * Must never: fail: what cannot be said is said as the bare number.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "when.h"

static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December" };

static void
split(int64_t ms, struct tm *tm)
{
	time_t	 t = (time_t)(ms / 1000);

	if (localtime_r(&t, tm) == NULL)
		memset(tm, 0, sizeof(*tm));
}

/* Days since a fixed day, by the local calendar. */
static long
day_number(int64_t ms)
{
	struct tm	 tm;
	long		 y;

	split(ms, &tm);
	y = tm.tm_year + 1899L;
	return y * 365 + y / 4 - y / 100 + y / 400 + tm.tm_yday;
}

void
when_full(int64_t ms, int seconds, char out[WHEN_MAX])
{
	struct tm	 tm;

	split(ms, &tm);
	if (strftime(out, WHEN_MAX, seconds ? "%Y-%m-%d %H:%M:%S" :
	    "%Y-%m-%d %H:%M", &tm) == 0)
		out[0] = '\0';
}

void
when_machine(int64_t ms, char out[WHEN_MAX])
{
	struct tm	 tm;

	split(ms, &tm);
	if (strftime(out, WHEN_MAX, "%Y-%m-%dT%H:%M", &tm) == 0)
		out[0] = '\0';
}

void
when_row(int64_t ms, int64_t now_ms, char out[WHEN_MAX])
{
	struct tm	 tm, now;

	split(ms, &tm);
	split(now_ms, &now);
	if (strftime(out, WHEN_MAX, day_number(ms) >= day_number(now_ms) - 1 ?
	    "%H:%M" : tm.tm_year == now.tm_year ? "%m-%d" : "%Y-%m-%d",
	    &tm) == 0)
		out[0] = '\0';
}

void
when_group(int64_t ms, int64_t now_ms, char out[WHEN_MAX])
{
	struct tm	 tm, now;
	long		 ago = day_number(now_ms) - day_number(ms);

	split(ms, &tm);
	split(now_ms, &now);
	if (ago <= 1)
		snprintf(out, WHEN_MAX, "%s, %s %d %s",
		    ago <= 0 ? "Today" : "Yesterday", days[tm.tm_wday],
		    tm.tm_mday, months[tm.tm_mon]);
	else if (ago < (now.tm_wday + 6) % 7 + 1)
		snprintf(out, WHEN_MAX, "Earlier this week");
	else
		snprintf(out, WHEN_MAX, "%s %d", months[tm.tm_mon],
		    tm.tm_year + 1900);
}

void
when_month(int64_t ms, char out[WHEN_MAX])
{
	struct tm	 tm;

	split(ms, &tm);
	if (strftime(out, WHEN_MAX, "%Y-%m", &tm) == 0)
		out[0] = '\0';
}

void
when_size(int64_t bytes, char out[WHEN_MAX])
{
	if (bytes < 1000)
		snprintf(out, WHEN_MAX, "%lld bytes", (long long)bytes);
	else if (bytes < 1000000)
		snprintf(out, WHEN_MAX, "%lld KB",
		    (long long)((bytes + 500) / 1000));
	else if (bytes < 9950000)
		snprintf(out, WHEN_MAX, "%.1f MB", (double)bytes / 1e6);
	else
		snprintf(out, WHEN_MAX, "%lld MB",
		    (long long)((bytes + 500000) / 1000000));
}

void
when_number(int64_t n, char out[WHEN_MAX])
{
	if (n >= 1000000)
		snprintf(out, WHEN_MAX, "%lld,%03lld,%03lld",
		    (long long)n / 1000000, (long long)n / 1000 % 1000,
		    (long long)n % 1000);
	else if (n >= 1000)
		snprintf(out, WHEN_MAX, "%lld,%03lld", (long long)n / 1000,
		    (long long)n % 1000);
	else
		snprintf(out, WHEN_MAX, "%lld", (long long)n);
}

int64_t
when_day(const char *s)
{
	struct tm	 tm = { 0 };
	int		 n = 0;
	time_t		 t;

	if (sscanf(s, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	    &n) != 3 || s[n] != '\0' || tm.tm_year < 1971 || tm.tm_mon < 1 ||
	    tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	tm.tm_isdst = -1;
	t = mktime(&tm);
	return t == (time_t)-1 ? 0 : (int64_t)t * 1000;
}
