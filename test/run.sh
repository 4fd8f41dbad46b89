#!/bin/bash
# run.sh [STAGE ...]: everything that make test runs, one stage after the other; named stages alone when given.
#
# A stage reports its cases with the function "case_is"; the last line counts them.  Files are copied to the server's private
# directory, so that neither the clone's place nor its rights matter to the unprivileged account.
set -uo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
"$here/packages.sh" gcc make libc6-dev libasan8 libubsan1 clang-14 perl postgresql-15 postgresql-server-dev-15 postgresql-15-cron \
	libopenblas0-pthread libipc-run-perl libcmocka-dev || exit 1
. "$here/server.sh"

stages=${*:-lint build unit fuzz regress tap documents}
passed=0
failed=0
failures=

# case_is 0|other NAME [LOG]: one test case; the log's end is shown when it failed
case_is()
{
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "ok      $2"
	else
		failed=$((failed + 1))
		failures="$failures $2"
		echo "FAILED  $2"
		[ -z "${3:-}" ] || tail -n "${LOG_LINES:-60}" "$3" | sed 's/^/        /'
	fi
}

stage_lint()
{
	perl "$top/test/lint/selftest.pl" >"$work/lint.log" 2>&1
	case_is $? lint/selftest "$work/lint.log"
	(cd "$top" && perl test/lint/lint.pl --library mlops.so) >"$work/lint.log" 2>&1
	case_is $? lint "$work/lint.log"
}

# the same sources with the other compiler, in a copy, so that the tree keeps what gcc made
stage_build()
{
	mkdir "$work/clang"
	cp -r "$top/Makefile" "$top/mlops.control" "$top/src" "$top/sql" "$work/clang"
	find "$work/clang" -name '*.o' -delete
	make -s -C "$work/clang" -j2 all PG_CONFIG="$pg_config" CC=clang-14 >"$work/clang.log" 2>&1
	case_is $? build/clang "$work/clang.log"
}

stage_unit()
{
	make -s -C "$top/test/unit" -j2 check >"$work/unit.log" 2>&1
	case_is $? unit "$work/unit.log"
}

stage_fuzz()
{
	make -s -C "$top/test/fuzz" run SECONDS="${FUZZ_SECONDS:-10}" >"$work/fuzz.log" 2>&1
	case_is $? fuzz "$work/fuzz.log"
}

# regress NAME SETTING...: the inputs of sql/ against expected/ on a server with these settings
regress()
{
	local name=$1 tests line
	shift
	rm -rf "$work/data" "$work/regress"
	server_start "$@" || { case_is 1 "regress/$name" "$work/server.log"; return; }
	mkdir -p "$work/regress/test"
	cp -r "$top/sql" "$top/expected" "$work/regress"
	cp -r "$top/test/data" "$work/regress/test"
	server_give "$work/regress"
	tests=$(cd "$top/sql" && ls *.sql | sed 's/\.sql$//' | grep -v -e '^mlops--' -e '^setup$')
	as_server "$("$pg_config" --pkglibdir)/pgxs/src/test/regress/pg_regress" --bindir="$bindir" --host="$work" --port="$port" --user=postgres \
		--inputdir="$work/regress" --outputdir="$work/regress" --dbname=contrib_regression setup $tests </dev/null \
		>"$work/regress.log" 2>&1
	while read -r line; do
		case $line in
			test\ *ok*) case_is 0 "regress/$name/$(set -- $line; echo "$2")" ;;
			test\ *FAILED*) case_is 1 "regress/$name/$(set -- $line; echo "$2")" ;;
		esac
	done <"$work/regress.log"
	if [ -s "$work/regress/regression.diffs" ]; then
		sed 's/^/        /' "$work/regress/regression.diffs" | head -n "${LOG_LINES:-200}"
	elif ! grep -q 'tests passed' "$work/regress.log"; then
		case_is 1 "regress/$name" "$work/regress.log"
	fi
	[ -z "${REGRESS_RESULTS:-}" ] || cp "$work"/regress/results/*.out "$REGRESS_RESULTS"
	server_stop
}

stage_regress()
{
	regress plain 'jit = off'
	regress jit 'jit = on' 'jit_above_cost = 0' 'jit_inline_above_cost = 0' 'jit_optimize_above_cost = 0'
	regress parallel 'force_parallel_mode = regress' 'mlops.max_threads = 1'
}

stage_tap()
{
	local test name status
	mkdir -p "$work/tap"
	cp -r "$top/test/t" "$top/test/data" "$work/tap"
	# data that are no part of the project, when they are there
	[ ! -d "${MLOPS_LOCAL_DATA:-$top/../shared/data/local}" ] || cp -rL "${MLOPS_LOCAL_DATA:-$top/../shared/data/local}" "$work/tap/local"
	server_give "$work/tap"
	for test in ${TAP_TESTS:-$(cd "$top/test/t" && ls *.pl)}; do
		name=${test%.pl}
		as_server env PATH="$bindir:$PATH" TESTDIR="$work/tap" PG_REGRESS="$("$pg_config" --pkglibdir)/pgxs/src/test/regress/pg_regress" \
			PERL5LIB="$("$pg_config" --pkglibdir)/pgxs/src/test/perl:$work/tap/t" MLOPS_DESTDIR="$work/inst" MLOPS_DATA="$work/tap/data" MLOPS_LOCAL_DATA="$work/tap/local" \
			timeout -k 10 1200 prove -v "$work/tap/t/$test" </dev/null >"$work/tap/$name.log" 2>&1
		status=$?
		# what made it fail is in the log that the modules write, not in prove's
		[ "$status" = 0 ] || tail -n 40 "$work/tap/tmp_check/log/regress_log_$name" >>"$work/tap/$name.log"
		case_is $status "tap/$name" "$work/tap/$name.log"
		sed -n 's/.* \.\. skipped: /        skipped: /p' "$work/tap/$name.log"
		[ -z "${TAP_RESULTS:-}" ] || cp "$work/tap/$name.log" "$TAP_RESULTS"
		rm -rf "$work/tap/tmp_check"
	done
}

# every SQL block of the documents, in order, in a database of its own a document; shown output must be what comes out
stage_documents()
{
	local document name status
	rm -rf "$work/data"
	mkdir -p "$work/test"
	cp -r "$top/test/data" "$work/test"
	server_give "$work/test"
	server_start "shared_preload_libraries = 'pg_cron'" "cron.database_name = 'documents'" "cron.use_background_workers = on" ||
		{ case_is 1 documents "$work/server.log"; return; }
	while read -r document; do
		name=$(basename "$document" .md)
		perl "$top/test/documents.pl" extract "$top/$document" >"$work/$name.sql"
		server_psql -c 'DROP DATABASE IF EXISTS documents WITH (FORCE)' 2>/dev/null
		server_psql -c 'CREATE DATABASE documents'
		database=documents server_psql -v ON_ERROR_STOP=1 -P pager=off <"$work/$name.sql" >"$work/$name.out" 2>"$work/$name.log"
		status=$?
		[ -z "${DOCUMENT_RESULTS:-}" ] || perl "$top/test/documents.pl" update "$top/$document" "$work/$name.out" >"$DOCUMENT_RESULTS/$name.md"
		if [ "$status" = 0 ]; then
			perl "$top/test/documents.pl" check "$top/$document" "$work/$name.out" >>"$work/$name.log"
			status=$?
		fi
		case_is $status "documents/$name" "$work/$name.log"
	done <"$top/test/documents.list"
	server_stop
}

server_directory
server_install
case_is $? build/gcc "$work/build.log"
if [ "$failed" = 0 ]; then
	for stage in $stages; do
		"stage_$stage"
	done
fi
[ -z "$failures" ] || echo "failed:$failures"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
