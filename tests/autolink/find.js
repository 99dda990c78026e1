/*
 * Feeds each text file to four link finders, with every kind of link switched on,
 * and speaks TAP: one test a finder and file. The first line proves that the finders
 * see links at all.
 *   node find.js MODULES FILE...
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

const [modules, ...files] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), 'x.js'));
const LinkifyIt = load('linkify-it');
const linkify = load('linkifyjs');
const { Autolinker } = load('autolinker');
const anchorme = load('anchorme').default;

const it = new (LinkifyIt.LinkifyIt || LinkifyIt.default || LinkifyIt)();
it.set({ fuzzyLink: true, fuzzyEmail: true, fuzzyIP: true });
const finders = {
	'linkify-it': (s) => (it.match(s) || []).map((m) => m.text),
	linkifyjs: (s) => linkify.find(s).map((m) => m.value),
	autolinker: (s) => Autolinker.parse(s, { urls: true, email: true,
	    phone: false, mention: false, hashtag: false })
	    .map((m) => m.getMatchedText()),
	anchorme: (s) => anchorme.list(s).map((m) => m.string),
};

let n = 0;
function ok(good, name) {
	n++;
	console.log(`${good ? 'ok' : 'not ok'} ${n} - ${name}`);
}
for (const [name, find] of Object.entries(finders)) {
	ok(find('see http://example.com/x and www.example.net').length === 2,
	    `${name} finds links where there are some`);
	for (const file of files) {
		const found = find(fs.readFileSync(file, 'utf8'));

		ok(found.length === 0,
		    `${name} finds no link in ${path.basename(file)}`);
		for (const one of found.slice(0, 8))
			console.log(`#   ${JSON.stringify(one)}`);
	}
}
console.log(`1..${n}`);
