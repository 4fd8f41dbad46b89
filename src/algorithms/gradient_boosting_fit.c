/*
 * gradient_boosting_fit.c: the iterations: gradients, a tree for each output, leaf values, scores, and when to stop.
 */
#include "algorithms/gradient_boosting.h"

#include "algorithms/fit.h"
#include "interrupts.h"

/* leaves a tree can have at most */
static double
most_leaves(const MlBoost *b)
{
	double		leaves = floor((double) b->problem->rows / Max(b->grow.min_samples_leaf, 1.0));

	if (b->grow.max_leaves > 0)
		leaves = Min(leaves, (double) b->grow.max_leaves);
	if (b->grow.max_depth > 0 && b->grow.max_depth < 60)
		leaves = Min(leaves, ldexp(1.0, b->grow.max_depth));
	return Max(leaves, 1.0);
}

/* a model that could not be stored is refused before it is trained; sets of categories are counted as they come */
static void
price_model(const MlBoost *b)
{
	double		trees = (double) b->max_iter * b->loss.outputs;
	double		nodes = trees * (2.0 * most_leaves(b) - 1.0);

	if (b->problem->warm_state != NULL)
	{
		const MlkEnsemble *earlier = ml_tree_state_ensemble(b->problem->warm_state);

		trees += earlier->n_trees;
		nodes += earlier->n_nodes;
	}
	ml_tree_state_check_price(trees, nodes, 1, 0.0, "Lower max_iter or max_leaf_nodes, or raise min_samples_leaf.");
}

MlTreeLink
ml_boost_link(const MlBoost *b)
{
	switch (b->loss.kind)
	{
		case MLK_LOSS_POISSON:
		case MLK_LOSS_GAMMA:
			return ML_TREE_EXP;
		case MLK_LOSS_LOGISTIC:
			return ML_TREE_LOGISTIC;
		case MLK_LOSS_SOFTMAX:
			return ML_TREE_SOFTMAX;
		default:
			return ML_TREE_IDENTITY;
	}
}

static void
take_memory(MlBoost *b)
{
	const MlFitControl *control = b->control;
	Size		rows = b->problem->rows;
	Size		outputs = b->loss.outputs;
	Size		work = mlk_loss_work(&b->loss, b->problem->rows);

	b->score = control->alloc(control->budget, mul_size(rows, outputs), sizeof(double), "scores");
	b->gradient = control->alloc(control->budget, mul_size(rows, outputs), sizeof(float), "gradients");
	if (!mlk_loss_constant_hessian(&b->loss))
		b->hessian = control->alloc(control->budget, mul_size(rows, outputs), sizeof(float), "hessians");
	if (work > 0)
		b->work = control->alloc(control->budget, work, 1, "residuals");
	b->base = palloc0(sizeof(double) * outputs);
	if (b->stopping)
		b->history = palloc0(sizeof(double) * (b->max_iter + 1));
	b->partial = ml_fit_doubles(2.0 * (rows / MLK_LOSS_ROWS + 1));
}

static void
make_grower(MlBoost *b)
{
	const MlFitControl *control = b->control;
	Size		size = mlk_grower_size(b->problem->binned, &b->grow, mlk_pool_threads(b->problem->pool));
	void	   *memory = control->alloc(control->budget, size, 1, "histograms and rows by leaf");

	b->grower_memory = memory;
	b->grower = mlk_grower_init(memory, b->problem->binned, &b->grow, b->problem->pool);
}

/*
 * The arrays of the size of the data go back, and on the way the scores become what predict would say, for
 * whoever asks: rows without weight have none.
 */
static void
end_arrays(MlBoost *b)
{
	const MlFitControl *control = b->control;

	control->release(control->budget, b->grower_memory);
	control->release(control->budget, b->gradient);
	control->release(control->budget, b->hessian);
	control->release(control->budget, b->work);
	control->release(control->budget, b->bag);
	if (control->fitted != NULL && b->n_train + b->n_held == b->problem->rows)
		ml_check_status(mlk_loss_predict(&b->loss, b->problem->pool, b->score, control->fitted(control->fitted_arg)));
	control->release(control->budget, b->train);
	control->release(control->budget, b->held);
	control->release(control->budget, b->score);
}

/* raw scores of the earlier version, panel by panel */
static void
score_earlier(MlBoost *b, const MlTreeState *earlier)
{
	const MlProblem *problem = b->problem;
	int			outputs = b->loss.outputs;
	double	   *raw = ml_fit_doubles((double) problem->panel_rows * outputs);

	for (int64 from = 0; from < problem->rows; from += problem->panel_rows)
	{
		int64		n = Min(problem->panel_rows, problem->rows - from);
		const MlkDesign *x;
		MemoryContext scratch;

		CHECK_FOR_INTERRUPTS();
		/* what the panel keeps for later calls must outlive the fit */
		scratch = MemoryContextSwitchTo(b->results);
		problem->panel(problem->panel_arg, from, n, &x);
		MemoryContextSwitchTo(scratch);
		ml_tree_state_raw(earlier, x, 0, n, raw);
		for (int64 i = 0; i < n; i++)
		{
			for (int k = 0; k < outputs; k++)
				b->score[k * problem->rows + from + i] = raw[i * outputs + k];
		}
		b->control->progress("earlier trees", from + n, problem->rows);
	}
	pfree(raw);
}

static void
start_warm(MlBoost *b)
{
	const MlTreeState *earlier = b->problem->warm_state;
	const MlkEnsemble *ensemble = ml_tree_state_ensemble(earlier);

	if (!ml_tree_state_append(b->state, earlier) || ensemble->scale != 1.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the trees of the earlier version cannot be gone on from"),
				 errdetail("It has other features, other classes or another kind of loss."),
				 errhint("Train without warm_start, or with the loss and the features of the earlier version.")));
	memcpy(b->base, ensemble->base, sizeof(double) * b->loss.outputs);
	score_earlier(b, earlier);
}

static void
start_scores(MlBoost *b)
{
	if (b->problem->warm_state != NULL)
	{
		start_warm(b);
		return;
	}
	ml_check_status(mlk_loss_base(&b->loss, b->train, b->n_train, b->work, b->base));
	for (int k = 0; k < b->loss.outputs; k++)
	{
		for (int64 i = 0; i < b->loss.rows; i++)
			b->score[k * b->loss.rows + i] = b->base[k];
	}
}

/* a Newton step of the leaf, or the quantile of its residuals; within what constraints allow */
static double
leaf_value(MlBoost *b, const MlkGrownNode *node, const uint32 *rows, const double *score)
{
	double		curvature = node->sum_hessian + b->grow.l2;
	double		value;

	if (mlk_loss_renews(&b->loss))
		value = mlk_loss_renew(&b->loss, score, rows + node->first_row, node->rows, b->work);
	else
		value = curvature > 0.0 ? -node->sum_gradient / curvature : 0.0;
	return b->learning_rate * Max(node->lower, Min(node->upper, value));
}

/* store the grown tree and move the scores of its output by it */
static void
add_tree(MlBoost *b, double *score)
{
	const MlkGrownNode *nodes;
	const uint32 *rows;
	const uint32 *sets;
	int			n = mlk_grower_nodes(b->grower, &nodes, &rows, &sets);
	double	   *by_node = ml_fit_doubles(n);
	double	   *by_leaf = ml_fit_doubles(n);
	int			leaves = 0;

	for (int k = 0; k < n; k++)
	{
		CHECK_FOR_INTERRUPTS();
		by_node[k] = 0.0;
		if (nodes[k].feature >= 0)
			continue;
		by_node[k] = leaf_value(b, &nodes[k], rows, score);
		if (!isfinite(by_node[k]))
			ml_check_status(MLK_NOT_FINITE);
		by_leaf[leaves++] = by_node[k];
	}
	ml_tree_state_add(b->state, nodes, n, sets, by_leaf);
	ml_check_status(mlk_grower_add(b->grower, by_node, score));
	if (b->bag != NULL)
		ml_check_status(mlk_grower_add_rows(b->grower, by_node, b->bag + b->n_bag, b->n_train - b->n_bag, score));
	if (b->held != NULL)
		ml_check_status(mlk_grower_add_rows(b->grower, by_node, b->held, b->n_held, score));
	pfree(by_node);
	pfree(by_leaf);
}

/* one tree for each output; false when none of them found a cut */
static bool
iterate(MlBoost *b)
{
	bool		grown = false;

	ml_boost_draw_bag(b);
	ml_check_status(mlk_loss_gradients(&b->loss, b->problem->pool, b->score, b->gradient, b->hessian));
	for (int k = 0; k < b->loss.outputs; k++)
	{
		Size		plane = (Size) k * b->loss.rows;
		const MlkGrownNode *nodes;
		const uint32 *rows;
		const uint32 *sets;

		ml_check_status(mlk_grower_grow(b->grower, b->bag != NULL ? b->bag : b->train, b->bag != NULL ? b->n_bag : b->n_train,
										b->gradient + plane, b->hessian != NULL ? b->hessian + plane : NULL, &b->rng));
		grown = mlk_grower_nodes(b->grower, &nodes, &rows, &sets) > 1 || grown;
		add_tree(b, b->score + plane);
	}
	return grown;
}

/* scikit-learn's rule: none of the last n_iter_no_change losses is below the one before them by more than tol */
static bool
should_stop(MlBoost *b, int iterations)
{
	double		reference;

	if (!b->stopping)
		return false;
	ml_check_status(mlk_loss_value(&b->loss, b->problem->pool, b->score, b->held, b->n_held, b->partial,
								   &b->history[iterations]));
	if (iterations < b->n_iter_no_change)
		return false;
	reference = b->history[iterations - b->n_iter_no_change] - b->tol;
	for (int k = iterations - b->n_iter_no_change + 1; k <= iterations; k++)
	{
		if (b->history[k] < reference)
			return false;
	}
	return true;
}

/* as many iterations as make sense, at most that many; how many */
static int
boost(MlBoost *b, int most, const char *phase)
{
	bool		random = b->subsample < 1.0 || b->grow.max_features > 0;
	int			done = 0;

	/* small nodes, and small trainings, are loops of some ten microseconds */
	mlk_pool_attend(b->problem->pool, true);
	(void) should_stop(b, 0);
	while (done < most)
	{
		/* without chance in it, an iteration that finds nothing is followed by others that find nothing */
		if (!iterate(b) && !random)
			break;
		b->control->progress(phase, ++done, most);
		if (should_stop(b, done))
			break;
	}
	mlk_pool_attend(b->problem->pool, false);
	return done;
}

/* after which of these iterations the rows held back had the least loss; the first is not given up */
static int
best_iteration(const MlBoost *b, int done)
{
	int			best = Min(done, 1);

	for (int k = best + 1; k <= done; k++)
	{
		if (b->history[k] < b->history[best])
			best = k;
	}
	return best;
}

/* forget what was learned, and learn as many iterations from all rows, as without early stopping */
static int
boost_all_rows(MlBoost *b, int iterations)
{
	ml_boost_choose_all_rows(b);
	ml_tree_state_truncate(b->state, 0);
	mlk_rng_seed(&b->rng, b->problem->seed);
	start_scores(b);
	return boost(b, iterations, "refit");
}

void
ml_boost_run(MlBoost *b)
{
	int			done;

	price_model(b);
	ml_boost_choose_rows(b);
	take_memory(b);
	make_grower(b);
	start_scores(b);
	done = boost(b, b->max_iter, "iterations");
	if (b->stopping)
	{
		int			best = best_iteration(b, done);

		b->control->record(b->control->record_arg, "validation_rows", (double) b->n_held);
		b->control->record(b->control->record_arg, "validation_loss", b->history[best]);
		b->control->record(b->control->record_arg, "best_iteration", best);
		if (b->refit)
			done = boost_all_rows(b, best);
	}
	b->control->record(b->control->record_arg, "iterations", done);
	ml_tree_state_finish(b->state, b->base, 1.0);
	end_arrays(b);
}
