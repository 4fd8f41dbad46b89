/*
 * joint.h: what imputations from other columns have in common: the columns that take part.
 */
#ifndef ML_PREP_JOINT_H
#define ML_PREP_JOINT_H

#include "preprocess/stage.h"

/* begins the struct of such a stage */
typedef struct MlJoint
{
	MlStage		stage;
	int			n;
	uint32	   *column;			/* numbers of in that take part, ascending */
	double	   *mean;			/* of each, over the training rows */
} MlJoint;

/* columns that are asked for and have a value in some training row, and their means */
extern void ml_joint_fit(MlJoint *joint, const MlStageFit *data);
/* row of the columns that take part; true when one is missing */
extern bool ml_joint_gather(const MlJoint *joint, const double *dense, double *row);
extern void ml_joint_scatter(const MlJoint *joint, const double *row, double *dense);
extern void ml_joint_write(const MlJoint *joint, MlBlobWriter *w);
extern void ml_joint_read(MlJoint *joint, MlBlobReader *r);

#endif							/* ML_PREP_JOINT_H */
