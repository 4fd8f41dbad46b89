/*
 * rounds.h: how a reduction over all rows is cut up.
 *
 * Rows are cut into blocks; block b adds into slot b % slots, and slots are
 * added in order at the end.  A round handles one block of every slot, so no
 * two threads meet in a slot, and between two rounds the caller may show
 * progress or leave (even by longjmp: nothing is held).  All three numbers
 * depend on the shape of the problem alone, never on threads: same rows, same bits.
 */
#ifndef MLK_ROUNDS_H
#define MLK_ROUNDS_H

#include "kernels/parallel.h"

typedef struct MlkRounds
{
	int64_t		rows;
	int64_t		block_rows;
	int64_t		blocks;
	int64_t		slots;
	int64_t		next;			/* first block of the next round; == blocks: done */
} MlkRounds;

#define MLK_ROUNDS_MAX_SLOTS 64

/* a block costs at most about this many floating-point operations: a few ms to some tens of ms */
#define MLK_ROUNDS_BLOCK_FLOPS 6.0e7
/* what all slots together may take */
#define MLK_ROUNDS_SLOT_BYTES (64.0 * 1024 * 1024)

/* blocks are multiples of `step` rows (at least one step), at most max_rows */
static inline MlkRounds
mlk_rounds_plan(int64_t rows, double flops_per_row, double slot_bytes, int64_t step, int64_t max_rows)
{
	MlkRounds	plan;
	double		wanted = MLK_ROUNDS_BLOCK_FLOPS / (flops_per_row + 1.0);
	double		slots = MLK_ROUNDS_SLOT_BYTES / (slot_bytes + 1.0);

	plan.rows = rows;
	plan.block_rows = wanted > (double) max_rows ? max_rows : (int64_t) wanted;
	plan.block_rows -= plan.block_rows % step;
	if (plan.block_rows < step)
		plan.block_rows = step;
	plan.blocks = (rows + plan.block_rows - 1) / plan.block_rows;
	plan.slots = slots > MLK_ROUNDS_MAX_SLOTS ? MLK_ROUNDS_MAX_SLOTS : (slots < 2 ? 2 : (int64_t) slots);
	if (plan.slots > plan.blocks)
		plan.slots = plan.blocks > 0 ? plan.blocks : 1;
	plan.next = 0;
	return plan;
}

/* blocks of the round at hand */
static inline int64_t
mlk_rounds_width(const MlkRounds *plan)
{
	int64_t		left = plan->blocks - plan->next;

	return left < plan->slots ? left : plan->slots;
}

static inline int64_t
mlk_rounds_block_rows(const MlkRounds *plan, int64_t block)
{
	int64_t		left = plan->rows - block * plan->block_rows;

	return left < plan->block_rows ? left : plan->block_rows;
}

#endif							/* MLK_ROUNDS_H */
