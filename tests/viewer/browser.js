// Walks through the viewer with the installed Chromium and prints TAP:
//	browser.js URL ACCOUNT PASSWORD OUT_DIR NAME=REF...
// Screenshots of every page at 1440 and 390 pixels go to OUT_DIR; axe looks at each.
'use strict';
const fs = require('fs');
const path = require('path');
const modules = process.env.VIEWER_MODULES;
const { chromium } = require(path.join(modules, 'playwright-core'));
const axeSource = fs.readFileSync(path.join(modules, 'axe-core', 'axe.min.js'), 'utf8');
const [url, account, password, out, ...named] = process.argv.slice(2);
const refs = Object.fromEntries(named.map((n) => n.split('=')));
const pages = [['signin', '/signin'], ['list', '/'], ['mail', `/mail/${refs.report}`],
	['mail-stub', `/mail/${refs.report}?a=5`], ['mail-alarm', `/mail/${refs.bank}`],
	['mail-ja', `/mail/${refs.sato}`], ['search', '/search?q=monitoring'], ['error', '/nothing']];
let n = 0, bad = 0;

function ok(good, name, notes = []) {
	console.log(`${good ? 'ok' : 'not ok'} ${++n} - ${name}`);
	for (const line of notes)
		console.log(`# ${line}`);
	bad += good ? 0 : 1;
}

async function signIn(page) {
	await page.goto(url + '/signin');
	await page.fill('#u', account);
	await page.fill('#p', password);
	await page.click('button.pri');
	await page.waitForSelector('.lhead');
}

// The pages allow no script; axe is run on a copy of the page without that policy.
async function axe(context, page) {
	const copy = await context.newPage();
	const html = await page.content();
	const css = await (await context.request.get(url + '/style.css')).text();
	await copy.setContent(html.replace(/<link rel="stylesheet"[^>]*>/, `<style>${css}</style>`));
	await copy.evaluate(axeSource);
	const found = await copy.evaluate(() => window.axe.run(document, { rules: { 'color-contrast': { enabled: true } } }));
	await copy.close();
	return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((x) => x.target.join(' ')).slice(0, 3)}`);
}

async function look(context, width, name, where) {
	const page = await context.newPage();
	const errors = [];
	page.on('console', (m) => { if (m.type() === 'error' && !/404/.test(m.text())) errors.push(m.text()); });
	await page.setViewportSize({ width, height: 900 });
	await page.goto(url + where, { waitUntil: 'load' });
	await page.screenshot({ path: path.join(out, `${name}-${width}.png`), fullPage: true });
	const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth).catch(() => 0);
	ok(sideways <= 0 && errors.length === 0, `${name} fits ${width} pixels, and the browser complains of nothing`,
		errors.concat(sideways > 0 ? [`${sideways} pixels too wide`] : []));
	if (width === 1440) {
		const found = await axe(context, page);
		ok(found.length === 0, `${name} has no findings of axe`, found);
	}
	await page.close();
}

(async () => {
	const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: ['--no-sandbox',
		'--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
		'--disable-sync'] });
	const options = { ignoreHTTPSErrors: true, reducedMotion: 'reduce', colorScheme: 'light' };
	const outside = await browser.newContext(options);
	await look(outside, 1440, ...pages[0]);
	await look(outside, 390, ...pages[0]);
	const context = await browser.newContext(options);
	const page = await context.newPage();
	await signIn(page);
	ok(true, 'signing in with the keyboard leads to the list');
	const cookies = await context.cookies();
	ok(cookies.length === 1 && cookies[0].name === '__Host-limpid' && cookies[0].secure && cookies[0].httpOnly &&
		cookies[0].sameSite === 'Strict', 'the one cookie is __Host-, Secure, HttpOnly, SameSite=Strict');
	for (const [name, where] of pages.slice(1))
		for (const width of [1440, 390])
			await look(context, width, name, where);
	await page.goto(url + '/');
	await page.check(`input[value="${refs.bank}"]`);
	await page.click('.bulk button[value=unread]');
	ok(await page.isVisible(`li.unread a[href="/mail/${refs.bank}"]`), 'a mail can be marked as unread');
	await page.click(`a[href="/mail/${refs.bank}"]`);
	await page.waitForSelector('article');
	ok((await page.textContent('h1')).includes('bank details'), 'a click in the list opens the mail');
	await page.keyboard.press('Alt+u');
	await page.click('.who button');
	await page.waitForSelector('.gate');
	await page.goto(url + '/');
	ok(page.url().endsWith('/signin'), 'after signing out the list is closed');
	await browser.close();
	console.log(`1..${n}`);
	process.exit(bad === 0 ? 0 : 1);
})().catch((e) => { console.log(`not ok ${n + 1} - the browser walk ends: ${e.message.split('\n')[0]}`);
	process.exit(1); });
