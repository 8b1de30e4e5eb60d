/* Matrix products: c = bias + a b, in tiles of registers, and the transpose that lets one product serve all three.
 *
 *          n                 A tile is ROWS rows by one or two vectors of c, kept in registers while p runs over k:
 *      +---++---+            one b row of the strip is loaded, and each a element broadcast against it. A strip is two
 *    k | b || b |            vectors of columns; DEPTH rows of it stay close while the tiles of a pass by, and NEARBY
 *      +---++---+            bytes of a while all strips do. A tile fetches the next one's part of c ahead. Rows are
 *   +-++---++---+            split evenly (64 = 11+11+11+11+10+10), so there is no edge code. A strip that is not whole
 * m |a||   ||   |            is copied, zero-padded, and only the store of c looks at its width.
 *   +-++---++---+            Each element is one chain over k from its start, whatever the tile: rows do not depend on
 *                            their batch. Between blocks of DEPTH the chain waits in c. One row alone has too few chains
 * in two vectors to hide the time of an addition, and reads b once: its strips are WIDE.
 */

enum { FN(DEPTH) = 512 };                               /* rows of a strip */
enum { FN(DEPTH_ACROSS) = 4 * VECTOR_BYTES };           /* where a tile's part of a is columns: each k is a cache line of its own */
enum { FN(NEARBY) = 524288 };                           /* bytes: half of a second cache */
enum { FN(WIDE) = 8 };                                  /* vectors of a strip for one row */
#if defined(__AVX512F__)
enum { FN(ROWS) = 12 };                                 /* 24 sums + 2 of b of 32 registers; a is broadcast from memory */
#elif defined(__AVX2__)
enum { FN(ROWS) = 6 };                                  /* 12 sums + 2 of b + 1 of a of 16 registers */
#else
enum { FN(ROWS) = 4 };
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
    int relu, next;                                     /* next: whether a tile of as many rows or one less lies below */
} FN(tile_job);

/* rows and vectors are constants wherever this is inlined, so the sums live in registers. */
INLINE void FN(tile)(const FN(tile_job)* job, const int rows, const int vectors)
{
    const ptrdiff_t lanes = LANES, rest = job->columns - (vectors - 1) * lanes;
    V sum[FN(ROWS)][2];
    UNROLL for (int i = 0; i < rows; i++) {
        const T* start = job->start ? job->start + i * job->start_row : NULL;
        UNROLL for (int j = 0; j < vectors; j++) {
            if (!start)
                sum[i][j] = (V){0};
            else
                sum[i][j] = j < vectors - 1 || rest == lanes ? FN(load)(start + j * lanes) : FN(load_part)(start + j * lanes, rest);
        }
    }
    if (job->next)
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < vectors; j++)
                __builtin_prefetch(job->c + (rows + i) * job->ldc + j * lanes, 1);
    const T *a = job->a, *b = job->b;
    const ptrdiff_t a_row = job->a_row, a_column = job->a_column, ldb = job->ldb;
    for (ptrdiff_t p = job->depth; p > 0; p--, a += a_column, b += ldb) {
        V row[2];
        UNROLL for (int j = 0; j < vectors; j++)
            row[j] = FN(load)(b + j * lanes);
        UNROLL for (int i = 0; i < rows; i++) {
            const V x = FN(splat)(a[i * a_row]);
            UNROLL for (int j = 0; j < vectors; j++)
                sum[i][j] += x * row[j];
        }
    }
    if (job->relu)
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < vectors; j++)
                sum[i][j] = FN(positive)(sum[i][j]);
    T* c = job->c;
    const ptrdiff_t ldc = job->ldc;
    if (rest == lanes)
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < vectors; j++)
                FN(store)(c + i * ldc + j * lanes, sum[i][j]);
    else
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < vectors; j++)
                FN(store_edge)(c + i * ldc + j * lanes, sum[i][j], j < vectors - 1 ? lanes : rest);
}

#define FN_TILE(rows) \
    static void FN(tile_##rows##x1)(const FN(tile_job)* job) { FN(tile)(job, rows, 1); } \
    static void FN(tile_##rows##x2)(const FN(tile_job)* job) { FN(tile)(job, rows, 2); }
#define FN_TILE_ENTRY(rows) {FN(tile_##rows##x1), FN(tile_##rows##x2)}
FN_TILE(1) FN_TILE(2) FN_TILE(3) FN_TILE(4)
#if defined(__AVX2__)
FN_TILE(5) FN_TILE(6)
#endif
#if defined(__AVX512F__)
FN_TILE(7) FN_TILE(8) FN_TILE(9) FN_TILE(10) FN_TILE(11) FN_TILE(12)
#endif

static void (*const FN(tiles)[FN(ROWS)][2])(const FN(tile_job)*) = {
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

/* One row by some whole vectors; a function of its own, for gcc makes worse code of the tile with room for so many. */
INLINE void FN(wide_tile)(const FN(tile_job)* job, const int vectors)
{
    V sum[FN(WIDE)];
    UNROLL for (int j = 0; j < vectors; j++)
        sum[j] = job->start ? FN(load)(job->start + j * LANES) : (V){0};
    const T *a = job->a, *b = job->b;
    for (ptrdiff_t p = job->depth; p > 0; p--, a += job->a_column, b += job->ldb) {
        const V x = FN(splat)(*a);
        UNROLL for (int j = 0; j < vectors; j++)
            sum[j] += x * FN(load)(b + j * LANES);
    }
    UNROLL for (int j = 0; j < vectors; j++)
        FN(store)(job->c + j * LANES, job->relu ? FN(positive)(sum[j]) : sum[j]);
}

#define FN_TILE(vectors) static void FN(tile_1x##vectors##_wide)(const FN(tile_job)* job) { FN(wide_tile)(job, vectors); }
FN_TILE(1) FN_TILE(2) FN_TILE(3) FN_TILE(4) FN_TILE(5) FN_TILE(6) FN_TILE(7) FN_TILE(8)
#undef FN_TILE

static void (*const FN(wide_tiles)[FN(WIDE)])(const FN(tile_job)*) = {
    FN(tile_1x1_wide), FN(tile_1x2_wide), FN(tile_1x3_wide), FN(tile_1x4_wide),
    FN(tile_1x5_wide), FN(tile_1x6_wide), FN(tile_1x7_wide), FN(tile_1x8_wide),
};

/* One row of c, whose n columns are whole vectors. */
static void FN(gemm_row)(const T* a, ptrdiff_t a_column, const T* b, ptrdiff_t ldb, const T* bias, T* c, ptrdiff_t n, ptrdiff_t k,
                         int relu)
{
    for (ptrdiff_t j = 0; j < n; j += FN(WIDE) * LANES) {
        const ptrdiff_t columns = n - j < FN(WIDE) * LANES ? n - j : FN(WIDE) * LANES;
        const FN(tile_job) job = {.a = a, .a_column = a_column, .b = b + j, .ldb = ldb, .depth = k, .start = bias ? bias + j : NULL,
                                  .c = c + j, .columns = columns, .relu = relu};
        FN(wide_tiles)[columns / LANES - 1](&job);
    }
}

/* The columns of a strip that is not whole, zero-padded to whole vectors. */
static void FN(pad_strip)(const T* b, ptrdiff_t ldb, ptrdiff_t depth, ptrdiff_t columns, T* padded)
{
    memset(padded, 0, (size_t)depth * 2 * VECTOR_BYTES);
    for (ptrdiff_t p = 0; p < depth; p++)
        memcpy(padded + p * 2 * LANES, b + p * ldb, (size_t)columns * sizeof(T));
}

/* All of c, or so many rows of it that what they take of a stays in a near cache. */
static void FN(gemm_block)(const T* a, ptrdiff_t a_row, ptrdiff_t a_column, const T* b, ptrdiff_t ldb, const T* bias, T* c,
                           ptrdiff_t ldc, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int relu)
{
    T padded[FN(DEPTH) * 2 * LANES] __attribute__((aligned(VECTOR_BYTES)));
    const ptrdiff_t strip = 2 * LANES, tiles = (m + FN(ROWS) - 1) / FN(ROWS);
    const ptrdiff_t deepest = a_column == 1 ? FN(DEPTH) : FN(DEPTH_ACROSS);
    for (ptrdiff_t p = 0; p < k; p += deepest) {
        const ptrdiff_t depth = k - p < deepest ? k - p : deepest;
        for (ptrdiff_t j = 0; j < n; j += strip) {
            const ptrdiff_t columns = n - j < strip ? n - j : strip;
            FN(tile_job) job = {.a_row = a_row, .a_column = a_column, .b = b + p * ldb + j, .ldb = ldb, .depth = depth,
                                .ldc = ldc, .columns = columns, .relu = relu && p + depth == k,
                                .start_row = p ? ldc : 0};
            if (columns % LANES) {
                FN(pad_strip)(job.b, ldb, depth, columns, padded);
                job.b = padded;
                job.ldb = strip;
            }
            for (ptrdiff_t tile = 0; tile < tiles; tile++) {
                const ptrdiff_t first = m * tile / tiles, rows = m * (tile + 1) / tiles - first;
                job.a = a + first * a_row + p * a_column;
                job.c = c + first * ldc + j;
                job.start = p ? job.c : bias ? bias + j : NULL;
                job.next = tile + 1 < tiles;
                FN(tiles)[rows - 1][columns > LANES](&job);
            }
        }
    }
}

static void FN(gemm)(const void* a_, ptrdiff_t a_row, ptrdiff_t a_column, const void* b_, ptrdiff_t ldb, const void* bias_,
                     void* c_, ptrdiff_t ldc, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int relu)
{
    const T *a = a_, *b = b_, *bias = bias_;
    T* c = c_;
    if (m == 1 && n % LANES == 0) {
        FN(gemm_row)(a, a_column, b, ldb, bias, c, n, k, relu);
        return;
    }
    const ptrdiff_t row_bytes = (k < FN(DEPTH) ? k : FN(DEPTH)) * (ptrdiff_t)sizeof(T), blocks = (m * row_bytes - 1) / FN(NEARBY) + 1;
    for (ptrdiff_t block = 0; block < blocks; block++) {
        const ptrdiff_t first = m * block / blocks, rows = m * (block + 1) / blocks - first;
        FN(gemm_block)(a + first * a_row, a_row, a_column, b, ldb, bias, c + first * ldc, ldc, rows, n, k, relu);
    }
}

/* y (4, 4) = the transpose of x, in registers. */
INLINE void FN(transpose_square)(const T* x, ptrdiff_t ldx, T* y, ptrdiff_t ldy)
{
    typedef T row __attribute__((vector_size(4 * sizeof(T))));
    row a, b, c, d;
    memcpy(&a, x, sizeof a);
    memcpy(&b, x + ldx, sizeof b);
    memcpy(&c, x + 2 * ldx, sizeof c);
    memcpy(&d, x + 3 * ldx, sizeof d);
    const row ac_low = __builtin_shufflevector(a, c, 0, 4, 1, 5), ac_high = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    const row bd_low = __builtin_shufflevector(b, d, 0, 4, 1, 5), bd_high = __builtin_shufflevector(b, d, 2, 6, 3, 7);
    a = __builtin_shufflevector(ac_low, bd_low, 0, 4, 1, 5);
    b = __builtin_shufflevector(ac_low, bd_low, 2, 6, 3, 7);
    c = __builtin_shufflevector(ac_high, bd_high, 0, 4, 1, 5);
    d = __builtin_shufflevector(ac_high, bd_high, 2, 6, 3, 7);
    memcpy(y, &a, sizeof a);
    memcpy(y + ldy, &b, sizeof b);
    memcpy(y + 2 * ldy, &c, sizeof c);
    memcpy(y + 3 * ldy, &d, sizeof d);
}

/* Blocks of 16 by 16 keep both the rows read and the rows written in the first cache; within them, squares of 4 by 4. */
static void FN(transpose)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const T* x = x_;
    T* y = y_;
    const ptrdiff_t whole_n = n / 4 * 4, whole_c = c / 4 * 4;
    for (ptrdiff_t i = 0; i < whole_n; i += 16)
        for (ptrdiff_t j = 0; j < whole_c; j += 16)
            for (ptrdiff_t jj = j; jj < j + 16 && jj < whole_c; jj += 4)
                for (ptrdiff_t ii = i; ii < i + 16 && ii < whole_n; ii += 4)
                    FN(transpose_square)(x + ii * ldx + jj, ldx, y + jj * ldy + ii, ldy);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = i < whole_n ? whole_c : 0; j < c; j++)
            y[j * ldy + i] = x[i * ldx + j];
}
