/*
 * cache.c: models of this backend, read once and kept.
 *
 * A version never changes, so an entry is valid for ever and the key is enough: the oid of the table of
 * versions (another one once the extension was created anew) and the version's id.  Each model lives in a
 * memory context of its own; all of them together are bounded by mlops.cache_size, the least recently used go
 * first.  A statement pins what it uses; pinned models are never dropped, and every pin ends with the
 * transaction, which also covers errors and parallel workers.  Rights are not the cache's business: callers
 * resolve the name, and so check them, in every statement.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "guc.h"
#include "scoring/scorer.h"

typedef struct CacheKey
{
	Oid			relid;
	int64		version_id;
} CacheKey;

typedef struct CacheEntry
{
	CacheKey	key;			/* must be first */
	dlist_node	node;			/* in Cache.used */
	MlModel    *model;
} CacheEntry;

typedef struct Cache
{
	HTAB	   *entries;		/* NULL before the first use */
	MemoryContext context;
	dlist_head	used;			/* most recent first */
	Size		bytes;
	int			pinned;			/* entries with pins, so that a transaction without any ends at no cost */
	int64		hits;
	int64		misses;
} Cache;

static Cache cache;

static void
evict(CacheEntry *entry)
{
	MlModel    *model = entry->model;

	dlist_delete(&entry->node);
	cache.bytes -= model->bytes;
	(void) hash_search(cache.entries, &entry->key, HASH_REMOVE, NULL);
	MemoryContextDelete(model->context);
}

/* drop unpinned models, oldest first, until the limit is kept */
static void
shrink(void)
{
	Size		limit = (Size) ml_cache_size_kb * 1024;
	dlist_node *node;

	if (cache.bytes <= limit || dlist_is_empty(&cache.used))
		return;
	node = dlist_tail_node(&cache.used);
	for (;;)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, node);
		bool		more = dlist_has_prev(&cache.used, node);

		if (more)
			node = dlist_prev_node(&cache.used, node);
		if (entry->model->pins == 0)
			evict(entry);
		if (!more || cache.bytes <= limit)
			return;
	}
}

/* every end of a transaction, good or bad, in leaders and in workers; nothing here can fail */
static void
drop_pins(XactEvent event, void *arg)
{
	dlist_iter	iter;

	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			break;
		default:
			return;
	}
	if (cache.pinned == 0)
		return;
	dlist_foreach(iter, &cache.used)
		dlist_container(CacheEntry, node, iter.cur)->model->pins = 0;
	cache.pinned = 0;
	shrink();
}

static void
cache_init(void)
{
	HASHCTL		control = {.keysize = sizeof(CacheKey), .entrysize = sizeof(CacheEntry)};
	HTAB	   *entries;

	/* an error below leaves cache.entries NULL, and the next call starts again with the context that is there */
	if (cache.context == NULL)
		cache.context = AllocSetContextCreate(TopMemoryContext, "mlops models", ALLOCSET_DEFAULT_SIZES);
	control.hcxt = cache.context;
	dlist_init(&cache.used);
	entries = hash_create("mlops models", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	RegisterXactCallback(drop_pins, NULL);
	cache.entries = entries;
}

/*
 * Read a version into a context of its own, which belongs to the subtransaction until the caller keeps it: an
 * error on the way leaves nothing behind.
 */
static MlModel *
load(const MlModelRef *ref)
{
	MemoryContext own = AllocSetContextCreate(CurTransactionContext, "mlops model", ALLOCSET_DEFAULT_SIZES);
	MemoryContext scratch = AllocSetContextCreate(CurTransactionContext, "mlops model bytes", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	MlModel    *model;
	uint8	   *data;
	Size		len;

	data = ml_catalog_bytes(ref->version_id, &len);
	MemoryContextSwitchTo(own);
	model = ml_model_read(data, len);
	model->name = psprintf("%s/%d", ref->model.name, ref->version);
	model->version_id = ref->version_id;
	MemoryContextCopyAndSetIdentifier(own, model->name);
	model->bytes = MemoryContextMemAllocated(own, true);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return model;
}

/* nothing after hash_search can fail, so an entry always has its model */
static CacheEntry *
keep(const CacheKey *key, MlModel *model)
{
	CacheEntry *entry = hash_search(cache.entries, key, HASH_ENTER, NULL);

	entry->model = model;
	dlist_push_head(&cache.used, &entry->node);
	cache.bytes += model->bytes;
	MemoryContextSetParent(model->context, cache.context);
	return entry;
}

MlModel *
ml_model_acquire(const MlModelRef *ref)
{
	CacheEntry *entry;
	CacheKey	key;

	if (cache.entries == NULL)
		cache_init();
	memset(&key, 0, sizeof(key));	/* the key is hashed with its padding */
	key.relid = ml_catalog_version_relid();
	key.version_id = ref->version_id;

	entry = hash_search(cache.entries, &key, HASH_FIND, NULL);
	if (entry != NULL)
	{
		cache.hits++;
		dlist_move_head(&cache.used, &entry->node);
	}
	else
	{
		cache.misses++;
		entry = keep(&key, load(ref));
	}
	if (entry->model->pins++ == 0)
		cache.pinned++;
	shrink();
	return entry->model;
}

void
ml_model_release(MlModel *model)
{
	Assert(model->pins > 0);
	if (--model->pins > 0)
		return;
	cache.pinned--;
	shrink();
}

void
ml_cache_stats(int64 *entries, int64 *bytes, int64 *hits, int64 *misses)
{
	if (entries != NULL)
		*entries = cache.entries == NULL ? 0 : hash_get_num_entries(cache.entries);
	if (bytes != NULL)
		*bytes = cache.bytes;
	if (hits != NULL)
		*hits = cache.hits;
	if (misses != NULL)
		*misses = cache.misses;
}
