/*
 * Recipients and Maildirs: who gets what, in which file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "maildir.h"
#include "recipients.h"

static char	 dir[] = "/tmp/limpid-test-XXXXXX";
static char	 path[64];

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/boxes", dir);
	return 0;
}

static int
teardown(void **state)
{
	char	 command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void
table_write(const char *text)
{
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
an_address_finds_its_box(void **state)
{
	struct recipients	*r = NULL;
	char			*why = NULL;

	(void)state;
	table_write("# people\nlin@Agency.example lin\n"
	    "@agency.example\teverybody # the rest\n\n");
	assert_int_equal(recipients_load(path, "", &r, &why), ERR_OK);
	assert_string_equal(recipients_box(r, "lin@agency.example"), "lin");
	assert_string_equal(recipients_box(r, "LIN@AGENCY.EXAMPLE"), "lin");
	assert_string_equal(recipients_box(r, "lin+tag@agency.example"), "lin");
	assert_string_equal(recipients_box(r, "+x@agency.example"), "everybody");
	assert_string_equal(recipients_box(r, "wu@agency.example"), "everybody");
	assert_string_equal(recipients_box(r, "lin@far.example"), "unclaimed");
	assert_string_equal(recipients_box(r, ""), "unclaimed");
	assert_string_equal(recipients_box(r, "no address"), "unclaimed");
	recipients_free(r);
}

static void
a_wrong_line_is_named(void **state)
{
	static const char *const	 wrong[] = { "\nlin@a.example\n",
					    "\nlin@a.example a b\n",
					    "\nlin lin\n",
					    "\nlin@a.example ../etc\n",
					    "\nlin@a.example .hidden\n" };
	struct recipients		*r = NULL;
	char				*why;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		table_write(wrong[i]);
		assert_int_equal(recipients_load(path, "", &r, &why),
		    ERR_CONFIG);
		assert_non_null(strstr(why, "boxes:2: "));
		free(why);
	}
	assert_int_equal(recipients_load("/nonexistent", "", &r, &why),
	    ERR_NOTFOUND);
	free(why);
	table_write("");
	assert_int_equal(recipients_load(path, "a/b", &r, &why), ERR_CONFIG);
	free(why);
}

static void
a_name_says_size_and_recipient(void **state)
{
	struct ref	 ref = {{ 1, 2, 3 }};
	char		 name[MAILDIR_NAME_MAX + 1];
	char		 rcpt[MAILDIR_NAME_MAX + 1], text[REF_TEXT_LEN + 1];
	char		 want[128], longest[400];

	(void)state;
	ref_format(&ref, text);
	maildir_name(&ref, 77, "o'neil, x/y@agency.example", name);
	snprintf(want, sizeof(want),
	    "%s,S=77,R=o%%27neil%%2C%%20x%%2Fy@agency.example", text);
	assert_string_equal(name, want);
	maildir_name_rcpt(name, rcpt);
	assert_string_equal(rcpt, "o'neil, x/y@agency.example");
	memset(longest, '%', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	maildir_name(&ref, 77, longest, name);
	snprintf(want, sizeof(want), "%s,S=77", text);
	assert_string_equal(name, want);
	maildir_name_rcpt(name, rcpt);
	assert_string_equal(rcpt, "");
	maildir_name_rcpt("x,R=%", rcpt);
	maildir_name_rcpt("x,R=%4", rcpt);
	maildir_name_rcpt("x,R=%00y", rcpt);
}

static int
count_file(void *arg, const char *box, const char *ref, const char *file,
    int fd)
{
	char	 c;

	assert_string_equal(box, "lin");
	assert_int_equal(strlen(ref), REF_TEXT_LEN);
	assert_memory_equal(file, ref, REF_TEXT_LEN);
	assert_null(strchr(file, ':'));
	assert_int_equal(read(fd, &c, 1), 1);
	++*(int *)arg;
	return ERR_OK;
}

static void
a_mail_is_linked_found_and_removed(void **state)
{
	struct maildir	*m = NULL;
	struct ref	 ref = {{ 9 }};
	char		 name[MAILDIR_NAME_MAX + 1], from[512], to[512];
	char		 making[MAILDIR_MAKING_MAX + 1];
	int		 fd, count = 0;

	(void)state;
	assert_int_equal(maildir_open(dir, &m), ERR_OK);
	assert_int_equal(maildir_new(m, &ref, making, &fd), ERR_OK);
	assert_int_equal(write(fd, "x", 1), 1);
	maildir_name(&ref, 1, "lin@a", name);
	assert_int_equal(maildir_link(m, making, "lin", name), ERR_OK);
	assert_int_equal(maildir_link(m, making, "lin", name), ERR_OK);
	assert_int_not_equal(maildir_link(m, making, "../lin", name), ERR_OK);
	maildir_drop(m, making);
	close(fd);
	assert_int_equal(maildir_sync(m), ERR_OK);
	assert_int_equal(maildir_each(m, count_file, &count), ERR_OK);
	assert_int_equal(count, 1);
	/* Read by an IMAP server: moved, with flags. */
	snprintf(from, sizeof(from), "%s/lin/new/%s", dir, name);
	snprintf(to, sizeof(to), "%s/lin/cur/%s:2,S", dir, name);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(maildir_each(m, count_file, &count), ERR_OK);
	assert_int_equal(count, 2);
	maildir_remove_new(m, "lin", name);
	assert_int_equal(maildir_each(m, count_file, &count), ERR_OK);
	assert_int_equal(count, 3);
	maildir_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_finds_its_box),
		cmocka_unit_test(a_wrong_line_is_named),
		cmocka_unit_test(a_name_says_size_and_recipient),
		cmocka_unit_test(a_mail_is_linked_found_and_removed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
