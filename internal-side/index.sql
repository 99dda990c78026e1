-- The index of delivered mail: written by limpid-deliverd, read by limpid-viewerd,
-- and made again from the Maildir by `limpid index rebuild`. Everything in it also
-- stands in the mail's own last part, limpid-report.json.

PRAGMA journal_mode = TRUNCATE;
PRAGMA user_version = 1;

CREATE TABLE IF NOT EXISTS mail (
	id		INTEGER PRIMARY KEY,
	ref		TEXT NOT NULL UNIQUE,	-- LM-XXXXX-...
	received_ms	INTEGER NOT NULL,	-- at intake, outside
	filed_ms	INTEGER NOT NULL,
	sender		TEXT NOT NULL,		-- envelope
	from_addr	TEXT NOT NULL,
	from_name	TEXT NOT NULL,
	reply_to	TEXT NOT NULL,		-- repeated headers: one a line
	to_line		TEXT NOT NULL,
	cc_line		TEXT NOT NULL,
	subject		TEXT NOT NULL,
	date_claimed	TEXT NOT NULL,		-- RFC 3339, by the mail itself
	message_id	TEXT NOT NULL,
	in_reply_to	TEXT NOT NULL,
	refs		TEXT NOT NULL,
	client		TEXT NOT NULL,		-- address our MTA saw
	tls		TEXT NOT NULL,
	auth		TEXT NOT NULL,		-- our MTA's Authentication-Results
	size		INTEGER NOT NULL,	-- bytes of the original
	sha256		TEXT NOT NULL,
	policy		TEXT NOT NULL,		-- digest
	outcome		TEXT NOT NULL,		-- of the root part
	reason		TEXT NOT NULL,
	parts		INTEGER NOT NULL,	-- all but the root
	pages		INTEGER NOT NULL,
	stubs		INTEGER NOT NULL,	-- parts that did not arrive
	cuts		INTEGER NOT NULL,	-- parts that arrived cut
	document	INTEGER NOT NULL,	-- 1: a lone document
	snippet		TEXT NOT NULL,		-- first 200 characters of the body
	file_size	INTEGER NOT NULL	-- of the harmless mail
);
CREATE INDEX IF NOT EXISTS mail_received ON mail(received_ms);

-- One row a recipient's box. The file stands at mail/BOX/{new,cur}/FILE[:2,FLAGS].
CREATE TABLE IF NOT EXISTS mailbox (
	mail_id		INTEGER NOT NULL REFERENCES mail(id) ON DELETE CASCADE,
	box		TEXT NOT NULL,
	file		TEXT NOT NULL,
	rcpt		TEXT NOT NULL,
	PRIMARY KEY (mail_id, box)
);
CREATE INDEX IF NOT EXISTS mailbox_box ON mailbox(box, mail_id);

CREATE TABLE IF NOT EXISTS part (
	mail_id		INTEGER NOT NULL REFERENCES mail(id) ON DELETE CASCADE,
	part		INTEGER NOT NULL,	-- id in the copy, from 1
	parent		INTEGER NOT NULL,
	depth		INTEGER NOT NULL,
	path		TEXT NOT NULL,		-- 1.2.3, root 0
	name		TEXT NOT NULL,
	kind		TEXT NOT NULL,
	declared	TEXT NOT NULL,
	size		INTEGER NOT NULL,
	sha256		TEXT NOT NULL,
	body		INTEGER NOT NULL,	-- 1: shown as mail body
	outcome		TEXT NOT NULL,
	reason		TEXT NOT NULL,
	note		TEXT NOT NULL,
	rule		TEXT NOT NULL,
	engine		TEXT NOT NULL,
	millis		INTEGER NOT NULL,
	pages		INTEGER NOT NULL,	-- shown
	pages_total	INTEGER NOT NULL,
	file_name	TEXT NOT NULL,		-- of its attachment here, '' none
	file_type	TEXT NOT NULL,		-- application/pdf image/png image/jpeg
	file_size	INTEGER NOT NULL,	-- decoded bytes
	file_offset	INTEGER NOT NULL,	-- of its first base64 line in the mail
	PRIMARY KEY (mail_id, part)
);

CREATE TABLE IF NOT EXISTS fact (
	mail_id		INTEGER NOT NULL REFERENCES mail(id) ON DELETE CASCADE,
	part		INTEGER NOT NULL,
	fact		TEXT NOT NULL,
	value		TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS fact_mail ON fact(mail_id, part);

-- Text of a part; page -1 where it belongs to no page.
CREATE TABLE IF NOT EXISTS text (
	mail_id		INTEGER NOT NULL REFERENCES mail(id) ON DELETE CASCADE,
	part		INTEGER NOT NULL,
	page		INTEGER NOT NULL,
	text		TEXT NOT NULL,
	PRIMARY KEY (mail_id, part, page)
);

-- A page picture: bytes [offset, offset+length) of the part's decoded attachment.
-- The attachment is base64 in lines of 76 characters and one LF, so decoded byte o
-- is in the 4 characters from file_offset + (o/57)*77 + (o%57)/3*4.
-- form jpeg: the bytes are a JPEG file. form png: they are the zlib stream of an
-- IDAT; the viewer writes signature, IHDR, PLTE, IDAT length before and crc, IEND
-- after. form file: the whole attachment is a PNG or JPEG file, see file_type.
CREATE TABLE IF NOT EXISTS page (
	mail_id		INTEGER NOT NULL REFERENCES mail(id) ON DELETE CASCADE,
	part		INTEGER NOT NULL,
	page		INTEGER NOT NULL,	-- from 0
	width		INTEGER NOT NULL,
	height		INTEGER NOT NULL,
	form		TEXT NOT NULL CHECK (form IN ('png', 'jpeg', 'file')),
	depth		INTEGER NOT NULL,	-- bits a sample, PNG
	color		INTEGER NOT NULL,	-- PNG colour type: 0 grey 2 RGB 3 palette
	palette		BLOB,			-- RGB triples
	crc		INTEGER NOT NULL,	-- CRC-32 of "IDAT" and the bytes
	offset		INTEGER NOT NULL,
	length		INTEGER NOT NULL,
	PRIMARY KEY (mail_id, part, page)
);

-- What never came over a link, by its number there, for the ledger. Not made again by
-- `limpid index rebuild`: no mail holds it; the next list that comes fills it.
CREATE TABLE IF NOT EXISTS missing (
	link		INTEGER NOT NULL,	-- 1 or 2
	sequence	INTEGER NOT NULL,
	first_seen_ms	INTEGER NOT NULL,	-- when this host learnt of it
	state		TEXT NOT NULL	-- accepted: as lost, by an operator
	    CHECK (state IN ('missing', 'accepted', 'healed')),
	PRIMARY KEY (link, sequence)
) WITHOUT ROWID;

-- The newest list taken for each link.
CREATE TABLE IF NOT EXISTS missing_list (
	link		INTEGER PRIMARY KEY,
	change		INTEGER NOT NULL,
	more		INTEGER NOT NULL	-- ranges that the list left out
);

CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(
	subject, people, body, attachments, tokenize = 'trigram'
);
