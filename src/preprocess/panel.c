/*
 * panel.c: rows as a design, a panel at a time, for whoever does not want a second copy of the data.
 */
#include "postgres.h"

#include "preprocess/prep.h"

struct MlPrepPanel
{
	MlPass		pass;
	MlkPool    *pool;
	int64		max_rows;
	MlkDesign  *design;
};

MlPrepPanel *
ml_prep_panel_create(const MlPrep *prep, const MlDataset *data, int64 max_rows, MlBudget *budget, MlkPool *pool)
{
	MlPrepPanel *panel = palloc0(sizeof(MlPrepPanel));

	panel->pool = pool;
	panel->max_rows = Min(max_rows, Max(data->rows, 1));
	ml_prep_start_pass(&panel->pass, prep, data, NULL, panel->max_rows, budget, pool);
	panel->design = ml_prep_design(prep, panel->pass.bound, 0, panel->pass.dense, panel->pass.codes);
	return panel;
}

void
ml_prep_panel_free(MlPrepPanel *panel, MlBudget *budget)
{
	ml_budget_free(budget, panel->pass.codes);
	ml_budget_free(budget, panel->pass.dense);
	ml_budget_free(budget, panel->pass.space_memory);
	pfree(panel);
}

static const MlkDesign *
fill(MlPrepPanel *panel, int64 n)
{
	Assert(n <= panel->max_rows);
	panel->pass.n = n;
	ml_prep_run_gather(&panel->pass, panel->pool);
	panel->design->rows = n;
	return panel->design;
}

const MlkDesign *
ml_prep_panel(MlPrepPanel *panel, const uint32 *order, int64 n)
{
	panel->pass.order = order;
	return fill(panel, n);
}

const MlkDesign *
ml_prep_panel_rows(MlPrepPanel *panel, int64 from, int64 n)
{
	panel->pass.order = NULL;
	panel->pass.first = from;
	return fill(panel, n);
}
