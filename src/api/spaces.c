/*
 * spaces.c: what is worth trying of each algorithm, when nobody says.
 *
 * The ranges are those within which tuned models of the literature lie (Probst, Boulesteix and Bischl, Tunability, JMLR 2019; Grinsztajn,
 * Oyallon and Varoquaux, NeurIPS 2022).  Algorithms that are not registered are passed over.
 */
#include "postgres.h"

#include "api/spaces.h"

#define BOTH (ML_TASK_REGRESSION | ML_TASK_CLASSIFICATION)

static const MlSpace spaces[] = {
	{"dummy", BOTH, "{}", NULL},
	{"linear_regression", ML_TASK_REGRESSION, "{}", NULL},
	{"ridge", ML_TASK_REGRESSION, "{}", "{\"alpha\": {\"min\": 0.01, \"max\": 10000, \"log\": true}}"},
	{"lasso", 0, "{}", "{\"alpha\": {\"min\": 0.0001, \"max\": 10, \"log\": true}}"},
	{"elastic_net", 0, "{}", "{\"alpha\": {\"min\": 0.0001, \"max\": 10, \"log\": true}, \"l1_ratio\": {\"min\": 0.05, \"max\": 0.95}}"},
	{"logistic_regression", ML_TASK_CLASSIFICATION, "{}", "{\"C\": {\"min\": 0.001, \"max\": 100, \"log\": true}}"},
	{"decision_tree", 0, "{}",
	"{\"max_depth\": {\"min\": 2, \"max\": 30, \"log\": true}, \"min_samples_leaf\": {\"min\": 1, \"max\": 200, \"log\": true}}"},
	{"gradient_boosting", BOTH, "{\"early_stopping\": false}",
		"{\"learning_rate\": {\"min\": 0.02, \"max\": 0.3, \"log\": true}, \"max_iter\": {\"min\": 50, \"max\": 1500, \"log\": true},"
		" \"max_leaf_nodes\": {\"min\": 6, \"max\": 127, \"log\": true}, \"min_samples_leaf\": {\"min\": 3, \"max\": 100, \"log\": true},"
		" \"l2_regularization\": {\"min\": 0.001, \"max\": 100, \"log\": true}, \"max_features\": {\"min\": 0.2, \"max\": 1},"
		" \"subsample\": {\"min\": 0.5, \"max\": 1}}",
		{"{\"learning_rate\": 0.05, \"max_iter\": 400, \"max_leaf_nodes\": 31, \"min_samples_leaf\": 20, \"l2_regularization\": 1, \"max_features\": 0.6, \"subsample\": 0.9}",
			"{\"learning_rate\": 0.05, \"max_iter\": 150, \"max_leaf_nodes\": 8, \"min_samples_leaf\": 40, \"l2_regularization\": 10, \"max_features\": 0.5, \"subsample\": 0.8}",
			"{\"learning_rate\": 0.1, \"max_iter\": 300, \"max_leaf_nodes\": 48, \"min_samples_leaf\": 10, \"l2_regularization\": 0.1, \"max_features\": 0.8, \"subsample\": 1}",
			"{\"learning_rate\": 0.03, \"max_iter\": 500, \"max_leaf_nodes\": 16, \"min_samples_leaf\": 30, \"l2_regularization\": 5, \"max_features\": 0.4, \"subsample\": 0.7}",
			"{\"learning_rate\": 0.05, \"max_iter\": 800, \"max_leaf_nodes\": 63, \"min_samples_leaf\": 20, \"l2_regularization\": 5, \"max_features\": 0.5, \"subsample\": 0.8}",
	"{\"learning_rate\": 0.04, \"max_iter\": 1200, \"max_leaf_nodes\": 31, \"min_samples_leaf\": 20, \"l2_regularization\": 1, \"max_features\": 0.5, \"subsample\": 0.8}"}},
	{"extra_trees", BOTH, "{}",
		"{\"max_features\": {\"min\": 0.2, \"max\": 1}, \"min_samples_leaf\": {\"min\": 1, \"max\": 20, \"log\": true},"
		" \"min_samples_split\": {\"min\": 2, \"max\": 20, \"log\": true}}",
	{"{\"max_features\": 0.8, \"min_samples_leaf\": 2, \"min_samples_split\": 5}"}},
	{"random_forest", BOTH, "{}",
		"{\"max_features\": {\"min\": 0.2, \"max\": 1}, \"min_samples_leaf\": {\"min\": 1, \"max\": 20, \"log\": true},"
		" \"max_samples\": {\"min\": 0.4, \"max\": 1}}",
	{"{\"max_features\": 0.4, \"min_samples_leaf\": 2, \"max_samples\": 0.9}"}},
	{"mlp", BOTH, "{\"early_stopping\": true}",
		"{\"hidden_layer_sizes\": [[64], [128], [64, 64], [128, 64], [256, 128]], \"alpha\": {\"min\": 0.00001, \"max\": 0.1, \"log\": true},"
	" \"learning_rate_init\": {\"min\": 0.0003, \"max\": 0.01, \"log\": true}}"},
};

const MlSpace *
ml_spaces(int *n)
{
	*n = lengthof(spaces);
	return spaces;
}

const MlSpace *
ml_space_of(const char *algorithm)
{
	for (int i = 0; i < lengthof(spaces); i++)
		if (strcmp(spaces[i].algorithm, algorithm) == 0)
			return &spaces[i];
	return NULL;
}
