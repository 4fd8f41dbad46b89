/*
 * pages.h: memory of megabytes that is written at once from end to end.
 *
 * Fresh pages of 4 kB cost about as much as what is written into them; pages of 2 MB a third of that (measured where the system's
 * transparent_hugepage is "madvise", as it is by default).  Not for memory that may stay partly unused.
 */
#ifndef ML_PAGES_H
#define ML_PAGES_H

#include "postgres.h"

#include <sys/mman.h>

#define ML_LARGE_PAGE ((Size) 2 * 1024 * 1024)

/* fresh from the allocator, before the first byte is written; a wish, so that nothing can fail */
static inline void *
ml_large_pages(void *memory, Size size)
{
#ifdef MADV_HUGEPAGE
	uintptr_t	first = TYPEALIGN(ML_LARGE_PAGE, (uintptr_t) memory);
	uintptr_t	end = TYPEALIGN_DOWN(ML_LARGE_PAGE, (uintptr_t) memory + size);

	if (first < end)
		(void) madvise((void *) first, end - first, MADV_HUGEPAGE);
#endif
	return memory;
}

#endif							/* ML_PAGES_H */
