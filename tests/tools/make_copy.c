/*
 * make-copy KIND: writes a copy to standard output, for tests of what stands
 * behind it. KIND: mail (everything in it), tiny (pages of a few pixels), plain, photo (a lone picture),
 * document (a lone three-page document), stub, nested, big N (N pages), hostile
 * (a body that tries to break out of its part). --ref HEX sets the reference.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "copy.h"
#include "err.h"

#define W	620		/* A4 at 75 dpi */
#define H	877

static struct copy_writer	*writer;
static uint8_t			 samples[W * H * 3], frame[W * H * 4];
static uint32_t			 noise = 1;

static void
must(int r, const char *what)
{
	if (r != ERR_OK) {
		fprintf(stderr, "make-copy: %s: %s\n", what, err_text(r));
		exit(1);
	}
}

static int
sink(void *arg, const uint8_t *data, size_t len)
{
	return fwrite(data, 1, len, arg) == len ? ERR_OK : ERR_SYS;
}

static void
page_put(uint32_t index, uint8_t channels, uint32_t width, uint32_t height)
{
	struct copy_page	 p = { .index = index, .width = width,
				    .height = height, .channels = channels,
				    .dpi = 75, .frame = frame };

	p.frame_len = ZSTD_compress(frame, sizeof(frame), samples,
	    (size_t)width * height * channels, 1);
	must(copy_write_page(writer, &p), "page");
}

/* Strokes with soft edges on white; red ones when there is colour. */
static void
draw_text(uint32_t seed, int channels)
{
	static const uint8_t	 edge[] = { 190, 60, 0, 0, 80, 200 };
	size_t			 x, y, k;

	memset(samples, 255, sizeof(samples));
	for (y = 60; y < H - 60; y++)
		for (x = 40; x + 60 < W && y % 14 < 9; x += 9 + (x * 7 +
		    y / 14 * 13 + seed) % 5)
			for (k = 0; k < 6; k++) {
				if (channels == 1)
					samples[y * W + x + k] = edge[k];
				else
					samples[(y * W + x + k) * 3 + 1] =
					    samples[(y * W + x + k) * 3 + 2] =
					    edge[k];
			}
}

static void
draw_photo(int channels)
{
	size_t	 x, y, c;

	for (y = 0; y < H; y++)
		for (x = 0; x < W; x++)
			for (c = 0; c < (size_t)channels; c++) {
				noise = noise * 1103515245u + 12345u;
				samples[(y * W + x) * (size_t)channels + c] =
				    (uint8_t)(50 + (x * (c + 1) / 5 + y / 6) %
				    150 + (noise >> 16) % 5);
			}
}

static struct ref		 the_ref = {{ 0x11, 0x22, 0x33, 0x44, 0x55,
				    0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 1 }};
static uint32_t			 parts;

static void
mail_put(int document)
{
	static char		*rcpts[] = { "lin@agency.example",
				    "survey@agency.example" };
	struct copy_mail	 m = { .ref = the_ref,
				    .received_ms = 1773747602000,
				    .size = 188000, .sender = "bounce@lists.example",
				    .rcpts = rcpts, .rcpt_count = 2,
				    .client = "203.0.113.9", .tls = "TLSv1.3",
				    .auth = "mx.agency.example; spf=pass; dmarc=fail",
				    .policy = "9f3c41aa" };

	m.document = (uint8_t)document;
	if (document)
		m.rcpt_count = 0;
	memset(m.sha256, 0xab, sizeof(m.sha256));
	must(copy_write_mail(writer, &m), "mail");
}

static void
part_put(uint32_t parent, uint32_t depth, enum kind kind, const char *path,
    const char *name, int body)
{
	struct copy_part	 p = { .id = ++parts, .parent = parent,
				    .depth = depth, .kind = kind, .size = 1234567,
				    .path = (char *)(uintptr_t)path,
				    .name = (char *)(uintptr_t)name,
				    .declared = "application/octet-stream",
				    .body = (uint8_t)body };

	memset(p.sha256, (int)parts, sizeof(p.sha256));
	must(copy_write_part(writer, &p), "part");
}

static void
end_put(enum outcome outcome, enum reason reason, uint32_t pages,
    uint32_t total, const char *note)
{
	struct copy_part_end	 e = { .outcome = outcome, .reason = reason,
				    .pages = pages, .pages_total = total,
				    .millis = 12, .engine = "test",
				    .rule = "default",
				    .note = (char *)(uintptr_t)note };

	must(copy_write_part_end(writer, &e), "part end");
}

static void
fact_put(enum fact f, const char *value)
{
	must(copy_write_fact(writer, f, value), fact_name(f));
}

static void
text_put(uint32_t page, const char *text)
{
	must(copy_write_text(writer, page, text, strlen(text)), "text");
}

static void
headers_put(const char *subject)
{
	fact_put(FACT_HDR_FROM, "accounts@tidewater.example");
	fact_put(FACT_HDR_FROM_NAME, "潮水研究所 accounts");
	fact_put(FACT_HDR_REPLY_TO, "Reply <reply@quickmail.example>");
	fact_put(FACT_HDR_TO, "林 <lin@agency.example>");
	fact_put(FACT_HDR_TO, "survey@agency.example");
	fact_put(FACT_HDR_CC, "\"Odd, name\" <not an address>");
	fact_put(FACT_HDR_SUBJECT, subject);
	fact_put(FACT_HDR_DATE, "2026-03-17T11:39:58+08:00");
	fact_put(FACT_HDR_MESSAGE_ID, "<orig.1@tidewater.example>");
	fact_put(FACT_HDR_IN_REPLY_TO, "<orig.0@agency.example>");
	fact_put(FACT_HDR_REFERENCES, "<orig.0@agency.example>");
}

static void
root_put(const char *subject)
{
	part_put(0, 0, KIND_MAIL, "0", "", 0);
	headers_put(subject);
	end_put(OUTCOME_CONTAINER, REASON_COMPLETE, 0, 0, "");
}

static void
body_put(const char *text)
{
	part_put(1, 0, KIND_HTML, "1", "", 1);
	text_put(COPY_NO_PAGE, text);
	fact_put(FACT_LINKS, "2");
	end_put(OUTCOME_TEXT, REASON_COMPLETE, 0, 0, "");
}

static void
pdf_put(const char *path, const char *name)
{
	part_put(1, 0, KIND_PDF, path, name, 0);
	fact_put(FACT_FORMAT, "PDF 1.7");
	draw_text(1, 1);
	page_put(0, 1, W, H);
	text_put(0, "First page. See http://evil.example/a and 第一頁。\n");
	draw_text(2, 3);
	page_put(1, 3, W, H);
	text_put(1, "Second page, in red.\n");
	draw_photo(3);
	page_put(3, 3, W, H);
	fact_put(FACT_PAGES_FAILED, "3");
	fact_put(FACT_MACROS, "1");
	end_put(OUTCOME_IMAGES, REASON_LIMIT_PAGES, 3, 40, "3");
}

static void
mail_all(void)
{
	mail_put(0);
	root_put("Updated bank details — 匯款帳號 http://evil.example");
	body_put("Dear Ms Lin,\n\nplease pay at http://evil.example/pay "
	    "today.\n謝謝\n");
	pdf_put("2", "bank-details.pdf");
	part_put(1, 0, KIND_IMAGE, "3", "照片.heic", 0);
	draw_photo(3);
	page_put(0, 3, W, H / 2);
	fact_put(FACT_METADATA, "EXIF with place");
	end_put(OUTCOME_IMAGES, REASON_COMPLETE, 1, 1, "");
	part_put(1, 0, KIND_IMAGE, "4", "logo.gif", 0);
	draw_text(3, 3);
	page_put(0, 3, W, H / 3);
	end_put(OUTCOME_IMAGES, REASON_COMPLETE, 1, 1, "");
	part_put(1, 0, KIND_IMAGE, "5", "fax.tif", 0);
	draw_text(4, 1);
	page_put(0, 1, W, H);
	page_put(1, 1, W, H);
	end_put(OUTCOME_IMAGES, REASON_COMPLETE, 2, 2, "");
	part_put(1, 0, KIND_TEXT, "6", "notes.txt", 0);
	text_put(COPY_NO_PAGE, "Just notes, ftp://files.example/x\n");
	end_put(OUTCOME_TEXT, REASON_COMPLETE, 0, 0, "");
	part_put(1, 0, KIND_PROGRAM, "7", "setup.exe", 0);
	end_put(OUTCOME_STUB, REASON_NEVER, 0, 0, "");
	pdf_put("8", "bank-details.pdf");
	part_put(1, 1, KIND_MAIL, "9", "", 0);
	headers_put("An older mail");
	end_put(OUTCOME_CONTAINER, REASON_COMPLETE, 0, 0, "");
	part_put(parts, 1, KIND_TEXT, "9.1", "", 1);
	text_put(COPY_NO_PAGE, "What the older mail said.\n");
	end_put(OUTCOME_TEXT, REASON_COMPLETE, 0, 0, "");
}

static void
mail_hostile(void)
{
	char	 ref[REF_TEXT_LEN + 1], text[2048];

	ref_format(&the_ref, ref);
	mail_put(0);
	root_put("=?utf-8?B?PHNjcmlwdD4=?= \"quoted\" <x@y.example>");
	snprintf(text, sizeof(text), "Hello\n--=_limpid_%s\n"
	    "Content-Type: text/html\n\n<script>alert(1)</script>\n"
	    "--=_limpid_%s--\n", ref, ref);
	body_put(text);
	part_put(1, 0, KIND_TEXT, "2", "a\"b; name=x.exe", 0);
	text_put(COPY_NO_PAGE, "x\n");
	end_put(OUTCOME_TEXT, REASON_COMPLETE, 0, 0, "");
}

static void
pages_many(uint32_t n)
{
	uint32_t	 i;

	mail_put(0);
	root_put("Many pages");
	part_put(1, 0, KIND_PDF, "1", "many.pdf", 0);
	for (i = 0; i < n; i++) {
		draw_text(i, 1);
		page_put(i, 1, W, H);
		text_put(i, "A page.\n");
	}
	end_put(OUTCOME_IMAGES, REASON_COMPLETE, n, n, "");
}

static void
mail_tiny(void)
{
	mail_put(0);
	root_put("Tiny");
	part_put(1, 0, KIND_IMAGE, "1", "dot.png", 0);
	memset(samples, 7, 27);
	page_put(0, 3, 3, 3);
	end_put(OUTCOME_IMAGES, REASON_COMPLETE, 1, 1, "");
	part_put(1, 0, KIND_PDF, "2", "dots.pdf", 0);
	page_put(0, 1, 9, 2);
	text_put(0, "www.a.example");
	memset(samples, 255, 9);
	page_put(1, 1, 3, 3);
	text_put(1, "b");
	end_put(OUTCOME_IMAGES, REASON_COMPLETE, 2, 2, "");
}

static void
document_put(void)
{
	mail_put(1);
	part_put(0, 0, KIND_PDF, "0", "paper.pdf", 0);
	draw_text(1, 1);
	page_put(0, 1, W, H);
	text_put(0, "First page of http://evil.example\n");
	page_put(1, 1, W, H);
	text_put(1, "Second page\n");
	draw_photo(1);
	page_put(2, 1, W, H);
	end_put(OUTCOME_IMAGES, REASON_COMPLETE, 3, 3, "");
}

static int
copy_put(const char *kind, uint32_t n)
{
	if (strcmp(kind, "mail") == 0)
		mail_all();
	else if (strcmp(kind, "tiny") == 0)
		mail_tiny();
	else if (strcmp(kind, "plain") == 0) {
		mail_put(0);
		root_put("Plain words");
		body_put("Nothing but words.\n");
	} else if (strcmp(kind, "photo") == 0) {
		mail_put(1);
		part_put(0, 0, KIND_IMAGE, "0", "photo.jpg", 0);
		draw_photo(3);
		page_put(0, 3, W, H);
		end_put(OUTCOME_IMAGES, REASON_COMPLETE, 1, 1, "");
	} else if (strcmp(kind, "document") == 0)
		document_put();
	else if (strcmp(kind, "stub") == 0) {
		mail_put(1);
		part_put(0, 0, KIND_PROGRAM, "0", "setup.exe", 0);
		end_put(OUTCOME_STUB, REASON_NEVER, 0, 0, "");
	} else if (strcmp(kind, "hostile") == 0)
		mail_hostile();
	else if (strcmp(kind, "big") == 0)
		pages_many(n);
	else
		return 0;
	must(copy_write_end(writer), "end");
	return 1;
}

int
main(int argc, char **argv)
{
	unsigned	 b;
	size_t		 i;

	if (argc >= 4 && strcmp(argv[1], "--ref") == 0) {
		for (i = 0; i < REF_BYTES && sscanf(argv[2] + 2 * i, "%2x",
		    &b) == 1; i++)
			the_ref.b[i] = (uint8_t)b;
		argv += 2;
		argc -= 2;
	}
	if (argc < 2 || (writer = copy_writer_new(sink, stdout)) == NULL ||
	    !copy_put(argv[1], argc > 2 ? (uint32_t)atoi(argv[2]) : 10)) {
		fprintf(stderr, "usage: make-copy [--ref HEX] mail|tiny|plain|photo|"
		    "document|stub|hostile|big [N]\n");
		return 2;
	}
	copy_writer_free(writer);
	return fflush(stdout) == 0 ? 0 : 1;
}
