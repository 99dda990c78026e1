/*
 * The grammar of policy files (limpid-policy.5). Builds a tree and judges
 * nothing but order: names, numbers and sense are policy_check.c's.
 * Runs in limpid-policy and limpid-sanitizerd, before any mail is met.
 */
%code requires {
#include "policy_private.h"
}
%code {
#include <string.h>

#include "policy_lex.h"

/* Bison's own code switches over its symbols with a default. */
#pragma GCC diagnostic ignored "-Wswitch-enum"

static void policy_yyerror(const struct policy_place *at,
    struct policy_parser *pp, const char *what);
}
%define api.pure full
%define api.prefix {policy_yy}
%define api.value.type union
%define api.location.type {struct policy_place}
%define parse.error custom
%locations
%param {struct policy_parser *pp}
%initial-action { @$ = (struct policy_place){ 1, 1 }; }

%code {
#undef YYLLOC_DEFAULT
#define YYLLOC_DEFAULT(cur, rhs, n) ((cur) = YYRHSLOC(rhs, (n) ? 1 : 0))
}

%token YYEOF 0		"the end of the file"
%token POLICY		"policy"
%token VERSION		"version"
%token LIMIT		"limit"
%token PROFILE		"profile"
%token RULE		"rule"
%token SEVERITY		"severity"
%token OWNER		"owner"
%token REVIEW_BY	"review-by"
%token WHEN		"when"
%token THEN		"then"
%token CONVERT		"convert"
%token STUB		"stub"
%token DEFAULT		"default"
%token ELSE		"else"
%token AND		"and"
%token OR		"or"
%token NOT		"not"
%token IN		"in"
%token ENDS		"ends"
%token STARTS		"starts"
%token CONTAINS		"contains"
%token OPEN		"{"
%token CLOSE		"}"
%token LEFT		"("
%token RIGHT		")"
%token COMMA		","
%token EQ		"="
%token NE		"!="
%token LT		"<"
%token LE		"<="
%token GT		">"
%token GE		">="
%token <struct policy_value *> WORD "a name"
%token <struct policy_value *> STRING "a \"string\""
%token <struct policy_value *> NUMBER "a number"
%token <struct policy_value *> DATE "a date"

%type <struct policy_value *> value values reason severity owner review
%type <struct policy_setting *> settings setting abouts about
%type <struct policy_expr *> expr
%type <struct policy_then *> action
%type <enum policy_op> compare match

%left OR
%left AND
%precedence NOT

%%

file:
	header statements default
    ;

header:
	POLICY STRING VERSION NUMBER {
		pp->policy->name = $2;
		pp->policy->version = $4;
	}
    ;

statements:
	%empty
    |	statements statement
    ;

statement:
	LIMIT setting {
		pp->policy->settings =
		    tree_setting_append(pp->policy->settings, $2);
	}
    |	LIMIT OPEN settings CLOSE {
		pp->policy->settings =
		    tree_setting_append(pp->policy->settings, $3);
	}
    |	PROFILE WORD OPEN settings CLOSE {
		tree_add_profile(pp, $2, $4);
	}
    |	RULE WORD STRING abouts OPEN WHEN expr THEN action CLOSE {
		tree_add_rule(pp, $2, $3, $4, $7, $9);
	}
    ;

default:
	DEFAULT OPEN CONVERT WORD ELSE STUB reason CLOSE {
		pp->policy->convert = tree_then(pp, POLICY_CONVERT, $4);
		pp->policy->refuse = tree_then(pp, POLICY_STUB, $7);
	}
    ;

settings:
	setting
    |	settings setting { $$ = tree_setting_append($1, $2); }
    ;

setting:
	WORD value { $$ = tree_setting(pp, $1, $2); }
    ;

abouts:
	%empty { $$ = NULL; }
    |	abouts about { $$ = tree_setting_append($1, $2); }
    ;

about:
	severity WORD { $$ = tree_setting(pp, $1, $2); }
    |	owner STRING { $$ = tree_setting(pp, $1, $2); }
    |	review DATE { $$ = tree_setting(pp, $1, $2); }
    ;

severity: SEVERITY { $$ = tree_value(pp, POLICY_IS_WORD, "severity", 8, @1); };
owner: OWNER { $$ = tree_value(pp, POLICY_IS_WORD, "owner", 5, @1); };
review: REVIEW_BY { $$ = tree_value(pp, POLICY_IS_WORD, "review-by", 9, @1); };

action:
	CONVERT WORD { $$ = tree_then(pp, POLICY_CONVERT, $2); }
    |	STUB reason { $$ = tree_then(pp, POLICY_STUB, $2); }
    ;

reason:
	WORD
    |	POLICY { $$ = tree_value(pp, POLICY_IS_WORD, "policy", 6, @1); }
    ;

expr:
	expr AND expr { $$ = tree_expr(pp, POLICY_AND, $1, $3); }
    |	expr OR expr { $$ = tree_expr(pp, POLICY_OR, $1, $3); }
    |	NOT expr { $$ = tree_expr(pp, POLICY_NOT, $2, NULL); }
    |	LEFT expr RIGHT { $$ = $2; }
    |	WORD { $$ = tree_term(pp, POLICY_TRUE, $1, NULL); }
    |	WORD compare value { $$ = tree_term(pp, $2, $1, $3); }
    |	WORD match STRING { $$ = tree_term(pp, $2, $1, $3); }
    |	WORD IN OPEN values CLOSE { $$ = tree_term(pp, POLICY_IN, $1, $4); }
    ;

compare:
	EQ { $$ = POLICY_EQ; }
    |	NE { $$ = POLICY_NE; }
    |	LT { $$ = POLICY_LT; }
    |	LE { $$ = POLICY_LE; }
    |	GT { $$ = POLICY_GT; }
    |	GE { $$ = POLICY_GE; }
    ;

match:
	ENDS { $$ = POLICY_ENDS; }
    |	STARTS { $$ = POLICY_STARTS; }
    |	CONTAINS { $$ = POLICY_CONTAINS; }
    ;

values:
	value
    |	values value { $$ = tree_value_append($1, $2); }
    |	values COMMA value { $$ = tree_value_append($1, $3); }
    ;

value:
	WORD
    |	STRING
    |	NUMBER
    ;

%%

static void
policy_yyerror(const struct policy_place *at, struct policy_parser *pp,
    const char *what)
{
	(void)what;			/* only ever "memory exhausted" */
	tree_fault(pp, *at, "Split it into several rules",
	    "this nests too deeply to be read");
}

/* What most people meant when they wrote the token that did not fit. */
static const char *
hint_for(yysymbol_kind_t got, const yysymbol_kind_t *want, int n)
{
	for (int i = 0; i < n; i++) {
		if (want[i] == YYSYMBOL_POLICY)
			return "A policy begins with: policy \"name\" version 1";
		if (want[i] == YYSYMBOL_DEFAULT && got == YYSYMBOL_YYEOF)
			return "The last block must be: default { convert "
			    "PROFILE else stub REASON }";
		if (want[i] == YYSYMBOL_YYEOF)
			return "default { ... } must be the last block; move "
			    "this before it";
		if (want[i] == YYSYMBOL_WHEN)
			return "A rule is: rule ID \"title\" { when CONDITION "
			    "then ACTION }";
		if (want[i] == YYSYMBOL_ELSE)
			return "The default is: default { convert PROFILE "
			    "else stub REASON }";
		if (want[i] == YYSYMBOL_STUB)
			return "An action is: convert PROFILE, or: stub REASON";
		if (want[i] == YYSYMBOL_THEN)
			return "Join terms with and, or; end the condition "
			    "with then";
		if (want[i] == YYSYMBOL_DATE)
			return "A date is written 2027-01-31";
		if (want[i] == YYSYMBOL_STRING && got == YYSYMBOL_WORD)
			return "Put it in double quotes";
	}
	if (got == YYSYMBOL_YYEOF)
		return "A closing brace is missing";
	return NULL;
}

static int
yyreport_syntax_error(const yypcontext_t *ctx, struct policy_parser *pp)
{
	yysymbol_kind_t		 got = yypcontext_token(ctx);
	yysymbol_kind_t		 want[12];
	char			 list[400] = "";
	int			 n, i;

	n = yypcontext_expected_tokens(ctx, want, 12);
	for (i = 0; i < n; i++) {
		strncat(list, i == 0 ? "" : i == n - 1 ? " or " : ", ",
		    sizeof(list) - strlen(list) - 1);
		strncat(list, yysymbol_name(want[i]),
		    sizeof(list) - strlen(list) - 1);
	}
	if (n == 0)
		snprintf(list, sizeof(list), "something else");
	tree_fault(pp, *yypcontext_location(ctx), hint_for(got, want, n),
	    "%s cannot stand here; expected %s", yysymbol_name(got), list);
	return 0;
}
