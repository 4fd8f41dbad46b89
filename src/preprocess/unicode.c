/*
 * unicode.c: characters of texts in UTF-8 (see unicode.h).
 */
#include "preprocess/unicode.h"

/* length of the character that byte begins, 0 when none begins so */
static int
announced(unsigned char byte)
{
	if (byte < 0x80)
		return 1;
	if (byte >= 0xc2 && byte <= 0xdf)
		return 2;
	if (byte >= 0xe0 && byte <= 0xef)
		return 3;
	return byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
}

uint32_t
ml_unicode_decode(const unsigned char *s, const unsigned char *end, int *bytes)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int			n = announced(*s);
	uint32_t	c;

	*bytes = 1;
	if (n == 1)
		return *s;
	if (n == 0 || end - s < n)
		return ML_NOT_UNICODE + *s;
	c = *s & (0x7f >> n);
	for (int i = 1; i < n; i++)
	{
		if ((s[i] & 0xc0) != 0x80)
			return ML_NOT_UNICODE + *s;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c >= ML_NOT_UNICODE)
		return ML_NOT_UNICODE + *s;
	*bytes = n;
	return c;
}

int
ml_unicode_encode(uint32_t c, char *out)
{
	int			n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (c >= ML_NOT_UNICODE || n == 1)
	{
		out[0] = (char) (c >= ML_NOT_UNICODE ? c - ML_NOT_UNICODE : c);
		return 1;
	}
	for (int i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char) (0x80 | (c & 0x3f));
	out[0] = (char) (c | (0xf0 << (4 - n)));
	return n;
}

bool
ml_unicode_is_word(uint32_t c)
{
	int			low = 0;
	int			high = ml_unicode_n_words;

	if (c < 128)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (ml_unicode_words[middle].last < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ml_unicode_n_words && ml_unicode_words[low].first <= c;
}

bool
ml_unicode_is_space(uint32_t c)
{
	if (c < 128)
		return (c >= 9 && c <= 13) || (c >= 28 && c <= 32);
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
		c == 0x202f || c == 0x205f || c == 0x3000;
}

uint32_t
ml_unicode_lower(uint32_t c)
{
	int			low = 0;
	int			high = ml_unicode_n_lowers;

	if (c < 128)
		return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (ml_unicode_lowers[middle].last < c)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < ml_unicode_n_lowers && ml_unicode_lowers[low].first <= c &&
		(c - ml_unicode_lowers[low].first) % ml_unicode_lowers[low].step == 0)
		return (uint32_t) ((int32_t) c + ml_unicode_lowers[low].offset);
	return c;
}
