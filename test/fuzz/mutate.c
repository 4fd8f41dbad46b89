/*
 * mutate.c: a driver that needs no libFuzzer.  The inputs of one number are always the same.
 *
 *	 mutate INPUTS [SECONDS]    so many inputs, or as many as the time allows (INPUTS 0: no limit)
 *	 mutate write DIRECTORY     the seeds as files, for libFuzzer
 *	 mutate input NUMBER        one input again
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "kernels/rng.h"

#define MAX_SEEDS 128
#define MAX_GROWTH 64

static FuzzSeed seeds[MAX_SEEDS];
static int	n_seeds;

/* written before each input, so that a crash can be repeated */
static char current[64];

static void
on_crash(int signal_number)
{
	if (write(STDERR_FILENO, current, strlen(current)) < 0)
		_exit(2);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* values that sit at the edges of counts and numbers */
static const uint64_t edges[] = {
	0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
	0x7ff0000000000000, 0x7ff8000000000000, 0xfff0000000000000, 0x0010000000000000, 0x000fffffffffffff, 0xffffffffffffffff
};

/* one change to size bytes, which may grow to room; the new size */
static size_t
change(MlkRng *rng, uint8_t *data, size_t size, size_t room)
{
	size_t		at = size > 0 ? mlk_rng_below(rng, size) : 0;
	size_t		n = 1 + mlk_rng_below(rng, 8);
	uint64_t	edge = edges[mlk_rng_below(rng, sizeof(edges) / sizeof(edges[0]))];

	if (size == 0)
		return size;
	switch (mlk_rng_below(rng, 7))
	{
		case 0:
			data[at] ^= (uint8_t) (1 << mlk_rng_below(rng, 8));
			break;
		case 1:
			data[at] = (uint8_t) mlk_rng_u64(rng);
			break;
		case 2:
			n = n > size - at ? size - at : n;
			memcpy(data + at, &edge, n);
			break;
		case 3:
			return at;
		case 4:
			n = n > size - at ? size - at : n;
			memmove(data + at, data + at + n, size - at - n);
			return size - n;
		case 5:
			n = n > room - size ? room - size : n;
			memmove(data + at + n, data + at, size - at);
			return size + n;
		case 6:
			n = n > size - at ? size - at : n;
			memmove(data + mlk_rng_below(rng, size - n + 1), data + at, n);
			break;
	}
	return size;
}

static void
run_input(long number)
{
	MlkRng		rng;
	const FuzzSeed *seed;
	uint8_t    *data;
	size_t		size;
	size_t		room;
	int			changes;

	snprintf(current, sizeof(current), "fuzz: crash on input %ld\n", number);
	mlk_rng_seed(&rng, (uint64_t) number);
	seed = &seeds[number % n_seeds];
	room = seed->size + MAX_GROWTH;
	data = malloc(room);
	memcpy(data, seed->data, seed->size);
	size = seed->size;
	changes = number < n_seeds ? 0 : 1 + (int) mlk_rng_below(&rng, 5);
	for (int i = 0; i < changes; i++)
		size = change(&rng, data, size, room);

	/* a copy of exactly the size, so that the sanitizer sees one byte too far */
	data = realloc(data, size > 0 ? size : 1);
	fuzz_one(data, size);
	free(data);
}

static int
write_seeds(const char *directory)
{
	for (int i = 0; i < n_seeds; i++)
	{
		char		path[4096];
		FILE	   *file;

		snprintf(path, sizeof(path), "%s/seed-%d", directory, i);
		file = fopen(path, "wb");
		if (file == NULL || fwrite(seeds[i].data, 1, seeds[i].size, file) != seeds[i].size || fclose(file) != 0)
		{
			perror(path);
			return 1;
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	long		inputs = argc > 1 ? atol(argv[1]) : 0;
	double		seconds = argc > 2 ? atof(argv[2]) : 0;
	time_t		start = time(NULL);
	long		i;

	signal(SIGABRT, on_crash);
	n_seeds = fuzz_seeds(seeds, MAX_SEEDS);
	if (argc > 2 && strcmp(argv[1], "write") == 0)
		return write_seeds(argv[2]);
	if (argc > 2 && strcmp(argv[1], "input") == 0)
	{
		run_input(atol(argv[2]));
		return 0;
	}
	for (i = 0; inputs == 0 || i < inputs; i++)
	{
		if (seconds > 0 && i % 256 == 0 && time(NULL) - start >= seconds)
			break;
		run_input(i);
	}
	printf("fuzz: %ld inputs from %d seeds, no crash\n", i, n_seeds);
	return 0;
}
