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

	/* several side by side */
	int			n_parts;
	MlPrepPanel **parts;
	MlkDesign  *designs;		/* what design->parts points to */
};

struct MlPrepStrips
{
	MlPass		pass;
	int64		rows;
	MlkDesign **design;			/* one a thread */

	/* several side by side */
	int			n_parts;
	MlPrepStrips **parts;
	MlkDesign **designs;		/* one array a thread: what its design->parts points to */
};

static void
create_parts(MlPrepPanel *panel, const MlPrep *prep, const MlDataset *data, MlBudget *budget)
{
	panel->n_parts = prep->n_parts;
	panel->parts = palloc(sizeof(MlPrepPanel *) * prep->n_parts);
	for (int i = 0; i < prep->n_parts; i++)
		panel->parts[i] = ml_prep_panel_create(prep->parts[i], data, panel->max_rows, budget, panel->pool);
	panel->design = ml_join_design(prep, &panel->designs);
}

MlPrepPanel *
ml_prep_panel_create(const MlPrep *prep, const MlDataset *data, int64 max_rows, MlBudget *budget, MlkPool *pool)
{
	MlPrepPanel *panel = palloc0(sizeof(MlPrepPanel));

	panel->pool = pool;
	panel->max_rows = Min(max_rows, Max(data->rows, 1));
	if (prep->n_parts > 0)
	{
		create_parts(panel, prep, data, budget);
		return panel;
	}
	ml_prep_start_pass(&panel->pass, prep, data, NULL, panel->max_rows, budget, pool);
	panel->design = ml_prep_design(prep, panel->pass.bound, 0, panel->pass.dense, panel->pass.codes);
	return panel;
}

void
ml_prep_panel_free(MlPrepPanel *panel, MlBudget *budget)
{
	for (int i = 0; i < panel->n_parts; i++)
		ml_prep_panel_free(panel->parts[i], budget);
	if (panel->n_parts == 0)
	{
		ml_budget_free(budget, panel->pass.codes);
		ml_budget_free(budget, panel->pass.dense);
		ml_budget_free(budget, panel->pass.space_memory);
	}
	pfree(panel);
}

const MlkDesign *
ml_prep_panel(MlPrepPanel *panel, const uint32 *order, int64 n)
{
	Assert(n <= panel->max_rows);
	for (int i = 0; i < panel->n_parts; i++)
		panel->designs[i] = *ml_prep_panel(panel->parts[i], order, n);
	if (panel->n_parts == 0)
	{
		panel->pass.order = order;
		panel->pass.n = n;
		ml_prep_run_gather(&panel->pass, panel->pool);
	}
	panel->design->rows = n;
	return panel->design;
}

/* ---- strips ---- */

/* each part has room for its own number of rows; all of them for the least */
static void
create_strip_parts(MlPrepStrips *strips, const MlPrep *prep, const MlDataset *data, MlBudget *budget, MlkPool *pool)
{
	int			threads = mlk_pool_threads(pool);

	strips->n_parts = prep->n_parts;
	strips->parts = palloc(sizeof(MlPrepStrips *) * prep->n_parts);
	strips->rows = PG_INT64_MAX;
	for (int i = 0; i < prep->n_parts; i++)
	{
		int64		rows;

		strips->parts[i] = ml_prep_strips_create(prep->parts[i], data, &rows, budget, pool);
		strips->rows = Min(strips->rows, rows);
	}
	strips->design = palloc(sizeof(MlkDesign *) * threads);
	strips->designs = palloc(sizeof(MlkDesign *) * threads);
	for (int i = 0; i < threads; i++)
		strips->design[i] = ml_join_design(prep, &strips->designs[i]);
}

MlPrepStrips *
ml_prep_strips_create(const MlPrep *prep, const MlDataset *data, int64 *rows, MlBudget *budget, MlkPool *pool)
{
	MlPrepStrips *strips = palloc0(sizeof(MlPrepStrips));
	MlPass	   *pass = &strips->pass;
	int			threads = mlk_pool_threads(pool);

	if (prep->n_parts > 0)
	{
		create_strip_parts(strips, prep, data, budget, pool);
		*rows = strips->rows;
		return strips;
	}
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
	for (int i = 0; i < strips->n_parts; i++)
		strips->designs[worker][i] = *ml_prep_strip(strips->parts[i], worker, from, n);
	if (strips->n_parts == 0)
		ml_prep_run_rows(pass, from, n, worker, pass->dense + worker * strips->rows * pass->n_dense,
						 pass->codes + worker * strips->rows * pass->n_codes);
	strips->design[worker]->rows = n;
	return strips->design[worker];
}

void
ml_prep_strips_free(MlPrepStrips *strips, MlBudget *budget)
{
	for (int i = 0; i < strips->n_parts; i++)
		ml_prep_strips_free(strips->parts[i], budget);
	if (strips->n_parts == 0)
	{
		ml_budget_free(budget, strips->pass.codes);
		ml_budget_free(budget, strips->pass.dense);
		ml_budget_free(budget, strips->pass.space_memory);
	}
	pfree(strips->design);
	pfree(strips);
}
