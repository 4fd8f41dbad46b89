/*
 * flush.h: numbers too small for their exponent count as 0 while a network learns.
 *
 * Weights of units that nothing reaches any more shrink towards 0 for ever, and the squares of their gradients before them.  CPUs take
 * a hundred times as long for such numbers, which say nothing.  The mode belongs to the thread, so it is set at the head of a
 * block and put back at its end.  Elsewhere than on x86 nothing happens.
 */
#ifndef MLK_FLUSH_H
#define MLK_FLUSH_H

#if defined(__SSE__)
#include <xmmintrin.h>

#define MLK_FLUSH_BITS 0x8040u	/* MXCSR: flush to zero, denormals are zeros (Intel SDM, volume 1, 10.2.3) */

static inline unsigned
mlk_flush_begin(void)
{
	unsigned	before = _mm_getcsr();

	_mm_setcsr(before | MLK_FLUSH_BITS);
	return before;
}

static inline void
mlk_flush_end(unsigned before)
{
	_mm_setcsr(before);
}

#else

static inline unsigned
mlk_flush_begin(void)
{
	return 0;
}

static inline void
mlk_flush_end(unsigned before)
{
	(void) before;
}

#endif

#endif							/* MLK_FLUSH_H */
