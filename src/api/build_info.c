/*
 * build_info.c: which software made a model.
 */
#include "postgres.h"

#include "api/build_info.h"
#include "guc.h"
#include "kernels/blas.h"

char *
ml_build_info(void)
{
	const MlkBlasInfo *blas;

	mlk_blas_open(ml_blas_core);
	blas = mlk_blas_info();
	if (!blas->loaded)
		return psprintf("mlops %s, %s, built-in loops", MLOPS_VERSION, PG_VERSION_STR);
	return psprintf("mlops %s, %s, OpenBLAS %s %s", MLOPS_VERSION, PG_VERSION_STR, blas->version, blas->core);
}
