#!/usr/bin/perl
# documents.pl: runs what the documentation shows.
#
#   documents.pl extract FILE           the SQL blocks of FILE, in order, with a marker line after each
#   documents.pl check FILE OUTPUT      compares what psql printed with the block without language that follows an SQL block
#   documents.pl update FILE OUTPUT     prints FILE with those blocks as psql printed them
#
# A document whose SQL fails, or whose shown output is not what comes out, fails the tests.
use strict;
use warnings;

my ($action, $file, $output) = @ARGV;
die "usage: documents.pl extract|check|update FILE [OUTPUT]\n" if @ARGV < 2;
my $text = slurp($file);

# an SQL block, and the output block if one follows after at most one empty line
my $block = qr/^```sql\n(.*?)^```\n(?:(\n?)^```\n(.*?)^```\n)?/ms;

sub slurp
{
	my ($name) = @_;
	open my $in, '<', $name or die "$name: $!\n";
	local $/;
	return scalar <$in>;
}

sub trimmed
{
	my ($lines) = @_;
	$lines =~ s/[ \t]+$//mg;
	$lines =~ s/\A\n+|\n+\z//g;
	return $lines;
}

if ($action eq 'extract')
{
	while ($text =~ /$block/g)
	{
		print $1, "\\echo \@\@end of block\n";
	}
	exit 0;
}

my @printed = map { trimmed($_) } split /^\@\@end of block\n/m, slurp($output);
my ($number, $bad) = (0, 0);
if ($action eq 'check')
{
	while ($text =~ /$block/g)
	{
		my ($want, $got) = ($3, $printed[$number++] // '');
		next if !defined $want || trimmed($want) eq $got;
		print "$file, block $number shows\n", trimmed($want), "\nand psql prints\n$got\n";
		$bad++;
	}
	exit($bad ? 1 : 0);
}
$text =~ s{$block}{
	my ($sql, $between, $shown, $got) = ($1, $2, $3, $printed[$number++] // '');
	"```sql\n$sql```\n" . (defined $shown ? "$between```\n$got\n```\n" : '');
}ge;
print $text;
