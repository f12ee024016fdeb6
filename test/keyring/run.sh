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

if [ "${SIMSID_TEST_KEYRING_FOLDER:-}" = "" ]; then
	folder=$(mktemp -d "${TMPDIR:-/tmp}/simsid-keyring.XXXXXX")
	pid=
	tidy() {
		rm -rf "$folder"
	}
	trap tidy EXIT
	# The bus's own process is waited for, so that a signal to this script reaches the command as well.
	trap '[ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null || :' INT TERM HUP
	mkdir -m 700 "$folder/run" "$folder/data" "$folder/cache" "$folder/config"
	code=0
	SIMSID_TEST_KEYRING_FOLDER=$folder dbus-run-session -- "$0" "$@" <&0 &
	pid=$!
	wait "$pid" || code=$?
	# A signal ends the wait before the process.
	while kill -0 "$pid" 2>/dev/null; do
		wait "$pid" || code=$?
	done
	exit "$code"
fi

# From here on: within the bus.
folder=$SIMSID_TEST_KEYRING_FOLDER
unset SIMSID_TEST_KEYRING_FOLDER DISPLAY WAYLAND_DISPLAY GNOME_KEYRING_CONTROL
export XDG_RUNTIME_DIR="$folder/run" XDG_DATA_HOME="$folder/data"

# The toolchain and other programs keep their own caches and configuration: only what the keyring reads is replaced.
daemon_pid() {
	dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / \
		org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets 2>/dev/null |
		sed 's/.*uint32 *//'
}
if ! {
	printf '\n' | gnome-keyring-daemon --daemonize --unlock --components=secrets &&
		gnome-keyring-daemon --start --components=secrets
} >"$folder/daemon.log" 2>&1; then
	cat "$folder/daemon.log" >&2
	echo "$0: gnome-keyring-daemon didn't start" >&2
	exit 2
fi

code=0
"$@" || code=$?

# Whichever daemon serves the bus by now: the command may have ended ours and got another.
pid=$(daemon_pid || :)
if [ -n "$pid" ]; then
	kill -TERM "$pid" 2>/dev/null || :
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do
		sleep 0.02
		tries=$((tries + 1))
	done
	kill -KILL "$pid" 2>/dev/null || :
fi
exit "$code"
