/*
 * knn.c: "impute": "knn": missing numbers from the training rows most like the row, as scikit-learn's KNNImputer.
 *
 * The model keeps the training rows that may lend their values.  The canonical order of the training rows is that of a hash, so
 * that its first rows are a uniform sample: of more rows than max_donors these are kept.  A row with missing values costs a look
 * at every donor.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "dataset/bigmem.h"
#include "kernels/neighbours.h"
#include "preprocess/joint.h"

#define MAX_NEIGHBOURS 1000
#define MAX_DONORS 1000000
#define MAX_DONOR_VALUES (32 * 1024 * 1024) /* 256 MB */

enum
{
	OPTION_NEIGHBOURS,
	OPTION_WEIGHTS,
	OPTION_MAX_DONORS
};

static const char *const weight_choices[] = {"uniform", "distance", NULL};

static const MlOptionSpec options[] = {
	{.name = "n_neighbors",.type = ML_OPTION_NUMBER,.fallback = 5,.min = 1,.max = MAX_NEIGHBOURS,.integral = true,
	.help = "rows that \"impute\": \"knn\" takes the mean of"},
	{.name = "weights",.type = ML_OPTION_CHOICE,.choices = weight_choices,
	.help = "whether nearer rows count more for \"impute\": \"knn\""},
	{.name = "max_donors",.type = ML_OPTION_NUMBER,.fallback = 10000,.min = 1,.max = MAX_DONORS,.integral = true,
	.help = "training rows that the model keeps for \"impute\": \"knn\""},
	{.name = NULL}
};

typedef struct MlKnn
{
	MlJoint		joint;
	MlkDonors	donors;
} MlKnn;

static void
set_donors(MlKnn *knn, int64 n, const double *value)
{
	knn->donors.cols = knn->joint.n;
	knn->donors.n = n;
	knn->donors.value = value;
	knn->donors.mean = knn->joint.mean;
	knn->donors.neighbours = (int32) knn->joint.stage.option[OPTION_NEIGHBOURS];
	knn->donors.by_distance = knn->joint.stage.option[OPTION_WEIGHTS] != 0;
}

static void
knn_fit(MlStage *stage, const MlStageFit *data)
{
	MlKnn	   *knn = (MlKnn *) stage;
	int64		n = Min(data->n, (int64) stage->option[OPTION_MAX_DONORS]);
	double	   *value;

	ml_joint_fit(&knn->joint, data);
	if (mul_size(n, knn->joint.n) > MAX_DONOR_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("imputation by \"knn\" would keep too many values in the model"),
				 errdetail("%lld rows of %d columns are more than %d values.", (long long) n, knn->joint.n, MAX_DONOR_VALUES),
				 errhint("Choose a smaller \"max_donors\" beside \"impute\".")));
	value = MemoryContextAllocHuge(CurrentMemoryContext, Max(mul_size(n, knn->joint.n), 1) * sizeof(double));
	for (int64 i = 0; i < n; i++)
	{
		if ((i & 0xfff) == 0)
			CHECK_FOR_INTERRUPTS();
		ml_joint_gather(&knn->joint, data->dense + i * stage->in->n_dense, value + i * knn->joint.n);
	}
	set_donors(knn, n, value);
}

static Size
knn_scratch(const MlStage *stage)
{
	const MlKnn *knn = (const MlKnn *) stage;

	return sizeof(double) * Max(knn->joint.n, 1) + mlk_neighbours_scratch(&knn->donors);
}

static void
knn_apply(const MlStage *stage, int64 n, double *dense, const uint32 *codes, double *out, uint32 *out_codes, void *scratch)
{
	const MlKnn *knn = (const MlKnn *) stage;
	double	   *row = scratch;

	for (int64 i = 0; i < n; i++)
	{
		if (!ml_joint_gather(&knn->joint, dense + i * stage->in->n_dense, row))
			continue;
		mlk_neighbours_fill(&knn->donors, row, row + Max(knn->joint.n, 1));
		ml_joint_scatter(&knn->joint, row, dense + i * stage->in->n_dense);
	}
}

static void
knn_write(const MlStage *stage, MlBlobWriter *w)
{
	const MlKnn *knn = (const MlKnn *) stage;

	ml_joint_write(&knn->joint, w);
	ml_blob_put_u32(w, knn->donors.n);
	for (int64 i = 0; i < knn->donors.n * knn->donors.cols; i++)
		ml_blob_put_f64(w, knn->donors.value[i]);
}

static void
knn_read(MlStage *stage, MlBlobReader *r)
{
	MlKnn	   *knn = (MlKnn *) stage;
	int64		n;
	double	   *value;

	ml_joint_read(&knn->joint, r);
	n = ml_blob_get_count(r, sizeof(double) * knn->joint.n, MAX_DONORS);
	if (!ml_blob_ok(r))
		return;
	value = MemoryContextAllocHuge(CurrentMemoryContext, Max(mul_size(n, knn->joint.n), 1) * sizeof(double));
	for (int64 i = 0; i < n * knn->joint.n; i++)
	{
		value[i] = ml_blob_get_f64(r);
		if (isinf(value[i]))
			ml_blob_fail(r, "a value of a donor is infinite");
	}
	set_donors(knn, n, value);
}

const MlStageKind ml_stage_knn = {
	.name = "knn",
	.id = 1,
	.size = sizeof(MlKnn),
	.options = options,
	.impute = ML_IMPUTE_KNN,
	.fit = knn_fit,
	.scratch = knn_scratch,
	.apply = knn_apply,
	.write = knn_write,
	.read = knn_read
};
