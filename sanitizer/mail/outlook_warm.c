/*
 * outlook_warm: makes the libraries load now what they would load later.
 * Runs in: the warm parent of worker-msg. Hostile input: none; its samples are made
 * here.
 * Must never: see a part.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gsf/gsf.h>
#include <gsf/gsf-outfile-msole.h>

#include "charset.h"
#include "err.h"
#include "outlook.h"

static const uint8_t sample_tnef[] =
    "\x78\x9f\x3e\x22\1\0"
    "\1\4\x80\1\0\2\0\0\0a\0\x61\0"		/* attSubject "a" */
    "\1\x0c\x80\2\0\2\0\0\0b\0\x62\0";		/* attBody "b" */

static void
quiet(const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer arg)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)arg;
}

static GLogWriterOutput
quiet_writer(GLogLevelFlags level, const GLogField *fields, gsize n,
    gpointer arg)
{
	(void)level;
	(void)fields;
	(void)n;
	(void)arg;
	return G_LOG_WRITER_HANDLED;
}

static void
sample_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	(void)f;
	(void)value;
}

static int
sample_child(void *arg, enum worker_role role, enum kind hint,
    const char *path, const char *name, const char *declared,
    const char *charset, const char *content_id)
{
	(void)role;
	(void)hint;
	(void)path;
	(void)name;
	(void)declared;
	(void)charset;
	(void)content_id;
	++*(unsigned *)arg;
	return 1;
}

static int
sample_data(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 1;
}

static void
sample_stub(void *arg, enum reason reason, const char *note)
{
	(void)arg;
	(void)reason;
	(void)note;
}

static void
add(GsfOutfile *dir, const char *name, const char *bytes, size_t len)
{
	GsfOutput	*out = gsf_outfile_new_child(dir, name, FALSE);

	gsf_output_write(out, len, (const guint8 *)bytes);
	gsf_output_close(out);
	g_object_unref(out);
}

/* A mail with a body, and a mail inside. */
static GsfOutput *
sample_msg(void)
{
	GsfOutput	*memory = gsf_output_memory_new();
	GsfOutfile	*ole = gsf_outfile_msole_new(memory);
	GsfOutput	*attach, *inner;
	char		 fixed[48] = { 0 };

	memcpy(fixed + 32, "\x40\0\x39\0\0\0\0\0\0\0\0\0\0\0\xda\1", 16);
	add(ole, "__properties_version1.0", fixed, sizeof(fixed));
	add(ole, "__substg1.0_1000001E", "\x93\xfa", 2);
	attach = gsf_outfile_new_child(ole, "__attach_version1.0_#00000000",
	    TRUE);
	inner = gsf_outfile_new_child(GSF_OUTFILE(attach),
	    "__substg1.0_3701000D", TRUE);
	add(GSF_OUTFILE(inner), "__substg1.0_1000001F", "a\0", 2);
	gsf_output_close(inner);
	gsf_output_close(attach);
	gsf_output_close(GSF_OUTPUT(ole));
	g_object_unref(inner);
	g_object_unref(attach);
	g_object_unref(ole);
	return memory;
}

int
outlook_warm(void)
{
	static const struct outlook_limits	 limits = { 1 << 20, 1 << 20 };
	static char		 words[4096];
	unsigned		 children = 0;
	struct outlook_sink	 sink = { &children, sample_fact, sample_child,
				    sample_data, sample_stub };
	GsfOutput		*memory;
	int			 r;

	tzset();
	/* libytnef prints what it does not like: without a buffer of ours, the
	 * first word would ask the kernel what stdout is */
	setvbuf(stdout, words, _IOFBF, sizeof(words));
	if ((r = charset_warm()) != ERR_OK)
		return r;
	g_log_set_default_handler(quiet, NULL);
	g_log_set_writer_func(quiet_writer, NULL, NULL);
	gsf_init();
	memory = sample_msg();
	outlook_read_msg(gsf_output_memory_get_bytes(
	    GSF_OUTPUT_MEMORY(memory)), (size_t)gsf_output_size(memory),
	    &limits, &sink);
	g_object_unref(memory);
	outlook_read_tnef(sample_tnef, sizeof(sample_tnef) - 1, &limits,
	    &sink);
	return children == 3 ? ERR_OK : ERR_FORMAT;
}
