/*
 * smime: verifies a signature against the bytes it came with, by OpenSSL's CMS.
 * Runs in: worker-smime, in the jail.
 * Hostile input: signature, certificates and what was signed.
 * Must never: say "valid" when a byte of the content or the signer's address
 * differs, nor call an issuer trusted that nobody here chose to trust.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "err.h"
#include "smime.h"
#include "strbuf.h"
#include "text.h"

#define ADDRESSES_MAX	20
#define NAME_MAX_BYTES	200

static X509_STORE	*anchors;	/* NULL: no issuer is checked */

/* Every file of the folder; what is no certificate is left out. */
static int
load_anchors(const char *folder)
{
	DIR		*dir;
	struct dirent	*e;
	char		*path;
	int		 n = 0;

	if ((dir = opendir(folder)) == NULL)
		return ERR_CONFIG;
	if ((anchors = X509_STORE_new()) == NULL) {
		closedir(dir);
		return ERR_MEMORY;
	}
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.' || asprintf(&path, "%s/%s", folder,
		    e->d_name) == -1)
			continue;
		n += X509_STORE_load_file(anchors, path) == 1;
		free(path);
	}
	closedir(dir);
	ERR_clear_error();
	if (n > 0)
		return ERR_OK;
	X509_STORE_free(anchors);
	anchors = NULL;
	return ERR_CONFIG;
}

int
smime_warm(const char *folder)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_ADD_ALL_DIGESTS,
	    NULL);
	if (folder == NULL || *folder == '\0')
		return ERR_OK;
	return load_anchors(folder);
}

/* One signature under judgement. */
struct judge {
	const struct signed_pair	*pair;
	CMS_ContentInfo			*cms;
	CMS_SignerInfo			*signer;
	X509				*cert;	/* the signer's; NULL: not there */
	STACK_OF(X509)			*certs;
	char				 digest[32];
	int				 signers;
};

/* Words of a certificate, in quotes and on one line: they must not look like ours. */
static void
put_words(struct strbuf *b, const char *s, size_t len)
{
	char	*clean = text_clean(s, len, TEXT_LINE, NAME_MAX_BYTES, NULL);

	if (clean == NULL) {
		b->failed = 1;
		return;
	}
	for (char *p = clean; *p != '\0'; p++)
		if (*p == '"')
			*p = '\'';
	strbuf_printf(b, "\"%s\"", clean);
	free(clean);
}

/* Common name, else organisation, else what there is, as UTF-8. */
static void
put_name(struct strbuf *b, X509_NAME *name)
{
	static const int	 nids[] = { NID_commonName,
				    NID_organizationName, NID_pkcs9_emailAddress };
	X509_NAME_ENTRY		*e;
	unsigned char		*s;
	int			 at, len;

	for (size_t i = 0; i < sizeof(nids) / sizeof(nids[0]); i++) {
		if ((at = X509_NAME_get_index_by_NID(name, nids[i], -1)) < 0 ||
		    (e = X509_NAME_get_entry(name, at)) == NULL ||
		    (len = ASN1_STRING_to_UTF8(&s,
		    X509_NAME_ENTRY_get_data(e))) < 0)
			continue;
		put_words(b, (const char *)s, (size_t)len);
		OPENSSL_free(s);
		return;
	}
	strbuf_puts(b, "without a name");
}

static void
put_day(struct strbuf *b, const ASN1_TIME *t)
{
	struct tm	 tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		strbuf_puts(b, "?");
	else
		strbuf_printf(b, "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
}

/* The addresses that a certificate is for, and whether ours is one of them. */
static int
put_addresses(struct strbuf *b, X509 *cert, const char *ours)
{
	STACK_OF(OPENSSL_STRING)	*list = X509_get1_email(cert);
	int				 i, n, found = 0;
	const char			*s;

	n = list == NULL ? 0 : sk_OPENSSL_STRING_num(list);
	for (i = 0; i < n && i < ADDRESSES_MAX; i++) {
		s = sk_OPENSSL_STRING_value(list, i);
		found |= strcasecmp(s, ours) == 0;
		strbuf_puts(b, i > 0 ? ", " : "");
		put_words(b, s, strlen(s));
	}
	if (n == 0)
		put_name(b, X509_get_subject_name(cert));
	X509_email_free(list);
	return found;
}

/* The time at which the signer says that it signed; NULL: it does not. */
static const ASN1_TIME *
signing_time(const CMS_SignerInfo *si)
{
	int		 at;
	X509_ATTRIBUTE	*a;
	const ASN1_TYPE	*t;

	at = CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1);
	if (at < 0 || (a = CMS_signed_get_attr(si, at)) == NULL ||
	    (t = X509_ATTRIBUTE_get0_type(a, 0)) == NULL)
		return NULL;
	if (t->type == V_ASN1_UTCTIME)
		return t->value.utctime;
	return t->type == V_ASN1_GENERALIZEDTIME ? t->value.generalizedtime :
	    NULL;
}

/* Whether the certificate was good when, it says, it was used. */
static int
was_in_time(X509 *cert, const ASN1_TIME *when)
{
	return ASN1_TIME_compare(X509_get0_notBefore(cert), when) <= 0 &&
	    ASN1_TIME_compare(X509_get0_notAfter(cert), when) >= 0;
}

/* Others can be made that fit the same signature. */
static int
is_weak(const char *digest)
{
	static const char *const	 weak[] = { "md2", "md4", "md5", "sha1" };

	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (strcasecmp(digest, weak[i]) == 0)
			return 1;
	return 0;
}

/* What the issuer is worth, by our anchors; the chain comes with the mail. */
static const char *
issuer_verdict(const struct judge *j)
{
	X509_STORE_CTX		*ctx;
	X509_VERIFY_PARAM	*param;
	const ASN1_TIME		*when;
	const char		*verdict = "the issuer is NOT trusted here";
	struct tm		 tm;

	if (anchors == NULL)
		return X509_NAME_cmp(X509_get_issuer_name(j->cert),
		    X509_get_subject_name(j->cert)) == 0 ?
		    "it made its certificate itself, so anyone could have" :
		    "the issuer is not checked";
	if ((ctx = X509_STORE_CTX_new()) == NULL)
		return verdict;
	if (X509_STORE_CTX_init(ctx, anchors, j->cert, j->certs) == 1) {
		param = X509_STORE_CTX_get0_param(ctx);
		X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SMIME_SIGN);
		if ((when = signing_time(j->signer)) != NULL &&
		    ASN1_TIME_to_tm(when, &tm) == 1)
			X509_VERIFY_PARAM_set_time(param, timegm(&tm));
		if (X509_verify_cert(ctx) == 1)
			verdict = "the issuer is trusted here; whether it took "
			    "the certificate back is not checked";
	}
	X509_STORE_CTX_free(ctx);
	return verdict;
}

/* Why it did not verify. */
static const char *
fault_of(void)
{
	unsigned long	 e;
	int		 unknown = 0, lost = 0, changed = 0;

	while ((e = ERR_get_error()) != 0) {
		if (ERR_GET_LIB(e) != ERR_LIB_CMS)
			continue;
		switch (ERR_GET_REASON(e)) {
		case CMS_R_SIGNER_CERTIFICATE_NOT_FOUND:
			lost = 1;
			break;
		case CMS_R_UNKNOWN_DIGEST_ALGORITHM:
		case CMS_R_NO_MATCHING_DIGEST:
		case CMS_R_UNSUPPORTED_TYPE:
		case CMS_R_UNSUPPORTED_SIGNATURE_ALGORITHM:
			unknown = 1;
			break;
		case CMS_R_CONTENT_VERIFY_ERROR:
			changed = 1;
			break;
		default:
			break;
		}
	}
	if (lost)
		return "not checked: the signer's certificate did not come with "
		    "it";
	if (unknown)
		return "not checked: made in a way that is not known here";
	return changed ? "broken: the content was changed after signing" :
	    "broken: the signature does not fit its certificate";
}

/* The bytes with every end of line as it is signed, CR LF. NULL: no memory. */
static uint8_t *
canonical(const uint8_t *s, size_t len, size_t *n)
{
	uint8_t	*out;
	size_t	 i, k = 0, lines = 0;

	for (i = 0; i < len; i++)
		lines += s[i] == '\n' && (i == 0 || s[i - 1] != '\r');
	if ((out = malloc(len + lines + 1)) == NULL)
		return NULL;
	for (i = 0; i < len; i++) {
		if (s[i] == '\n' && (i == 0 || s[i - 1] != '\r'))
			out[k++] = '\r';
		out[k++] = s[i];
	}
	*n = k;
	return out;
}

/* A new structure each time: the library changes one that it verifies. */
static CMS_ContentInfo *
read_cms(const uint8_t *data, size_t len)
{
	CMS_ContentInfo	*cms;
	const uint8_t	*p = data;

	if (len > INT32_MAX || (cms = d2i_CMS_ContentInfo(NULL, &p,
	    (long)len)) == NULL)
		return NULL;
	if (OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed)
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

/* 1: every signature holds for these bytes. */
static int
holds_for(struct judge *j, const uint8_t *s, size_t len)
{
	const unsigned	 flags = CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY;
	BIO		*in = NULL, *out;
	char		*carried;
	int		 detached = CMS_is_detached(j->cms), ok = 0;

	ERR_clear_error();
	if ((out = BIO_new(BIO_s_mem())) == NULL || len > INT32_MAX ||
	    (detached && (in = BIO_new_mem_buf(s, (int)len)) == NULL))
		goto out;
	ok = CMS_verify(j->cms, NULL, NULL, in, detached ? NULL : out, flags) ==
	    1;
	/* what it carries must be what is shown */
	if (ok && !detached)
		ok = (size_t)BIO_get_mem_data(out, &carried) == len &&
		    (len == 0 || memcmp(carried, s, len) == 0);
 out:
	BIO_free(in);
	BIO_free(out);
	return ok;
}

static int
holds(struct judge *j)
{
	const struct signed_pair	*p = j->pair;
	uint8_t				*s;
	size_t				 n = 0;
	int				 ok;

	if (holds_for(j, p->content, p->content_len))
		return 1;
	/* On the way ends of lines change, which no signature is about. */
	if (!CMS_is_detached(j->cms) ||
	    (s = canonical(p->content, p->content_len, &n)) == NULL)
		return 0;
	ok = n != p->content_len && holds_for(j, s, n);
	if (!ok && n == p->content_len)
		ok = holds_for(j, s, n);	/* for the reason it gives */
	free(s);
	return ok;
}

/* The first signer, how many there are, and the certificate it names. */
static int
find_signer(struct judge *j)
{
	STACK_OF(CMS_SignerInfo)	*list = CMS_get0_SignerInfos(j->cms);
	X509_ALGOR			*digest = NULL;
	int				 i;

	j->signers = list == NULL ? 0 : sk_CMS_SignerInfo_num(list);
	j->certs = CMS_get1_certs(j->cms);
	if (j->signers == 0)
		return 0;
	j->signer = sk_CMS_SignerInfo_value(list, 0);
	for (i = 0; j->certs != NULL && i < sk_X509_num(j->certs); i++)
		if (CMS_SignerInfo_cert_cmp(j->signer,
		    sk_X509_value(j->certs, i)) == 0) {
			j->cert = sk_X509_value(j->certs, i);
			break;
		}
	CMS_SignerInfo_get0_algs(j->signer, NULL, NULL, &digest, NULL);
	if (digest != NULL)
		OBJ_obj2txt(j->digest, sizeof(j->digest), digest->algorithm,
		    0);
	return 1;
}

/* All that the certificate says, for whoever asks. */
static void
put_details(const struct judge *j, struct strbuf *b)
{
	const ASN1_TIME	*when;

	if (j->cert == NULL)
		return;
	strbuf_puts(b, "Signed by: ");
	put_name(b, X509_get_subject_name(j->cert));
	strbuf_puts(b, "\nCertificate for: ");
	put_addresses(b, j->cert, "");
	strbuf_puts(b, "\nIssued by: ");
	put_name(b, X509_get_issuer_name(j->cert));
	strbuf_puts(b, "\nCertificate from ");
	put_day(b, X509_get0_notBefore(j->cert));
	strbuf_puts(b, " to ");
	put_day(b, X509_get0_notAfter(j->cert));
	if ((when = signing_time(j->signer)) != NULL) {
		strbuf_puts(b, "\nSigned on (as the signer says): ");
		put_day(b, when);
	}
	strbuf_printf(b, "\nMade with: %s\n", j->digest);
	if (j->signers > 1)
		strbuf_printf(b, "Signatures: %d; the first is described.\n",
		    j->signers);
}

/* The verdict on a signature that holds. */
static void
put_valid(const struct judge *j, struct strbuf *b)
{
	const ASN1_TIME	*when = signing_time(j->signer);
	struct strbuf	 who = STRBUF_EMPTY;
	int		 ours;

	ours = put_addresses(&who, j->cert, j->pair->from);
	if (when != NULL && !was_in_time(j->cert, when))
		strbuf_puts(b, "not to be trusted: the certificate was not "
		    "valid when it was used; ");
	else if (is_weak(j->digest))
		strbuf_printf(b, "not to be trusted: made with %s, which can be "
		    "forged; ", j->digest);
	else if (!ours && j->pair->from[0] != '\0')
		strbuf_puts(b, "the signer's address is not the sender's; ");
	else
		strbuf_puts(b, "valid; ");
	if (j->pair->over[0] != '\0')
		strbuf_printf(b, "over part %s only; ", j->pair->over);
	strbuf_puts(b, "signed by ");
	if (who.s != NULL)
		strbuf_add(b, who.s, who.len);
	if (j->signers > 1)
		strbuf_printf(b, " and %d more", j->signers - 1);
	strbuf_puts(b, "; issuer ");
	put_name(b, X509_get_issuer_name(j->cert));
	strbuf_puts(b, "; certificate from ");
	put_day(b, X509_get0_notBefore(j->cert));
	strbuf_puts(b, " to ");
	put_day(b, X509_get0_notAfter(j->cert));
	strbuf_printf(b, "; %s", issuer_verdict(j));
	b->failed |= who.failed;
	strbuf_free(&who);
}

static void
judge(struct judge *j, struct strbuf *line)
{
	if (!find_signer(j)) {
		strbuf_puts(line, j->certs != NULL ? "no signature, only "
		    "certificates" : "no signature in it");
	} else if (j->pair == NULL) {
		strbuf_puts(line, "not checked: what it signs did not come with "
		    "it");
	} else if (!holds(j)) {
		strbuf_puts(line, fault_of());
	} else {
		/* the one that it was verified by */
		CMS_SignerInfo_get0_algs(j->signer, NULL, &j->cert, NULL, NULL);
		put_valid(j, line);
	}
}

static int
verdict_make(const uint8_t *data, size_t len, const struct signed_pair *pair,
    struct smime_verdict *v)
{
	struct judge	 j = { .pair = pair };
	struct strbuf	 line = STRBUF_EMPTY, text = STRBUF_EMPTY;

	if ((j.cms = read_cms(data, len)) == NULL)
		strbuf_puts(&line, "broken: the signature cannot be read");
	else
		judge(&j, &line);
	strbuf_puts(&text, "Signature (S/MIME): ");
	if (line.s != NULL)
		strbuf_add(&text, line.s, line.len);
	strbuf_puts(&text, ".\n");
	if (j.signer != NULL)
		put_details(&j, &text);
	sk_X509_pop_free(j.certs, X509_free);
	CMS_ContentInfo_free(j.cms);
	ERR_clear_error();
	v->line = strbuf_take(&line);
	v->text = strbuf_take(&text);
	if (v->line != NULL && v->text != NULL)
		return ERR_OK;
	free(v->line);
	free(v->text);
	return ERR_MEMORY;
}

int
smime_judge(const struct signed_pair *p, struct smime_verdict *v)
{
	return verdict_make(p->signature, p->signature_len, p, v);
}

int
smime_describe(const uint8_t *data, size_t len, struct smime_verdict *v)
{
	return verdict_make(data, len, NULL, v);
}
