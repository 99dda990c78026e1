# Prints every row of an index in an order and form that does not depend on row ids,
# so that two indexes can be compared. Source it.
index_dump() {	# index_dump FILE
	local q
	for q in \
	    "SELECT ref, received_ms, filed_ms, sender, from_addr, from_name, reply_to, to_line, cc_line, subject, date_claimed, message_id, in_reply_to, refs, client, tls, auth, size, sha256, policy, outcome, reason, parts, pages, stubs, cuts, document, snippet, file_size FROM mail ORDER BY ref" \
	    "SELECT ref, box, file, rcpt FROM mailbox JOIN mail ON id = mail_id ORDER BY 1, 2" \
	    "SELECT ref, part, parent, depth, path, p.name, kind, declared, p.size, p.sha256, body, p.outcome, p.reason, note, rule, engine, millis, p.pages, pages_total, file_name, file_type, p.file_size, file_offset FROM part p JOIN mail ON id = mail_id ORDER BY 1, 2" \
	    "SELECT ref, part, fact, value FROM fact JOIN mail ON id = mail_id ORDER BY ref, fact.rowid" \
	    "SELECT ref, part, page, text FROM text JOIN mail ON id = mail_id ORDER BY 1, 2, 3" \
	    "SELECT ref, part, page, width, height, form, depth, color, hex(palette), crc, offset, length FROM page JOIN mail ON id = mail_id ORDER BY 1, 2, 3" \
	    "SELECT ref, s.subject, people, body, attachments FROM search s JOIN mail ON id = s.rowid ORDER BY 1"
	do
		sqlite3 -cmd ".timeout 10000" "$1" "$q" || return 1
	done
}
