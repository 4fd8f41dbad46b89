/*
 * target.h: the first bytes of an input, shared by the target and the maker of seeds.
 *
 *	 0  TARGET_ENVELOPE    the rest goes to the envelope's reader as it is
 *	 1  TARGET_MODEL       algorithm, task, classes; the rest is sealed, opened, and read as preprocessing and state
 *	 2  TARGET_STATE       algorithm, task, classes, columns (2 bytes); the rest is a state
 *	 3  TARGET_BLOB        the rest is a program for the cursor and the bytes it reads
 *	 4  TARGET_HELD        classes; the rest is a section of held-back rows
 */
#ifndef TARGET_H
#define TARGET_H

enum
{
	TARGET_ENVELOPE,
	TARGET_MODEL,
	TARGET_STATE,
	TARGET_BLOB,
	TARGET_HELD,
	N_TARGETS
};

/* in place of an algorithm: preprocessing alone */
#define NO_ALGORITHM 255
#define MAX_FUZZ_CLASSES 64

#endif							/* TARGET_H */
