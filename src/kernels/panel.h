/*
 * panel.h: rows of a design as columns.
 */
#ifndef MLK_PANEL_H
#define MLK_PANEL_H

#include "kernels/design.h"

/* out[k * ld + i] := element (from + i, k), for the orthogonal factorisation, whose unit of work is a column */
extern void mlk_panel_columns(const MlkDesign *x, int64_t from, int rows, double *out, int64_t ld);

#endif							/* MLK_PANEL_H */
