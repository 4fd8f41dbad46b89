#!/bin/bash
# demo.sh: from a bare Debian 12 to a model that is trained, deployed, watched and retrained; KEEP=1 leaves the server running.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
"$here/packages.sh" gcc make libc6-dev postgresql-15 postgresql-server-dev-15 libopenblas0-pthread postgresql-15-cron
. "$here/server.sh"

server_directory
echo "building mlops ..."
server_install
cp "$top/test/data/telco_churn.csv" "$work"
server_give "$work/telco_churn.csv"

echo "starting a private server in $work ..."
server_start "shared_preload_libraries = 'pg_cron'" "cron.database_name = 'demo'" "cron.use_background_workers = on"
server_psql -c 'CREATE DATABASE demo'
echo
database=demo
server_psql -v ON_ERROR_STOP=1 -v "data=$work/telco_churn.csv" <"$top/test/demo.sql" 2>&1

if [ -n "${KEEP:-}" ]; then
	runas=
	[ "$(id -u)" != 0 ] || runas="runuser -u $account -- "
	trap - EXIT
	cat <<-END

	The server is left running.  To look around:
	    $runas$bindir/psql -h $work -p $port -U postgres -d demo
	To stop and remove it:
	    $runas$bindir/pg_ctl -D $work/data stop && rm -r $work
	END
else
	echo
	echo "The private server is stopped and removed.  make demo KEEP=1 leaves it running."
fi
