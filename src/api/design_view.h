/*
 * design_view.h: a model's design columns as people know them: names, and values as text.
 */
#ifndef ML_DESIGN_VIEW_H
#define ML_DESIGN_VIEW_H

#include "postgres.h"
#include "scoring/scorer.h"

typedef struct MlDesignView
{
	const MlPrep *prep;
	int			cols;
	const char *const *names;
	int		   *input;			/* which input each column comes from, -1: several */
} MlDesignView;

extern MlDesignView *ml_design_view(const MlPrep *prep);

/* true when the column is the input itself (or an element of it), not something made from it */
extern bool ml_view_is_input(const MlDesignView *view, int column);
/* which element of its input such a column is, from 0 */
extern int	ml_view_element(const MlDesignView *view, int column);

/*
 * A number of a column: booleans as true / false, dates and timestamps as such (UTC) when the column is the input itself,
 * else the shortest decimal.  NULL for NaN.  palloc'd.
 */
extern char *ml_view_number(const MlDesignView *view, int column, double value);

#endif							/* ML_DESIGN_VIEW_H */
