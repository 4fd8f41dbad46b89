/*
 * grow.h: one tree on binned data from gradients and hessians, leaf-wise, by histograms.
 */
#ifndef MLK_GROW_H
#define MLK_GROW_H

#include "kernels/bins.h"
#include "kernels/rng.h"

typedef struct MlkGrowOptions
{
	int32_t		max_leaves;		/* 0: none */
	int32_t		max_depth;		/* 0: none */
	double		min_samples_leaf;	/* rows */
	double		min_hessian_leaf;
	double		min_gain;
	double		l2;
	double		cat_smooth;		/* added to the hessian when categories are ordered by gradient / hessian */
	double		cat_l2;			/* added to l2 in the gain of cuts of categories */
	int32_t		cat_min_rows;	/* categories of fewer rows in a node go the way of missing values there */
	int32_t		cat_most;		/* categories on the smaller side of a cut; 0: no limit */
	int64_t		cat_group_rows; /* cuts of categories are so many rows apart, and leave as many on the other side */
	double		cat_penalty;	/* how many times what a cut of categories gains by chance is taken from its gain */
	int32_t		max_features;	/* tried at each split; 0: all */
	const int8_t *monotonic;	/* n_features of -1, 0, 1; NULL: none */
	const uint8_t *interaction; /* [n_groups * n_features] membership; NULL: none */
	int32_t		n_groups;
} MlkGrowOptions;

/* a grown tree in bin space; arrays belong to the grower and live until the next tree */
typedef struct MlkGrownNode
{
	int32_t		feature;		/* -1: leaf */
	int32_t		left,
				right;			/* indices in this tree, greater than the parent's */
	int32_t		bin;			/* number: bins <= bin go left */
	int32_t		set;			/* category: its set begins at word sets[set]: (n_bins + 31) / 32 of them */
	bool		missing_left;
	double		gain;
	double		sum_gradient,
				sum_hessian;
	int64_t		rows;
	int64_t		first_row;		/* its rows are row_index[first_row .. first_row + rows) */
	double		lower,
				upper;			/* what monotone constraints allow as its value; infinite: anything */
} MlkGrownNode;

typedef struct MlkGrower MlkGrower;

/* everything that depends on the data alone; bytes it will need: mlk_grower_size() (priced by the caller first) */
extern size_t mlk_grower_size(const MlkBinned *data, const MlkGrowOptions *options, int threads);
extern MlkGrower *mlk_grower_init(void *memory, const MlkBinned *data, const MlkGrowOptions *options, MlkPool *pool);

/*
 * Grow on rows[n_rows] (ascending row numbers of data; NULL: all).  gradient and hessian are by row number;
 * hessian NULL: all 1 (constant-hessian losses).  Deterministic for any number of threads.
 */
extern MlkStatus mlk_grower_grow(MlkGrower *g, const uint32_t *rows, int64_t n_rows,
								 const float *gradient, const float *hessian, MlkRng *rng);
extern int	mlk_grower_nodes(const MlkGrower *g, const MlkGrownNode **nodes, const uint32_t **row_index, const uint32_t **sets);

/* score[row] += value[node of its leaf] for the rows that the tree was grown on, or for any rows (NULL: 0 .. n_rows - 1) */
extern MlkStatus mlk_grower_add(MlkGrower *g, const double *value, double *score);
extern MlkStatus mlk_grower_add_rows(MlkGrower *g, const double *value, const uint32_t *rows, int64_t n_rows, double *score);

#endif							/* MLK_GROW_H */
