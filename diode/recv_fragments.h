/*
 * Puts objects together from fragments, a bounded number at a time. Fragments of
 * one connection come in order; what a broken connection left half done is dropped
 * when a newer one needs its place.
 */
#ifndef LIMPID_RECV_FRAGMENTS_H
#define LIMPID_RECV_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

#define FRAGMENT_STREAMS	4	/* connections told apart at once */

struct recv_shared;
struct fragments;

struct fragments *fragments_new(struct recv_shared *shared);
void fragments_free(struct fragments *f);
/* Drops every object under way. */
void fragments_reset(struct fragments *f);
/*
 * Takes one message. ERR_OK also when it was refused or dropped; a negative error is
 * the world's (ERR_FULL ...) and the object is lost until it is sent again.
 */
int fragments_take(struct fragments *f, const uint8_t *message, size_t len);
/* Messages that were no fragment, or followed no beginning. */
uint64_t fragments_dropped(const struct fragments *f);

#endif
