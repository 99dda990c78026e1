/*
 * What a `when` may ask about, and how.
 * Runs in limpid-policy and limpid-sanitizerd. Input: none; tables only.
 * Must never hold a field whose value depends on anything but the part's facts.
 */
#include "policy_private.h"

const struct policy_field_info policy_field_table[FIELD_COUNT] = {
	[FIELD_KIND]		= { "part.kind",	FIELD_IS_KIND },
	[FIELD_ENCRYPTED]	= { "part.encrypted",	FIELD_IS_BOOL },
	[FIELD_SIZE]		= { "part.size",	FIELD_IS_BYTES },
	[FIELD_NAME]		= { "part.name",	FIELD_IS_TEXT },
	[FIELD_DEPTH]		= { "part.depth",	FIELD_IS_COUNT },
	[FIELD_FORMAT]		= { "part.format",	FIELD_IS_TEXT },
	[FIELD_DECLARED]	= { "part.declared",	FIELD_IS_TEXT },
	[FIELD_SENDER]		= { "mail.sender",	FIELD_IS_TEXT },
	[FIELD_SCANNED]		= { "part.scanned",	FIELD_IS_BOOL },
	[FIELD_MALWARE]		= { "part.malware",	FIELD_IS_NAMES },
};

static const char *const op_names[] = {
	[POLICY_AND] = "and", [POLICY_OR] = "or", [POLICY_NOT] = "not",
	[POLICY_TRUE] = "", [POLICY_EQ] = "=", [POLICY_NE] = "!=",
	[POLICY_LT] = "<", [POLICY_LE] = "<=", [POLICY_GT] = ">",
	[POLICY_GE] = ">=", [POLICY_IN] = "in", [POLICY_ENDS] = "ends",
	[POLICY_STARTS] = "starts", [POLICY_CONTAINS] = "contains",
};

const char *
policy_op_name(enum policy_op op)
{
	return op_names[op];
}

int
policy_op_fits(enum policy_op op, enum policy_field_type type)
{
	int	number = type == FIELD_IS_BYTES || type == FIELD_IS_COUNT;

	switch (op) {
	case POLICY_TRUE:
		return type == FIELD_IS_BOOL || type == FIELD_IS_NAMES;
	case POLICY_EQ:
		return type != FIELD_IS_BOOL;
	case POLICY_NE:
		/* of several names one is always another: "not ... =" is clear */
		return type != FIELD_IS_BOOL && type != FIELD_IS_NAMES;
	case POLICY_IN:
		return type == FIELD_IS_KIND || type == FIELD_IS_TEXT ||
		    type == FIELD_IS_NAMES;
	case POLICY_LT:
	case POLICY_LE:
	case POLICY_GT:
	case POLICY_GE:
		return number;
	case POLICY_ENDS:
	case POLICY_STARTS:
	case POLICY_CONTAINS:
		return type == FIELD_IS_TEXT || type == FIELD_IS_NAMES;
	case POLICY_AND:
	case POLICY_OR:
	case POLICY_NOT:
		break;
	}
	return 0;
}
