/*
 * The files that worker-office is shown, and those it is not.
 * Runs in limpid-worker-office, before any part.
 * Hostile input: none. Must never list anything that holds a secret or is written by
 * another program.
 */
#include "office_jail.h"

static const char *const shown[] = {
	/* the program, its libraries, and links that lead to them */
	"/lib",
	"/lib64",
	"/usr/lib",
	"/usr/lib64",
	"/usr/share/libreoffice",
	"/usr/share/liblangtag",
	"/etc/ld.so.cache",
	"/etc/libreoffice",
	"/var/lib/libreoffice",
	"/var/spool/libreoffice",
	/* fonts */
	"/etc/fonts",
	"/usr/local/share/fonts",
	"/usr/share/fontconfig",
	"/usr/share/fonts",
	"/usr/share/poppler",
	"/usr/share/X11/locale",
	"/var/cache/fontconfig",
	/* times of the world, names of locales, and two devices */
	"/usr/share/i18n",
	"/usr/share/zoneinfo",
	"/dev/null",
	"/dev/urandom",
	0
};

#define PROGRAM	OFFICE_PROGRAM "/"
#define SHARE	"/usr/lib/libreoffice/share/"

static const char *const hidden[] = {
	/* macros and scripts: Basic libraries, Python, Java, VBA, event handlers */
	SHARE "Scripts",
	SHARE "basic",
	SHARE "extensions",
	SHARE "wizards",
	PROGRAM "classes",
	PROGRAM "libdlgprovlo.so",
	PROGRAM "libinvocadaptlo.so",
	PROGRAM "libjavaloaderlo.so",
	PROGRAM "libjavavmlo.so",
	PROGRAM "libmsformslo.so",
	PROGRAM "libscriptframe.so",
	PROGRAM "libvbaobjlo.so",
	PROGRAM "libvbaswobjlo.so",
	PROGRAM "mailmerge.py",
	PROGRAM "msgbox.py",
	PROGRAM "scriptforge.py",
	PROGRAM "shell",
	PROGRAM "wizards",
	/* what would fetch or send */
	PROGRAM "libLanguageToollo.so",
	PROGRAM "libcmdmaillo.so",
	PROGRAM "libldapbe2lo.so",
	PROGRAM "libucpdav1.so",
	PROGRAM "libucpftp1.so",
	PROGRAM "senddoc",
	/* data bases, extensions, other documents' programs */
	PROGRAM "libdeploymentgui.so",
	PROGRAM "libmozbootstraplo.so",
	PROGRAM "libpdfimportlo.so",
	PROGRAM "libunopkgapp.so",
	PROGRAM "xpdfimport",
	/* sound and film */
	PROGRAM "libOGLTranslo.so",
	PROGRAM "libavmediagst.so",
	PROGRAM "libslideshowlo.so",
	"/usr/lib/x86_64-linux-gnu/gstreamer-1.0",
	"/usr/lib/aarch64-linux-gnu/gstreamer-1.0",
	/* programs that drawing to the screen and PostScript pictures would start */
	"/usr/lib/ghostscript",
	0
};

const struct jail_files office_files = {
	.shown = shown,
	.hidden = hidden,
	.tmp_bytes = 512u << 20,
	.tmp_files = 4096,
};
