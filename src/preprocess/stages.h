/*
 * stages.h: one line a stage of preprocessing, in the order in which they run.  No include guard: stage.c reads it twice.
 */
ML_STAGE(ml_stage_knn)
ML_STAGE(ml_stage_iterative)
ML_STAGE(ml_stage_polynomial)
ML_STAGE(ml_stage_variance_threshold)
ML_STAGE(ml_stage_select)
ML_STAGE(ml_stage_pca)
