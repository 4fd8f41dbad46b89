/*
 * text_search.c: the server's text search as an analyzer: its parser and dictionaries, lexemes in the order of the text.
 *
 * A model knows its configuration by name.  What stands behind the name is the server's: a dictionary that changes after the
 * training changes the terms.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_ts_config.h"
#include "tsearch/ts_cache.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "preprocess/analyzer.h"

char *
ml_search_config_name(double *option)
{
	Oid			config = *option != 0 ? (Oid) *option : getTSCurrentConfig(true);
	HeapTuple	tuple = SearchSysCache1(TSCONFIGOID, ObjectIdGetDatum(config));
	Form_pg_ts_config form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for text search configuration %u", config);
	form = (Form_pg_ts_config) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->cfgnamespace), NameStr(form->cfgname));
	ReleaseSysCache(tuple);
	*option = config;
	return name;
}

/* looked up with every text: it may be dropped or made anew while a model is in memory */
static Oid
find_config(const MlAnalyzer *analyzer)
{
	Oid			config = get_ts_config_oid(stringToQualifiedNameList(analyzer->config), true);

	if (!OidIsValid(config))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("text search configuration \"%s\" does not exist", analyzer->config),
				 errdetail("The model takes texts apart with it."),
				 errhint("Create it as it was at training, or train the model again.")));
	return config;
}

void
ml_search_pieces(const MlAnalyzer *analyzer, MlPieces *pieces, const char *text, uint32 length)
{
	MemoryContext caller = MemoryContextSwitchTo(pieces->lexemes);
	ParsedText	parsed = {.lenwords = Max((int) length / 6, 16)};

	parsed.words = palloc(sizeof(ParsedWord) * parsed.lenwords);
	parsetext(find_config(analyzer), &parsed, unconstify(char *, text), (int) length);
	for (int i = 0; i < parsed.curwords; i++)
	{
		uint32		bytes = parsed.words[i].len;
		const char *word = ml_text_utf8(pieces, parsed.words[i].word, &bytes);
		uint32		start;

		ml_pieces_reserve(pieces, (Size) bytes + 1);
		start = (uint32) pieces->used;
		memcpy(pieces->bytes + start, word, bytes);
		pieces->bytes[start + bytes] = ' ';
		pieces->used += (Size) bytes + 1;
		ml_pieces_add(pieces, start, start + bytes);
	}
	MemoryContextSwitchTo(caller);
}
