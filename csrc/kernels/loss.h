/* Losses, each with its gradient in the same pass over the rows. */

/* 1 where the first largest of t stands where the first largest of x stands. */
INLINE int FN(same_place)(const T* x, const T* t, ptrdiff_t c)
{
    ptrdiff_t x_place = 0, t_place = 0;
    for (ptrdiff_t j = 1; j < c; j++) {
        x_place = x[j] > x[x_place] ? j : x_place;
        t_place = t[j] > t[t_place] ? j : t_place;
    }
    return x_place == t_place;
}

INLINE int FN(is_first_largest)(const T* x, ptrdiff_t place, T largest)
{
    if (x[place] != largest)
        return 0;
    for (ptrdiff_t j = 0; j < place; j++)
        if (x[j] == largest)
            return 0;
    return 1;
}

/* The sum of share[j] (x[j] - largest), where 0 * -inf counts as 0. */
INLINE double FN(target_logit)(const T* x, const T* targets, ptrdiff_t c, T largest, double smoothing)
{
    double sum = 0;
    for (ptrdiff_t j = 0; j < c; j++) {
        const double share = (targets ? (1 - smoothing) * (double)targets[j] : 0) + smoothing / (double)c;
        sum += share == 0 ? 0 : share * ((double)x[j] - (double)largest);
    }
    return sum;
}

static void FN(softmax_cross_entropy)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t k, const int32_t* labels,
                                      const void* targets_, ptrdiff_t ldt, const void* weights_, double smoothing, double scale,
                                      double* losses, double* correct, void* dx_, ptrdiff_t lddx)
{
    const T *x = x_, *targets = targets_, *weights = weights_;
    T* dx = dx_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx) {
        const T largest = FN(row_largest)(x, k);
        double logit = targets || smoothing > 0 ? FN(target_logit)(x, targets, k, largest, smoothing) : 0;
        if (labels) {
            if (smoothing < 1)
                logit += (1 - smoothing) * ((double)x[labels[i]] - (double)largest);
            correct[i] = FN(is_first_largest)(x, labels[i], largest);
        } else {
            correct[i] = FN(same_place)(x, targets, k);
        }
        const double sum = FN(row_exponentials)(x, k, largest, dx);               /* dx may be x: x is not read again */
        losses[i] = log(sum) - logit;
        if (dx) {
            const T weight = (T)(scale * (weights ? (double)weights[i] : 1));
            const T share = (T)(1 / sum), even = (T)(smoothing / (double)k), kept = (T)(1 - smoothing);
            FOR_ROW_VECTORS (j, lanes, k) {
                V target = FN(splat)(even);
                if (targets)
                    target += FN(load_edge)(targets + j, lanes) * kept;
                FN(store_edge)(dx + j, (FN(load_edge)(dx + j, lanes) * share - target) * weight, lanes);
            }
            if (labels)
                dx[labels[i]] -= weight * kept;
            dx += lddx;
        }
        if (targets)
            targets += ldt;
    }
}

static void FN(mean_squared_error)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const void* targets_, ptrdiff_t ldt,
                                   const void* weights_, double scale, double* losses, double* absolute, void* dx_, ptrdiff_t lddx)
{
    const T *x = x_, *targets = targets_, *weights = weights_;
    T* dx = dx_;
    const V none = {0};
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, targets += ldt) {
        const T factor = (T)(scale * (weights ? (double)weights[i] : 1) * 2 / (double)c);
        W squares = FN(widen)(none), distances = FN(widen)(none);
        FOR_ROW_VECTORS (j, lanes, c) {
            const V distance = FN(load_edge)(x + j, lanes) - FN(load_edge)(targets + j, lanes);
            const W wide = FN(widen)(distance);
            squares = FN(wide_multiply_add)(squares, wide, wide);
            distances = FN(wide_add)(distances, FN(widen)(FN(choose)((I)(distance < 0), -distance, distance)));
            if (dx)
                FN(store_edge)(dx + j, distance * factor, lanes);
        }
        losses[i] = FN(wide_sum)(squares) / (double)c;
        absolute[i] = FN(wide_sum)(distances) / (double)c;
        if (dx)
            dx += lddx;
    }
}
