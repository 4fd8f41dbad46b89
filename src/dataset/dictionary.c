/*
 * dictionary.c: distinct texts of a column, numbered in order of arrival.
 *
 * Open addressing with linear probing, at most half full.  A slot holds the upper half of the hash and the code, so a
 * probe that misses touches one cache line and no text.  All memory comes from the budget: a column of a hundred
 * million distinct texts goes to a file or is refused like any other array.
 */
#include "postgres.h"

#include "kernels/hash.h"

#include "dataset/dictionary.h"

#define FIRST_ENTRIES 16
#define FIRST_ARENA ((Size) 1024)
#define LAST_ARENA ((Size) 1024 * 1024)

#define EMPTY_SLOT UINT64_MAX	/* no code is UINT32_MAX */

/* MlDictionary.index */
typedef struct DictionaryIndex
{
	MlBudget   *budget;
	const char *what;			/* for errors */
	uint64	   *slots;			/* upper half of the hash << 32 | code */
	uint64		mask;			/* number of slots - 1 */
	uint32		room;			/* entries the arrays hold; slots are twice as many */
	char	   *arena;			/* free part of the youngest text block */
	Size		arena_left;
	Size		arena_size;
} DictionaryIndex;

static inline uint64
slot_of(uint64 hash, uint32 code)
{
	return (hash & UINT64CONST(0xffffffff00000000)) | code;
}

/* A larger copy of an array of the budget. */
static void *
grow_array(DictionaryIndex *index, void *old, uint32 n, uint32 room, Size size)
{
	void	   *array = ml_budget_alloc(index->budget, room, size, index->what);

	if (n > 0)
		memcpy(array, old, n * size);
	ml_budget_free(index->budget, old);
	return array;
}

static void
rebuild_slots(MlDictionary *dict, DictionaryIndex *index)
{
	Size		slots = (Size) index->room * 2;

	ml_budget_free(index->budget, index->slots);
	index->slots = NULL;
	index->slots = ml_budget_alloc(index->budget, slots, sizeof(uint64), index->what);
	index->mask = slots - 1;
	memset(index->slots, 0xff, slots * sizeof(uint64));
	for (uint32 code = 0; code < dict->n; code++)
	{
		uint64		at = dict->hash[code] & index->mask;

		while (index->slots[at] != EMPTY_SLOT)
			at = (at + 1) & index->mask;
		index->slots[at] = slot_of(dict->hash[code], code);
	}
}

/* Room for at least one more entry: a power of two, so that slots are one too. */
static void
grow(MlDictionary *dict, DictionaryIndex *index)
{
	uint32		room = index->room == 0 ? FIRST_ENTRIES : index->room * 2;

	if (room < index->room)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many %s", index->what),
				 errdetail("There are more than %u.", index->room),
				 errhint("Leave the column out with exclude.")));
	dict->text = grow_array(index, dict->text, dict->n, room, sizeof(char *));
	dict->length = grow_array(index, dict->length, dict->n, room, sizeof(uint32));
	dict->hash = grow_array(index, dict->hash, dict->n, room, sizeof(uint64));
	index->room = room;
	rebuild_slots(dict, index);
}

/* A NUL-terminated copy that lives with the dictionary. */
static char *
store_text(DictionaryIndex *index, const char *text, uint32 length)
{
	Size		need = (Size) length + 1;
	char	   *copy;

	if (need > index->arena_left && need > LAST_ARENA / 4)
		copy = ml_budget_alloc(index->budget, need, 1, index->what);
	else
	{
		if (need > index->arena_left)
		{
			index->arena_size = Max(need, Min(index->arena_size * 2, LAST_ARENA));
			index->arena = ml_budget_alloc(index->budget, index->arena_size, 1, index->what);
			index->arena_left = index->arena_size;
		}
		copy = index->arena;
		index->arena += need;
		index->arena_left -= need;
	}
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

MlDictionary *
ml_dictionary_create(MlBudget *budget, const char *column)
{
	MlDictionary *dict = palloc0(sizeof(MlDictionary));
	DictionaryIndex *index = palloc0(sizeof(DictionaryIndex));

	index->budget = budget;
	index->what = psprintf("distinct texts of column \"%s\"", column);
	index->arena_size = FIRST_ARENA;
	dict->index = index;
	grow(dict, index);
	return dict;
}

uint32
ml_dictionary_code(MlDictionary *dict, const char *text, uint32 length)
{
	DictionaryIndex *index = dict->index;
	uint64		hash = mlk_hash_bytes(text, length, 0);
	uint64		at = hash & index->mask;
	uint32		code;

	for (; index->slots[at] != EMPTY_SLOT; at = (at + 1) & index->mask)
	{
		code = (uint32) index->slots[at];
		if (index->slots[at] == slot_of(hash, code) && dict->length[code] == length &&
			memcmp(dict->text[code], text, length) == 0)
			return code;
	}
	if (dict->n == index->room)
	{
		grow(dict, index);
		return ml_dictionary_code(dict, text, length);
	}
	code = dict->n;
	dict->text[code] = store_text(index, text, length);
	dict->length[code] = length;
	dict->hash[code] = hash;
	index->slots[at] = slot_of(hash, code);
	dict->n++;
	return code;
}
