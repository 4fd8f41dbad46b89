/*
 * registry.c: the table of algorithms, made from list.h.
 */
#include "algorithms/algorithm.h"

#include "nearest.h"

#define ML_ALGORITHM(name) extern const MlAlgorithm ml_algorithm_##name;
#include "algorithms/list.h"
#undef ML_ALGORITHM

#define ML_ALGORITHM(name) &ml_algorithm_##name,
static const MlAlgorithm *const algorithms[] = {
#include "algorithms/list.h"
};
#undef ML_ALGORITHM

int
ml_algorithm_count(void)
{
	return lengthof(algorithms);
}

const MlAlgorithm *
ml_algorithm_get(int i)
{
	Assert(i >= 0 && i < lengthof(algorithms));
	return algorithms[i];
}

const MlAlgorithm *
ml_algorithm_find(const char *name)
{
	for (int i = 0; i < lengthof(algorithms); i++)
	{
		if (strcmp(algorithms[i]->name, name) == 0)
			return algorithms[i];
	}
	return NULL;
}

const MlAlgorithm *
ml_algorithm_lookup(const char *name)
{
	const MlAlgorithm *found = ml_algorithm_find(name);
	const char *names[lengthof(algorithms)];

	if (found != NULL)
		return found;
	if (strcmp(name, "auto") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"auto\" is a search over the algorithms, not one of them"),
				 errhint("Use mlops_auto or mlops_train for it; mlops_algorithms() lists the algorithms.")));
	for (int i = 0; i < lengthof(algorithms); i++)
		names[i] = algorithms[i]->name;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown algorithm \"%s\"", name),
			 errhint("%s", ml_nearest_hint(name, names, lengthof(algorithms)))));
	return NULL;
}
