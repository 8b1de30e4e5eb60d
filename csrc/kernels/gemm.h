/* Matrix products: c = bias + a b, arranged into the tiles of tile.h.
 *
 * Rows are split evenly (64 = 11+11+11+11+10+10), so there is no edge code. A strip that is not whole is copied,
 * zero-padded, and only the store of c looks at its width. DEPTH rows of a strip stay close while the tiles of a pass
 * by, and NEARBY bytes of a, half of a second cache, while all strips do; DEPTH_ACROSS rows where each element of a
 * tile's row is on a cache line of its own. Between blocks of DEPTH the chains wait in c.
 *
 * Where vectors are short, a strip's row is one cache line or less, rows of b are apart by more, and few lines of them
 * find room in the first cache. There strips are packed, row behind row; and so is a where it lies across (a_column is
 * not 1), tile behind tile. Where vectors are long, packing costs more than it gives.
 *
 * Contract: list.h. Public by fastnorm/kernels: dense.pyx. */

#if defined(__AVX512F__)
enum { FN(DEPTH) = 512, FN(DEPTH_ACROSS) = 256, FN(NEARBY) = 524288 };
#else
enum { FN(DEPTH) = 256, FN(DEPTH_ACROSS) = 128, FN(NEARBY) = 262144 };
#endif
enum { FN(ACROSS) = 131072 };                           /* bytes of a that are packed: a quarter of a second cache */
/* fewer tiles that read b, or strips that read a, are not worth packing */
enum { FN(WORTH) = 3, FN(ACROSS_STRIPS) = 8 };

/* m rows in as few tiles as can be: `larger` of rows + 1, then the others of rows. */
typedef struct { ptrdiff_t tiles, rows, larger; } FN(tiling);

INLINE FN(tiling) FN(tiling_of)(ptrdiff_t m)
{
    const ptrdiff_t tiles = (m + FN(ROWS) - 1) / FN(ROWS);
    return (FN(tiling)){tiles, m / tiles, m % tiles};
}

/* A strip, its columns zero-padded to two vectors. */
static void FN(pack_strip)(const T* b, ptrdiff_t ldb, ptrdiff_t depth, ptrdiff_t columns, T* packed)
{
    if (columns == 2 * LANES) {
        for (ptrdiff_t p = 0; p < depth; p++, b += ldb, packed += 2 * LANES) {
            FN(store)(packed, FN(load)(b));
            FN(store)(packed + LANES, FN(load)(b + LANES));
        }
        return;
    }
    memset(packed, 0, (size_t)depth * 2 * VECTOR_BYTES);
    for (ptrdiff_t p = 0; p < depth; p++)
        memcpy(packed + p * 2 * LANES, b + p * ldb, (size_t)columns * sizeof(T));
}

/* So many tiles of a, whose rows lie across, one behind the other; returns where the next one goes. */
INLINE T* FN(pack_tiles)(const T* a, ptrdiff_t a_column, ptrdiff_t depth, ptrdiff_t tiles, const ptrdiff_t rows,
                         T* packed)
{
    for (ptrdiff_t tile = 0; tile < tiles; tile++, a += rows)
        for (ptrdiff_t p = 0; p < depth; p++, packed += rows)
            memcpy(packed, a + p * a_column, (size_t)rows * sizeof(T));
    return packed;
}

static void FN(pack_across)(const T* a, ptrdiff_t a_column, ptrdiff_t depth, FN(tiling) by, T* packed)
{
    const ptrdiff_t others = by.tiles - by.larger, first_other = by.larger * (by.rows + 1);
    if (by.rows == FN(ROWS)) {  /* sizes that the compiler knows, wherever there are many rows */
        FN(pack_tiles)(a, a_column, depth, others, FN(ROWS), packed);
    } else if (by.rows == FN(ROWS) - 1) {
        packed = FN(pack_tiles)(a, a_column, depth, by.larger, FN(ROWS), packed);
        FN(pack_tiles)(a + first_other, a_column, depth, others, FN(ROWS) - 1, packed);
    } else {
        packed = FN(pack_tiles)(a, a_column, depth, by.larger, by.rows + 1, packed);
        FN(pack_tiles)(a + first_other, a_column, depth, others, by.rows, packed);
    }
}

/* All rows of a strip. */
static void FN(gemm_strip)(FN(tile_job)* job, FN(tiling) by)
{
    const int two = job->columns > LANES;
    if (by.larger) {
        const ptrdiff_t done = by.larger * (by.rows + 1);
        FN(tiles)[by.rows][two](job, by.larger);
        job->a += done * (job->packed_a ? job->depth : job->a_row);
        job->c += done * job->ldc;
        if (job->start)
            job->start += done * job->start_row;
    }
    FN(tiles)[by.rows - 1][two](job, by.tiles - by.larger);
}

typedef struct {
    const T* a;
    ptrdiff_t a_row, a_column;
    const T* b;
    ptrdiff_t ldb;
    const T* bias;
    T* c;
    ptrdiff_t ldc, m, n, k;
    int relu;
} FN(product);

/* All of c, or so many rows of it that what they take of a stays near; across has room for it packed, or is NULL. */
static void FN(gemm_block)(const FN(product)* of, T* across)
{
    T packed[FN(DEPTH) * 2 * LANES] __attribute__((aligned(VECTOR_BYTES)));
    const ptrdiff_t strip = 2 * LANES, deepest = across || of->a_column == 1 ? FN(DEPTH) : FN(DEPTH_ACROSS);
    const FN(tiling) by = FN(tiling_of)(of->m);
    const int packs = across || (FN(PACKS) && of->a_column == 1 && by.tiles >= FN(WORTH));
    for (ptrdiff_t p = 0, depth; p < of->k; p += depth) {
        depth = of->k - p < deepest ? of->k - p : deepest;
        const T* a = of->a + p * of->a_column;
        if (across)
            FN(pack_across)(a, of->a_column, depth, by, across);
        for (ptrdiff_t j = 0; j < of->n; j += strip) {
            const ptrdiff_t columns = of->n - j < strip ? of->n - j : strip;
            FN(tile_job) job = {.a = across ? across : a, .a_row = of->a_row, .a_column = of->a_column,
                                .packed_a = across != NULL, .b = of->b + p * of->ldb + j, .ldb = of->ldb,
                                .depth = depth, .c = of->c + j, .ldc = of->ldc, .columns = columns,
                                .start = of->bias ? of->bias + j : NULL, .relu = of->relu && p + depth == of->k};
            if (p) {
                job.start = job.c;
                job.start_row = of->ldc;
            }
            if (packs || columns % LANES) {
                FN(pack_strip)(job.b, of->ldb, depth, columns, packed);
                job.b = packed;
                job.ldb = strip;
                job.packed_b = 1;
            }
            FN(gemm_strip)(&job, by);
        }
    }
}

/* One row of c, whose n columns are whole vectors. */
static void FN(gemm_row)(const T* a, ptrdiff_t a_column, const T* b, ptrdiff_t ldb, const T* bias, T* c, ptrdiff_t n,
                         ptrdiff_t k, int relu)
{
    for (ptrdiff_t j = 0; j < n; j += FN(WIDE) * LANES) {
        const ptrdiff_t columns = n - j < FN(WIDE) * LANES ? n - j : FN(WIDE) * LANES;
        const FN(tile_job) job = {.a = a, .a_column = a_column, .b = b + j, .ldb = ldb, .depth = k,
                                  .start = bias ? bias + j : NULL,
                                  .c = c + j, .columns = columns, .relu = relu};
        FN(wide_tiles)[columns / LANES - 1](&job);
    }
}

static void FN(gemm)(const void* a_, ptrdiff_t a_row, ptrdiff_t a_column, const void* b_, ptrdiff_t ldb,
                     const void* bias_, void* c_, ptrdiff_t ldc, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int relu)
{
    const T *a = a_, *b = b_, *bias = bias_;
    T* c = c_;
    if (m == 1 && n % LANES == 0) {
        FN(gemm_row)(a, a_column, b, ldb, bias, c, n, k, relu);
        return;
    }
    T across[FN(PACKS) ? FN(ACROSS) / sizeof(T) : 1] __attribute__((aligned(VECTOR_BYTES)));
    const int packs_a = FN(PACKS) && a_column != 1 && m >= FN(WORTH) * FN(ROWS) && n >= FN(ACROSS_STRIPS) * 2 * LANES;
    const ptrdiff_t row_bytes = (k < FN(DEPTH) ? k : FN(DEPTH)) * (ptrdiff_t)sizeof(T);
    const ptrdiff_t near = packs_a ? FN(ACROSS) : FN(NEARBY);
    const ptrdiff_t fitting = near / row_bytes, blocks = (m + fitting - 1) / fitting;
    for (ptrdiff_t block = 0; block < blocks; block++) {
        const ptrdiff_t first = m * block / blocks, last = m * (block + 1) / blocks;
        const FN(product) part = {a + first * a_row, a_row, a_column, b, ldb, bias, c + first * ldc, ldc, last - first,
                                  n, k, relu};
        FN(gemm_block)(&part, packs_a ? across : NULL);
    }
}
