#!/usr/bin/perl
# selftest.pl: each rule of lint.pl finds what it is for, and leaves a clean file alone.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Cwd qw(abs_path);
use Test::More;

my $lint = abs_path(dirname(__FILE__) . '/lint.pl');
my $opening = "/*\n * a file\n */\n";

# what lint says of a tree that holds this one file
sub findings
{
	my ($file, $text) = @_;
	my $root = tempdir(CLEANUP => 1);

	make_path("$root/src", "$root/test", "$root/" . dirname($file), map { "$root/src/$_" } qw(kernels model catalog api algorithms dataset preprocess));
	open my $out, '>', "$root/$file" or die "$file: $!\n";
	print $out $text;
	close $out;
	return scalar `$^X '$lint' --root '$root' 2>&1`;
}

my @rules = (
	[ 'src/kernels/a.c', qq{#include "postgres.h"\n}, qr/no server header/ ],
	[ 'src/kernels/a.c', qq{#include "api/args.h"\n}, qr/must not include room api/ ],
	[ 'src/kernels/a.c', qq{#include <pthread.h>\n}, qr/threads are for/ ],
	[ 'src/kernels/a.c', qq{#include <cblas.h>\n}, qr/cblas and LAPACK/ ],
	[ 'src/kernels/a.c', "static int counter;\n", qr/mutable static/ ],
	[ 'src/kernels/a.c', "static double\nf(void)\n{\n\treturn rand();\n}\n", qr/random numbers/ ],
	[ 'src/kernels/a.c', "static void\nf(void)\n{\n\tpalloc(1);\n}\n", qr/know nothing of PostgreSQL/ ],
	[ 'src/model/blob.c', qq{#include "guc.h"\n}, qr/plain C only/ ],
	[ 'src/catalog/a.c', qq{#include "algorithms/algorithm.h"\n}, qr/must not include room algorithms/ ],
	[ 'src/preprocess/a.c', qq{#include "executor/executor.h"\n}, qr/must not include executor/ ],
	[ 'src/algorithms/a.c', qq{#include "dataset/dataset.h"\n}, qr/must not include room dataset/ ],
	[ 'src/api/a.c', "static void\nf(void)\n{\n\tSPI_connect();\n}\n", qr/SPI is for/ ],
	[ 'src/api/a.c', qq{static const char *q = "SELECT * FROM mlops.model";\n}, qr/SQL text/ ],
	[ 'src/api/a.c', qq{static void\nf(void)\n{\n\tereport(ERROR, (errmsg("no")));\n}\n}, qr/without errcode/ ],
	[ 'src/api/a.c', qq{static void\nf(void)\n{\n\tereport(ERROR, (errcode(1), errmsg("Wrong")));\n}\n}, qr/capital/ ],
	[ 'src/api/a.c', qq{static void\nf(void)\n{\n\tereport(ERROR, (errcode(1), errmsg("wrong.")));\n}\n}, qr/full stop/ ],
	[ 'src/api/a.c', "static void\nf(void)\n{\n" . "\n" x 130 . "}\n", qr/function of/ ],
	[ 'src/api/a.c', "\n" x 900, qr/at most 800/ ],
	[ 'src/api/a.c', "/* TO" . "DO: later */\n", qr/unfinished/ ],
	[ 'src/api/a.c', "int\tx;  \n", qr/blanks at the end/ ],
	[ 'src/api/a.c', "#if PG_VERSION_NUM > 1\n#endif\n", qr/compat\.h alone/ ],
	[ 'src/attic/a.c', '', qr/no room of this name/ ],
	[ 'sql/mlops--9.sql', "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n", qr/no COMMENT ON FUNCTION/ ],
	[ 'sql/mlops--9.sql', "SELECT 1;\n", qr/without the guard/ ]);

for my $rule (@rules)
{
	my ($file, $text, $want) = @$rule;
	like(findings($file, $file =~ /\.c$/ ? $opening . $text : $text), $want, "found: $want");
}
like(findings('src/api/a.c', "int x;\n"), qr/opens without a comment/, 'found: no opening comment');
like(findings('src/catalog/a.c', $opening . qq{#include "postgres.h"\n#include "executor/spi.h"\n\n#include "guc.h"\n#include "catalog/tables.h"\n}
		. qq{static void\nf(void)\n{\n\tSPI_connect();\n\tereport(ERROR, (errcode(1), errmsg("wrong"), errhint("Do.")));\n}\n}),
	qr/nothing found/, 'a clean file is left alone');
done_testing();
