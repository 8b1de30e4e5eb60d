/* Batch normalization over the rows, forward, inference and backward, a strip of columns at a time.
 *
 * A float mean far from zero would spoil x - mean, so the mean is taken apart: x - high is exact where x is near it, and
 * low, what float cannot hold of the mean, goes into the shift; what float cannot hold of the scale is `rest`.  So y errs
 * by two roundings, whatever the mean.  Sums and statistics are double. */

typedef struct { V high, scale, rest, shift; } FN(normalizer);    /* y = (x - high) * (scale + rest) + shift */

/* The normalizer of lanes columns; beta may be NULL for 0. */
INLINE FN(normalizer) FN(make_normalizer)(const double* mean, const double* inverse_std, const T* gamma, const T* beta, ptrdiff_t lanes)
{
    T high[LANES] = {0}, scale[LANES] = {0}, rest[LANES] = {0}, shift[LANES] = {0};
    for (ptrdiff_t i = 0; i < lanes; i++) {
        const double factor = inverse_std[i] * (double)gamma[i];
        high[i] = (T)mean[i];
        scale[i] = (T)factor;
        rest[i] = (T)(factor - (double)scale[i]);
        shift[i] = (T)((beta ? (double)beta[i] : 0) - (mean[i] - (double)high[i]) * factor);
    }
    return (FN(normalizer)){FN(load)(high), FN(load)(scale), FN(load)(rest), FN(load)(shift)};
}

INLINE void FN(normalize_strip)(const T* x, ptrdiff_t ldx, ptrdiff_t n, const double* mean, const double* inverse_std, const T* gamma,
                                const T* beta, int relu, T* y, ptrdiff_t ldy, const int vectors, ptrdiff_t lanes)
{
    FN(normalizer) f[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++)
        f[v] = FN(make_normalizer)(mean + v * LANES, inverse_std + v * LANES, gamma + v * LANES, beta + v * LANES,
                                   v < vectors - 1 ? LANES : lanes);
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy)
        UNROLL for (int v = 0; v < vectors; v++) {
            const V distance = FN(strip_load)(x, v, vectors, lanes) - f[v].high;
            const V value = distance * f[v].scale + (distance * f[v].rest + f[v].shift);
            FN(strip_store)(y, relu ? FN(positive)(value) : value, v, vectors, lanes);
        }
}

/* Mean and biased variance of a strip's columns in one pass: sums of distances from row 0, and of their squares, in double.
 * A row lies at most sqrt(n - 1) standard deviations from the mean, so the subtraction at the end costs the variance a
 * relative error of n 2^-53 at the most, no more than its sum; and constants give exactly 0. */
INLINE void FN(statistics_strip)(const T* x, ptrdiff_t ldx, ptrdiff_t n, double* mean, double* variance, const int vectors, ptrdiff_t lanes)
{
    W first[FN(STRIP)], sum[FN(STRIP)], squares[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        first[v] = FN(widen)(FN(strip_load)(x, v, vectors, lanes));
        sum[v] = squares[v] = FN(widen)((V){0});
    }
    for (ptrdiff_t i = 0; i < n; i++, x += ldx)
        UNROLL for (int v = 0; v < vectors; v++) {
            const W distance = FN(wide_subtract)(FN(widen)(FN(strip_load)(x, v, vectors, lanes)), first[v]);
            sum[v] = FN(wide_add)(sum[v], distance);
            squares[v] = FN(wide_multiply_add)(squares[v], distance, distance);
        }
    UNROLL for (int v = 0; v < vectors; v++) {
        const ptrdiff_t width = v < vectors - 1 ? LANES : lanes;
        double start[LANES], total[LANES], square[LANES];
        FN(wide_store)(start, first[v]);
        FN(wide_store)(total, sum[v]);
        FN(wide_store)(square, squares[v]);
        for (ptrdiff_t i = 0; i < LANES && i < width; i++) {                  /* gcc 12 cannot know that width <= LANES */
            const double shift = total[i] / (double)n, left = square[i] - shift * total[i];
            mean[v * LANES + i] = start[i] + shift;
            variance[v * LANES + i] = (left > 0 || left != left ? left : 0) / (double)n;
        }
    }
}

static void FN(batchnorm_forward)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const void* gamma_, const void* beta_,
                                  double epsilon, int relu, void* y_, ptrdiff_t ldy, double* mean, double* variance,
                                  double* inverse_std)
{
    const T *x = x_, *gamma = gamma_, *beta = beta_;
    T* y = y_;
#define BODY(vectors, lanes, j) \
    FN(statistics_strip)(x + j, ldx, n, mean + j, variance + j, vectors, lanes); \
    for (ptrdiff_t column = j; column < j + columns; column++) \
        inverse_std[column] = 1 / sqrt(variance[column] + epsilon); \
    FN(normalize_strip)(x + j, ldx, n, mean + j, inverse_std + j, gamma + j, beta + j, relu, y + j, ldy, vectors, lanes)
    FOR_STRIPS(c, BODY)
#undef BODY
}

static void FN(batchnorm_inference)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const double* mean,
                                    const double* inverse_std, const void* gamma_, const void* beta_, int relu, void* y_, ptrdiff_t ldy)
{
    const T *x = x_, *gamma = gamma_, *beta = beta_;
    T* y = y_;
#define BODY(vectors, lanes, j) \
    FN(normalize_strip)(x + j, ldx, n, mean + j, inverse_std + j, gamma + j, beta + j, relu, y + j, ldy, vectors, lanes)
    FOR_STRIPS(c, BODY)
#undef BODY
}

typedef struct { const T *dy, *x, *y; ptrdiff_t lddy, ldx, ldy, n; T* dx; ptrdiff_t lddx; T *dgamma, *dbeta; } FN(backward_job);

INLINE V FN(gated)(const FN(backward_job)* job, const T* dy, const T* y, int v, int vectors, ptrdiff_t lanes)
{
    const V value = FN(strip_load)(dy, v, vectors, lanes);
    return job->y ? FN(where_positive)(value, FN(strip_load)(y, v, vectors, lanes)) : value;
}

/* dx = scale (dy - mean of dy - (x - mean) inverse_std^2 mean of dy (x - mean)), each column's means over the rows. */
INLINE void FN(backward_strip)(const FN(backward_job)* job, const double* mean, const double* inverse_std, const T* gamma,
                               ptrdiff_t j, const int vectors, ptrdiff_t lanes)
{
    FN(normalizer) f[FN(STRIP)];
    W dy_sum[FN(STRIP)], product_sum[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        f[v] = FN(make_normalizer)(mean + j + v * LANES, inverse_std + j + v * LANES, gamma + j + v * LANES, NULL,
                                   v < vectors - 1 ? LANES : lanes);
        dy_sum[v] = product_sum[v] = FN(widen)((V){0});
    }
    const T *dy = job->dy + j, *x = job->x + j, *y = job->y ? job->y + j : NULL;
    for (ptrdiff_t i = 0; i < job->n; i++, dy += job->lddy, x += job->ldx, y += job->ldy)
        UNROLL for (int v = 0; v < vectors; v++) {
            const V gradient = FN(gated)(job, dy, y, v, vectors, lanes);
            dy_sum[v] = FN(wide_add)(dy_sum[v], FN(widen)(gradient));
            product_sum[v] = FN(wide_add)(product_sum[v], FN(widen)(gradient * (FN(strip_load)(x, v, vectors, lanes) - f[v].high)));
        }
    V slope[FN(STRIP)], offset[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        T slopes[LANES] = {0}, offsets[LANES] = {0};
        double sums[LANES], products[LANES];
        FN(wide_store)(sums, dy_sum[v]);
        FN(wide_store)(products, product_sum[v]);
        const ptrdiff_t width = v < vectors - 1 ? LANES : lanes;
        for (ptrdiff_t i = 0; i < LANES && i < width; i++) {
            const ptrdiff_t column = j + v * LANES + i;
            const double low = mean[column] - (double)(T)mean[column], product = products[i] - low * sums[i];
            const double scale = inverse_std[column] * (double)gamma[column] / (double)job->n;
            const double factor = scale * inverse_std[column] * inverse_std[column] * product;
            job->dbeta[column] = (T)sums[i];
            job->dgamma[column] = (T)(product * inverse_std[column]);
            slopes[i] = (T)factor;
            offsets[i] = (T)(scale * sums[i] - low * factor);
        }
        slope[v] = FN(load)(slopes);
        offset[v] = FN(load)(offsets);
    }
    T* dx = job->dx + j;
    dy = job->dy + j, x = job->x + j, y = job->y ? job->y + j : NULL;
    for (ptrdiff_t i = 0; i < job->n; i++, dy += job->lddy, x += job->ldx, y += job->ldy, dx += job->lddx)
        UNROLL for (int v = 0; v < vectors; v++) {
            const V gradient = FN(gated)(job, dy, y, v, vectors, lanes);
            const V distance = FN(strip_load)(x, v, vectors, lanes) - f[v].high;
            const V value = gradient * f[v].scale - (distance * slope[v] + offset[v]);
            FN(strip_store)(dx, value, v, vectors, lanes);
        }
}

static void FN(batchnorm_backward)(const void* dy, ptrdiff_t lddy, const void* x, ptrdiff_t ldx, const void* y, ptrdiff_t ldy,
                                   ptrdiff_t n, ptrdiff_t c, const double* mean, const double* inverse_std, const void* gamma,
                                   void* dx, ptrdiff_t lddx, void* dgamma, void* dbeta)
{
    const FN(backward_job) job = {dy, x, y, lddy, ldx, y ? ldy : 0, n, dx, lddx, dgamma, dbeta};
#define BODY(vectors, lanes, j) FN(backward_strip)(&job, mean, inverse_std, gamma, j, vectors, lanes)
    FOR_STRIPS(c, BODY)
#undef BODY
}

static void FN(batchnorm_running)(const double* mean, const double* variance, ptrdiff_t c, double share, double* running_mean,
                                  double* running_variance)
{
    for (ptrdiff_t j = 0; j < c; j++) {
        running_mean[j] += share * (mean[j] - running_mean[j]);
        running_variance[j] += share * (variance[j] - running_variance[j]);
    }
}
