#!/usr/bin/perl
# lint.pl [--library mlops.so]: the rules of doc/internals.md that a compiler does not see.
#
# Plain text checks, no build needed; with the library at hand its exported names are checked too.  Prints one line
# "file:line: what is wrong" for each finding, and fails when there is one.  An argument that names another source tree as
# --root DIR lets test/lint/selftest.pl prove that each rule finds what it is for.
use strict;
use warnings;
use File::Find;
use Getopt::Long;

my ($library, $root) = (undef, '.');
GetOptions('library=s' => \$library, 'root=s' => \$root) or die "usage: lint.pl [--library FILE] [--root DIR]\n";
chdir $root or die "$root: $!\n";

my $MAX_FILE_LINES = 800;
my $MAX_FUNCTION_LINES = 120;

# which rooms a room may include, beside itself; '' is the files directly in src
my %may_include = (
	kernels    => [],
	model      => [],
	dataset    => [qw(kernels)],
	preprocess => [qw(kernels model dataset)],
	algorithms => [qw(kernels model)],
	catalog    => [],
	scoring    => [qw(catalog preprocess algorithms model monitoring kernels dataset)],
	monitoring => [qw(kernels)],
	quality    => [qw(kernels model dataset)],
	cleaning   => [qw(kernels dataset quality)],
	api        => [qw(kernels model dataset preprocess algorithms catalog scoring monitoring quality cleaning)],
	''         => [qw(kernels monitoring scoring)],
);

# helpers without a room, open to every room that knows PostgreSQL
my %common = map { $_ => 1 } qw(compat.h guc.h interrupts.h nearest.h);

# server headers that a room must not reach for; kernels and the blob reader may have none at all
my %forbidden_headers = (
	preprocess => qr{^executor/},
	algorithms => qr{^(executor/|fmgr\.h)},
	dataset    => qr{^executor/spi\.h},
	scoring    => qr{^executor/spi\.h},
	monitoring => qr{^executor/},
	quality    => qr{^executor/spi\.h},
	cleaning   => qr{^executor/spi\.h},
	api        => qr{^(executor/spi\.h|cblas|lapack)},
);
my $server_header = qr{^(postgres|fmgr|funcapi|miscadmin|pgstat|port|(access|catalog|commands|common|datatype|executor|lib|mb|nodes|optimizer|parser|port|postmaster|replication|storage|tcop|utils)/)};

my $findings = 0;

sub complain
{
	my ($file, $line, $what) = @_;
	print "$file:$line: $what\n";
	$findings++;
}

# the text with comments (and, on request, strings) blanked out, line numbers kept
sub without
{
	my ($text, $strings_too) = @_;
	$text =~ s{(/\*.*?\*/)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
		{ defined $1 ? blank($1) : $strings_too ? '"' . blank(substr($2, 1, -1)) . '"' : $2 }gse;
	return $text;
}

sub blank
{
	my ($text) = @_;
	$text =~ s/[^\n]/ /g;
	return $text;
}

sub line_of
{
	my ($text, $position) = @_;
	return 1 + (substr($text, 0, $position) =~ tr/\n//);
}

sub each_match
{
	my ($file, $text, $pattern, $what) = @_;
	complain($file, line_of($text, $-[0]), $what) while $text =~ /$pattern/g;
}

# from the opening bracket at position to its partner
sub bracketed
{
	my ($text, $position) = @_;
	my $depth = 0;
	pos($text) = $position;
	while ($text =~ /([()])/g)
	{
		$depth += $1 eq '(' ? 1 : -1;
		return substr($text, $position, pos($text) - $position) if $depth == 0;
	}
	return substr($text, $position);
}

sub check_includes
{
	my ($file, $room, $code) = @_;
	my $plain_c = $room eq 'kernels' || $file =~ m{^src/model/blob\.[ch]$};

	while ($code =~ /^\s*#\s*include\s+([<"])([^>"]+)[>"]/mg)
	{
		my ($kind, $header) = ($1, $2);
		my $line = line_of($code, $-[0]);
		my ($target) = $header =~ m{^(\w+)/};

		complain($file, $line, "cblas and LAPACK are for kernels/blas.c alone: $header")
			if $header =~ /^(cblas|lapack|openblas)/ && $file ne 'src/kernels/blas.c';
		complain($file, $line, "threads are for kernels/parallel.c alone: $header")
			if $header =~ /^(pthread|omp|threads)\.h/ && $file !~ m{^src/kernels/(parallel|blas)\.c$};
		if ($header =~ $server_header && !-e "src/$header")
		{
			complain($file, $line, "plain C only here, no server header: $header") if $plain_c;
			complain($file, $line, "room $room must not include $header")
				if $forbidden_headers{$room} && $header =~ $forbidden_headers{$room};
			next;
		}
		next if $kind eq '<';
		if ($common{$header})
		{
			complain($file, $line, "plain C only here: $header") if $plain_c;
			next;
		}
		if (!defined $target)
		{
			complain($file, $line, "write the include from src/, with its room: $header") if !-e "src/$header";
			next;
		}
		next if $target eq $room || !-d "src/$target";
		complain($file, $line, "room " . ($room eq '' ? 'src' : $room) . " must not include room $target: $header")
			if !grep { $_ eq $target } @{ $may_include{$room} // [] };
		complain($file, $line, "an algorithm must not include another: $header")
			if $room eq 'algorithms' && $header =~ m{^algorithms/\w+\.c$};
	}
}

# every ereport(ERROR) and above carries an errcode
sub check_errors
{
	my ($file, $code) = @_;

	while ($code =~ /\bereport\s*(\()\s*(ERROR|FATAL)\b/g)
	{
		my ($position, $line) = ($-[1], line_of($code, $-[0]));
		my $call = bracketed($code, $position);

		complain($file, $line, 'ereport(ERROR) without errcode') if $call !~ /\berrcode(_for_file_access)?\s*\(/;
		while ($call =~ /\berrmsg(?:_plural)?\s*\(\s*"((?:\\.|[^"\\])*)"\s*[,)]/g)
		{
			my $text = $1;
			complain($file, $line, "errmsg starts with a capital letter: \"$text\"") if $text =~ /^[A-Z][a-z]/;
			complain($file, $line, "errmsg ends with a full stop: \"$text\"") if $text =~ /[^.]\.$/;
		}
	}
}

# a function's body starts with { in the first column and ends with } there
sub check_function_length
{
	my ($file, $code) = @_;
	my ($start, $number) = (0, 0);

	for my $line (split /\n/, $code, -1)
	{
		$number++;
		$start = $number if $line =~ /^\{/;
		if ($line =~ /^\}/ && $start)
		{
			complain($file, $start, 'function of ' . ($number - $start + 1) . " lines (at most $MAX_FUNCTION_LINES)")
				if $line =~ /^\}\s*$/ && $number - $start + 1 > $MAX_FUNCTION_LINES;
			$start = 0;
		}
	}
}

sub check_kernel
{
	my ($file, $bare) = @_;

	each_match($file, $bare, qr/\b(palloc\w*|repalloc|pfree|ereport|elog|MemoryContext\w*|CHECK_FOR_INTERRUPTS)\s*\(/,
		'kernels know nothing of PostgreSQL');
	each_match($file, $bare, qr/\b(rand|srand|random|drand48|rand_r)\s*\(/, 'random numbers come from kernels/rng.h');
	each_match($file, $bare, qr/^static\s+(?!const\b|inline\b|.*\()(?!.*\bconst\b)[^(;=]+[;=]/m,
		'mutable static state in a kernel') if $file ne 'src/kernels/blas.c';
}

sub check_source
{
	my ($file) = @_;
	my ($room) = $file =~ m{^src/(?:(\w+)/)?[^/]+$};
	$room //= '';
	open my $in, '<', $file or die "$file: $!\n";
	my $text = do { local $/; <$in> };
	close $in;
	my $lines = ($text =~ tr/\n//);
	my $code = without($text, 0);
	my $bare = without($text, 1);

	complain($file, 1, 'no room of this name in doc/internals.md') if !exists $may_include{$room};
	complain($file, 1, 'opens without a comment that says why the file exists') if $text !~ m{^/\*};
	complain($file, $lines, "$lines lines (at most $MAX_FILE_LINES)") if $lines > $MAX_FILE_LINES;
	complain($file, $lines, 'does not end with a newline') if $text !~ /\n\z/;
	each_match($file, $text, qr/[ \t]+$/m, 'blanks at the end of the line');
	each_match($file, $text, qr/\b(TODO|FIXME|XXX|HACK)\b(?!\d)/, 'unfinished');
	each_match($file, $text, qr{^\s*//}m, 'comments are /* */');
	each_match($file, $text, qr/-march=native|-ffast-math/, 'the binary must be portable');
	each_match($file, $bare, qr/\bPG_VERSION_NUM\b/, 'PG_VERSION_NUM is for compat.h alone') if $file ne 'src/compat.h';
	each_match($file, $bare, qr/\bSPI_\w+\s*\(/, 'SPI is for the room catalog') if $room ne 'catalog';
	each_match($file, $code, qr/"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM)\s+[^"]*\bmlops\./, 'SQL text is for the room catalog')
		if $room ne 'catalog';
	check_includes($file, $room, $code);
	check_errors($file, $code);
	check_function_length($file, $bare) if $file =~ /\.c$/;
	check_kernel($file, $bare) if $room eq 'kernels';
}

# what others could clash with: every exported name says whose it is; and what we call, we have
sub check_exports
{
	for my $name (map { /\sU\s+(mlk?_\w+|mlops_\w+)$/ ? $1 : () } `nm -D --undefined-only '$library'`)
	{
		complain($library, 0, "called and nowhere defined: $name");
	}
	my @names = grep { defined } map { /\s[TDBRVGSC]\s+(\S+)$/ ? $1 : undef } `nm -D --defined-only '$library'`;

	complain($library, 0, 'nm finds no exported name') if !@names;
	for my $name (@names)
	{
		complain($library, 0, "exported without a prefix of ours: $name")
			if $name !~ /^(ml_|mlk_|mlops_|pg_finfo_mlops_|Pg_magic_func$|_PG_init$|GucInit$|_init$|_fini$)/;
	}
}

# every function, table and view that a user meets says what it is
sub check_script
{
	my ($file) = @_;
	open my $in, '<', $file or die "$file: $!\n";
	my $text = do { local $/; <$in> };
	close $in;

	complain($file, 1, 'opens without the guard \echo Use "CREATE EXTENSION ..." \quit') if $text !~ /^\\echo Use .*\\quit\s*$/m;
	while ($text =~ /^CREATE\s+(?:OR REPLACE\s+)?(FUNCTION|TABLE|VIEW)\s+(?:\@extschema\@\.)?([\w.]+)/mg)
	{
		my ($kind, $name) = ($1, $2);
		complain($file, line_of($text, $-[0]), lc($kind) . " $name has no COMMENT ON " . $kind)
			if $text !~ /^COMMENT\s+ON\s+$kind\s+(?:\@extschema\@\.)?\Q$name\E\b/m;
	}
}

# documentation whose SQL is not run by the tests
sub check_documents
{
	open my $in, '<', 'test/documents.list' or return complain('test/documents.list', 1, 'missing');
	chomp(my @tested = <$in>);
	close $in;
	for my $file (grep { -e } 'README.md', glob('doc/*.md'))
	{
		open my $text, '<', $file or die "$file: $!\n";
		my $has_sql = grep { /^```sql\b/ } <$text>;
		complain($file, 1, 'has SQL blocks and is not in test/documents.list') if $has_sql && !grep { $_ eq $file } @tested;
	}
	for my $file (@tested)
	{
		complain('test/documents.list', 1, "$file does not exist") if !-e $file;
	}
}

my @sources;
find({ no_chdir => 1, wanted => sub { push @sources, $_ if /\.[ch]$/ } }, 'src');
check_source($_) for sort @sources;
check_script($_) for glob('sql/mlops--*.sql');
check_documents() if -d 'doc';
check_exports() if defined $library;
for my $input (grep { !/mlops--/ } glob('sql/*.sql'))
{
	my ($name) = $input =~ m{([^/]+)\.sql$};
	complain($input, 1, "expected/$name.out is missing") if !-e "expected/$name.out";
}
print "lint: $findings findings\n" if $findings;
print 'lint: ' . @sources . " source files, nothing found\n" if !$findings;
exit($findings ? 1 : 0);
