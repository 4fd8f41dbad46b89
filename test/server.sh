# server.sh: a private PostgreSQL server for the demo, the tests and the bench; to be sourced by bash.
#
# It lives in one temporary directory that only its account can enter: data, socket, log, and the extension itself, which is
# installed below that directory and found through Debian's setting extension_destdir.  So nothing of the system is changed, several
# runs can go side by side, and removing the directory removes everything.  The server never runs as root.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pg_config=${PG_CONFIG:-/usr/lib/postgresql/15/bin/pg_config}
port=5432					# names the socket file; nothing listens on the network
work=
umask 022
unset MAKEFLAGS MFLAGS MAKELEVEL	# the scripts may be called by make, and call it
for variable in $(compgen -e PG); do	# PGHOST and its kin would lead elsewhere
	unset "$variable"
done

# account of the server: the caller, or when that is root, one without rights
if [ "$(id -u)" != 0 ]; then
	account=$(id -un)
elif id postgres >/dev/null 2>&1; then
	account=postgres
else
	account=nobody
fi

# run a command as the server's account, in the private directory
as_server()
{
	(
		cd "$work"
		if [ "$(id -u)" = 0 ]; then
			exec runuser -u "$account" -- env HOME="$work" USER="$account" LOGNAME="$account" "$@"
		fi
		exec env HOME="$work" "$@"
	)
}

# stop by the server's own pid file, then remove everything that was made
server_cleanup()
{
	local status=$?
	trap - EXIT
	if [ -n "$work" ]; then
		server_stop
		rm -rf "$work"
	fi
	exit $status
}

server_directory()
{
	work=$(mktemp -d "${TMPDIR:-/tmp}/mlops.XXXXXX")
	trap server_cleanup EXIT
	trap 'exit 130' INT TERM HUP
	chmod 700 "$work"
	bindir=$("$pg_config" --bindir)
	server_give "$work"
}

# hand files over to the server's account
server_give()
{
	[ "$(id -u)" != 0 ] || chown -R "$account" "$@"
}

# build in the source tree (one build at a time), install below the private directory
server_install()
{
	(
		flock 9
		make -s -C "$top" -j2 all PG_CONFIG="$pg_config" ${CC:+"CC=$CC"} &&
		make -s -C "$top" install PG_CONFIG="$pg_config" DESTDIR="$work/inst"
	) 9<"$top/Makefile" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; return 1; }
	server_give "$work/inst"
}

# each argument is a line for postgresql.conf
server_start()
{
	as_server "$bindir/initdb" -D "$work/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/initdb.log"
	{
		echo "unix_socket_directories = '$work'"
		echo "listen_addresses = ''"
		echo "port = $port"
		echo "extension_destdir = '$work/inst'"
		echo "fsync = off"
		printf '%s\n' "$@"
	} >>"$work/data/postgresql.conf"
	as_server "$bindir/pg_ctl" -D "$work/data" -l "$work/server.log" -s -w start </dev/null ||
		{ tail -n 20 "$work/server.log" >&2; return 1; }
}

server_stop()
{
	[ ! -e "$work/data/postmaster.pid" ] || as_server "$bindir/pg_ctl" -D "$work/data" -s -m fast -w stop
}

# psql as the superuser of the private server
server_psql()
{
	as_server "$bindir/psql" -X -q -h "$work" -p "$port" -U postgres -d "${database:-postgres}" "$@"
}
