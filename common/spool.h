/*
 * Spool: the only queue in the system. A directory with tmp new work held sent,
 * one parcel a file, named by who made it and when: names sort by age.
 *
 * Durable: a file is written in tmp, fsynced, renamed to new, and both
 * directories are fsynced before spool_commit returns. A claim is a rename from
 * new to work. What is in work when a consumer starts goes back to new; the attempt
 * counts only when the consumer crashed by itself (proc_crash_marker), for a kill or
 * a power cut says nothing about the parcel. After SPOOL_ATTEMPTS failures it moves
 * to held with a reason beside it (NAME.why). Nothing is deleted before the next stage holds it: the
 * consumer calls spool_done only after its own commit.
 *
 * Rights: the directory belongs to the producer, its group is the consumer's.
 * Names: [0-9a-zA-Z.-]{1,120}, made by the spool; attempts are kept in the
 * name's suffix ".aN", so they survive a crash.
 */
#ifndef LIMPID_SPOOL_H
#define LIMPID_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "ref.h"

#define SPOOL_NAME_MAX	127
#define SPOOL_ATTEMPTS	3

struct spool;

/* Makes the folders where missing (mode 2770). For `limpid init` and tests. */
int spool_create(const char *path);

/*
 * high_water_bytes: spool_new_file answers ERR_FULL while new+work hold more, or
 * while the file system has less than reserve_bytes free.
 */
int spool_open(const char *path, uint64_t high_water_bytes,
    uint64_t reserve_bytes, struct spool **sp);
void spool_close(struct spool *s);

/* ERR_FULL when the next stage lags too far behind, or the file system would keep
 * less than its reserve with so many bytes more; else ERR_OK or the world. */
int spool_check_room(struct spool *s, uint64_t more_bytes);
/* Producer: a file in tmp, opened read-write; name is filled with its name,
 * which holds the reference. */
int spool_new_file(struct spool *s, const struct ref *ref,
    char name[SPOOL_NAME_MAX + 1], int *fdp);
/* Makes files and their names in tmp durable, so that their absence there later
 * proves a commit. Not needed for spool_commit. */
int spool_settle(struct spool *s, const int *fds, size_t count);
/* fsync, rename to new, fsync directories, wake the reader. Closes nothing.
 * When `same_name` a parcel with the name exists in new, ERR_EXISTS. */
int spool_commit(struct spool *s, const char *name, int fd);
/* The same for many at once, which share the waiting for the disk. On an error
 * some may be in new and some not: the caller promises none of them. */
int spool_commit_many(struct spool *s, char (*const names)[SPOOL_NAME_MAX + 1],
    const int *fds, size_t count);
void spool_abort(struct spool *s, const char *name);
/* 1 while name lies in tmp: a crash came before its commit took effect. */
int spool_in_tmp(struct spool *s, const char *name);
/* The only producer, once at start: removes what a crash left in tmp. Returns
 * how many, or an error. */
int spool_clear_tmp(struct spool *s);

/* Consumer: once at start; crashed is what proc_crash_marker returned. Returns how
 * many went back to new, or an error. */
int spool_recover(struct spool *s, int crashed);
/* Claims the oldest in new: renames to work and opens it read-only.
 * ERR_AGAIN when new is empty. attempt counts from 1. */
int spool_claim(struct spool *s, char name[SPOOL_NAME_MAX + 1], int *fdp,
    unsigned *attempt);
/* The next stage holds it: remove from work (durably). */
int spool_done(struct spool *s, const char *name);
/* The same for a parcel whose return would be noticed: not durable by itself, only
 * with the next spool_done or spool_sent. */
int spool_done_soon(struct spool *s, const char *name);
/* As done, but keeps the file in sent (for resend); see spool_expire. Not synced:
 * after a power cut the parcel may be in work again. */
int spool_sent(struct spool *s, const char *name);
/* The world failed: back to new, or to held after SPOOL_ATTEMPTS. why is one
 * line for the operator. Returns 1 when it was held, 0 when it will be tried
 * again, or an error. */
int spool_retry(struct spool *s, const char *name, const char *why);
/* Back to new with nothing counted: the parcel is not at fault (the program
 * stops, or the next hop is away). */
int spool_release(struct spool *s, const char *name);
/* Straight to held. */
int spool_hold(struct spool *s, const char *name, const char *why);
/* Removes from sent what is older than keep_s seconds. Returns how many. */
int spool_expire(struct spool *s, int64_t keep_s);

/* Readable (poll) when something may have come into new, or a file that lies beside
 * the folders was replaced (a receiver's list): an inotify fd. Call
 * spool_wake_clear when it fires, then claim until ERR_AGAIN. */
int spool_wake_fd(struct spool *s);
void spool_wake_clear(struct spool *s);

struct spool_stat { uint64_t new_count, work_count, held_count, sent_count,
    bytes; int64_t oldest_ms; };
int spool_stat(struct spool *s, struct spool_stat *st);
/* Only what waits: new and work; held and sent are 0 and cost nothing. */
int spool_waiting(struct spool *s, struct spool_stat *st);
/* Opens a parcel where it lies ("work", "sent" ...), read-only. ERR_NOTFOUND. */
int spool_open_file(struct spool *s, const char *folder, const char *name,
    int *fdp);
/* Calls fn for each name in folder ("new", "work", "held", "sent"), sorted. */
int spool_each(struct spool *s, const char *folder,
    int (*fn)(void *arg, const char *name, int fd), void *arg);

#endif
