/*
 * partition.c: the rows of a node to its children, in order.
 *
 * Two passes: each block of rows is parted by itself, then the parts are moved to where they belong.
 */
#include <string.h>

#include "kernels/grow_internal.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAVE_COMPRESS
#endif

typedef struct Cut
{
	MlkGrower  *g;
	const MlkGrownNode *node;
	const MlkBinFeature *feature;
	const uint32_t *set;
	uint32_t	goes_left[8];	/* byte-wide bins: a bit each */
	bool		compress;		/* the CPU parts sixteen rows at a time */
	int64_t		left_rows;		/* second pass */
} Cut;

static inline bool
in_set(const uint32_t *set, uint32_t bin)
{
	return (set[bin / 32] >> (bin % 32)) & 1;
}

bool
mlk_grow_goes_left(const MlkGrownNode *node, const MlkBinFeature *feature, const uint32_t *set, int32_t bin)
{
	if (bin >= feature->n_bins)
		return node->missing_left;
	return feature->category ? in_set(set, bin) : bin <= node->bin;
}

/* rows [from, n) of a block by their bytes; returns how many have gone left */
static int64_t
part_narrow(const Cut *c, const uint32_t *index, int64_t from, int64_t n, uint32_t *left, int64_t lefts, uint32_t *right)
{
	const uint8_t *bins = c->feature->bins;

	for (int64_t i = from; i < n; i++)
	{
		uint32_t	row = index[i];

		left[lefts] = row;
		right[i - lefts] = row;
		lefts += in_set(c->goes_left, bins[row]);
	}
	return lefts;
}

static int64_t
part_wide(const Cut *c, const uint32_t *index, int64_t n, uint32_t *left, uint32_t *right)
{
	const uint16_t *bins = c->feature->bins;
	int64_t		lefts = 0;

	for (int64_t i = 0; i < n; i++)
	{
		uint32_t	row = index[i];

		left[lefts] = row;
		right[i - lefts] = row;
		lefts += mlk_grow_goes_left(c->node, c->feature, c->set, bins[row]);
	}
	return lefts;
}

#ifdef HAVE_COMPRESS
/*
 * The same, sixteen rows at a time: bins are gathered (four bytes each, of which one counts), looked up in the 256 bits, and rows
 * packed by the answer.  What is stored behind the packed rows stays within the block, and is written over.
 */
__attribute__((target("avx512f")))
static int64_t
part_narrow_16(const Cut *c, const uint32_t *index, int64_t n, uint32_t *left, uint32_t *right)
{
	const __m512i table = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *) c->goes_left));
	const __m512i low = _mm512_set1_epi32(31);
	const __m512i one = _mm512_set1_epi32(1);
	int64_t		lefts = 0;
	int64_t		i = 0;

	for (; i + 16 <= n; i += 16)
	{
		__m512i		row = _mm512_loadu_si512(index + i);
		__m512i		bin = _mm512_and_si512(_mm512_i32gather_epi32(row, c->feature->bins, 1), _mm512_set1_epi32(255));
		__m512i		word = _mm512_permutexvar_epi32(_mm512_srli_epi32(bin, 5), table);
		__mmask16	goes = _mm512_test_epi32_mask(_mm512_srlv_epi32(word, _mm512_and_si512(bin, low)), one);

		_mm512_storeu_si512(left + lefts, _mm512_maskz_compress_epi32(goes, row));
		_mm512_storeu_si512(right + i - lefts, _mm512_maskz_compress_epi32(_mm512_knot(goes), row));
		lefts += __builtin_popcount(goes);
	}
	return part_narrow(c, index, i, n, left, lefts, right);
}
#endif

/* left rows to the front of the block's part of the scratch, right rows behind them */
static void
part_block(void *arg, int64_t block, int worker)
{
	Cut		   *c = arg;
	int64_t		from = c->node->first_row + block * MLK_PART_ROWS;
	int64_t		left_over = c->node->first_row + c->node->rows - from;
	int64_t		n = left_over < MLK_PART_ROWS ? left_over : MLK_PART_ROWS;
	const uint32_t *index = c->g->row_index + from;
	uint32_t   *left = c->g->row_scratch + from;
	uint32_t   *right = c->g->workers[worker].right;
	int64_t		lefts;

	if (c->feature->wide)
		lefts = part_wide(c, index, n, left, right);
#ifdef HAVE_COMPRESS
	else if (c->compress)
		lefts = part_narrow_16(c, index, n, left, right);
#endif
	else
		lefts = part_narrow(c, index, 0, n, left, 0, right);
	memcpy(left + lefts, right, sizeof(uint32_t) * (n - lefts));
	c->g->block_left[block] = (uint32_t) lefts;
}

static void
place_block(void *arg, int64_t block, int worker)
{
	Cut		   *c = arg;
	MlkGrower  *g = c->g;
	int64_t		from = block * MLK_PART_ROWS;
	int64_t		n = c->node->rows - from < MLK_PART_ROWS ? c->node->rows - from : MLK_PART_ROWS;
	const uint32_t *source = g->row_scratch + c->node->first_row + from;
	uint32_t   *target = g->row_index + c->node->first_row;
	int64_t		left_before = 0;
	int64_t		left = g->block_left[block];

	for (int64_t k = 0; k < block; k++)
		left_before += g->block_left[k];
	memcpy(target + left_before, source, sizeof(uint32_t) * left);
	memcpy(target + c->left_rows + from - left_before, source + left, sizeof(uint32_t) * (n - left));
}

static bool
has_compress(void)
{
#ifdef HAVE_COMPRESS
	return __builtin_cpu_supports("avx512f");
#else
	return false;
#endif
}

MlkStatus
mlk_grow_partition(MlkGrower *g, const MlkGrownNode *node, int64_t *left)
{
	Cut			c = {.g = g, .node = node, .feature = &g->data->features[node->feature], .compress = has_compress()};
	int64_t		blocks = (node->rows + MLK_PART_ROWS - 1) / MLK_PART_ROWS;
	MlkStatus	status;

	/* offsets of a gather are signed */
	c.compress = c.compress && g->data->rows <= INT32_MAX;
	c.set = c.feature->category ? g->sets + node->set : NULL;
	for (int32_t b = 0; b <= c.feature->n_bins && !c.feature->wide; b++)
		c.goes_left[b / 32] |= (uint32_t) mlk_grow_goes_left(node, c.feature, c.set, b) << (b % 32);
	status = mlk_parallel_for(g->pool, blocks, part_block, &c);
	if (status != MLK_OK)
		return status;
	for (int64_t k = 0; k < blocks; k++)
		c.left_rows += g->block_left[k];
	*left = c.left_rows;
	return mlk_parallel_for(g->pool, blocks, place_block, &c);
}
