/*
 * forest_common.h: what random_forest, extra_trees and decision_tree have in common: all but their parameters' defaults.
 */
#ifndef ML_FOREST_COMMON_H
#define ML_FOREST_COMMON_H

#include "algorithms/tree_state.h"

/* lines of the parameter tables that the three share */
#define ML_FOREST_TREE_PARAMS \
	{"criterion", ML_PARAM_ENUM, "\"auto\"", .choices = "auto|gini|entropy|log_loss|squared_error", \
	.help = "What a split lowers; auto is gini for classification and squared_error for regression"}, \
	{"max_depth", ML_PARAM_INT, "null", 1, 1000000, .nullable = true, .help = "Largest depth of a tree"}, \
	{"min_samples_split", ML_PARAM_INT, "2", 2, INFINITY, .help = "Rows that a node needs to be split"}, \
	{"min_samples_leaf", ML_PARAM_INT, "1", 1, INFINITY, .help = "Rows that each side of a split keeps"}, \
	{"max_leaf_nodes", ML_PARAM_INT, "null", 2, 1000000000, .nullable = true, \
	.help = "Largest number of leaves of a tree; splits that gain most come first then"}, \
	{"min_impurity_decrease", ML_PARAM_REAL, "0", 0.0, INFINITY, \
	.help = "What a split must gain: the node's share of the weight times the fall of impurity"}, \
	{"ccp_alpha", ML_PARAM_REAL, "0", 0.0, INFINITY, \
	.help = "Price of a leaf in minimal cost-complexity pruning; 0 does not prune"}, \
	{"cat_penalty", ML_PARAM_REAL, "1.0", 0.0, INFINITY, \
	.help = "How many times what a category of more than 64 values gains by chance is taken from its gain"}, \
	{"class_weight", ML_PARAM_CLASS_WEIGHT, "null", .nullable = true, \
	.help = "Weights of the classes, beside those of the rows"}, \
	{"max_bins", ML_PARAM_INT, "255", 2, 255, .help = "Largest number of intervals that a numeric feature is cut into"}

/* more lines of the forests */
#define ML_FOREST_MANY_PARAMS(draw) \
	{"n_estimators", ML_PARAM_INT, "100", 1, 1000000, .help = "Number of trees", \
	.alias = "num_trees|ntree|n_trees"}, \
	{"max_features", ML_PARAM_INT_OR_ENUM, "\"auto\"", 0.0, INFINITY, .min_open = true, .choices = "auto|sqrt|log2", \
	.help = "Features tried at a split, as a number or a share (1.0: all); auto is sqrt for classification, 1.0 for regression", \
	.alias = "mtry"}, \
	{"bootstrap", ML_PARAM_BOOL, draw, .help = "Whether each tree learns from rows drawn with replacement"}, \
	{"max_samples", ML_PARAM_INT_OR_ENUM, "null", 0.0, INFINITY, .min_open = true, .nullable = true, \
	.help = "Rows drawn for a tree, as a number or a share; null is as many as there are"}, \
	{"oob_score", ML_PARAM_BOOL, "false", \
	.help = "Whether to report how well rows are predicted by the trees that did not draw them"}

/* MlAlgorithm.check: combinations of parameters */
extern void ml_forest_check(const MlParams *params, MlTask task);

/* MlAlgorithm.fit but for what only the algorithm knows: random thresholds or the best ones */
extern void *ml_forest_fit(const MlProblem *problem, const MlParams *params, const MlFitControl *control, bool random_splits);

#endif							/* ML_FOREST_COMMON_H */
