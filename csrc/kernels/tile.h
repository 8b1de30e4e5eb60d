/* The tiles of a matrix product c = start + a b: what is done in registers.
 *
 *          n                 A tile is ROWS rows by one or two vectors of c, kept in registers while p runs over k:
 *      +---++---+            one b row of the strip is loaded, and each a element broadcast against it. A strip is two
 *    k | b || b |            vectors of columns; its tiles lie one below the other, and each fetches the next one's
 *      +---++---+            part of c ahead. Each element is one chain over k from its start, whatever the tile: rows
 *   +-++---++---+            do not depend on their batch. gemm.h says which rows and columns are a tile's, and where
 * m |a||   ||   |            they lie. One row alone has too few chains in two vectors to hide the time of an
 *   +-++---++---+            addition, and reads b once: its strips are WIDE.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */

enum { FN(WIDE) = 8 };                                  /* vectors of a strip for one row */
/* Rows; columns of packed rows that take one address; whether gemm.h packs. */
#if defined(__AVX512F__)
enum { FN(ROWS) = 12, FN(STEP) = 1, FN(PACKS) = 0 };  /* 24 sums + 2 of b of 32 registers; a is broadcast from memory */
#elif defined(__AVX2__)
enum { FN(ROWS) = 6, FN(STEP) = 4, FN(PACKS) = 1 };     /* 12 sums + 2 of b + 1 of a of 16 registers */
#else
enum { FN(ROWS) = 4, FN(STEP) = 1, FN(PACKS) = 1 };
#endif

typedef struct {
    const T* a;
    ptrdiff_t a_row, a_column;
    const T* b;
    ptrdiff_t ldb, depth;
    const T* start;                                     /* the row the sums start from, or NULL */
    ptrdiff_t start_row;                                /* 0 where all rows start alike (bias), ldc to go on from c */
    T* c;
    ptrdiff_t ldc, columns;
    int relu, packed_a, packed_b;  /* packed_a: tile behind tile, each (depth, its rows), in place of the strides */
} FN(tile_job);

/* sum += column p of the tile's part of a times a row of the strip. */
INLINE void FN(add_product)(V sum[FN(ROWS)][2], const T* const* row_of_a, ptrdiff_t p, const T* b, const int rows,
                            const int vectors)
{
    V row[2];
    UNROLL for (int j = 0; j < vectors; j++)
        row[j] = FN(load)(b + j * LANES);
    UNROLL for (int i = 0; i < rows; i++) {
        const V x = FN(splat)(row_of_a[i][p]);
        UNROLL for (int j = 0; j < vectors; j++)
            FN(multiply_add)(&sum[i][j], x, row[j]);
    }
}

/* The same for all columns, one after the other. */
INLINE void FN(add_products)(V sum[FN(ROWS)][2], const T* a, ptrdiff_t a_row, ptrdiff_t a_column, const T* b,
                             ptrdiff_t ldb, ptrdiff_t depth, const int rows, const int vectors)
{
    for (; depth > 0; depth--, a += a_column, b += ldb) {
        const T* row_of_a[FN(ROWS)];
        UNROLL for (int i = 0; i < rows; i++)
            row_of_a[i] = a + i * a_row;
        FN(add_product)(sum, row_of_a, 0, b, rows, vectors);
    }
}

/* The same where b is packed and a_column a constant: STEP columns take one address of each row, and one of b. */
INLINE void FN(add_packed_products)(V sum[FN(ROWS)][2], const T* a, ptrdiff_t a_row, const ptrdiff_t a_column,
                                    const T* b, ptrdiff_t depth, const int rows, const int vectors)
{
    const T* row_of_a[FN(ROWS)];
    UNROLL for (int i = 0; i < rows; i++) {
        row_of_a[i] = a + i * a_row;
        if (a_row != 1)
            __asm__("" : "+r"(row_of_a[i]));  /* else gcc holds an address for each element of a step, in memory */
    }
    ptrdiff_t p = 0;
    for (; p + FN(STEP) <= depth; p += FN(STEP), b += FN(STEP) * 2 * LANES)
        UNROLL for (int s = 0; s < FN(STEP); s++)
            FN(add_product)(sum, row_of_a, (p + s) * a_column, b + s * 2 * LANES, rows, vectors);
    for (; p < depth; p++, b += 2 * LANES)
        FN(add_product)(sum, row_of_a, p * a_column, b, rows, vectors);
}

/* So many tiles, one below the other. rows and vectors are constants wherever this is inlined, so the sums live in
 * registers. */
INLINE void FN(run_tiles)(const FN(tile_job)* job, ptrdiff_t count, const int rows, const int vectors)
{
    const ptrdiff_t lanes = LANES, rest = job->columns - (vectors - 1) * lanes, ldc = job->ldc;
    const ptrdiff_t start_row = job->start_row;
    const ptrdiff_t a_row = job->a_row, a_column = job->a_column, ldb = job->ldb, depth = job->depth;
    const int packed_a = FN(PACKS) && job->packed_a, packed_b = FN(PACKS) && job->packed_b && a_column == 1;
    const T *a = job->a, *b = job->b, *start = job->start;
    T* c = job->c;
    for (; count > 0; count--, a += packed_a ? rows * depth : rows * a_row, c += rows * ldc) {
        V sum[FN(ROWS)][2];
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < vectors; j++) {
                if (!start)
                    sum[i][j] = (V){0};
                else if (j < vectors - 1 || rest == lanes)
                    sum[i][j] = FN(load)(start + i * start_row + j * lanes);
                else
                    sum[i][j] = FN(load_part)(start + i * start_row + j * lanes, rest);
            }
        if (start)
            start += rows * start_row;
        if (count > 1)
            UNROLL for (int i = 0; i < rows; i++)
                UNROLL for (int j = 0; j < vectors; j++)
                    __builtin_prefetch(c + (rows + i) * ldc + j * lanes, 1);
        if (packed_a)
            FN(add_packed_products)(sum, a, 1, rows, b, depth, rows, vectors);
        else if (packed_b)
            FN(add_packed_products)(sum, a, a_row, 1, b, depth, rows, vectors);
        else
            FN(add_products)(sum, a, a_row, a_column, b, ldb, depth, rows, vectors);
        if (job->relu)
            UNROLL for (int i = 0; i < rows; i++)
                UNROLL for (int j = 0; j < vectors; j++)
                    sum[i][j] = FN(positive)(sum[i][j]);
        if (rest == lanes)
            UNROLL for (int i = 0; i < rows; i++)
                UNROLL for (int j = 0; j < vectors; j++)
                    FN(store)(c + i * ldc + j * lanes, sum[i][j]);
        else
            UNROLL for (int i = 0; i < rows; i++)
                UNROLL for (int j = 0; j < vectors; j++)
                    FN(store_edge)(c + i * ldc + j * lanes, sum[i][j], j < vectors - 1 ? lanes : rest);
    }
}

#define FN_TILE(rows) \
    static void FN(tiles_##rows##x1)(const FN(tile_job)* job, ptrdiff_t count) { FN(run_tiles)(job, count, rows, 1); } \
    static void FN(tiles_##rows##x2)(const FN(tile_job)* job, ptrdiff_t count) { FN(run_tiles)(job, count, rows, 2); }
#define FN_TILE_ENTRY(rows) {FN(tiles_##rows##x1), FN(tiles_##rows##x2)}
FN_TILE(1) FN_TILE(2) FN_TILE(3) FN_TILE(4)
#if defined(__AVX2__)
FN_TILE(5) FN_TILE(6)
#endif
#if defined(__AVX512F__)
FN_TILE(7) FN_TILE(8) FN_TILE(9) FN_TILE(10) FN_TILE(11) FN_TILE(12)
#endif

static void (*const FN(tiles)[FN(ROWS)][2])(const FN(tile_job)*, ptrdiff_t) = {
    FN_TILE_ENTRY(1), FN_TILE_ENTRY(2), FN_TILE_ENTRY(3), FN_TILE_ENTRY(4),
#if defined(__AVX2__)
    FN_TILE_ENTRY(5), FN_TILE_ENTRY(6),
#endif
#if defined(__AVX512F__)
    FN_TILE_ENTRY(7), FN_TILE_ENTRY(8), FN_TILE_ENTRY(9), FN_TILE_ENTRY(10), FN_TILE_ENTRY(11), FN_TILE_ENTRY(12),
#endif
};
#undef FN_TILE
#undef FN_TILE_ENTRY

/* One row by some whole vectors; a function of its own, for gcc makes worse code of the tile with room for so many.
 * Rows of b that come from a farther cache are fetched ahead: there are fewer multiply-adds than would hide them. */
INLINE void FN(wide_products)(V sum[FN(WIDE)], const FN(tile_job)* job, const int vectors, const int fetches)
{
    enum { AHEAD = 8 };                                 /* rows */
    const T *a = job->a, *b = job->b;
    for (ptrdiff_t p = job->depth; p > 0; p--, a += job->a_column, b += job->ldb) {
        const V x = FN(splat)(*a);
        if (fetches)
            UNROLL for (int j = 0; j < vectors * LANES; j += LINE_BYTES / (int)sizeof(T))
                __builtin_prefetch(b + AHEAD * job->ldb + j);
        UNROLL for (int j = 0; j < vectors; j++)
            sum[j] += x * FN(load)(b + j * LANES);
    }
}

INLINE void FN(wide_tile)(const FN(tile_job)* job, const int vectors)
{
    enum { FIRST_CACHE = 32768 };
    V sum[FN(WIDE)];
    UNROLL for (int j = 0; j < vectors; j++)
        sum[j] = job->start ? FN(load)(job->start + j * LANES) : (V){0};
    if (job->depth * job->ldb * (ptrdiff_t)sizeof(T) > FIRST_CACHE)
        FN(wide_products)(sum, job, vectors, 1);
    else
        FN(wide_products)(sum, job, vectors, 0);
    UNROLL for (int j = 0; j < vectors; j++)
        FN(store)(job->c + j * LANES, job->relu ? FN(positive)(sum[j]) : sum[j]);
}

#define FN_TILE(vectors) \
    static void FN(tile_1x##vectors##_wide)(const FN(tile_job)* job) { FN(wide_tile)(job, vectors); }
FN_TILE(1) FN_TILE(2) FN_TILE(3) FN_TILE(4) FN_TILE(5) FN_TILE(6) FN_TILE(7) FN_TILE(8)
#undef FN_TILE

static void (*const FN(wide_tiles)[FN(WIDE)])(const FN(tile_job)*) = {
    FN(tile_1x1_wide), FN(tile_1x2_wide), FN(tile_1x3_wide), FN(tile_1x4_wide),
    FN(tile_1x5_wide), FN(tile_1x6_wide), FN(tile_1x7_wide), FN(tile_1x8_wide),
};
