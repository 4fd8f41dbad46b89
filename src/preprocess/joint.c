/*
 * joint.c: the columns that take part in an imputation from other columns (see joint.h).
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "kernels/moments.h"
#include "preprocess/joint.h"

/* rows between two looks at the interrupt flag, and of a piece of the moments */
#define PIECE_ROWS 65536

static MlkMoments
column_moments(const MlStageFit *data, int stride, int column)
{
	MlkMoments	m;

	mlk_moments_init(&m);
	for (int64 from = 0; from < data->n; from += PIECE_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		mlk_moments_add(&m, data->dense + from * stride + column, stride, Min(PIECE_ROWS, data->n - from));
	}
	return m;
}

void
ml_joint_fit(MlJoint *joint, const MlStageFit *data)
{
	int			n_dense = joint->stage.in->n_dense;

	joint->column = palloc(sizeof(uint32) * Max(n_dense, 1));
	joint->mean = palloc(sizeof(double) * Max(n_dense, 1));
	for (int j = 0; j < n_dense; j++)
	{
		MlkMoments	m;

		if (!data->wanted[j])
			continue;
		m = column_moments(data, n_dense, j);
		if (m.count == 0)
			continue;
		joint->mean[joint->n] = m.mean;
		joint->column[joint->n++] = j;
	}
}

bool
ml_joint_gather(const MlJoint *joint, const double *dense, double *row)
{
	bool		missing = false;

	for (int j = 0; j < joint->n; j++)
	{
		row[j] = dense[joint->column[j]];
		missing |= isnan(row[j]);
	}
	return missing;
}

void
ml_joint_scatter(const MlJoint *joint, const double *row, double *dense)
{
	for (int j = 0; j < joint->n; j++)
		dense[joint->column[j]] = row[j];
}

void
ml_joint_write(const MlJoint *joint, MlBlobWriter *w)
{
	ml_blob_put_u32(w, joint->n);
	ml_blob_put_u32_array(w, joint->column, joint->n);
	ml_blob_put_f64_array(w, joint->mean, joint->n);
}

void
ml_joint_read(MlJoint *joint, MlBlobReader *r)
{
	joint->n = (int) ml_blob_get_count(r, sizeof(uint32) + sizeof(double), joint->stage.in->n_dense);
	joint->column = palloc(sizeof(uint32) * Max(joint->n, 1));
	joint->mean = palloc(sizeof(double) * Max(joint->n, 1));
	ml_blob_get_u32_array(r, joint->column, joint->n);
	ml_blob_get_f64_array(r, joint->mean, joint->n);
	for (int j = 0; j < joint->n && ml_blob_ok(r); j++)
	{
		if (joint->column[j] >= joint->stage.in->n_dense || (j > 0 && joint->column[j] <= joint->column[j - 1]))
			ml_blob_fail(r, "columns of an imputation are out of order");
		else if (!isfinite(joint->mean[j]))
			ml_blob_fail(r, "a mean of an imputation is not finite");
	}
}
