/*
 * test_blob.c: the cursor over model bytes: what is written reads alike, and what was not written is refused.
 */
#include "unit.h"

#include "model/blob.h"

static void *
grow(void *old, size_t size)
{
	void	   *grown = realloc(old, size);

	assert_non_null(grown);
	return grown;
}

static MlBlobWriter
writer(void)
{
	MlBlobWriter w = {.grow = grow};

	return w;
}

/* bytes as doc/model-format.md has them, whatever the machine */
static void
test_layout(void **state)
{
	MlBlobWriter w = writer();
	const uint32_t codes[2] = {1, 0x04030201};
	const uint8_t expected[] = {
		7,
		0x04, 0x03, 0x02, 0x01,
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		0, 0, 0, 0, 0, 0, 0xf0, 0x3f,
		2, 0, 0, 0, 'a', 'b',
		2, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4,
	};

	ml_blob_put_u8(&w, 7);
	ml_blob_put_u32(&w, 0x01020304);
	ml_blob_put_u64(&w, UINT64_C(0x0102030405060708));
	ml_blob_put_f64(&w, 1.0);
	ml_blob_put_string(&w, "ab");
	ml_blob_put_u32_array(&w, codes, 2);
	assert_int_equal(w.len, sizeof(expected));
	assert_memory_equal(w.data, expected, sizeof(expected));
	free(w.data);
}

static void
test_round_trip(void **state)
{
	MlBlobWriter w = writer();
	const double numbers[4] = {0.1, -0.0, INFINITY, 5e-324};
	double		back[4];
	uint32_t	length;
	const char *text;
	MlBlobReader r;

	for (int i = 0; i < 1000; i++)
	{
		ml_blob_put_u8(&w, i & 1);
		ml_blob_put_u64(&w, UINT64_C(0x9e3779b97f4a7c15) * i);
		ml_blob_put_string(&w, i % 3 == 0 ? "" : "Zürich");
		ml_blob_put_f64_array(&w, numbers, 4);
	}
	r = ml_blob_reader(w.data, w.len);
	for (int i = 0; i < 1000; i++)
	{
		assert_int_equal(ml_blob_get_bool(&r), i & 1);
		assert_true(ml_blob_get_u64(&r) == UINT64_C(0x9e3779b97f4a7c15) * i);
		text = ml_blob_get_string(&r, &length);
		assert_int_equal(length, i % 3 == 0 ? 0 : strlen("Zürich"));
		assert_memory_equal(text, "Zürich", length);
		ml_blob_get_f64_array(&r, back, 4);
		assert_memory_equal(back, numbers, sizeof(numbers));
	}
	assert_true(ml_blob_ok(&r));
	assert_int_equal(ml_blob_left(&r), 0);
	free(w.data);
}

/* every prefix of valid bytes fails, gives zeros from there on, and keeps the first reason */
static void
test_truncated(void **state)
{
	MlBlobWriter w = writer();
	uint32_t	length;

	ml_blob_put_u32(&w, 5);
	ml_blob_put_string(&w, "text");
	ml_blob_put_f64(&w, 2.5);
	for (size_t len = 0; len < w.len; len++)
	{
		uint8_t    *exact = malloc(len > 0 ? len : 1);
		MlBlobReader r;

		memcpy(exact, w.data, len);
		r = ml_blob_reader(exact, len);
		ml_blob_get_u32(&r);
		ml_blob_get_string(&r, &length);
		assert_true(ml_blob_get_f64(&r) == 0);
		assert_false(ml_blob_ok(&r));
		assert_int_equal(ml_blob_left(&r), 0);
		ml_blob_fail(&r, "another reason");
		assert_string_not_equal(r.error, "another reason");
		free(exact);
	}
	free(w.data);
}

static void
test_counts(void **state)
{
	const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
	const uint8_t two[] = {2, 0, 0, 0, 1, 2, 3, 4};
	MlBlobReader r = ml_blob_reader(huge, sizeof(huge));

	assert_int_equal(ml_blob_get_count(&r, 1, UINT32_MAX), 0);
	assert_false(ml_blob_ok(&r));

	r = ml_blob_reader(two, sizeof(two));
	assert_int_equal(ml_blob_get_count(&r, 2, 2), 2);
	assert_true(ml_blob_ok(&r));

	r = ml_blob_reader(two, sizeof(two));
	assert_int_equal(ml_blob_get_count(&r, 2, 1), 0);
	assert_false(ml_blob_ok(&r));

	r = ml_blob_reader(two, sizeof(two));
	assert_int_equal(ml_blob_get_count(&r, 3, 2), 0);
	assert_false(ml_blob_ok(&r));

	/* items without a size are bounded by max alone, and the product of count and size cannot overflow */
	r = ml_blob_reader(two, sizeof(two));
	assert_int_equal(ml_blob_get_count(&r, 0, 2), 2);
	r = ml_blob_reader(two, sizeof(two));
	assert_int_equal(ml_blob_get_count(&r, SIZE_MAX, 2), 0);
}

static void
test_refused(void **state)
{
	const uint8_t flag[] = {2};
	const uint8_t zero_inside[] = {3, 0, 0, 0, 'a', 0, 'b'};
	const uint8_t three[] = {3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
	uint32_t	codes[2] = {7, 7};
	uint32_t	length = 7;
	MlBlobReader r = ml_blob_reader(flag, sizeof(flag));

	assert_false(ml_blob_get_bool(&r));
	assert_false(ml_blob_ok(&r));

	r = ml_blob_reader(zero_inside, sizeof(zero_inside));
	assert_null(ml_blob_get_string(&r, &length));
	assert_int_equal(length, 0);

	/* an array of another length than its place leaves zeros */
	r = ml_blob_reader(three, sizeof(three));
	ml_blob_get_u32_array(&r, codes, 2);
	assert_false(ml_blob_ok(&r));
	assert_int_equal(codes[0], 0);
	assert_int_equal(codes[1], 0);
}

static void
test_empty(void **state)
{
	MlBlobReader r = ml_blob_reader(NULL, 0);

	assert_true(ml_blob_ok(&r));
	assert_int_equal(ml_blob_left(&r), 0);
	assert_int_equal(ml_blob_get_u8(&r), 0);
	assert_false(ml_blob_ok(&r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
