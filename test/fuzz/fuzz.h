/*
 * fuzz.h: what the drivers (libFuzzer's, or our own where there is none) need of the target.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* one input through the readers; aborts on what must not happen */
extern void fuzz_one(const uint8_t *data, size_t size);

/* valid inputs, made by the writers; malloc'd */
typedef struct FuzzSeed
{
	uint8_t    *data;
	size_t		size;
} FuzzSeed;

extern int	fuzz_seeds(FuzzSeed *seeds, int room);

#endif							/* FUZZ_H */
