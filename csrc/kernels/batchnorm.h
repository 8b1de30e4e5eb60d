/* Batch normalization over the rows, forward and inference.
 *
 * A float mean far from zero would spoil x - mean, so the mean is taken apart: x - high is exact where x is near it,
 * and low, what float cannot hold of the mean, goes into the shift; what float cannot hold of the scale is `rest`.  So
 * y errs by two roundings, whatever the mean.  Sums and statistics are double.
 *
 * Contract: list.h. Public by fastnorm/kernels: batchnorm.pyx. */


typedef struct { T high[FN(PANEL)], scale[FN(PANEL)], rest[FN(PANEL)], shift[FN(PANEL)]; } FN(normalizer);

/* y = (x - high) * (scale + rest) + shift, for the width of a panel; beta may be NULL for 0. */
INLINE void FN(make_normalizer)(const double* mean, const double* inverse_std, const T* gamma, const T* beta,
                                ptrdiff_t width, FN(normalizer)* f)
{
    for (ptrdiff_t i = 0; i < width; i++) {
        const double factor = inverse_std[i] * (double)gamma[i];
        f->high[i] = (T)mean[i];
        f->scale[i] = (T)factor;
        f->rest[i] = (T)(factor - (double)f->scale[i]);
        f->shift[i] = (T)((beta ? (double)beta[i] : 0) - (mean[i] - (double)f->high[i]) * factor);
    }
}

INLINE void FN(normalize_strip)(const T* x, ptrdiff_t ldx, ptrdiff_t n, const FN(normalizer)* f, ptrdiff_t j, int relu,
                                T* y, ptrdiff_t ldy, const int vectors, ptrdiff_t lanes)
{
    V high[FN(STRIP)], scale[FN(STRIP)], rest[FN(STRIP)], shift[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        high[v] = FN(load)(f->high + j + v * LANES);
        scale[v] = FN(load)(f->scale + j + v * LANES);
        rest[v] = FN(load)(f->rest + j + v * LANES);
        shift[v] = FN(load)(f->shift + j + v * LANES);
    }
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy)
        UNROLL for (int v = 0; v < vectors; v++) {
            const V distance = FN(strip_load)(x, v, vectors, lanes) - high[v];
            const V value = distance * scale[v] + (distance * rest[v] + shift[v]);
            FN(strip_store)(y, relu ? FN(positive)(value) : value, v, vectors, lanes);
        }
}

static void FN(normalize_panel)(const T* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t width, ptrdiff_t group,
                                const double* mean, const double* inverse_std, const T* gamma, const T* beta, int relu,
                                T* y, ptrdiff_t ldy)
{
    FN(normalizer) f;
    FN(make_normalizer)(mean, inverse_std, gamma, beta, width, &f);
#define BODY(vectors, lanes, j) \
    FN(normalize_strip)(x + i * ldx + j, ldx, rows, &f, j, relu, y + i * ldy + j, ldy, vectors, lanes)
    FOR_GROUPS (i, rows, n, group)
        FOR_STRIPS(width, BODY)
#undef BODY
}

/* Sums of a strip's distances from row 0, and of their squares, in double, go on from where they wait. */
INLINE void FN(sums_strip)(const T* first_row, const T* x, ptrdiff_t ldx, ptrdiff_t n, double* sums, double* squares,
                           const int vectors, ptrdiff_t lanes)
{
    W first[FN(STRIP)], sum[FN(STRIP)], square[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        first[v] = FN(widen)(FN(strip_load)(first_row, v, vectors, lanes));
        sum[v] = FN(wide_load)(sums + v * LANES);
        square[v] = FN(wide_load)(squares + v * LANES);
    }
    for (ptrdiff_t i = 0; i < n; i++, x += ldx)
        UNROLL for (int v = 0; v < vectors; v++) {
            const W distance = FN(wide_subtract)(FN(widen)(FN(strip_load)(x, v, vectors, lanes)), first[v]);
            sum[v] = FN(wide_add)(sum[v], distance);
            square[v] = FN(wide_multiply_add)(square[v], distance, distance);
        }
    UNROLL for (int v = 0; v < vectors; v++) {
        FN(wide_store)(sums + v * LANES, sum[v]);
        FN(wide_store)(squares + v * LANES, square[v]);
    }
}

/* Mean and biased variance of a panel's columns in one pass.
 * A row lies at most sqrt(n - 1) standard deviations from the mean, so the subtraction at the end costs the variance a
 * relative error of n 2^-53 at the most, no more than its sum; and constants give exactly 0. */
static void FN(statistics_panel)(const T* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t width, ptrdiff_t group, double* mean,
                                 double* variance)
{
    double sums[FN(PANEL)], squares[FN(PANEL)];
    FN(clear_panel)(sums, width);
    FN(clear_panel)(squares, width);
#define BODY(vectors, lanes, j) FN(sums_strip)(x + j, x + i * ldx + j, ldx, rows, sums + j, squares + j, vectors, lanes)
    FOR_GROUPS (i, rows, n, group)
        FOR_STRIPS(width, BODY)
#undef BODY
    for (ptrdiff_t j = 0; j < width; j++) {
        const double shift = sums[j] / (double)n, left = squares[j] - shift * sums[j];
        mean[j] = (double)x[j] + shift;
        variance[j] = (left > 0 || left != left ? left : 0) / (double)n;
    }
}

static void FN(batchnorm_forward)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const void* gamma_,
                                  const void* beta_, double epsilon, int relu, void* y_, ptrdiff_t ldy, double* mean,
                                  double* variance, double* inverse_std)
{
    const T *x = x_, *gamma = gamma_, *beta = beta_;
    T* y = y_;
    const ptrdiff_t group = FN(group_of)(n, c);
    FOR_PANELS (j, width, c) {
        FN(statistics_panel)(x + j, ldx, n, width, group, mean + j, variance + j);
        for (ptrdiff_t column = j; column < j + width; column++)
            inverse_std[column] = 1 / sqrt(variance[column] + epsilon);
        FN(normalize_panel)(x + j, ldx, n, width, group, mean + j, inverse_std + j, gamma + j, beta + j, relu, y + j,
                            ldy);
    }
}

static void FN(batchnorm_inference)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const double* mean,
                                    const double* inverse_std, const void* gamma_, const void* beta_, int relu,
                                    void* y_, ptrdiff_t ldy)
{
    const T *x = x_, *gamma = gamma_, *beta = beta_;
    T* y = y_;
    const ptrdiff_t group = FN(group_of)(n, c);
    FOR_PANELS (j, width, c)
        FN(normalize_panel)(x + j, ldx, n, width, group, mean + j, inverse_std + j, gamma + j, beta + j, relu, y + j,
                            ldy);
}

static void FN(batchnorm_running)(const double* mean, const double* variance, ptrdiff_t c, double share, double factor,
                                  double* running_mean, double* running_variance)
{
    for (ptrdiff_t j = 0; j < c; j++) {
        running_mean[j] += share * (mean[j] - running_mean[j]);
        running_variance[j] += share * (factor * variance[j] - running_variance[j]);
    }
}
