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

struct MlPrepStrips
{
	MlPass		pass;
	int64		rows;
	MlkDesign **design;			/* one a thread */
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

const MlkDesign *
ml_prep_panel(MlPrepPanel *panel, const uint32 *order, int64 n)
{
	Assert(n <= panel->max_rows);
	panel->pass.order = order;
	panel->pass.n = n;
	ml_prep_run_gather(&panel->pass, panel->pool);
	panel->design->rows = n;
	return panel->design;
}

/* ---- strips ---- */

MlPrepStrips *
ml_prep_strips_create(const MlPrep *prep, const MlDataset *data, int64 *rows, MlBudget *budget, MlkPool *pool)
{
	MlPrepStrips *strips = palloc0(sizeof(MlPrepStrips));
	MlPass	   *pass = &strips->pass;
	int			threads = mlk_pool_threads(pool);

	strips->rows = ml_prep_block_rows(prep, data->rows);
	ml_prep_start_pass(pass, prep, data, NULL, strips->rows * threads, budget, pool);
	ml_prep_refresh_steps(prep, pass->bound);
	strips->design = palloc(sizeof(MlkDesign *) * threads);
	for (int i = 0; i < threads; i++)
		strips->design[i] = ml_prep_design(prep, pass->bound, 0, pass->dense + i * strips->rows * pass->n_dense,
										   pass->codes + i * strips->rows * pass->n_codes);
	*rows = strips->rows;
	return strips;
}

const MlkDesign *
ml_prep_strip(MlPrepStrips *strips, int worker, int64 from, int64 n)
{
	MlPass	   *pass = &strips->pass;

	Assert(n <= strips->rows);
	ml_prep_run_rows(pass, from, n, worker, pass->dense + worker * strips->rows * pass->n_dense,
					 pass->codes + worker * strips->rows * pass->n_codes);
	strips->design[worker]->rows = n;
	return strips->design[worker];
}

void
ml_prep_strips_free(MlPrepStrips *strips, MlBudget *budget)
{
	ml_budget_free(budget, strips->pass.codes);
	ml_budget_free(budget, strips->pass.dense);
	ml_budget_free(budget, strips->pass.space_memory);
	pfree(strips->design);
	pfree(strips);
}
