/*
 * From pages to answers: the same limits, reasons and facts for each engine that
 * reads paged documents.
 */
#ifndef LIMPID_FLATTEN_H
#define LIMPID_FLATTEN_H

#include <stddef.h>
#include <stdint.h>

struct document_engine;
struct worker;
struct worker_job;

/* Answers for the whole part and ends the child. */
_Noreturn void flatten_document(const struct document_engine *engine,
    struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len);

#endif
