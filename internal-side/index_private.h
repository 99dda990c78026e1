/*
 * The inside of index.h, shared by index.c, index_add.c and missing.c.
 */
#ifndef LIMPID_INDEX_PRIVATE_H
#define LIMPID_INDEX_PRIVATE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "index.h"

enum index_query {
	QUERY_FIND,
	QUERY_COUNT,
	QUERY_IN_BOX,
	QUERY_BOXES,
	QUERY_ADD_MAIL,
	QUERY_ADD_BOX,
	QUERY_ADD_PART,
	QUERY_ADD_FACT,
	QUERY_ADD_TEXT,
	QUERY_ADD_PAGE,
	QUERY_ADD_SEARCH,
	QUERY_REMOVE_SEARCH,
	QUERY_REMOVE,
	QUERY_MISSING_CHANGE,
	QUERY_MISSING_HEAL,
	QUERY_MISSING_ADD,
	QUERY_MISSING_LIST,
	QUERY_MAX
};

struct index_db {
	sqlite3		*db;
	sqlite3_stmt	*query[QUERY_MAX];
	char		*path;
	dev_t		 dev;
	ino_t		 ino;
};

/* A prepared query, reset and unbound. */
sqlite3_stmt *index_query(struct index_db *x, enum index_query q);
/* Runs a query that gives no rows. */
int index_run(sqlite3_stmt *s);

#endif
