/*
 * steps.h: one line a step of preprocessing.  No include guard: step.c reads it twice.
 */
ML_STEP(ml_step_number)
ML_STEP(ml_step_onehot)
ML_STEP(ml_step_ordinal)
ML_STEP(ml_step_datetime)
ML_STEP(ml_step_tfidf)
ML_STEP(ml_step_hashing)
ML_STEP(ml_step_ordinal_number)
ML_STEP(ml_step_frequency)
ML_STEP(ml_step_hash)
ML_STEP(ml_step_hash_native)
ML_STEP(ml_step_target)
ML_STEP(ml_step_kbins)
ML_STEP(ml_step_kbins_native)
ML_STEP(ml_step_spline)
