/*
 * Tokens of a policy file, for the grammar only.
 */
#ifndef LIMPID_POLICY_LEX_H
#define LIMPID_POLICY_LEX_H

#include "policy_tab.h"

/* The next token of pp's text; YYerror after a refusal that it has noted. */
int policy_yylex(union POLICY_YYSTYPE *value, struct policy_place *at,
    struct policy_parser *pp);

#endif
