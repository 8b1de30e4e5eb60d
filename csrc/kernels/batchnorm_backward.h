/* The gradients of batch normalization, in panels and strips.
 *
 * Contract: list.h. Public by fastnorm/kernels: batchnorm.pyx. */

typedef struct { const T *dy, *x, *y; ptrdiff_t lddy, ldx, ldy, n; T* dx; ptrdiff_t lddx; } FN(backward_job);

INLINE V FN(gated)(const FN(backward_job)* job, const T* dy, const T* y, int v, int vectors, ptrdiff_t lanes)
{
    const V value = FN(strip_load)(dy, v, vectors, lanes);
    return job->y ? FN(where_positive)(value, FN(strip_load)(y, v, vectors, lanes)) : value;
}

/* Sums of dy and of dy (x - high), from row i on, go on from where they wait. */
INLINE void FN(gradient_sums_strip)(const FN(backward_job)* job, ptrdiff_t i, ptrdiff_t rows, ptrdiff_t j,
                                    const T* high, double* sums, double* products, const int vectors, ptrdiff_t lanes)
{
    V near[FN(STRIP)];
    W sum[FN(STRIP)], product[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        near[v] = FN(load)(high + v * LANES);
        sum[v] = FN(wide_load)(sums + v * LANES);
        product[v] = FN(wide_load)(products + v * LANES);
    }
    const T *dy = job->dy + i * job->lddy + j, *x = job->x + i * job->ldx + j;
    const T *y = job->y ? job->y + i * job->ldy + j : NULL;
    for (ptrdiff_t row = 0; row < rows; row++, dy += job->lddy, x += job->ldx, y += job->ldy)
        UNROLL for (int v = 0; v < vectors; v++) {
            const V gradient = FN(gated)(job, dy, y, v, vectors, lanes);
            sum[v] = FN(wide_add)(sum[v], FN(widen)(gradient));
            product[v] = FN(wide_add)(product[v], FN(widen)(gradient * (FN(strip_load)(x, v, vectors,
                                                                                       lanes) - near[v])));
        }
    UNROLL for (int v = 0; v < vectors; v++) {
        FN(wide_store)(sums + v * LANES, sum[v]);
        FN(wide_store)(products + v * LANES, product[v]);
    }
}

/* dx = dy scale - ((x - high) slope + offset), from row i on. */
INLINE void FN(input_gradient_strip)(const FN(backward_job)* job, ptrdiff_t i, ptrdiff_t rows, ptrdiff_t j,
                                     const T* high_, const T* scale_, const T* slope_, const T* offset_,
                                     const int vectors, ptrdiff_t lanes)
{
    V high[FN(STRIP)], scale[FN(STRIP)], slope[FN(STRIP)], offset[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        high[v] = FN(load)(high_ + v * LANES);
        scale[v] = FN(load)(scale_ + v * LANES);
        slope[v] = FN(load)(slope_ + v * LANES);
        offset[v] = FN(load)(offset_ + v * LANES);
    }
    const T *dy = job->dy + i * job->lddy + j, *x = job->x + i * job->ldx + j;
    const T *y = job->y ? job->y + i * job->ldy + j : NULL;
    T* dx = job->dx + i * job->lddx + j;
    for (ptrdiff_t row = 0; row < rows; row++, dy += job->lddy, x += job->ldx, y += job->ldy, dx += job->lddx)
        UNROLL for (int v = 0; v < vectors; v++) {
            const V gradient = FN(gated)(job, dy, y, v, vectors, lanes);
            const V distance = FN(strip_load)(x, v, vectors, lanes) - high[v];
            FN(strip_store)(dx, gradient * scale[v] - (distance * slope[v] + offset[v]), v, vectors, lanes);
        }
}

/* dx = scale (dy - mean of dy - (x - mean) inverse_std^2 mean of dy (x - mean)), each column's means over the rows. */
static void FN(backward_panel)(const FN(backward_job)* job, ptrdiff_t first, ptrdiff_t width, ptrdiff_t group,
                               const double* mean, const double* inverse_std, const T* gamma, T* dgamma, T* dbeta)
{
    T high[FN(PANEL)], scale[FN(PANEL)], slope[FN(PANEL)], offset[FN(PANEL)];
    double sums[FN(PANEL)], products[FN(PANEL)];
    FN(clear_panel)(sums, width);
    FN(clear_panel)(products, width);
    for (ptrdiff_t j = 0; j < width; j++)
        high[j] = (T)mean[j];
#define BODY(vectors, lanes, j) \
    FN(gradient_sums_strip)(job, i, rows, first + j, high + j, sums + j, products + j, vectors, lanes)
    FOR_GROUPS (i, rows, job->n, group)
        FOR_STRIPS(width, BODY)
#undef BODY
    for (ptrdiff_t j = 0; j < width; j++) {
        const double low = mean[j] - (double)high[j], product = products[j] - low * sums[j];
        const double share = inverse_std[j] * (double)gamma[j] / (double)job->n;
        const double factor = share * inverse_std[j] * inverse_std[j] * product;
        dbeta[j] = (T)sums[j];
        dgamma[j] = (T)(product * inverse_std[j]);
        scale[j] = (T)(inverse_std[j] * (double)gamma[j]);
        slope[j] = (T)factor;
        offset[j] = (T)(share * sums[j] - low * factor);
    }
#define BODY(vectors, lanes, j) \
    FN(input_gradient_strip)(job, i, rows, first + j, high + j, scale + j, slope + j, offset + j, vectors, lanes)
    FOR_GROUPS (i, rows, job->n, group)
        FOR_STRIPS(width, BODY)
#undef BODY
}

static void FN(batchnorm_backward)(const void* dy, ptrdiff_t lddy, const void* x, ptrdiff_t ldx, const void* y,
                                   ptrdiff_t ldy, ptrdiff_t n, ptrdiff_t c, const double* mean,
                                   const double* inverse_std, const void* gamma_, void* dx, ptrdiff_t lddx,
                                   void* dgamma_, void* dbeta_)
{
    const FN(backward_job) job = {dy, x, y, lddy, ldx, y ? ldy : 0, n, dx, lddx};
    const T* gamma = gamma_;
    T *dgamma = dgamma_, *dbeta = dbeta_;
    FOR_PANELS (j, width, c)
        FN(backward_panel)(&job, j, width, FN(group_of)(n, c), mean + j, inverse_std + j, gamma + j, dgamma + j,
                           dbeta + j);
}
