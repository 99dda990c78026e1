/*
 * Calendar entries and contacts as words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "card.h"
#include "err.h"

static int
warm(void **state)
{
	(void)state;
	return card_warm() != ERR_OK;
}

static void
says(const char *text, const char *wanted, unsigned entries, unsigned embedded)
{
	struct card	 c;

	assert_int_equal(card_read(text, strlen(text), &c), ERR_OK);
	if (wanted != NULL)
		assert_string_equal(c.text, wanted);
	assert_int_equal(c.entries, entries);
	assert_int_equal(c.embedded, embedded);
	free(c.text);
}

static void
an_event_is_read_with_its_zone_and_people(void **state)
{
	(void)state;
	says("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n"
	    "BEGIN:VEVENT\r\nSUMMARY:Survey\\, first\r\n"
	    "DTSTART;TZID=Asia/Taipei:20260324T140000\r\n"
	    "DTEND:20260324T073000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n"
	    "LOCATION:Room 4\r\nORGANIZER;CN=Lin:mailto:lin@agency.example\r\n"
	    "ATTACH:https://evil.example/a.exe\r\nDESCRIPTION:one\\ntwo\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n",
	    "Calendar message: REQUEST\nEvent\nWhat: Survey, first\n"
	    "Start: 2026-03-24 14:00 (Asia/Taipei)\n"
	    "End: 2026-03-24 07:30 UTC\nRepeats: FREQ=WEEKLY;COUNT=3\n"
	    "Where: Room 4\nOrganizer: Lin lin@agency.example\n"
	    "Description: one\ntwo\n", 1, 1);
}

static void
a_day_and_a_task_are_read(void **state)
{
	(void)state;
	says("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n"
	    "DTSTART;VALUE=DATE:20260325\nEND:VEVENT\nBEGIN:VTODO\n"
	    "SUMMARY:Read\nDUE:20260326T010203\nEND:VTODO\nEND:VCALENDAR\n",
	    "Event\nStart: 2026-03-25\n\nTask\nWhat: Read\n"
	    "Due: 2026-03-26 01:02:03\n", 2, 0);
}

static void
a_contact_is_read_in_its_charset(void **state)
{
	(void)state;
	says("BEGIN:VCARD\r\nVERSION:2.1\r\n"
	    "N;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=8E=52=93=63;"
	    "=91=BE=98=59\r\nitem1.EMAIL;INTERNET:y@x.example\r\n"
	    "TEL;CELL:+81-90\r\nNOTE;ENCODING=QUOTED-PRINTABLE:a=\r\nb\r\n"
	    "ADR:;;1-2;Tokyo;;100\r\nORG:A\r\n  and B\r\n"
	    "PHOTO;ENCODING=BASE64:/9j/\r\n 4AAQ\r\n\r\nEND:VCARD\r\n",
	    "Contact\nFull name: 山田 太郎\nMail: y@x.example\n"
	    "Telephone: +81-90\nNote: ab\nAddress: 1-2 Tokyo  100\n"
	    "Organization: A and B\n", 1, 1);
}

static void
an_old_calendar_is_read_line_by_line(void **state)
{
	(void)state;
	says("BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\n"
	    "SUMMARY;QUOTED-PRINTABLE:a=20b\nDTSTART:20260324T140000\n"
	    "END:VEVENT\nEND:VCALENDAR\n",
	    "Event\nWhat: a b\nStart: 20260324T140000\n", 1, 0);
}

static void
what_is_no_card_has_no_entries(void **state)
{
	(void)state;
	says("", "", 0, 0);
	says("words, no card", "", 0, 0);
	says("BEGIN:VCALENDAR", NULL, 0, 0);
	says("BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", NULL, 0, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(an_event_is_read_with_its_zone_and_people),
		cmocka_unit_test(a_day_and_a_task_are_read),
		cmocka_unit_test(a_contact_is_read_in_its_charset),
		cmocka_unit_test(an_old_calendar_is_read_line_by_line),
		cmocka_unit_test(what_is_no_card_has_no_entries),
	};

	return cmocka_run_group_tests(tests, warm, NULL);
}
