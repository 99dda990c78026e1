#!/bin/bash
# The viewer: who may read what, how each answer is guarded, and that it can be used.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
tree=$PWD
py=/usr/bin/python3
[ -x "$BUILD/bin/limpid-viewerd" ] || skip_all 'limpid-viewerd is not built'
for tool in curl openssl sqlite3 $py; do
	command -v $tool >/dev/null || skip_all "no $tool"
done

work=$(mktemp -d)
root=$work/host
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT
# As root it becomes limpid-view by itself; where init has made no such user, it
# runs as nobody.
as=() owner=limpid-view
if [ "$(id -u)" = 0 ] && ! id limpid-view >/dev/null 2>&1; then
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups) owner=65534
fi
chmod 755 "$work"
mkdir -p "$work/bin" "$work/seccomp"
cp "$BUILD"/bin/limpid-viewerd "$BUILD"/bin/limpid-user "$work/bin/"
cp deploy/seccomp/viewerd.policy "$work/seccomp/"
port=$((20000 + RANDOM % 20000))
url=https://127.0.0.1:$port

$py tests/viewer/fixture.py "$root" internal-side/index.sql $port \
    "$work/seccomp" --tls --many 10000 >"$work/refs" || skip_all 'no fixture'
. "$work/refs"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
    -keyout "$root/etc/limpid/keys/viewer-tls.key" \
    -out "$root/etc/limpid/keys/viewer-tls.pem" 2>/dev/null
cert=$root/etc/limpid/keys/viewer-tls.pem

user() { "${as[@]}" "$work/bin/limpid-user" --root "$root" "$@"; }
own() { [ "$(id -u)" != 0 ] || chown -R $owner "$root"; }
start() {
	own
	rm -f "$root/run/limpid/viewerd.pid"
	"${as[@]}" "$work/bin/limpid-viewerd" --root "$root" \
	    2>>"$work/log" &
	viewer=$!
	pids+=($viewer)
	for ((i = 0; i < 100; i++)); do
		[ -s "$root/run/limpid/viewerd.pid" ] && return
		kill -0 $viewer 2>/dev/null || return 1
		sleep 0.05
	done
}
# get PATH [CURL OPTION]...: body in $work/body, head in $work/head, status printed
get() {
	local path=$1
	shift
	curl -s --cacert "$cert" -b "$work/jar" -D "$work/head" \
	    -o "$work/body" -w '%{http_code}' "$@" "$url$path"
}
sign_in() {	# sign_in JAR NAME PASSWORD
	curl -s --cacert "$cert" -c "$1" -D "$work/head" -o "$work/body" \
	    -w '%{http_code}' --data-urlencode "u=$2" \
	    --data-urlencode "p=$3" "$url/signin"
}
token() { sed -n 's/.*name="token" value="\([^"]*\)".*/\1/p' "$1" | head -1; }

own
password='correct horse battery'
echo "$password" | user add lin --box lin --box survey --box archive
ok $? 'limpid-user adds an account with the password from its input'
chen=$(user --json add chen --generate </dev/null |
    sed -n 's/.*"password":"\([^"]*\)".*/\1/p')
[ ${#chen} -ge 24 ]
ok $? 'limpid-user makes a password when asked'
echo "$password" | user add LIN 2>/dev/null
is $? 1 'an account of the same name in other letters is refused with exit 1'
echo short | user add new 2>/dev/null
is $? 65 'a short password is refused with exit 65'
user frobnicate x 2>/dev/null
is $? 2 'an unknown verb is a usage error'
sqlite3 "$root/var/lib/limpid/accounts/accounts.db" .dump >"$work/dump"
! grep -qF -e "$password" -e "$chen" "$work/dump"
ok $? 'no password is kept'

start
ok $? "the viewer starts behind its filter $(tail -1 "$work/log")"

is "$(get /)" 303 'signed out, the list leads to the sign-in page'
grep -qi '^location: /signin' "$work/head"
ok $? 'by a local address'
is "$(get "/mail/$report")" 303 'signed out, a mail leads there too'
is "$(sign_in "$work/none" lin wrong-password)" 403 'a wrong password is refused'
sed 's/value="[^"]*"//' "$work/body" >"$work/wrong"
is "$(sign_in "$work/none" nobody wrong-password)" 403 'so is a wrong name'
sed 's/value="[^"]*"//' "$work/body" | cmp -s - "$work/wrong"
ok $? 'the answer does not tell which of them was wrong'
! grep -qi set-cookie "$work/head"
ok $? 'and sets no cookie'
is "$(sign_in "$work/jar" lin "$password")" 303 'name and password let in'
cookie=$(grep -i '^set-cookie:' "$work/head" | tr -d '\r')
grep -Eq '^set-cookie: __Host-limpid=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict$' \
    <<<"${cookie/Set-Cookie/set-cookie}"
ok $? 'the cookie is __Host-, Secure, HttpOnly, SameSite=Strict'

# Headers on every route, errors among them.
cat >"$work/wanted" <<'END'
content-security-policy: default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; sandbox allow-forms allow-same-origin
x-content-type-options: nosniff
referrer-policy: no-referrer
cross-origin-opener-policy: same-origin
cross-origin-resource-policy: same-origin
END
guarded() {	# guarded NAME: the last answer
	local line missing=
	tr -d '\r' <"$work/head" | sed 's/^[^:]*:/\L&/' >"$work/lower"
	while read -r line; do
		grep -qxF "$line" "$work/lower" || missing=$line
	done <"$work/wanted"
	grep -q '^permissions-policy: .*camera=()' "$work/lower" ||
	    missing=permissions-policy
	[ -n "$2" ] || grep -qx 'cache-control: no-store' "$work/lower" ||
	    missing='cache-control: no-store'
	grep -Eqx 'content-type: (text/html; charset=utf-8|text/css; charset=utf-8|image/png|image/jpeg)' \
	    "$work/lower" || missing=content-type
	! grep -aqi '<script\|javascript:\|<style\| style=\| on[a-z]*="' \
	    "$work/body" || missing='no script or style'
	[ -z "$missing" ]
	ok $? "$1 is guarded $missing"
}
while read -r wanted path; do
	is "$(get "$path")" "$wanted" "$path answers $wanted"
	guarded "$path"
	[ "$(stat -c %s "$work/body")" -lt 153600 ] ||
	    grep -q image/ "$work/head"
	ok $? "$path is below 150 KB"
done <<END
200 /
200 /?box=survey&show=cuts
200 /?show=unread
404 /?box=chen
200 /mail/$report
200 /mail/$report?a=3&from=7
200 /mail/$report?a=5
200 /mail/$report?a=3&view=text
200 /mail/$report?a=99999&from=99999999999&view=%22%3E
200 /mail/$bank
200 /mail/$sato?a=4
200 /mail/$broken
200 /mail/$hostile
200 /mail/$hostile/text/2/body
200 /mail/$hostile/text/2/body?from=65536
200 /mail/$report/picture/3/0
200 /mail/$report/picture/4/0
404 /mail/$report/picture/3/99
404 /mail/$report/picture/2/0
404 /mail/$report/text/9/body
200 /search?q=monitoring
200 /search?q=from:%22%3Cscript%3E%22%20%22a%20OR%20b%22%20%2A%20%22
200 /search
404 /favicon.ico
404 /nothing%00x
405 /mark
405 /signout
414 /?x=$(printf 'y%.0s' {1..3000})
END
get /style.css >/dev/null
guarded /style.css keep
get / -X PUT >/dev/null
guarded 'a request of another method'
get / -H "X-Long: $(head -c 20000 /dev/zero | tr '\0' x)" >/dev/null
grep -q ' 431 ' "$work/head"
ok $? 'too many header lines are refused'
guarded 'that answer'
head -c 60000 /dev/zero | tr '\0' x >"$work/big"
is "$(get /mark --data-binary @"$work/big")" 413 'a form too large is refused'
guarded 'that answer'

# Forms: own session's token, own site.
get / >/dev/null
t=$(token "$work/body")
is "$(get /mark -d "do=read&m=$bank")" 403 'a form without token is refused'
guarded 'that answer'
is "$(get /mark -d "do=read&m=$bank&token=${t/[A-Z]/x}")" 403 \
    'a form with a wrong token is refused'
is "$(get /mark -d "do=read&m=$bank&token=$t" -H 'Sec-Fetch-Site: cross-site' \
    -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document')" 403 \
    'a form that another site began is refused'
is "$(get /mark -d "do=read&m=$bank&token=$t" -H 'Sec-Fetch-Site: same-site')" \
    403 'so is one of a neighbour site'
is "$(get /mark -d "do=read&m=$bank&token=$t" -H 'Origin: https://evil.example')" \
    403 'so is one of a browser that only names the origin'
is "$(get "/mail/$report/picture/3/0" -H 'Sec-Fetch-Site: cross-site' \
    -H 'Sec-Fetch-Mode: no-cors' -H 'Sec-Fetch-Dest: image')" 403 \
    'another site cannot embed a page picture'
is "$(get / -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate' \
    -H 'Sec-Fetch-Dest: document')" 200 'but may link to the viewer'
is "$(get /mark -d "do=unread&m=$bank&token=$t" \
    -H 'Sec-Fetch-Site: same-origin')" 303 'an own form is taken'
get '/?show=unread' >/dev/null
grep -q "/mail/$bank" "$work/body"
ok $? 'and does what it says'

# Other people's mail.
get "/mail/$sato" >/dev/null
grep -q "This mail completes <a href=\"/mail/$report\">$report</a>" "$work/body"
ok $? 'a mail that completes another leads to it'
grep -q '測量成果.csv was locked, and was opened by a word in this mail' "$work/body"
ok $? 'and says what a password opened'
is "$(get "/mail/$private")" 404 "another person's mail is not found"
cp "$work/body" "$work/theirs"
is "$(get /mail/LM-00000-00000-00000-00000)" 404 'as one that does not exist'
cmp -s "$work/body" "$work/theirs"
ok $? 'with the very same answer'
is "$(get "/mail/$private/picture/3/0")" 404 'nor are its page pictures'
is "$(get "/mail/$private/text/2/body")" 404 'nor its text'
get "/mail/$sato" >/dev/null
for sentence in '納品書.pdf, search for malware: not scanned: timeout.' \
    'the scanner knows it as &lt;i&gt;Made.Name&lt;/i&gt;.' \
    'words were recognised by a machine and may be wrong (jpn, 2 pages of 2).'; do
	grep -qF "$sentence" "$work/body"
	ok $? "a reader is told: $sentence"
done
get '/search?q=zebrafish' >/dev/null
grep -q '0 mails found' "$work/body"
ok $? 'nor does the search find it'
get /mark -d "do=read&m=$private&token=$t" >/dev/null
is "$(sqlite3 "$root/var/lib/limpid/accounts/accounts.db" \
    "SELECT count(*) FROM seen WHERE ref = '$private'")" 0 \
    'nor can it be marked'
is "$(sign_in "$work/jar2" chen "$chen")" 303 'its owner signs in'
mv "$work/jar" "$work/jar1"
cp "$work/jar2" "$work/jar"
is "$(get "/mail/$private")" 200 'and reads it'
is "$(get "/mail/$report")" 404 'but not the mails of the first account'
cp "$work/jar1" "$work/jar"

# Page pictures, byte for byte.
n=0 bad=0
for f in "$root"/expected/*; do
	name=$(basename "$f")
	ref=${name:0:26} rest=${name:27}
	[ "$ref" != "$private" ] || continue
	part=${rest%%-*} page=${rest#*-}
	get "/mail/$ref/picture/$part/${page%%.*}" >/dev/null
	n=$((n + 1))
	cmp -s "$work/body" "$f" || bad=$((bad + 1))
done
is "$bad of $((n > 10))" '0 of 1' "page pictures are byte for byte right ($n)"
if command -v pngcheck >/dev/null; then
	get "/mail/$report/picture/3/0" >/dev/null
	pngcheck -q "$work/body" >/dev/null
	ok $? 'pngcheck finds no fault in one'
fi

# The record.
record=$root/var/lib/limpid/record/viewerd.record
grep -q "mail.read account=lin ref=$report what=mail" "$record"
ok $? 'each reading is in the record'
! grep -q "account=lin ref=$private" "$record"
ok $? 'and nothing that was not read'
cp "$work/jar2" "$work/jar"
before=$(grep -c "ref=$private" "$record")
get "/mail/$private/picture/3/0" >/dev/null
is "$(grep -c "ref=$private" "$record")" "$before" \
    'a picture of a mail just read is no second reading'
cp "$work/jar1" "$work/jar"
if [ -x "$BUILD/bin/limpid-record" ]; then
	"$BUILD/bin/limpid-record" verify "$record" >"$work/out" 2>&1
	is $? 0 "the record's chain holds $(tail -1 "$work/out")"
fi

# Time: the best of five, so that a busy machine does not decide.
best() {
	for i in 1 2 3 4 5; do
		curl -s --cacert "$cert" -b "$work/jar" -o /dev/null \
		    -w '%{time_starttransfer} %{time_pretransfer}\n' "$url$1"
	done | awk '{ t = ($1 - $2) * 1000; if (NR == 1 || t < b) b = t }
	    END { print int(b + 1) }'
}
ms=$(best '/?box=archive&page=100')
case $BUILD in */san) most=2000 ;; *) most=200 ;; esac	# sanitizers are slow
[ "$ms" -lt $most ]
ok $? "a list of 10,000 mails takes less than $most ms ($ms)"
ms=$(best "/mail/$report/picture/3/0")
[ "$ms" -lt 50 ]
ok $? "a page picture takes less than 50 ms ($ms)"

# People.
if command -v lynx >/dev/null && command -v script >/dev/null; then
	printf 'SSL_CERT_FILE:%s\nACCEPT_ALL_COOKIES:TRUE\nFORCE_COOKIE_PROMPT:YES\nFORCE_SSL_PROMPT:YES\nCHARACTER_SET:utf-8\n' \
	    "$cert" >"$work/lynx.cfg"
	type_text() { sed 's/./key &\n/g; s/key  \n/key <space>\n/g' <<<"$1" |
	    grep .; }
	{
		type_text lin
		echo 'key Down Arrow'
		type_text "$password"
		printf 'key Down Arrow\nkey ^J\nkey /\n'
		type_text 'Updated bank'
		printf 'key ^J\nkey ^J\nkey /\n'
		type_text 'Kindly confirm'
		printf 'key ^J\nkey Q\n'
	} >"$work/lynx.keys"
	before=$(grep -c "account=lin ref=$bank" "$record")
	TERM=vt100 timeout 30 script -qc "stty rows 60 cols 120; lynx \
	    -cfg=$work/lynx.cfg -cmd_script=$work/lynx.keys \
	    https://localhost:$port/signin" "$work/lynx.out" \
	    </dev/null >/dev/null 2>&1
	[ "$(grep -c "account=lin ref=$bank" "$record")" -gt "$before" ]
	ok $? 'lynx walks from the sign-in page over the list to a mail'
	grep -q 'March instalment' "$work/lynx.out"
	ok $? 'and shows its text'
fi
modules=$BUILD/viewer-tests/node_modules
if command -v chromium >/dev/null && command -v npm >/dev/null; then
	mkdir -p "$BUILD/viewer-tests"
	cp tests/viewer/package*.json "$BUILD/viewer-tests/"
	[ -d "$modules/playwright-core" ] || (cd "$BUILD/viewer-tests" &&
	    npm ci --ignore-scripts --no-audit --no-fund >"$work/npm" 2>&1)
fi
if [ -d "$modules/playwright-core" ]; then
	mkdir -p "$BUILD/screenshots"
	VIEWER_MODULES=$modules timeout 240 node tests/viewer/browser.js \
	    $url lin "$password" "$BUILD/screenshots" "report=$report" \
	    "bank=$bank" "sato=$sato" >"$work/tap" 2>"$work/err"
	while read -r line; do
		case $line in
		ok*) ok 0 "${line#* - }" ;;
		'not ok'*) ok 1 "${line#* - }" ;;
		'#'*) echo "$line" ;;
		esac
	done <"$work/tap"
	grep -q '^1\.\.' "$work/tap"
	ok $? "the browser's walk is whole $(head -1 "$work/err")"
else
	note 'no Chromium or no npm: the browser walk is left out'
fi

# Sessions end.
get / >/dev/null
t=$(token "$work/body")
is "$(get /signout -d "token=$t")" 303 'signing out works'
is "$(get /)" 303 'and the old cookie is worth nothing'
cp "$work/jar2" "$work/jar"
is "$(get /)" 200 'the other account is still signed in'
user disable chen
is "$(get /)" 303 'until it is disabled'
for i in 1 2 3 4 5 6 7; do
	status=$(sign_in "$work/none" lin wrong-password)
done
is "$status" 429 'too many wrong passwords: one must wait'
guarded 'that answer'

# The index is gone, then made again.
sign_in "$work/jar" lin "$password" >/dev/null
sleep 9
is "$(sign_in "$work/jar" lin "$password")" 303 'after waiting one may try again'
mv "$root/var/lib/limpid/index/index.db" "$work/index.db"
is "$(get /)" 503 'without an index the reader is asked to wait'
guarded 'that answer'
cp "$work/index.db" "$root/var/lib/limpid/index/index.db"
own
is "$(get /)" 200 'a new index is found without a restart'
kill $viewer
wait $viewer
is $? 0 'the viewer ends cleanly when told to'
! grep -q 'zebrafish\|Kindly' "$work/log"
ok $? 'the log holds no mail content'

# Plain HTTP: on this machine only.
sed -i 's/tls_cert = .*/tls_cert = "none"/' \
    "$root/etc/limpid/limpid.conf"
start
ok $? 'without certificate it starts on loopback'
url=http://127.0.0.1:$port
is "$(sign_in "$work/jar" lin "$password")" 303 'and works there'
grep -qi '^set-cookie: __Host-limpid=.*Secure' "$work/head"
ok $? 'with the same cookie'
is "$(get "/mail/$sato/picture/3/1")" 200 'and shows pages'
printf 'GET / HTTP/1.1\r\nHost: x\r\n\0\r\n\r\n' |
    timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; cat >&3; cat <&3" \
    >"$work/out" 2>/dev/null
is "$(get /)" 200 'rubbish does not stop it'
kill $viewer
wait $viewer
sed -i 's/127.0.0.1:/0.0.0.0:/' "$root/etc/limpid/limpid.conf"
own
timeout 10 "${as[@]}" "$work/bin/limpid-viewerd" --root "$root" 2>"$work/err"
is $? 78 'without certificate it does not listen to other machines'
grep -q 'set viewer.tls_cert' "$work/err"
ok $? 'and says what to do'
done_testing
