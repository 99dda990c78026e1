#!/bin/bash
# Transport file, on a medium as people treat it: full, taken out, read-only, carried
# on in parts and copies; and on one that somebody prepared. Everything that is
# whole arrives once, nothing else is removed, and each of them is said.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
[ "$(id -u)" = 0 ] || skip_all 'needs root for media and devices'
. tests/lib/ends.sh
trap 'kill -9 $other 2>/dev/null; ends_stop; umount "$top/medium" "$top/shown" 2>/dev/null; rm -rf "$top"' EXIT
medium=$top/medium other=
mkdir "$medium"
mount -t tmpfs -o size=8m,mode=777 tmpfs "$medium" 2>/dev/null ||
    skip_all 'mount is not allowed here'
umount -l "$medium"
chmod 777 "$medium"
status() { "$bin/limpid" status --root "$top/$1" >"$top/status"; }
status_says() { status a; grep -q -- "$1" "$top/status"; }
on_medium() { find "$medium" -name 'link1-*.lmpo' | wc -l; }
has_on_medium() { [ "$(on_medium)" -ge "$1" ]; }

# The sender, and a medium that comes and goes.
host a file "$medium" 'medium = yes'
send_start a
put a 3 100000 0
check 'without a medium nothing is written into the mount point' until_true 10 \
    said a.send 'has no medium mounted; mount one there'
is "$(ls "$medium")$(waiting a)" 3 'and all of it waits'
check 'limpid status says so, with count and age' until_true 10 \
    status_says 'AWAY: .* 3 parcels .* the oldest for [0-9]'
check 'and why' status_says '1-send *the folder .* has no medium mounted'
mount -t tmpfs -o size=8m,mode=777 tmpfs "$medium"
check 'mounted, it takes them' until_true 5 has_on_medium 3
check 'and status is content with the link' until_true 5 status_says '1-send *up'
put a 12 1000000 0
check 'a full medium is said, with the bytes' until_true 8 \
    said a.send 'is full: [0-9]* bytes are free and the next object needs'
check 'and status says so too' until_true 10 status_says '1-send *the folder .* is full'
is "$(find "$medium" -name '*.part' | wc -l)" 0 'nothing half-written lies there'
n=$(on_medium)
is "$(($(waiting a) + n))" 15 'what is not on it still waits'
cp -r "$medium" "$top/first"
rm "$medium"/*.lmpo
check 'an emptied one takes the rest' until_true 8 none_waits a
cp -r "$medium" "$top/second"
is "$(find "$top/first" "$top/second" -name '*.lmpo' | wc -l)" 15 'the two carry all'
mount -o remount,ro "$medium"
put a 1 1000 0
check 'a read-only medium is said' until_true 8 said a.send 'cannot be written to: Read-only'
mount -o remount,rw "$medium"
check 'and taken when it is writable' until_true 8 none_waits a
cp "$medium"/*16.lmpo "$top/second"
umount -l "$medium"
put a 1 1000 0
sleep 1
is "$(ls "$medium")$(waiting a)" 1 'taken out again, the mount point stays empty'
mount -t tmpfs -o size=8m,mode=777 tmpfs "$medium"
# Somebody gave the next names away: nothing of it is opened or followed.
next=link1-00000000000000000018.lmpo
cp "$(which cat)" "$top/victim"
chmod 666 "$top/victim"
check 'the waiting one comes with the medium' until_true 8 none_waits a
mkfifo -m 666 "$medium/$next.part"
ln -s "$top/victim" "$medium/$next"
put a 1 1000 0
check 'a pipe and a link that bear its names do not stop a sender' until_true 8 none_waits a
cmp -s "$(which cat)" "$top/victim" && [ -f "$medium/$next" ] && [ ! -L "$medium/$next" ]
ok $? 'they are replaced, and what the link points to is not touched'
mkdir "$medium/link1-00000000000000000019.lmpo"
put a 1 1000 0
check 'a folder that bears its name is said' until_true 8 \
    said a.send 'did not take link1-00000000000000000019.lmpo'
rmdir "$medium/link1-00000000000000000019.lmpo"
check 'and sending goes on without it' until_true 8 none_waits a
mkdir "$medium/link1-beat.lmpn.part"
check 'one that bears the name of a heartbeat, without which no gap is seen, too' until_true 5 \
    status_says '1-send *the folder .* did not take link1-beat.lmpn: Is a directory'
rmdir "$medium/link1-beat.lmpn.part"
check 'until it is away' until_true 5 status_says '1-send *up'
ln -s "$top/victim" "$medium/link1-00000000000000000020.lmpo.part"
put a 1 1000 0
check 'a link under the name of a half-written one is not followed' until_true 8 none_waits a
check 'either' cmp -s "$(which cat)" "$top/victim"
cp -r "$medium" "$top/third"
end 9 "$send"

# Beside all that follows: a share that this host may only read, and others write to.
host b file "$top/shown"
cp -af "$top/a/etc/limpid/keys" "$top/b/etc/limpid/"
mkdir "$top/share" "$top/shown"
cp "$top/first"/*01.lmpo "$top/share"
chmod 600 "$top/share"/*
mount --bind "$top/share" "$top/shown" && mount -o remount,bind,ro "$top/shown"
recv_start b
other=$recv
check 'a file of a share that it may not read is said' until_true 5 \
    said b.recv '01.lmpo in .* cannot be opened: Permission denied'

# The receiver: the later media first.
umount -l "$medium"
mount -t tmpfs -o size=64m,mode=777 tmpfs "$medium"
cp -p "$top"/second/*.lmpo "$top"/third/*.lmpo "$medium"
chmod 666 "$medium"/*
n=$(on_medium)
mount -o remount,ro "$medium"
recv_start a
check 'a read-only medium is taken' until_true 10 has_arrived a "$n"
sleep 1
is "$(arrived a)-$(on_medium)" "$n-$n" 'once, and stays as it is'
chmod 644 "$top/share"/*
umount -l "$medium"
rmdir "$medium"
check 'a folder that is gone is said' until_true 5 said a.recv 'cannot be read: No such file'
unreadable='1-recv *UNREADABLE: the folder .* cannot be read:'
check 'and limpid status says so, with what to do' until_true 5 \
    status_says "$unreadable No such file.* mount the medium there"
mkdir "$medium"
chmod 777 "$medium"
check 'and its return too' until_true 5 said a.recv 'can be read again'
mount -t tmpfs -o size=64m,mode=777,nr_inodes=0 tmpfs "$medium"

# Everything that a copy and a stranger can do wrong, at once.
mapfile -t files < <(ls "$top"/first/*.lmpo)
base=${files[0]##*/}
own() { chmod 666 "$@"; chown 65534 "$@"; }
size() { stat -c %s "$1"; }
before=$(arrived a)
whole=${files[0]} cut=${files[1]} slow=${files[2]} full=${files[3]} twice=${files[4]}
head -c 90000 "$cut" >"$medium/${cut##*/}"
truncate -s "$(size "$full")" "$medium/${full##*/}"	# as Windows and rsync --inplace do
{ printf X; tail -c +2 "$whole"; } >"$medium/unsigned.lmpo"
# The last byte is one of a digest: whatever it is, the copy has another one.
{ head -c -1 "${files[5]}"; tail -c 1 "${files[5]}" | tr '\000-\377' '\200-\377\000-\177'; } >"$medium/changed.lmpo"
cp "${files[6]}" "$medium/longer.lmpo"; echo more >>"$medium/longer.lmpo"
: >"$medium/empty.lmpo"
ln -s /etc/passwd "$medium/a-link.lmpo"
ln -s "$whole" "$medium/link-to-an-object.lmpo"
mkfifo "$medium/a-pipe.lmpo"
mknod "$medium/a-device.lmpo" c 1 3
mknod "$medium/link1-beat.lmpn" c 1 8
mkdir "$medium/a-folder.lmpo"
cp "${files[7]}" "$medium/secret.lmpo"
cp "${files[7]}" "$medium/link2-00000000000000000001.lmpo"
cp "${files[7]}" "$medium/.hidden.lmpo"
echo hello >"$medium/README.txt"
printf 'x' >"$medium/$(printf 'odd\033]0;name\n.lmpo')"
cp "$twice" "$medium/${twice##*/}"
cp "$twice" "$medium/${twice##*/} (1).lmpo"
own "$medium"/*.lmpo 2>/dev/null
chmod 600 "$medium/secret.lmpo"; chown 0 "$medium/secret.lmpo"
# Copied slowly: a quarter at a time.
part=$((($(size "$slow") + 3) / 4))
for i in 0 1 2 3; do
	dd if="$slow" bs="$part" skip="$i" count=1 status=none >>"$medium/${slow##*/}"
	own "$medium/${slow##*/}"
	sleep 0.6
done
check 'a file that is copied slowly is taken when it is whole' until_true 6 \
    test ! -e "$medium/${slow##*/}"
check 'an object that was copied twice is taken once, and both are removed' until_true 6 \
    bash -c "! ls '$medium/${twice##*/}'*"
is "$(arrived a)" $((before + 2)) 'nothing else was taken'
dd if="$full" of="$medium/${full##*/}" bs=64k conv=notrunc status=none
check 'a file whose size stood before its bytes is taken when they are there' \
    until_true 8 has_arrived a $((before + 3))
check 'a copy that was cut off is said' until_true 30 \
    said a.recv "${cut##*/} is not whole, and nobody writes to it any more"
check 'a file that is not signed is said' until_true 8 said a.recv 'unsigned.lmpo is nothing that'
check 'a changed one' until_true 3 said a.recv 'changed.lmpo was refused'
check 'one that is too long' until_true 3 said a.recv 'longer.lmpo was refused'
check 'what may be read now on the share is taken' until_true 5 has_arrived b 1
check 'an empty one' until_true 3 said a.recv 'empty.lmpo is not whole'
for x in a-link link-to-an-object a-pipe a-device a-folder; do
	check "$x" said a.recv "$x.lmpo in .* is no file but a link"
done
check 'one that it may not read' said a.recv 'secret.lmpo in .* cannot be opened: Permission denied'
check 'an odd name is said safely' said a.recv 'odd.x1b'
check 'and none of them is removed' ls "$medium"/{a-link,link-to-an-object,a-pipe,a-device,a-folder,secret,unsigned,changed,longer,empty}.lmpo "$medium"/{"${cut##*/}",.hidden.lmpo,README.txt,link2-00000000000000000001.lmpo,link1-beat.lmpn}
is "$(arrived a)" $((before + 3)) 'and none is taken'
lines=$(wc -l <"$top/a.recv")
sleep 3
is "$(wc -l <"$top/a.recv")" "$lines" 'nor spoken of twice'
cp "$cut" "$medium/${cut##*/}"
chmod 644 "$medium/secret.lmpo"
check 'copied again it is taken, and so is what may be read now' \
    until_true 16 has_arrived a $((before + 5))

# A hundred thousand files that are not ours, in front of those that are.
mkdir "$medium/a-folder.lmpo/keep"
python3 - "$medium" <<'P'
import os, sys
for i in range(100000):
    open(f'{sys.argv[1]}/{"holiday" if i % 2 else "a"}-{i:06}.{"jpg" if i % 2 else "lmpo"}', 'w').close()
P
for f in "${files[@]:5}" "${files[0]}"; do
	cp "$f" "$medium/zz-${f##*/}"
	own "$medium/zz-${f##*/}"
done
n=$(find "$top/first" "$top/second" "$top/third" -name '*.lmpo' -printf '%f\n' | sort -u | wc -l)
check 'behind 100,000 foreign files every object is found' until_true 40 has_arrived a "$n"
is "$(find "$medium" -name 'a-*.lmpo' -type f | wc -l)" 50000 'and none of the foreign ones is removed'
rss=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$recv/status")
[ "$rss" -lt 40 ]
ok $? "in little memory ($rss MB)"
sleep 2
t0=$(awk '{ print $14 + $15 }' "/proc/$recv/stat")
sleep 5
t1=$(awk '{ print $14 + $15 }' "/proc/$recv/stat")
[ $((t1 - t0)) -lt 150 ]
ok $? "and not all of the processor ($((t1 - t0)) of 500 ticks)"
[ "$(wc -l <"$top/a.recv")" -lt 200 ]
ok $? 'nor a log that grows without end'

# What came is what was put in; the sender's numbers have no gap.
check 'the same references, each once' same_refs a
check 'with what was put in, to the last bit' cmp -s \
    <(cd "$top/a/var/lib/limpid/spool/link1-out/sent" && sha256sum -- * | cut -c1-64 | sort) \
    <(cd "$(spool_in a)" && sha256sum -- * | cut -c1-64 | sort)
check 'nothing is missing' test ! -s "$top/a/var/lib/limpid/link/1-recv/gaps"
# One foreign file must not hide that something is missing.
umount -l "$medium"
mount -t tmpfs -o size=8m,mode=777 tmpfs "$medium"
mkfifo "$medium/a-pipe.lmpo"
send_start a
put a 2 1000 0
check 'behind a foreign file they are taken' until_true 20 has_arrived a $((n + 2))
kill -STOP "$recv"
put a 1 1000 0
until_true 5 has_on_medium 1
sleep 1.2
rm "$medium"/link1-*.lmpo
kill -CONT "$recv"
check 'and an object that vanishes from the medium is a gap all the same' until_true 10 \
    said a.recv 'ALARM: sequence .* never came'
# Names can be seen and the files not.
chmod 744 "$medium"
check 'one that shows names and no files is said as well' until_true 5 \
    status_says "$unreadable Permission denied"
is "$("$bin/limpid" status --json --root "$top/a" | /usr/bin/python3 -c '
import json, sys
print(*(l["state"] for l in json.load(sys.stdin)["links"] if l["name"] == "1-recv"))')" \
    unreadable 'for programs too'
chmod 777 "$medium"
cared() { status a; ! grep -q UNREADABLE "$top/status"; }
check 'until it shows them' until_true 5 cared
end 9 "$send"
end TERM "$recv"
is $? 0 'the receiver ends well on SIGTERM'
none_stopped
done_testing
