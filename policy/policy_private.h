/*
 * Inside of the policy folder: the tree that the grammar builds, and the steps
 * text -> tokens -> tree -> checks -> effective policy.
 */
#ifndef LIMPID_POLICY_PRIVATE_H
#define LIMPID_POLICY_PRIVATE_H

#include "policy.h"

#define POLICY_FILE_MAX		(1024 * 1024)	/* bytes of a policy file */
#define POLICY_STRING_MAX	200		/* bytes of one string */
#define POLICY_TERMS_MAX	1000		/* terms of one `when` */
#define POLICY_FAULTS_MAX	20		/* sentences of one refusal */

struct policy_place {
	unsigned line, column;			/* both from 1 */
};

enum policy_word {
	POLICY_IS_WORD,				/* pdf, on, picture */
	POLICY_IS_STRING,			/* "in quotes" */
	POLICY_IS_NUMBER,			/* 30, 1.5G */
	POLICY_IS_DATE				/* 2027-01-31 */
};

struct policy_value {
	struct policy_value	*next;
	struct policy_place	 at;
	enum policy_word	 is;
	char			*text;
	uint64_t		 number;	/* number or kind, after checks */
};

/* `name value` in a limit or profile block. */
struct policy_setting {
	struct policy_setting	*next;
	struct policy_value	*name, *value;
};

enum policy_op {
	POLICY_AND, POLICY_OR, POLICY_NOT,
	POLICY_TRUE,				/* a yes-or-no field alone */
	POLICY_EQ, POLICY_NE, POLICY_LT, POLICY_LE, POLICY_GT, POLICY_GE,
	POLICY_IN, POLICY_ENDS, POLICY_STARTS, POLICY_CONTAINS
};

enum policy_field {
	FIELD_KIND, FIELD_ENCRYPTED, FIELD_SIZE, FIELD_NAME, FIELD_DEPTH,
	FIELD_FORMAT, FIELD_DECLARED, FIELD_SENDER, FIELD_SCANNED,
	FIELD_MALWARE, FIELD_COUNT
};

struct policy_expr {
	enum policy_op		 op;
	struct policy_expr	*left, *right;	/* of and, or; left of not */
	struct policy_value	*name;		/* of a field */
	enum policy_field	 field;		/* after checks */
	struct policy_value	*values;
	struct policy_place	 at;
};

struct policy_then {
	enum policy_verb	 verb;
	struct policy_value	*target;	/* profile or reason */
	enum reason		 reason;	/* after checks */
	struct policy_profile	*profile;	/* after checks */
};

struct policy_block {				/* a profile */
	struct policy_block	*next;
	struct policy_value	*name;
	struct policy_setting	*settings;
	struct policy_profile	 profile;	/* after checks */
};

struct policy_rule {
	struct policy_rule	*next;
	struct policy_value	*id, *title;
	struct policy_setting	*about;		/* severity, owner, review-by */
	struct policy_expr	*when;
	struct policy_then	*then;
};

struct pool_block;

struct policy {
	struct pool_block	*pool;		/* all of the tree */
	struct policy_value	*name, *version;
	struct policy_setting	*settings;	/* of all limit statements */
	struct policy_block	*profiles;
	struct policy_rule	*rules;
	struct policy_then	*convert, *refuse; /* default's two halves */
	struct policy_limits	 limits;
	unsigned		*limit_lines;	/* 0: the built-in default */
	char			 digest[65];
};

/* One parse: the text, where the lexer stands, the tree, what was wrong. */
struct policy_parser {
	const char		*file;
	const char		*text;
	size_t			 len, pos;
	struct policy_place	 here;
	struct policy		*policy;
	FILE			*faults;
	unsigned		 fault_count;
	int			 no_memory;
};

/* policy_tree.c: everything lives in the policy's pool and is freed with it.
 * Each returns NULL when out of memory and notes that in the parser. */
void *tree_alloc(struct policy_parser *pp, size_t size);
struct policy_value *tree_value(struct policy_parser *pp, enum policy_word is,
    const char *text, size_t len, struct policy_place at);
struct policy_setting *tree_setting(struct policy_parser *pp,
    struct policy_value *name, struct policy_value *value);
struct policy_expr *tree_expr(struct policy_parser *pp, enum policy_op op,
    struct policy_expr *left, struct policy_expr *right);
struct policy_expr *tree_term(struct policy_parser *pp, enum policy_op op,
    struct policy_value *name, struct policy_value *values);
struct policy_then *tree_then(struct policy_parser *pp, enum policy_verb verb,
    struct policy_value *target);
/* Appends to the end of a list, so that order in the file is kept. */
struct policy_value *tree_value_append(struct policy_value *list,
    struct policy_value *one);
struct policy_setting *tree_setting_append(struct policy_setting *list,
    struct policy_setting *one);
void tree_add_profile(struct policy_parser *pp, struct policy_value *name,
    struct policy_setting *settings);
void tree_add_rule(struct policy_parser *pp, struct policy_value *id,
    struct policy_value *title, struct policy_setting *about,
    struct policy_expr *when, struct policy_then *then);
void tree_free(struct policy *p);
/* Notes one refusal: place, what is wrong, and a hint (NULL: none). */
void tree_fault(struct policy_parser *pp, struct policy_place at,
    const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* policy_limits.c: the one table of limits. */
struct policy_limit {
	const char	*name;
	const char	*unit;		/* "bytes" has binary K M G */
	size_t		 offset;	/* in struct policy_limits */
	unsigned	 bits;		/* 32 or 64 */
	uint64_t	 initial, least, most;
	const char	*what;		/* of what, in words */
};
extern const struct policy_limit policy_limit_table[];
extern const size_t policy_limit_count;
void policy_limits_initial(struct policy_limits *l);
void policy_limit_set(struct policy_limits *l, size_t n, uint64_t value);
uint64_t policy_limit_get(const struct policy_limits *l, size_t n);
/* "1.5G" as a number: K is 1024 of bytes, else 1000; of seconds there are m h d too.
 * ERR_FORMAT, ERR_LIMIT. */
enum policy_unit { POLICY_COUNT, POLICY_BYTES, POLICY_SECONDS };
int policy_number(const char *text, enum policy_unit unit, uint64_t *np);

/* policy_check.c: resolves names, fills what says "after checks". */
void policy_check(struct policy_parser *pp);
/* policy_fields.c: what a `when` may ask about. */
enum policy_field_type { FIELD_IS_KIND, FIELD_IS_BOOL, FIELD_IS_BYTES,
    FIELD_IS_COUNT, FIELD_IS_TEXT, FIELD_IS_NAMES };
struct policy_field_info {
	const char		*name;
	enum policy_field_type	 type;
};
extern const struct policy_field_info policy_field_table[FIELD_COUNT];
/* Whether op may be asked of a field of this type. */
int policy_op_fits(enum policy_op op, enum policy_field_type type);
const char *policy_op_name(enum policy_op op);

/* policy_eval.c: whether the system has a way to convert this kind at all. */
int policy_convertible(enum kind k);

#endif
