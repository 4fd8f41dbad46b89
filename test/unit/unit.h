/*
 * unit.h: cmocka, and the comparison of numbers that every kernel test needs.
 */
#ifndef UNIT_H
#define UNIT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* |actual - expected| <= tolerance * |expected|; NaN equals NaN, an infinity itself */
static inline void
assert_close_at(double actual, double expected, double tolerance, const char *file, int line)
{
	bool		close = fabs(actual - expected) <= tolerance * fabs(expected) ||
		actual == expected || (isnan(actual) && isnan(expected));

	if (!close)
	{
		fprintf(stderr, "%.17g is not within %g of %.17g\n", actual, tolerance, expected);
		_fail(file, line);
	}
}

#define assert_close(actual, expected, tolerance) \
	assert_close_at(actual, expected, tolerance, __FILE__, __LINE__)

/* room for count items, checked: a test without its data is no test */
#define unit_array(type, count) ((type *) test_calloc((count) > 0 ? (count) : 1, sizeof(type)))
#define unit_free(pointer) test_free(pointer)

#endif							/* UNIT_H */
