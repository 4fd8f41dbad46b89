/*
 * scorer.c: predictions of many rows, in blocks that do not depend on the number of threads.
 */
#include "postgres.h"

#include "interrupts.h"
#include "scoring/scorer.h"

#define BLOCK_ROWS 1024

typedef struct PredictJob
{
	const MlModel *model;
	const MlkDesign *x;
	int			outputs;
	double	   *out;			/* [rows * outputs] */
} PredictJob;

static void
predict_block(void *arg, int64_t block, int worker)
{
	const PredictJob *job = arg;
	int64		from = block * BLOCK_ROWS;
	int64		rows = Min(BLOCK_ROWS, job->x->rows - from);

	ml_model_predict_rows(job->model, job->x, from, rows, job->out + from * job->outputs);
}

void
ml_model_predict(const MlModel *model, const MlkDesign *x, double *out, MlkPool *pool)
{
	PredictJob	job = {.model = model,.x = x,.outputs = ml_model_outputs(model),.out = out};
	int64		blocks = (x->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;

	ml_check_status(mlk_parallel_for(pool, blocks, predict_block, &job));
}

int
ml_model_argmax(const double *prob, int n_classes)
{
	int			best = 0;

	for (int i = 1; i < n_classes; i++)
		if (prob[i] > prob[best])
			best = i;
	return best;
}
