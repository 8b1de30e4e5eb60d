/* Layer normalization: each row by its own mean and variance.
 *
 * As in batch normalization a float mean far from zero would spoil x - mean, so what float cannot hold of the mean,
 * `low`, is subtracted too. Sums and statistics are double.
 *
 * Contract: list.h. Public by fastnorm/kernels: layernorm.pyx. */

typedef struct { T high, low, scale; } FN(row_normalizer);        /* normal = ((x - high) - low) * scale */

INLINE FN(row_normalizer) FN(make_row_normalizer)(double mean, double inverse_std)
{
    const T high = (T)mean;
    return (FN(row_normalizer)){high, (T)(mean - (double)high), (T)inverse_std};
}

INLINE V FN(normal)(V x, FN(row_normalizer) f) { return ((x - f.high) - f.low) * f.scale; }

/* Mean and biased variance of a row in one pass, from the distances to its first element, as of a column in batch
 * norm. */
INLINE void FN(row_statistics)(const T* x, ptrdiff_t c, double* mean, double* variance)
{
    const W first = FN(widen)(FN(splat)(*x));
    W sum = FN(widen)((V){0}), squares = sum;
    FOR_ROW_VECTORS (j, lanes, c) {
        const W distance = FN(wide_subtract)(FN(widen)(FN(load_edge_filled)(x + j, lanes, *x)), first);
        sum = FN(wide_add)(sum, distance);
        squares = FN(wide_multiply_add)(squares, distance, distance);
    }
    const double total = FN(wide_sum)(sum), shift = total / (double)c, left = FN(wide_sum)(squares) - shift * total;
    *mean = (double)*x + shift;
    *variance = (left > 0 || left != left ? left : 0) / (double)c;
}

static void FN(layernorm_forward)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const void* gamma_,
                                  const void* beta_, double epsilon, void* y_, ptrdiff_t ldy, double* mean,
                                  double* inverse_std)
{
    const T *x = x_, *gamma = gamma_, *beta = beta_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy) {
        double variance;
        FN(row_statistics)(x, c, &mean[i], &variance);
        inverse_std[i] = 1 / sqrt(variance + epsilon);
        const FN(row_normalizer) f = FN(make_row_normalizer)(mean[i], inverse_std[i]);
        FOR_ROW_VECTORS (j, lanes, c) {
            const V normal = FN(normal)(FN(load_edge)(x + j, lanes), f);
            FN(store_edge)(y + j, normal * FN(load_edge)(gamma + j, lanes) + FN(load_edge)(beta + j, lanes), lanes);
        }
    }
}

/* dx = inverse_std (d - mean of d - normal * mean of d normal), where d = dy gamma. */
static void FN(layernorm_backward)(const void* dy_, ptrdiff_t lddy, const void* x_, ptrdiff_t ldx, ptrdiff_t n,
                                   ptrdiff_t c, const double* mean, const double* inverse_std, const void* gamma_,
                                   void* dx_, ptrdiff_t lddx)
{
    const T *dy = dy_, *x = x_, *gamma = gamma_;
    T* dx = dx_;
    for (ptrdiff_t i = 0; i < n; i++, dy += lddy, x += ldx, dx += lddx) {
        const FN(row_normalizer) f = FN(make_row_normalizer)(mean[i], inverse_std[i]);
        W sum = FN(widen)((V){0}), products = sum;
        FOR_ROW_VECTORS (j, lanes, c) {                                           /* absent lanes have a gamma of 0 */
            const W d = FN(widen)(FN(load_edge)(dy + j, lanes) * FN(load_edge)(gamma + j, lanes));
            sum = FN(wide_add)(sum, d);
            products = FN(wide_multiply_add)(products, d, FN(widen)(FN(normal)(FN(load_edge)(x + j, lanes), f)));
        }
        const T offset = (T)(FN(wide_sum)(sum) / (double)c), slope = (T)(FN(wide_sum)(products) / (double)c);
        FOR_ROW_VECTORS (j, lanes, c) {
            const V d = FN(load_edge)(dy + j, lanes) * FN(load_edge)(gamma + j, lanes);
            const V normal = FN(normal)(FN(load_edge)(x + j, lanes), f);
            FN(store_edge)(dx + j, (d - offset - normal * slope) * f.scale, lanes);
        }
    }
}

/* Sums of dy and of dy normal of a strip's columns go on from where they wait. */
INLINE void FN(gamma_beta_strip)(const T* dy, ptrdiff_t lddy, const T* x, ptrdiff_t ldx, ptrdiff_t n,
                                 const FN(row_normalizer)* by_row, double* sums, double* products, const int vectors,
                                 ptrdiff_t lanes)
{
    W sum[FN(STRIP)], product[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        sum[v] = FN(wide_load)(sums + v * LANES);
        product[v] = FN(wide_load)(products + v * LANES);
    }
    for (ptrdiff_t i = 0; i < n; i++, dy += lddy, x += ldx)
        UNROLL for (int v = 0; v < vectors; v++) {
            const W gradient = FN(widen)(FN(strip_load)(dy, v, vectors, lanes));
            sum[v] = FN(wide_add)(sum[v], gradient);
            product[v] = FN(wide_multiply_add)(product[v], gradient,
                                               FN(widen)(FN(normal)(FN(strip_load)(x, v, vectors, lanes), by_row[i])));
        }
    UNROLL for (int v = 0; v < vectors; v++) {
        FN(wide_store)(sums + v * LANES, sum[v]);
        FN(wide_store)(products + v * LANES, product[v]);
    }
}

static void FN(gamma_beta_panel)(const T* dy, ptrdiff_t lddy, const T* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t width,
                                 const double* mean, const double* inverse_std, T* dgamma, T* dbeta)
{
    enum { GROUP = 8 };  /* rows: enough that strips need not make a normalizer for each */
    double sums[FN(PANEL)], products[FN(PANEL)];
    FN(clear_panel)(sums, width);
    FN(clear_panel)(products, width);
#define BODY(vectors, lanes, j) \
    FN(gamma_beta_strip)(dy + i * lddy + j, lddy, x + i * ldx + j, ldx, rows, by_row, sums + j, products + j, vectors, \
                         lanes)
    FOR_GROUPS (i, rows, n, GROUP) {
        FN(row_normalizer) by_row[GROUP];
        for (ptrdiff_t row = 0; row < rows; row++)
            by_row[row] = FN(make_row_normalizer)(mean[i + row], inverse_std[i + row]);
        FOR_STRIPS(width, BODY)
    }
#undef BODY
    FOR_ROW_VECTORS (j, lanes, width) {
        FN(store_edge)(dgamma + j, FN(narrow)(FN(wide_load)(products + j)), lanes);
        FN(store_edge)(dbeta + j, FN(narrow)(FN(wide_load)(sums + j)), lanes);
    }
}

static void FN(layernorm_gamma_beta_backward)(const void* dy_, ptrdiff_t lddy, const void* x_, ptrdiff_t ldx,
                                              ptrdiff_t n, ptrdiff_t c, const double* mean, const double* inverse_std,
                                              void* dgamma_, void* dbeta_)
{
    const T *dy = dy_, *x = x_;
    T *dgamma = dgamma_, *dbeta = dbeta_;
    FOR_PANELS (j, width, c)
        FN(gamma_beta_panel)(dy + j, lddy, x + j, ldx, n, width, mean, inverse_std, dgamma + j, dbeta + j);
}
