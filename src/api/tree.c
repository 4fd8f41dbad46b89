/*
 * tree.c: mlops_tree: one tree of a model as rows, one a node, with rules that can be read.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/args.h"
#include "api/design_view.h"

PG_FUNCTION_INFO_V1(mlops_tree);

#define CATEGORIES_SHOWN 10		/* in a rule; the array has them all */

typedef struct Tree
{
	const MlModel *model;
	const MlDesignView *view;
	const MlTreeNode *nodes;
	int			n;
} Tree;

/* text of a code; a code whose category is unknown cannot come from our own training */
static const char *
category_text(const Tree *tree, int column, uint32 code)
{
	const char *text = ml_prep_category(tree->model->prep, column, code);

	return text == NULL ? "?" : text;
}

static void
append_categories(const Tree *tree, const MlTreeNode *node, StringInfo out)
{
	int			shown = Min(node->n_codes, CATEGORIES_SHOWN);

	appendStringInfoChar(out, '(');
	for (int i = 0; i < shown; i++)
		appendStringInfo(out, "%s%s", i > 0 ? ", " : "", category_text(tree, node->column, node->codes[i]));
	if (shown < node->n_codes)
		appendStringInfo(out, " and %d more", node->n_codes - shown);
	appendStringInfoChar(out, ')');
}

/* what a row must satisfy to come from the parent to this side of it */
static char *
rule_text(const Tree *tree, const MlTreeNode *parent, bool left)
{
	const char *name = tree->view->names[parent->column];
	bool		with_null = parent->missing_left == left;
	StringInfoData rule;

	initStringInfo(&rule);
	if (parent->category)
	{
		appendStringInfo(&rule, "%s %s ", name, left ? "in" : "not in");
		append_categories(tree, parent, &rule);
	}
	else if (isinf(parent->threshold))
	{
		bool		numbers = (parent->threshold > 0) == left;

		/* all numbers are on one side */
		appendStringInfo(&rule, "%s is %s", name, numbers ? "not null" : "null");
		with_null &= numbers;
	}
	else
		appendStringInfo(&rule, "%s %s %s", name, left ? "<=" : ">",
						 ml_view_number(tree->view, parent->column, parent->threshold));
	if (with_null)
		appendStringInfo(&rule, " or %s is null", name);
	return rule.data;
}

static Datum
categories_array(const Tree *tree, const MlTreeNode *node)
{
	Datum	   *texts = ml_palloc_array(Max(node->n_codes, 1), sizeof(Datum));

	for (int i = 0; i < node->n_codes; i++)
		texts[i] = CStringGetTextDatum(category_text(tree, node->column, node->codes[i]));
	return PointerGetDatum(construct_array(texts, node->n_codes, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
put_node(ReturnSetInfo *result, const Tree *tree, const MlTreeNode *node)
{
	const MlTreeNode *parent = node->parent < 0 ? NULL : &tree->nodes[node->parent];
	Datum		values[12];
	bool		nulls[12] = {false};

	values[0] = Int32GetDatum(node->node + 1);
	values[1] = Int32GetDatum(node->parent + 1);
	nulls[1] = parent == NULL;
	values[2] = Int32GetDatum(node->depth);
	values[3] = ml_result_text(parent == NULL ? "all rows" : rule_text(tree, parent, parent->left == node->node), &nulls[3]);
	values[4] = ml_result_text(node->leaf ? NULL : tree->view->names[node->column], &nulls[4]);
	values[5] = ml_result_float(node->leaf || node->category ? NAN : node->threshold, &nulls[5]);
	nulls[6] = node->leaf || !node->category;
	values[6] = nulls[6] ? (Datum) 0 : categories_array(tree, node);
	values[7] = ml_result_text(node->leaf ? NULL : node->missing_left ? "left" : "right", &nulls[7]);
	values[8] = ml_result_float(node->leaf ? NAN : node->gain, &nulls[8]);
	values[9] = Int64GetDatum((int64) node->rows);
	values[10] = ml_result_float(node->leaf ? node->value : NAN, &nulls[10]);
	values[11] = ml_result_text(node->leaf && node->class_index >= 0 && node->class_index < tree->model->n_classes ?
								tree->model->classes[node->class_index] : NULL, &nulls[11]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* rows are formed in a context of their own: a tree of many categories makes long texts */
static void
put_tree(ReturnSetInfo *result, const Tree *tree)
{
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "mlops tree row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row);

	for (int i = 0; i < tree->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_node(result, tree, &tree->nodes[i]);
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row);
}

/*
 * mlops_tree(model text, tree int)
 *		-> rows (node, parent, depth, rule, feature, threshold, categories, missing_goes, gain, rows, value, class)
 *
 * Trees are counted from 1, and so are their nodes; children have higher numbers than their parent, the left one first.  ERROR 42809
 * for an algorithm without trees, 22023 for a tree that the model does not have.
 */
Datum
mlops_tree(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Tree		tree;
	MlModelRef	ref;
	MlModel    *model;
	int			number;
	int			n_trees;

	InitMaterializedSRF(fcinfo, 0);
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("argument \"tree\" must not be null")));
	number = PG_GETARG_INT32(1);
	model = ml_model_acquire(&ref);
	if (model->algorithm->tree == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has no trees", model->name),
				 errdetail("Its algorithm is %s.", model->algorithm->name)));
	tree.model = model;
	tree.nodes = number < 1 ? NULL : model->algorithm->tree(model->state, number - 1, &tree.n, &n_trees);
	if (tree.nodes == NULL)
	{
		if (number < 1)
			(void) model->algorithm->tree(model->state, 0, &tree.n, &n_trees);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" has no tree %d", model->name, number),
				 errdetail("Its trees are 1 to %d.", n_trees)));
	}
	tree.view = ml_design_view(model->prep);
	put_tree(result, &tree);
	ml_model_release(model);
	return (Datum) 0;
}
