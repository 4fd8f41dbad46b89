#!/bin/bash
# bench/run.sh: how long the work takes in units of reading the rows, all from one run on one private server.
#
# The floor is SELECT sum(x1 + ... + x20) over 1,000,000 rows with parallel query off.  Calls are measured in turns, so that a busy
# machine slows all of them alike, and the median of the turns is printed as a ratio to the floor's, beside the target.  Nothing
# fails here: ratios are for reading.  ROWS, TURNS and TREE_TURNS (of trees and networks, which take longer) change the size.
#
# The comparison of mlops_auto with what a careful person finds takes half an hour, and data that are no part of the project: it is made when
# AUTO_DATA names a directory that holds adult_train.csv.gz, adult_test.csv, telco_churn.csv, california_housing_raw.csv and
# bike_sharing_hour.csv.  AUTO_SECONDS (60) is the time of mlops_auto; CAREFUL_CACHE is a directory, which the server's account can write to, that
# keeps the other side's results.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
"$here/../packages.sh" gcc make libc6-dev postgresql-15 postgresql-server-dev-15 libopenblas0-pthread
. "$here/../server.sh"

rows=${ROWS:-1000000}
turns=${TURNS:-5}

server_directory
echo "building mlops ..."
server_install
cp "$here"/*.sql "$here"/*.py "$work"
server_give "$work"/*.sql "$work"/*.py
server_start 'shared_buffers = 1GB' 'work_mem = 256MB' 'max_wal_size = 4GB' 'wal_level = minimal' 'max_wal_senders = 0' \
	'autovacuum = off' 'jit = off' 'max_parallel_workers_per_gather = 2'
echo "making $rows rows ..."
server_psql -v ON_ERROR_STOP=1 -v rows="$rows" -f "$work/data.sql"

echo "measuring, $turns turns ..."
server_psql -v ON_ERROR_STOP=1 -v turns="$turns" -f "$work/calls.sql" 2>"$work/stages.log" || { cat "$work/stages.log" >&2; exit 1; }

echo
server_psql -v ON_ERROR_STOP=1 -v turns="$turns" -f "$work/aggregates.sql"

echo
echo "stages of one training, seconds"
sed -n 's/^.*mlops stages: /    /p' "$work/stages.log" | tail -n 2 | sed -e '1s/^   /linear  /' -e '2s/^   /logistic/'

# a new connection: the first prediction beside a first SELECT 1, as the client sees both
first()
{
	for _ in 1 2 3 4 5 6 7 8 9; do
		printf '%s\n' '\timing on' "$1" | server_psql -At | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
	done | sort -n | sed -n 5p
}
zeros=$(seq -s ', ' -f '0.%g' 1 20)
echo
echo "first prediction in a new connection: $(first "SELECT mlops_predict('linear', $zeros);") ms (target: under 5; a first SELECT 1: $(first 'SELECT 1;') ms)"

# the same with a model of about 10 MB, which has to be fetched, checked and unpacked first
server_psql -At -c "SELECT 1 FROM mlops_train('big', 'SELECT * FROM bench LIMIT 100000', target => 'label', exclude => '{y}',
	algorithm => 'random_forest', params => '{\"n_estimators\": 90}')" >/dev/null 2>&1
size=$(server_psql -At -c "SELECT round(v.bytes / 1e6, 1) FROM mlops.model_version v JOIN mlops.model m USING (model_id) WHERE m.name = 'big'")
echo "with a forest of $size MB: $(first "SELECT mlops_probability('big', $zeros);") ms (target: 10 MB in 20)"

# peak of the backend's own memory beside the bytes of the columns that it reads
echo
server_psql -At -v rows="$rows" -f "$work/memory.sql"

# two trainings at once beside one alone
train="SELECT version FROM mlops_train('side', 'bench', target => 'y', exclude => '{label}', algorithm => 'linear_regression', deploy => 'never')"
train2=${train/side/other}
together()
{
	local began=$(date +%s%N) statement
	for statement in "$@"; do
		server_psql -At -c "$statement" >/dev/null 2>&1 &
	done
	wait $(jobs -p)
	echo $(($(date +%s%N) - began))
}
together "$train" >/dev/null
for _ in 1 2 3; do
	echo "$(together "$train") $(together "$train" "$train2")"
done | awk '{ one += $1; two += $2 } END { printf "\ntwo sessions training at once, beside one alone: %.2f (target: at most 2.2)\n", two / one }'

echo
missing=
for package in python3-sklearn python3-psycopg2 python3-pandas; do
	[ "$(dpkg-query -W -f='${db:Status-Status}' $package 2>/dev/null)" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
	echo "outside the database (driver, pandas, scikit-learn): not run, missing:$missing"
else
	as_server /usr/bin/python3 "$work/outside.py" "$work" "$port"
	echo
	as_server /usr/bin/python3 "$work/trees.py" "$work" "$port" "$rows" "${TREE_TURNS:-1}"
	echo
	as_server /usr/bin/python3 "$work/mlp.py" "$work" "$port" "$rows" "${TREE_TURNS:-1}"
	echo
	auto_files="adult_train.csv.gz adult_test.csv telco_churn.csv california_housing_raw.csv bike_sharing_hour.csv"
	if [ -n "${AUTO_DATA:-}" ] && (cd "$AUTO_DATA" && cp $auto_files "$work"); then
		(cd "$work" && server_give $auto_files)
		as_server /usr/bin/python3 "$work/auto.py" "$work" "$port" "$work" "${AUTO_SECONDS:-60}" 0
	else
		echo "mlops_auto beside a careful person: not run, AUTO_DATA names no directory with $auto_files"
	fi
fi
