/*
 * What links_defang_text makes of running text, and links_defang_target of
 * targets. Every result is also fed in again and must not change.
 */
static const struct {
	const char	*in, *out;
	unsigned	 count;
} text_cases[] = {
	/* plain links and what surrounds them */
	{ "no link at all", "no link at all", 0 },
	{ "Visit http://example.com/path?x=1.",
	  "Visit hxxp[:]//example[.]com/path?x=1.", 1 },
	{ "HTTPS://Example.COM", "hxxps[:]//example[.]com", 1 },
	{ "(see http://example.com/a_(b))",
	  "(see hxxp[:]//example[.]com/a_(b))", 1 },
	{ "<http://example.com/>", "<hxxp[:]//example[.]com/>", 1 },
	{ "\"http://example.com\"", "\"hxxp[:]//example[.]com\"", 1 },
	{ "http://example.com/a, b", "hxxp[:]//example[.]com/a, b", 1 },
	{ "http://example.com:8080/x", "hxxp[:]//example[.]com:8080/x", 1 },
	{ "http://example.com/x?u=http://other.com/a",
	  "hxxp[:]//example[.]com/x?u=http[:]//other[.]com/a", 2 },
	{ "//evil.com/x", "//evil[.]com/x", 1 },
	{ "see.http://example.com", "see[.]http[:]//example[.]com", 2 },
	/* bare domains and addresses */
	{ "www.example.com", "www[.]example[.]com", 1 },
	{ "example.com.", "example[.]com.", 1 },
	{ "a..b.com", "a..b[.]com", 1 },
	{ "example.com:8080/x", "example[.]com:8080/x", 1 },
	{ "john.doe@example.com", "john[.]doe[@]example[.]com", 1 },
	{ "user@localhost", "user[@][local]host", 1 },
	{ "user@[1.2.3.4]", "user[@][1[.]2[.]3[.]4]", 1 },
	{ "a@@b.com", "a@[@]b[.]com", 1 },
	{ "@name said", "@name said", 0 },
	{ "*.com but *.pdf", "*[.]com but *.pdf", 0 },
	{ "$foo.com ~x.com", "$foo[.]com ~x[.]com", 2 },
	/* numbers, abbreviations, file names */
	{ "version 1.2.3, 3.14, 2.5GB, 10.30am",
	  "version 1.2.3, 3.14, 2.5GB, 10.30am", 0 },
	{ "1.2.3.4", "1[.]2[.]3[.]4", 1 },
	{ "1.2.3.4.5", "1[.]2[.]3[.]4[.]5", 1 },
	{ "u=http-3A__10.212.134.153&d", "u=http-3A__10[.]212[.]134[.]153&d", 1 },
	{ "e.g. i.e. U.S.A. Ph.D", "e.g. i.e. U.S.A. Ph.D", 0 },
	{ "report.pdf node.js Bericht.docx", "report.pdf node.js Bericht.docx",
	  0 },
	{ "report.zip main.py x.co", "report[.]zip main[.]py x[.]co", 3 },
	{ "foo.com.pdf", "foo[.]com[.]pdf", 1 },
	{ "end.The next", "end[.]The next", 1 },
	{ "10:30 Subject:foo hotel:5", "10:30 Subject:foo hotel:5", 0 },
	{ "C:\\Windows\\x", "C:\\Windows\\x", 0 },
	/* schemes */
	{ "javascript:alert(1)", "javascript[:]alert(1)", 1 },
	{ "JavaScript:alert(1)", "JavaScript[:]alert(1)", 1 },
	{ "data:text/html;base64,AAAA", "data[:]text/html;base64,AAAA", 1 },
	{ "vbscript:x", "vbscript[:]x", 1 },
	{ "file:///etc/passwd", "file[:]///etc/passwd", 1 },
	{ "file://srv/share", "file[:]//[srv]/share", 1 },
	{ "\\\\server\\share\\x.exe", "[\\\\][server]\\share\\x.exe", 1 },
	{ "\\\\10.0.0.1\\c$", "[\\\\]10[.]0[.]0[.]1\\c$", 1 },
	{ "tel:+81-3-1234-5678", "tel[:]+81-3-1234-5678", 1 },
	{ "sms:+1234", "sms[:]+1234", 1 },
	{ "mailto:joe@example.com?subject=hi",
	  "mailto[:]joe[@]example[.]com?subject=hi", 1 },
	{ "ftp://ftp.example.com/pub", "ftp[:]//ftp[.]example[.]com/pub", 1 },
	{ "foo-bar://x", "foo-bar[:]//[x]", 1 },
	/* tricks with the authority */
	{ "https://user:pw@google.com@evil.example/login",
	  "hxxps[:]//user:pw[@]google[.]com[@]evil[.]example/login"
	  " (goes to evil[.]example)", 2 },
	{ "http://google.com\\@evil.com/",
	  "hxxp[:]//google[.]com/[@]evil[.]com/", 2 },
	{ "http:\\\\evil.com\\a\\b", "hxxp[:]//evil[.]com/a/b", 1 },
	{ "http:evil.com", "hxxp[:]//evil[.]com", 1 },
	{ "https:///example.com", "hxxps[:]//example[.]com", 1 },
	{ "http://2130706433/", "hxxp[:]//[2130706433]/ (127[.]0[.]0[.]1)", 1 },
	{ "http://0x7f000001/x", "hxxp[:]//[0x7f000001]/x (127[.]0[.]0[.]1)",
	  1 },
	{ "http://0177.0.0.1", "hxxp[:]//0177[.]0[.]0[.]1 (127[.]0[.]0[.]1)",
	  1 },
	{ "http://127.1/", "hxxp[:]//127[.]1/ (127[.]0[.]0[.]1)", 1 },
	{ "http://256.1.1.1/", "hxxp[:]//256[.]1[.]1[.]1/ (unusual host)", 1 },
	{ "http://[::1]:80/", "hxxp[:]//[[::1]]:80/", 1 },
	{ "http://%65vil%2ecom/", "hxxp[:]//evil[.]com/", 1 },
	{ "http://localhost:8080/", "hxxp[:]//[[local]host]:8080/", 2 },
	/* other scripts */
	{ "http://例え.jp/パス をみて",
	  "hxxp[:]//xn--r8jz45g[.]jp/パス (例え[.]jp) をみて", 1 },
	{ "user@例え.jp", "user[@]xn--r8jz45g[.]jp (例え[.]jp)", 1 },
	{ "http://xn--r8jz45g.jp/", "hxxp[:]//xn--r8jz45g[.]jp/ (例え[.]jp)",
	  1 },
	{ "請看www.example.com謝謝。下一句",
	  "請看www[.]example[.]com謝謝。下一句", 1 },
	{ "a.cn.st或b99.example.net", "a[.]cn[.]st或b99[.]example[.]net", 1 },
	{ "http://www.example.com謝謝", "hxxp[:]//www[.]example[.]com謝謝", 1 },
	{ "http://example.com。下一句", "hxxp[:]//example[.]com。下一句", 1 },
	{ "今日は晴れです。明日は雨。", "今日は晴れです。明日は雨。", 0 },
	{ "HEADも1.4.xも。", "HEADも1.4.xも。", 0 },
	{ "example。com", "example[.]com", 1 },
	{ "http://ｅｘａｍｐｌｅ．ｃｏｍ/", "hxxp[:]//example[.]com/", 1 },
	{ "http://１２７．０．０．１/", "hxxp[:]//127[.]0[.]0[.]1/", 1 },
	{ "http://google.com／evil.example/",
	  "hxxp[:]//google[.]com／evil[.]example/ (unusual host)", 1 },
	{ "pаypal.com", "xn--pypal-4ve[.]com (pаypal[.]com, mixed scripts)",
	  1 },
	{ "http://аррӏе.com/", "hxxp[:]//xn--80ak6aa92e[.]com/ (аррӏе[.]com)",
	  1 },
	{ "💩.la", "💩[.]la (unusual host)", 1 },
	/* already harmless */
	{ "hxxps[:]//host[.]tld/path user[@]host[.]tld",
	  "hxxps[:]//host[.]tld/path user[@]host[.]tld", 0 }
};

static const struct {
	const char	*in, *out;
} target_cases[] = {
	{ "", "" },
	{ "#top", "#top" },
	{ "foo/bar.html", "foo/bar.html" },
	{ "  \thttp://exa\nmple.com/\r\n", "hxxp[:]//example[.]com/" },
	{ "java\nscript:alert(1)", "javascript[:](8 bytes)" },
	{ "data:text/html;base64,PHNjcmlwdD4=", "data[:]text/html (20 bytes)" },
	{ "data:,words", "data[:](6 bytes)" },
	{ "VBScript:x", "VBScript[:](1 bytes)" },
	{ "\x01http://example.com", "hxxp[:]//example[.]com" },
	{ "//evil.com/x", "//evil[.]com/x" },
	{ "/\\evil.com/x", "//evil[.]com/x" },
	{ "\\\\server\\share", "[\\\\][server]\\share" },
	{ "www.example.com/x", "www[.]example[.]com/x" },
	{ "mailto:a@例え.jp", "mailto[:]a[@]xn--r8jz45g[.]jp (例え[.]jp)" },
	{ "http://a@b@c.example:81/x#y",
	  "hxxp[:]//a[@]b[@]c[.]example:81/x#y (goes to c[.]example)" },
	{ "http://example.com./", "hxxp[:]//example[.]com[.]/" },
	{ "tel:110", "tel[:]110" }
};

static const struct {
	const char	*label, *target;
	int		 mismatch;
} mismatch_cases[] = {
	{ "click here", "http://evil.example/", 0 },
	{ "example.com", "https://www.example.com/x", 0 },
	{ "www.example.com", "https://example.com/", 0 },
	{ "example.com", "https://login.example.com/", 0 },
	{ "example.com", "https://example.com.evil.example/", 1 },
	{ "example.com", "https://notexample.com/", 1 },
	{ "https://bank.example/login", "http://evil.example/", 1 },
	{ "Go to https://bank.example now", "http://evil.example/", 1 },
	{ "bank.example", "http://bank.example@evil.example/", 1 },
	{ "bank.example", "javascript:alert(1)", 1 },
	{ "a@example.com", "mailto:a@example.com?subject=x", 0 },
	{ "a@example.com", "mailto:b@example.com", 1 },
	{ "report.pdf", "http://evil.example/report.pdf", 0 },
	{ "1.2.3.4", "http://0x01020304/", 0 },
	{ "http://例え.jp", "http://xn--r8jz45g.jp/", 0 },
	{ "example.com", "#top", 0 }
};
