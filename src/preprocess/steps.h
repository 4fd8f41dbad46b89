/*
 * steps.h: one line a step of preprocessing.  No include guard: step.c reads it twice.
 */
ML_STEP(ml_step_number)
ML_STEP(ml_step_onehot)
ML_STEP(ml_step_ordinal)
ML_STEP(ml_step_datetime)
