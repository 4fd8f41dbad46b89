/*
 * list.h: the algorithms, one line each.  NAME names the const MlAlgorithm ml_algorithm_NAME.
 *
 * No include guard: registry.c includes it twice, once for the declarations and once for the table.
 */
ML_ALGORITHM(dummy)
ML_ALGORITHM(linear_regression)
ML_ALGORITHM(ridge)
ML_ALGORITHM(lasso)
ML_ALGORITHM(elastic_net)
ML_ALGORITHM(logistic_regression)
ML_ALGORITHM(gradient_boosting)
ML_ALGORITHM(decision_tree)
ML_ALGORITHM(random_forest)
ML_ALGORITHM(extra_trees)
ML_ALGORITHM(mlp)
ML_ALGORITHM(ensemble)
