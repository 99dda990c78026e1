#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "envelope.h"
#include "err.h"
#include "smime.h"

static const char	 content[] = "Content-Type: text/plain\r\n\r\nPay 100.\r\n";
static EVP_PKEY		*key;
static X509		*cert;

static void
add_extension(int nid, const char *value)
{
	X509V3_CTX	 ctx;
	X509_EXTENSION	*e;

	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
}

static int
setup(void **state)
{
	X509_NAME	*name;

	(void)state;
	assert_int_equal(smime_warm(NULL), ERR_OK);
	key = EVP_EC_gen("P-256");
	cert = X509_new();
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	ASN1_TIME_set_string(X509_getm_notBefore(cert), "20200101000000Z");
	ASN1_TIME_set_string(X509_getm_notAfter(cert), "20490101000000Z");
	name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)"A\"; the issuer is trusted\n", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	add_extension(NID_subject_alt_name, "email:a@b.example");
	X509_sign(cert, key, EVP_sha256());
	return key == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	X509_free(cert);
	EVP_PKEY_free(key);
	return 0;
}

/* The signature of what as DER, or as BER in pieces. */
static uint8_t *
sign(const char *what, unsigned flags, const EVP_MD *digest, size_t *len)
{
	BIO		*in = BIO_new_mem_buf(what, -1);
	BIO		*out = BIO_new(BIO_s_mem());
	CMS_ContentInfo	*cms;
	char		*s;
	uint8_t		*copy;

	cms = CMS_sign(NULL, NULL, NULL, in, flags | CMS_PARTIAL | CMS_BINARY);
	assert_non_null(cms);
	assert_non_null(CMS_add1_signer(cms, cert, key, digest, flags));
	if (flags & CMS_STREAM) {
		assert_int_equal(i2d_CMS_bio_stream(out, cms, in, (int)flags),
		    1);
	} else {
		assert_int_equal(CMS_final(cms, in, NULL, flags | CMS_BINARY),
		    1);
		assert_int_equal(i2d_CMS_bio(out, cms), 1);
	}
	*len = (size_t)BIO_get_mem_data(out, &s);
	copy = malloc(*len);
	memcpy(copy, s, *len);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(out);
	return copy;
}

/* The verdict on a signature of the content, for what came with it. */
static char *
judge(unsigned flags, const EVP_MD *digest, const char *from,
    const char *over, const char *came)
{
	struct signed_pair	 p = { 0 };
	struct smime_verdict	 v = { 0 };
	size_t			 n;
	uint8_t			*s = sign(content, flags, digest, &n);

	strcpy(p.from, from);
	strcpy(p.over, over);
	p.signature = s;
	p.signature_len = n;
	p.content = (const uint8_t *)came;
	p.content_len = strlen(came);
	assert_int_equal(smime_judge(&p, &v), ERR_OK);
	assert_non_null(strstr(v.text, v.line));
	free(v.text);
	free(s);
	return v.line;
}

static void
expect(char *line, const char *begins, const char *holds)
{
	if (strncmp(line, begins, strlen(begins)) != 0 ||
	    strstr(line, holds) == NULL)
		fail_msg("\"%s\" is not \"%s ... %s\"", line, begins, holds);
	free(line);
}

static void
test_whole_content_of_the_sender_is_valid(void **state)
{
	(void)state;
	expect(judge(CMS_DETACHED, EVP_sha256(), "A@B.example", "", content),
	    "valid; signed by \"a@b.example\"; issuer \"A'; the issuer is "
	    "trusted\"; certificate from 2020-01-01 to 2049-01-01",
	    "; it made its certificate itself, so anyone could have");
	expect(judge(CMS_DETACHED, EVP_sha512(), "a@b.example", "1.1", content),
	    "valid; over part 1.1 only; ", "");
	expect(judge(0, EVP_sha256(), "a@b.example", "", content), "valid; ",
	    "");
	expect(judge(CMS_DETACHED | CMS_NOATTR, EVP_sha256(), "a@b.example", "",
	    content), "valid; ", "");
}

static void
test_ends_of_lines_may_change(void **state)
{
	(void)state;
	expect(judge(CMS_DETACHED, EVP_sha256(), "a@b.example", "",
	    "Content-Type: text/plain\n\nPay 100.\n"), "valid; ", "");
}

static void
test_a_changed_byte_is_broken(void **state)
{
	(void)state;
	expect(judge(CMS_DETACHED, EVP_sha256(), "a@b.example", "",
	    "Content-Type: text/plain\r\n\r\nPay 900.\r\n"),
	    "broken: the content was changed", "");
	expect(judge(CMS_DETACHED | CMS_NOATTR, EVP_sha256(), "a@b.example", "",
	    "Content-Type: text/plain\r\n\r\nPay 900.\r\n"), "broken: ", "");
	expect(judge(CMS_DETACHED, EVP_sha256(), "a@b.example", "", ""),
	    "broken: ", "");
	/* it holds for what it carries, and that is not what is shown */
	expect(judge(0, EVP_sha256(), "a@b.example", "", "Pay 900.\r\n"),
	    "broken: ", "");
}

static void
test_another_sender_is_said_first(void **state)
{
	(void)state;
	expect(judge(CMS_DETACHED, EVP_sha256(), "c@b.example", "", content),
	    "the signer's address is not the sender's; signed by "
	    "\"a@b.example\"", "");
}

/* Writes the certificate as the only issuer of a folder and reads it back. */
static void
trust(const char *folder, const char *name)
{
	char	 path[64];
	FILE	*f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, cert), 1);
	fclose(f);
	assert_int_equal(smime_warm(folder), ERR_OK);
	unlink(path);
}

static void
test_issuers_of_a_folder_are_trusted(void **state)
{
	char	 folder[] = "/tmp/test_smime.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(smime_warm(folder), ERR_CONFIG);
	expect(judge(CMS_DETACHED, EVP_sha256(), "a@b.example", "", content),
	    "valid; ", "; it made its certificate itself");
	trust(folder, "one.pem");
	expect(judge(CMS_DETACHED, EVP_sha256(), "a@b.example", "", content),
	    "valid; ", "; the issuer is trusted here; whether it took");
	/* what was changed stays broken, whoever issued it */
	expect(judge(CMS_DETACHED, EVP_sha256(), "a@b.example", "", "x"),
	    "broken: ", "");
	rmdir(folder);
}

static void
test_a_weak_digest_is_not_valid(void **state)
{
	(void)state;
	expect(judge(CMS_DETACHED, EVP_sha1(), "a@b.example", "", content),
	    "not to be trusted: made with sha1", "");
}

static void
test_a_lost_certificate_is_said(void **state)
{
	(void)state;
	expect(judge(CMS_DETACHED | CMS_NOCERTS, EVP_sha256(), "a@b.example",
	    "", content), "not checked: the signer's certificate", "");
}

static void
test_rubbish_is_broken(void **state)
{
	struct smime_verdict	 v = { 0 };

	(void)state;
	assert_int_equal(smime_describe((const uint8_t *)"0\x03\2\1\7", 5, &v),
	    ERR_OK);
	assert_string_equal(v.line, "broken: the signature cannot be read");
	free(v.line);
	free(v.text);
}

static void
test_a_pair_survives_its_packing(void **state)
{
	struct signed_pair	 p = { .from = "a@b", .over = "1.2",
				    .signature = (const uint8_t *)"sig",
				    .signature_len = 3, .content =
				    (const uint8_t *)"content",
				    .content_len = 7 }, q = { 0 };
	size_t			 len, i;
	uint8_t			*s = signed_pair_pack(&p, &len);

	(void)state;
	assert_non_null(s);
	assert_int_equal(signed_pair_unpack(s, len, &q), ERR_OK);
	assert_string_equal(q.from, "a@b");
	assert_string_equal(q.over, "1.2");
	assert_memory_equal(q.signature, "sig", 3);
	assert_memory_equal(q.content, "content", 7);
	for (i = 0; i < len; i++)
		assert_int_equal(signed_pair_unpack(s, i, &q), ERR_FORMAT);
	free(s);
}

static void
test_content_is_found_in_every_form(void **state)
{
	static const unsigned	 flags[] = { 0, CMS_STREAM };
	uint8_t			*s, *c;
	size_t			 n, k, i, cut;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = sign(content, flags[i], EVP_sha256(), &n);
		assert_int_equal(envelope_find(s, n), ENVELOPE_SIGNED);
		assert_int_equal(envelope_content(s, n, &c, &k), ERR_OK);
		assert_int_equal(k, strlen(content));
		assert_memory_equal(c, content, k);
		free(c);
		/* of one that was cut, what came */
		for (cut = 0; cut < n; cut++) {
			if (envelope_content(s, cut, &c, &k) != ERR_OK)
				continue;
			assert_true(k <= strlen(content));
			assert_memory_equal(c, content, k);
			free(c);
		}
		free(s);
	}
	s = sign(content, CMS_DETACHED, EVP_sha256(), &n);
	assert_int_equal(envelope_find(s, n), ENVELOPE_SIGNATURE);
	assert_int_equal(envelope_content(s, n, &c, &k), ERR_FORMAT);
	free(s);
	assert_int_equal(envelope_find((const uint8_t *)content, 20),
	    ENVELOPE_NONE);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_whole_content_of_the_sender_is_valid),
		cmocka_unit_test(test_ends_of_lines_may_change),
		cmocka_unit_test(test_a_changed_byte_is_broken),
		cmocka_unit_test(test_another_sender_is_said_first),
		cmocka_unit_test(test_issuers_of_a_folder_are_trusted),
		cmocka_unit_test(test_a_weak_digest_is_not_valid),
		cmocka_unit_test(test_a_lost_certificate_is_said),
		cmocka_unit_test(test_rubbish_is_broken),
		cmocka_unit_test(test_a_pair_survives_its_packing),
		cmocka_unit_test(test_content_is_found_in_every_form)
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
