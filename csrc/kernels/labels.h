/* Class numbers: as rows of 0 and 1, and whether a row's largest stands at them.
 *
 * Contract: list.h. Public by fastnorm/kernels: labels.pyx. */

static void FN(one_hot)(const int32_t* labels, ptrdiff_t n, ptrdiff_t k, void* y_, ptrdiff_t ldy)
{
    T* y = y_;
    const V one = FN(splat)(1), none = {0};
    for (ptrdiff_t i = 0; i < n; i++, y += ldy)
        FOR_ROW_VECTORS (j, lanes, k)
            FN(store_edge)(y + j, FN(choose)(FN(lane_is)(labels[i] - j), one, none), lanes);
}

/* Where the first largest of a row stands, or k where the row has a nan. */
INLINE ptrdiff_t FN(first_largest)(const T* x, ptrdiff_t k)
{
    const T largest = FN(row_largest_or_nan)(x, k);
    ptrdiff_t place = 0;
    while (place < k && x[place] != largest)
        place++;
    return place;
}

static void FN(hits)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t k, const int32_t* labels,
                     const void* targets_, ptrdiff_t ldt, void* y_, ptrdiff_t stride)
{
    const T *x = x_, *targets = targets_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx) {
        const ptrdiff_t wanted = labels ? labels[i] : FN(first_largest)(targets + i * ldt, k);
        y[i * stride] = wanted >= 0 && wanted < k && FN(is_first_largest)(x, wanted, FN(row_largest_or_nan)(x, k));
    }
}
