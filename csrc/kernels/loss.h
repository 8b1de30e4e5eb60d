/* Losses, each with its gradient in the same pass over the rows.
 *
 * Contract: list.h. Public by fastnorm/kernels: loss.pyx. */

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
    int before = 0;
    for (ptrdiff_t j = 0; j < place; j++)               /* all of them: that makes vectors of it */
        before |= x[j] == largest;
    return !before;
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

enum { FN(BLOCK) = 64, FN(HELD) = 2048 };               /* rows at a time, and their exponentials, at the most */

typedef struct {
    const T* x;
    ptrdiff_t ldx, n, k;
    const int32_t* labels;
    const T* targets;
    ptrdiff_t ldt;
    const T* weights;
    double smoothing, scale, *losses, *correct;
    T* dx;
    ptrdiff_t lddx;
} FN(cross_entropy_job);

/* What the row loses but for the logarithm of its sum; says in correct whether its largest logit is the target's. */
INLINE double FN(judge_row)(const FN(cross_entropy_job)* job, ptrdiff_t row, T largest)
{
    const T* x = job->x + row * job->ldx;
    const T* targets = job->targets ? job->targets + row * job->ldt : NULL;
    double logit = targets || job->smoothing > 0 ? FN(target_logit)(x, targets, job->k, largest, job->smoothing) : 0;
    if (targets) {
        job->correct[row] = FN(same_place)(x, targets, job->k);
    } else {
        logit += (1 - job->smoothing) * ((double)x[job->labels[row]] - (double)largest);
        job->correct[row] = FN(is_first_largest)(x, job->labels[row], largest);
    }
    return -logit;
}

/* dx of a row from its exponentials: weight * (share * exponentials - target). They may lie in dx. */
INLINE void FN(gradient_row)(const FN(cross_entropy_job)* job, ptrdiff_t row, const T* exponentials, T share, T even,
                             T kept)
{
    T* dx = job->dx + row * job->lddx;
    const T weight = (T)(job->scale * (job->weights ? (double)job->weights[row] : 1));
    if (job->targets) {
        const T* targets = job->targets + row * job->ldt;
        FOR_ROW_VECTORS (j, lanes, job->k) {
            const V target = FN(load_edge)(targets + j, lanes) * kept + even;
            FN(store_edge)(dx + j, (FN(load_edge)(exponentials + j, lanes) * share - target) * weight, lanes);
        }
        return;
    }
    const ptrdiff_t label = job->labels[row];
    const T at_label = (exponentials[label] * share - (kept + even)) * weight;
    FOR_ROW_VECTORS (j, lanes, job->k)
        FN(store_edge)(dx + j, (FN(load_edge)(exponentials + j, lanes) * share - even) * weight, lanes);
    dx[label] = at_label;
}

/* A few rows, one step after the other for all of them: a row's steps wait for each other, those of several rows do
 * not. The exponentials are held `held_row` apart, or in dx where they would not fit. */
INLINE void FN(cross_entropy_block)(const FN(cross_entropy_job)* job, ptrdiff_t first, ptrdiff_t count,
                                    ptrdiff_t held_row, T even, T kept)
{
    T largest[FN(BLOCK)], shares[FN(BLOCK)], held[FN(HELD)] __attribute__((aligned(VECTOR_BYTES)));
    double sums[FN(BLOCK)];
    const ptrdiff_t k = job->k;
    const int fits = held_row <= FN(HELD);
    T* exponentials = fits ? held : job->dx ? job->dx + first * job->lddx : NULL;
    const ptrdiff_t row = fits ? held_row : job->lddx;
    for (ptrdiff_t i = 0; i < count; i++)
        largest[i] = FN(row_largest)(job->x + (first + i) * job->ldx, k);
    for (ptrdiff_t i = 0; i < count; i++)                                         /* dx may be x: x is read here last */
        job->losses[first + i] = FN(judge_row)(job, first + i, largest[i]);
    for (ptrdiff_t i = 0; i < count; i++)
        sums[i] = FN(row_exponentials)(job->x + (first + i) * job->ldx, k, largest[i],
                                       exponentials ? exponentials + i * row : NULL,
                                       fits ? held_row : k);
    add_logarithms(sums, count, job->losses + first);
    if (!job->dx)
        return;
    for (ptrdiff_t i = 0; i < count; i++)
        shares[i] = (T)(1 / sums[i]);
    for (ptrdiff_t i = 0; i < count; i++)
        FN(gradient_row)(job, first + i, exponentials + i * row, shares[i], even, kept);
}

static void FN(softmax_cross_entropy)(const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t k, const int32_t* labels,
                                      const void* targets, ptrdiff_t ldt, const void* weights, double smoothing,
                                      double scale, double* losses, double* correct, void* dx, ptrdiff_t lddx)
{
    const FN(cross_entropy_job) job = {x, ldx, n, k, labels, targets, ldt, weights, smoothing, scale, losses, correct,
                                       dx, lddx};
    const ptrdiff_t held_row = (k + LANES - 1) / LANES * LANES, fitting = FN(HELD) / held_row;
    const ptrdiff_t block = fitting < 1 ? 1 : fitting < FN(BLOCK) ? fitting : FN(BLOCK);
    for (ptrdiff_t i = 0; i < n; i += block)
        FN(cross_entropy_block)(&job, i, n - i < block ? n - i : block, held_row, (T)(smoothing / (double)k),
                                (T)(1 - smoothing));
}

static void FN(mean_squared_error)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const void* targets_,
                                   ptrdiff_t ldt, const void* weights_, double scale, double* losses, void* dx_,
                                   ptrdiff_t lddx)
{
    const T *x = x_, *targets = targets_, *weights = weights_;
    T* dx = dx_;
    const V none = {0};
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, targets += ldt) {
        const T factor = (T)(scale * (weights ? (double)weights[i] : 1) * 2 / (double)c);
        W squares = FN(widen)(none);
        FOR_ROW_VECTORS (j, lanes, c) {
            const V distance = FN(load_edge)(x + j, lanes) - FN(load_edge)(targets + j, lanes);
            const W wide = FN(widen)(distance);
            squares = FN(wide_multiply_add)(squares, wide, wide);
            if (dx)
                FN(store_edge)(dx + j, distance * factor, lanes);
        }
        losses[i] = FN(wide_sum)(squares) / (double)c;
        if (dx)
            dx += lddx;
    }
}
