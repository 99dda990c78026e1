/*
 * card_calendar: iCalendar, by libical.
 * Runs in: worker-card, in the jail.
 * Hostile input: the whole calendar.
 * Must never: expand a repetition, look up a time zone, follow an attachment.
 */
#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

#include "card_private.h"

static const struct {
	icalproperty_kind	 kind;
	const char		*label;
} shown[] = {
	{ ICAL_SUMMARY_PROPERTY, "What" }, { ICAL_DTSTART_PROPERTY, "Start" },
	{ ICAL_DTEND_PROPERTY, "End" }, { ICAL_DUE_PROPERTY, "Due" },
	{ ICAL_DURATION_PROPERTY, "Duration" },
	{ ICAL_FREEBUSY_PROPERTY, "Busy" },
	{ ICAL_RRULE_PROPERTY, "Repeats" }, { ICAL_RDATE_PROPERTY, "Also on" },
	{ ICAL_EXDATE_PROPERTY, "Not on" },
	{ ICAL_RECURRENCEID_PROPERTY, "Instead of" },
	{ ICAL_LOCATION_PROPERTY, "Where" },
	{ ICAL_ORGANIZER_PROPERTY, "Organizer" },
	{ ICAL_ATTENDEE_PROPERTY, "Attendee" },
	{ ICAL_CONTACT_PROPERTY, "Contact" },
	{ ICAL_STATUS_PROPERTY, "Status" },
	{ ICAL_PRIORITY_PROPERTY, "Priority" },
	{ ICAL_CATEGORIES_PROPERTY, "Categories" },
	{ ICAL_URL_PROPERTY, "Link" }, { ICAL_COMMENT_PROPERTY, "Comment" },
	{ ICAL_DESCRIPTION_PROPERTY, "Description" }
};

/* "20260324T140000" as people write it; other values as they are. */
static void
put_value(struct strbuf *b, const char *s)
{
	size_t	 digits = strspn(s, "0123456789");

	if (digits != 8 || (s[8] != 'T' && s[8] != '\0')) {
		strbuf_puts(b, s);
		return;
	}
	strbuf_printf(b, "%.4s-%.2s-%.2s", s, s + 4, s + 6);
	if (s[8] == 'T' && strspn(s + 9, "0123456789") == 6) {
		strbuf_printf(b, " %.2s:%.2s", s + 9, s + 11);
		if (strncmp(s + 13, "00", 2) != 0)
			strbuf_printf(b, ":%.2s", s + 13);
		strbuf_puts(b, s[15] == 'Z' ? " UTC" : s + 15);
	} else
		strbuf_puts(b, s + 8);
}

/* The value without the escapes of the format. */
static void
put_property(struct strbuf *b, const char *label, icalproperty *p)
{
	icalvalue	*v = icalproperty_get_value(p);
	icalparameter	*zone, *name;
	const char	*s = NULL;
	char		*own = NULL;

	if (v != NULL && icalvalue_isa(v) == ICAL_TEXT_VALUE)
		s = icalvalue_get_text(v);
	else
		s = own = icalproperty_get_value_as_string_r(p);
	if (s != NULL && *s != '\0') {
		strbuf_printf(b, "%s: ", label);
		name = icalproperty_get_first_parameter(p, ICAL_CN_PARAMETER);
		if (name != NULL && icalparameter_get_cn(name) != NULL)
			strbuf_printf(b, "%s ", icalparameter_get_cn(name));
		put_value(b, strncasecmp(s, "mailto:", 7) == 0 ? s + 7 : s);
		zone = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
		if (zone != NULL && icalparameter_get_tzid(zone) != NULL)
			strbuf_printf(b, " (%s)", icalparameter_get_tzid(zone));
		strbuf_putc(b, '\n');
	}
	free(own);
}

static const char *
title(icalcomponent_kind kind)
{
	switch ((int)kind) {
	case ICAL_VEVENT_COMPONENT:
		return "Event";
	case ICAL_VTODO_COMPONENT:
		return "Task";
	case ICAL_VJOURNAL_COMPONENT:
		return "Note";
	case ICAL_VFREEBUSY_COMPONENT:
		return "Free and busy times";
	default:
		return NULL;
	}
}

static void
put_entry(struct card *c, struct strbuf *b, icalcomponent *e)
{
	icalproperty	*p;
	size_t		 i;

	strbuf_printf(b, "%s%s\n", c->entries > 0 ? "\n" : "",
	    title(icalcomponent_isa(e)));
	c->entries++;
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		for (p = icalcomponent_get_first_property(e, shown[i].kind);
		    p != NULL; p = icalcomponent_get_next_property(e,
		    shown[i].kind))
			put_property(b, shown[i].label, p);
	for (p = icalcomponent_get_first_property(e, ICAL_ATTACH_PROPERTY);
	    p != NULL; p = icalcomponent_get_next_property(e,
	    ICAL_ATTACH_PROPERTY))
		c->embedded++;
}

static void
put_calendar(struct card *c, struct strbuf *b, icalcomponent *calendar)
{
	icalcomponent	*e;
	icalproperty	*p;

	p = icalcomponent_get_first_property(calendar, ICAL_METHOD_PROPERTY);
	if (p != NULL)
		put_property(b, "Calendar message", p);
	for (e = icalcomponent_get_first_component(calendar,
	    ICAL_ANY_COMPONENT); e != NULL && c->entries < CARD_ENTRIES_MAX;
	    e = icalcomponent_get_next_component(calendar, ICAL_ANY_COMPONENT))
		if (title(icalcomponent_isa(e)) != NULL)
			put_entry(c, b, e);
}

void
card_calendar(const char *utf8, struct card *c, struct strbuf *b)
{
	icalcomponent	*top, *e;

	icalerror_set_errors_are_fatal(0);
	if ((top = icalparser_parse_string(utf8)) == NULL)
		return;
	/* several calendars in one file stand below one of no name */
	if (icalcomponent_isa(top) == ICAL_XROOT_COMPONENT) {
		for (e = icalcomponent_get_first_component(top,
		    ICAL_VCALENDAR_COMPONENT); e != NULL;
		    e = icalcomponent_get_next_component(top,
		    ICAL_VCALENDAR_COMPONENT))
			put_calendar(c, b, e);
	} else if (title(icalcomponent_isa(top)) != NULL)
		put_entry(c, b, top);
	else
		put_calendar(c, b, top);
	icalcomponent_free(top);
}
