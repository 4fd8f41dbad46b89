/*
 * distinct.c: rows that are there twice, found by hash while they pass.
 *
 * A row is remembered by 128 bits: two hashes of its values with different seeds.  Of a thousand million different rows two would be taken for the same
 * with a probability of about 1e-21, which is less than that of a memory error.  Values that are equal hash alike, as the types'
 * own hash functions see to: 1.0 and 1.00 of numeric, 0 and -0.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"
#include "utils/typcache.h"

#include "cleaning/distinct.h"
#include "kernels/hash.h"

#define FIRST_SLOTS 1024
#define MAX_EXPECTED 8000000	/* rows that room is made for at once */
#define NULL_VALUE UINT64CONST(0x9E3779B97F4A7C15)	/* stands for NULL in both hashes */
#define SECOND_SEED UINT64CONST(0xD1B54A32D192ED03)
/* odd, half of the bits set (Steele and Vigna, 2021) */
#define FIRST_FACTOR UINT64CONST(0xD1342543DE82EF95)
#define SECOND_FACTOR UINT64CONST(0xAF251AF3B0F025B5)

/* how values of a column are hashed */
typedef enum HashKind
{
	HASH_WORD,					/* by value, equal when the bits are */
	HASH_FLOAT4,
	HASH_FLOAT8,
	HASH_TEXT,					/* equal when the bytes are */
	HASH_TYPE					/* by the type's function */
} HashKind;

typedef struct HashColumn
{
	int			place;
	HashKind	kind;
	Oid			collation;
	FmgrInfo	function;
} HashColumn;

typedef struct RowHash
{
	uint64		a;
	uint64		b;				/* both 0: a free slot */
} RowHash;

struct MlDistinct
{
	MlBudget   *budget;
	int			n;
	HashColumn *columns;
	bool		garbage;		/* functions of types may leave some */
	Size		slots;			/* a power of two */
	Size		used;
	RowHash    *slot;
};

static HashKind
kind_of(Oid type, Oid collation)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return HASH_WORD;
		case FLOAT4OID:
			return HASH_FLOAT4;
		case FLOAT8OID:
			return HASH_FLOAT8;
		case TEXTOID:
		case VARCHAROID:
			return !OidIsValid(collation) || get_collation_isdeterministic(collation) ? HASH_TEXT : HASH_TYPE;
		default:
			return HASH_TYPE;
	}
}

static RowHash *
make_slots(MlDistinct *distinct)
{
	RowHash    *slot = ml_budget_alloc(distinct->budget, distinct->slots, sizeof(RowHash), "hashes of rows");

	memset(slot, 0, distinct->slots * sizeof(RowHash));
	return slot;
}

MlDistinct *
ml_distinct_create(TupleDesc desc, const int *places, int n, int64 rows, MlBudget *budget)
{
	MlDistinct *distinct = palloc0(sizeof(MlDistinct));

	distinct->budget = budget;
	distinct->n = n;
	distinct->columns = palloc0(sizeof(HashColumn) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, places[i]);
		HashColumn *column = &distinct->columns[i];

		column->place = places[i];
		column->collation = attribute->attcollation;
		column->kind = kind_of(getBaseType(attribute->atttypid), attribute->attcollation);
		distinct->garbage |= column->kind == HASH_TYPE;
		if (column->kind == HASH_TYPE)
			fmgr_info(lookup_type_cache(attribute->atttypid, TYPECACHE_HASH_EXTENDED_PROC)->hash_extended_proc, &column->function);
	}
	/* growing looks each row up again, out of the cache */
	for (distinct->slots = FIRST_SLOTS; distinct->slots / 4 * 3 < Min(rows, MAX_EXPECTED);)
		distinct->slots *= 2;
	distinct->slot = make_slots(distinct);
	return distinct;
}

bool
ml_distinct_leaves_garbage(const MlDistinct *distinct)
{
	return distinct->garbage;
}

static uint64
double_bits(double value)
{
	uint64		bits;

	if (isnan(value))
		return NULL_VALUE + 1;
	if (value == 0)
		return 0;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* Two chains that multiply and fold, one with exclusive or and one with addition: either alone is a hash of all words. */
static inline void
add_words(RowHash *hash, uint64 a, uint64 b)
{
	hash->a = (hash->a ^ a) * FIRST_FACTOR;
	hash->a ^= hash->a >> 32;
	hash->b = (hash->b + b) * SECOND_FACTOR;
	hash->b ^= hash->b >> 29;
}

static inline void
add_word(RowHash *hash, uint64 word)
{
	add_words(hash, word, word);
}

static void
add_text(RowHash *hash, Datum value)
{
	text	   *t = DatumGetTextPP(value);
	const char *p = VARDATA_ANY(t);
	int			length = VARSIZE_ANY_EXHDR(t);

	add_words(hash, mlk_hash_bytes(p, length, 0), mlk_hash_bytes(p, length, SECOND_SEED));
	if (DatumGetPointer(value) != (Pointer) t)
		pfree(t);
}

static void
add_value(HashColumn *column, Datum value, RowHash *hash)
{
	switch (column->kind)
	{
		case HASH_WORD:
			add_word(hash, (uint64) value);
			break;
		case HASH_FLOAT4:
			add_word(hash, double_bits(DatumGetFloat4(value)));
			break;
		case HASH_FLOAT8:
			add_word(hash, double_bits(DatumGetFloat8(value)));
			break;
		case HASH_TEXT:
			add_text(hash, value);
			break;
		case HASH_TYPE:
			add_words(hash, DatumGetUInt64(FunctionCall2Coll(&column->function, column->collation, value, Int64GetDatum(0))),
					  DatumGetUInt64(FunctionCall2Coll(&column->function, column->collation, value, Int64GetDatum((int64) SECOND_SEED))));
			break;
	}
}

static RowHash *
find_slot(const MlDistinct *distinct, RowHash hash)
{
	Size		at = hash.a & (distinct->slots - 1);

	while ((distinct->slot[at].a | distinct->slot[at].b) != 0 && (distinct->slot[at].a != hash.a || distinct->slot[at].b != hash.b))
		at = (at + 1) & (distinct->slots - 1);
	return &distinct->slot[at];
}

static void
grow(MlDistinct *distinct)
{
	RowHash    *old = distinct->slot;
	Size		n = distinct->slots;

	distinct->slots *= 2;
	distinct->slot = make_slots(distinct);
	for (Size i = 0; i < n; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if ((old[i].a | old[i].b) != 0)
			*find_slot(distinct, old[i]) = old[i];
	}
	ml_budget_free(distinct->budget, old);
}

bool
ml_distinct_add(MlDistinct *distinct, const TupleTableSlot *slot)
{
	RowHash		hash = {1, SECOND_SEED};
	RowHash    *place;

	for (int i = 0; i < distinct->n; i++)
	{
		HashColumn *column = &distinct->columns[i];

		if (slot->tts_isnull[column->place])
			add_word(&hash, NULL_VALUE);
		else
			add_value(column, slot->tts_values[column->place], &hash);
	}
	if ((hash.a | hash.b) == 0)
		hash.a = 1;
	place = find_slot(distinct, hash);
	if ((place->a | place->b) != 0)
		return false;
	*place = hash;
	if (++distinct->used > distinct->slots / 4 * 3)
		grow(distinct);
	return true;
}
