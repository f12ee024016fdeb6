#!/bin/sh
# Runs a command with a real, fresh and unlocked Secret Service: run.sh CMD [ARG...]
#
# gnome-keyring-daemon is started on a session bus of its own, in fresh folders that nobody else can read, without a screen
# and without systemd. The command's exit code is passed on. The bus and the daemon end with the command, and the folders go.
# Needs the Debian packages dbus and gnome-keyring.
set -eu

if [ $# -eq 0 ]; then
	echo "usage: $0 CMD [ARG...]" >&2
	exit 2
fi
for need in dbus-run-session gnome-keyring-daemon; do
	if ! command -v "$need" >/dev/null 2>&1; then
		echo "$0: $need is missing: apt-get install dbus gnome-keyring" >&2
		exit 2
	fi
done

# A command in the background reads nothing unless told otherwise, by another number than 0.
exec 3<&0

# Waits for a process to end, however often a signal interrupts the wait, and sets code.
await() {
	code=0
	wait "$1" || code=$?
	while kill -0 "$1" 2>/dev/null; do
		code=0
		wait "$1" || code=$?
	done
}

if [ "${SIMSID_TEST_KEYRING_FOLDER:-}" = "" ]; then
	folder=$(mktemp -d "${TMPDIR:-/tmp}/simsid-keyring.XXXXXX")
	trap 'rm -rf "$folder"' EXIT
	mkdir -m 700 "$folder/run" "$folder/data"
	# A signal goes to the half of this script within the bus, which ends the command and the daemon; the bus follows.
	trap '[ ! -s "$folder/inner" ] || kill -TERM "$(cat "$folder/inner")" 2>/dev/null || :' INT TERM HUP
	SIMSID_TEST_KEYRING_FOLDER=$folder dbus-run-session -- "$0" "$@" <&3 3<&- &
	await $!
	exit "$code"
fi

# From here on: within the bus. Only what the keyring reads is replaced: the toolchain keeps its caches.
folder=$SIMSID_TEST_KEYRING_FOLDER
unset SIMSID_TEST_KEYRING_FOLDER DISPLAY WAYLAND_DISPLAY GNOME_KEYRING_CONTROL
export XDG_RUNTIME_DIR="$folder/run" XDG_DATA_HOME="$folder/data"

if ! {
	printf '\n' | gnome-keyring-daemon --daemonize --unlock --components=secrets &&
		gnome-keyring-daemon --start --components=secrets
} >"$folder/daemon.log" 2>&1; then
	cat "$folder/daemon.log" >&2
	echo "$0: gnome-keyring-daemon didn't start" >&2
	exit 2
fi

"$@" <&3 3<&- &
command=$!
trap 'kill -TERM "$command" 2>/dev/null || :' INT TERM HUP
echo $$ >"$folder/inner"
await "$command"

# Whichever daemon serves the bus by now: the command may have ended ours and got another.
daemon=$(dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / \
	org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets 2>/dev/null | sed 's/.*uint32 *//')
if [ -n "$daemon" ]; then
	kill -TERM "$daemon" 2>/dev/null || :
	tries=0
	while kill -0 "$daemon" 2>/dev/null && [ "$tries" -lt 50 ]; do
		sleep 0.02
		tries=$((tries + 1))
	done
	kill -KILL "$daemon" 2>/dev/null || :
fi
exit "$code"
