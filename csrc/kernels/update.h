/* One step of an optimizer on a run of parameters that lie one behind the other, and averages of such.
 *
 * Contract: list.h. Public by fastnorm/kernels: update.pyx, update_adam.pyx. */

static void FN(sgd)(void* p_, const void* g_, void* velocity_, ptrdiff_t count, double rate, double momentum,
                    double share, int nesterov, double l2, double weight_decay, double* squares)
{
    T *p = p_, *velocity = velocity_;
    const T* g = g_;
    const T step = (T)rate, kept = (T)momentum, part = (T)share, pull = (T)l2, decay = (T)(rate * weight_decay);
    W sum = FN(widen)((V){0});
    FOR_ROW_VECTORS (j, lanes, count) {
        const V value = FN(load_edge)(p + j, lanes), came = FN(load_edge)(g + j, lanes), gradient = came + pull * value;
        const W wide = FN(widen)(came);
        const V moved = part * gradient, moving = kept * FN(load_edge)(velocity + j, lanes) + moved;
        sum = FN(wide_multiply_add)(sum, wide, wide);
        FN(store_edge)(velocity + j, moving, lanes);
        FN(store_edge)(p + j, value - (step * (nesterov ? moved + kept * moving : moving) + decay * value), lanes);
    }
    *squares = FN(wide_sum)(sum);
}

static void FN(adam)(void* p_, const void* g_, void* m_, void* v_, ptrdiff_t count, double m_step, double g_step,
                     double beta_1, double beta_2, double epsilon, double correction_2, double l2, double decay,
                     double* squares)
{
    T *p = p_, *m = m_, *v = v_;
    const T* g = g_;
    const T kept_1 = (T)beta_1, new_1 = (T)(1 - beta_1), kept_2 = (T)beta_2, new_2 = (T)(1 - beta_2);
    const T small = (T)epsilon;
    const T first_step = (T)m_step, step = (T)g_step, root = (T)(1 / sqrt(correction_2)), pull = (T)l2;
    const T shrink = (T)decay;
    W sum = FN(widen)((V){0});
    FOR_ROW_VECTORS (j, lanes, count) {
        const V value = FN(load_edge)(p + j, lanes), came = FN(load_edge)(g + j, lanes), gradient = came + pull * value;
        const W wide = FN(widen)(came);
        const V second = kept_2 * FN(load_edge)(v + j, lanes) + new_2 * gradient * gradient;
        V move = step * gradient;
        sum = FN(wide_multiply_add)(sum, wide, wide);
        if (m) {
            const V first = kept_1 * FN(load_edge)(m + j, lanes) + new_1 * gradient;
            FN(store_edge)(m + j, first, lanes);
            move = move + first_step * first;
        }
        FN(store_edge)(v + j, second, lanes);
        FN(store_edge)(p + j, value - (move / (FN(root)(second) * root + small) + shrink * value), lanes);
    }
    *squares = FN(wide_sum)(sum);
}

static void FN(average)(const void* p_, ptrdiff_t count, double share, void* average_)
{
    const T *p = p_, part = (T)share;
    T* average = average_;
    FOR_ROW_VECTORS (j, lanes, count) {
        const V old = FN(load_edge)(average + j, lanes);
        FN(store_edge)(average + j, old + part * (FN(load_edge)(p + j, lanes) - old), lanes);
    }
}
