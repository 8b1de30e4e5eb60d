/* Piecewise linear functions of each column, added up: where a number lies among a column's edges, then a sum of rows
 * of the weights, whose cost is columns x units and not edges x units.
 *
 * Contract: list.h. Public by fastnorm/kernels: piecewise.pyx. */

/* The edges that ascend, of `bins` + 1: the same number again fills up a row with fewer. At least 2, or 0. */
INLINE ptrdiff_t FN(ascending)(const T* edges, ptrdiff_t bins)
{
    ptrdiff_t count = 1;
    while (count <= bins && edges[count] > edges[count - 1])
        count++;
    return count > 1 ? count : 0;
}

enum { FN(ABREAST) = 16 };  /* rows that are looked up together, so that their steps do not wait for each other */

static void FN(locate)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t d, const void* edges_, ptrdiff_t lde,
                       ptrdiff_t bins, void* y_, ptrdiff_t ldy)
{
    for (ptrdiff_t k = 0; k < d; k++) {
        const T* edges = (const T*)edges_ + k * lde;
        const ptrdiff_t inner = FN(ascending)(edges, bins) - 2; /* edges between two bins */
        for (ptrdiff_t first = 0; first < n; first += FN(ABREAST)) {
            const T* x = (const T*)x_ + first * ldx + k;
            T *y = (T*)y_ + first * ldy + k, value[FN(ABREAST)];
            int32_t bin[FN(ABREAST)] = {0}; /* how many inner edges are not above x */
            const int rows = (int)(n - first < FN(ABREAST) ? n - first : FN(ABREAST));
            for (int i = 0; i < FN(ABREAST); i++)
                value[i] = i < rows ? x[i * ldx] : 0;
            for (int32_t left = (int32_t)inner; left > 0;) {
                const int32_t half = (left + 1) / 2;
                for (int i = 0; i < FN(ABREAST); i++)
                    bin[i] += edges[bin[i] + half] <= value[i] ? half : 0;
                left -= half;
            }
            for (int i = 0; i < rows; i++) {
                const T low = edges[bin[i]], high = edges[bin[i] + 1];
                const int known = inner >= 0 && value[i] - value[i] == 0; /* neither nan nor infinity has a bin */
                y[i * ldy] = known ? (T)bin[i] : (T)NAN;
                y[i * ldy + d] = known ? (value[i] - low) / (high - low) : (T)NAN;
            }
        }
    }
}

/* What is worked on together: rows, columns, vectors of units going forward, and back, where 32 registers hold more. */
enum { FN(TILE) = 256, FN(CHUNK) = 8, FN(PAIR) = 4, FN(SPAN) = sizeof(V) == 64 ? 8 : 4 };

/* Some rows in the order of a column's bins, and within a bin in their own; those without a bin come last. */
typedef struct {
    uint16_t row[FN(TILE)], end[FN_BINS + 1];   /* end of each bin's rows; at [bins] of those without one */
    T place[FN(TILE)];
} FN(sorted);

static void FN(sort_by_bin)(const T* located, ptrdiff_t ldl, ptrdiff_t n, ptrdiff_t d, ptrdiff_t bins, FN(sorted)* s)
{
    uint16_t bin[FN(TILE)], next[FN_BINS + 1];
    for (ptrdiff_t b = 0; b <= bins; b++)
        s->end[b] = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const ptrdiff_t found = FN(row_of_code)(located[i * ldl], bins);
        bin[i] = (uint16_t)(found < 0 ? bins : found);
        s->end[bin[i]]++;
    }
    for (ptrdiff_t b = 0, sum = 0; b <= bins; b++) {
        next[b] = (uint16_t)sum;
        s->end[b] = (uint16_t)(sum += s->end[b]);
    }
    for (ptrdiff_t i = 0; i < n; i++) {
        const uint16_t to = next[bin[i]]++;
        s->row[to] = (uint16_t)i;
        s->place[to] = located[i * ldl + d];
    }
}

/* Add a column's function to some columns of y, `count` vectors of which the last has so many lanes. The weights of the
 * bins before are one sum, in order, whichever rows there are: a row gives the same bits alone and among others. */
INLINE void FN(add_pieces)(const FN(sorted)* s, ptrdiff_t bins, const T* weight, ptrdiff_t ldw, T* y, ptrdiff_t ldy,
                           const int count, ptrdiff_t lanes)
{
    V before[FN(PAIR)] = {{0}};
    ptrdiff_t at = 0;
    for (ptrdiff_t b = 0; b < bins && at < s->end[bins - 1]; b++) {
        V own[FN(PAIR)];
        for (int v = 0; v < count; v++)
            own[v] = FN(load_edge)(weight + b * ldw + v * LANES, v + 1 < count ? LANES : lanes);
        for (; at < s->end[b]; at++) {
            T* out = y + s->row[at] * ldy;
            const V place = FN(splat)(s->place[at]);
            for (int v = 0; v < count; v++) {
                const ptrdiff_t there = v + 1 < count ? LANES : lanes;
                FN(store_edge)(out + v * LANES,
                               FN(load_edge)(out + v * LANES, there) + (before[v] + place * own[v]), there);
            }
        }
        for (int v = 0; v < count; v++)
            before[v] += own[v];
    }
    for (at = s->end[bins - 1]; at < s->end[bins]; at++)
        for (int v = 0; v < count; v++)
            FN(store_edge)(y + s->row[at] * ldy + v * LANES, FN(splat)((T)NAN), v + 1 < count ? LANES : lanes);
}

/* One row's `count` vectors of y: the same sums in the same order, without a table of the rows in each bin. */
INLINE void FN(add_row)(const T* located, ptrdiff_t d, const T* weight, ptrdiff_t ldw, ptrdiff_t bins, T* y,
                        const int count, ptrdiff_t lanes)
{
    V sum[FN(SPAN)] = {{0}};
    for (ptrdiff_t k = 0; k < d; k++, weight += bins * ldw) {
        const ptrdiff_t bin = FN(row_of_code)(located[k], bins);
        const V place = FN(splat)(bin < 0 ? (T)NAN : located[d + k]);
        V before[FN(SPAN)] = {{0}};
        for (ptrdiff_t b = 0; b < bin; b++)
            for (int v = 0; v < count; v++)
                before[v] += FN(load_edge)(weight + b * ldw + v * LANES, v + 1 < count ? LANES : lanes);
        const T* own = weight + (bin < 0 ? 0 : bin) * ldw;
        for (int v = 0; v < count; v++)
            sum[v] += before[v] + place * FN(load_edge)(own + v * LANES, v + 1 < count ? LANES : lanes);
    }
    for (int v = 0; v < count; v++)
        FN(store_edge)(y + v * LANES, sum[v], v + 1 < count ? LANES : lanes);
}

static void FN(piecewise_forward)(const void* located_, ptrdiff_t ldl, ptrdiff_t n, ptrdiff_t d, const void* weight_,
                                  ptrdiff_t ldw, ptrdiff_t bins, ptrdiff_t units, void* y_, ptrdiff_t ldy)
{
    const T *located = located_, *weight = weight_;
    T* y = y_;
    if (n == 1) {
        ptrdiff_t j = 0;
        for (; j + FN(SPAN) * LANES <= units; j += FN(SPAN) * LANES)
            FN(add_row)(located, d, weight + j, ldw, bins, y + j, FN(SPAN), LANES);
        for (; j < units; j += LANES)
            FN(add_row)(located, d, weight + j, ldw, bins, y + j, 1, units - j < LANES ? units - j : LANES);
        return;
    }
    FN(sorted) sorted[FN(CHUNK)];
    for (ptrdiff_t first = 0; first < n; first += FN(TILE), located += FN(TILE) * ldl, y += FN(TILE) * ldy) {
        const ptrdiff_t rows = n - first < FN(TILE) ? n - first : FN(TILE);
        for (ptrdiff_t i = 0; i < rows; i++)
            FOR_ROW_VECTORS (j, lanes, units)
                FN(store_edge)(y + i * ldy + j, (V){0}, lanes);
        for (ptrdiff_t chunk = 0; chunk < d; chunk += FN(CHUNK)) {
            const ptrdiff_t columns = d - chunk < FN(CHUNK) ? d - chunk : FN(CHUNK);
            const T* w = weight + chunk * bins * ldw;
            for (ptrdiff_t k = 0; k < columns; k++)
                FN(sort_by_bin)(located + chunk + k, ldl, rows, d, bins, &sorted[k]);
            ptrdiff_t j = 0;
            for (; j + FN(PAIR) * LANES <= units; j += FN(PAIR) * LANES)
                for (ptrdiff_t k = 0; k < columns; k++)
                    FN(add_pieces)(&sorted[k], bins, w + k * bins * ldw + j, ldw, y + j, ldy, FN(PAIR), LANES);
            for (; j < units; j += LANES)
                for (ptrdiff_t k = 0; k < columns; k++)
                    FN(add_pieces)(&sorted[k], bins, w + k * bins * ldw + j, ldw, y + j, ldy, 1,
                                   units - j < LANES ? units - j : LANES);
        }
    }
}

/* The gradient of a column's weights from some rows, for `count` vectors of columns; added to that of the rows before,
 * unless they are the first. */
INLINE void FN(add_slopes)(const FN(sorted)* s, ptrdiff_t bins, const T* dy, ptrdiff_t lddy, T* dweight, ptrdiff_t ldw,
                           int is_first, const int count, ptrdiff_t lanes)
{
    V above[FN(SPAN)] = {{0}}; /* dy of the rows in higher bins */
    ptrdiff_t at = s->end[bins - 1];
    for (ptrdiff_t b = bins - 1; b >= 0; b--) {
        V whole[FN(SPAN)] = {{0}}, part[FN(SPAN)] = {{0}};
        for (const ptrdiff_t low = b ? s->end[b - 1] : 0; at > low; at--) {
            const T* in = dy + s->row[at - 1] * lddy;
            const V place = FN(splat)(s->place[at - 1]);
            for (int v = 0; v < count; v++) {
                const V slope = FN(load_edge)(in + v * LANES, v + 1 < count ? LANES : lanes);
                whole[v] += slope;
                part[v] += place * slope;
            }
        }
        for (int v = 0; v < count; v++) {
            const ptrdiff_t there = v + 1 < count ? LANES : lanes;
            T* out = dweight + b * ldw + v * LANES;
            const V before = is_first ? (V){0} : FN(load_edge)(out, there);
            FN(store_edge)(out, before + (part[v] + above[v]), there);
            above[v] += whole[v];
        }
    }
}

static void FN(piecewise_backward)(const void* dy_, ptrdiff_t lddy, const void* located_, ptrdiff_t ldl, ptrdiff_t n,
                                   ptrdiff_t d, ptrdiff_t bins, ptrdiff_t units, void* dweight_, ptrdiff_t ldw)
{
    const T *dy = dy_, *located = located_;
    T* dweight = dweight_;
    FN(sorted) sorted[FN(CHUNK)];
    for (ptrdiff_t first = 0; first < n; first += FN(TILE), located += FN(TILE) * ldl, dy += FN(TILE) * lddy) {
        const ptrdiff_t rows = n - first < FN(TILE) ? n - first : FN(TILE);
        for (ptrdiff_t chunk = 0; chunk < d; chunk += FN(CHUNK)) {
            const ptrdiff_t columns = d - chunk < FN(CHUNK) ? d - chunk : FN(CHUNK);
            T* w = dweight + chunk * bins * ldw;
            for (ptrdiff_t k = 0; k < columns; k++)
                FN(sort_by_bin)(located + chunk + k, ldl, rows, d, bins, &sorted[k]);
            ptrdiff_t j = 0;
            for (; j + FN(SPAN) * LANES <= units; j += FN(SPAN) * LANES)
                for (ptrdiff_t k = 0; k < columns; k++)
                    FN(add_slopes)(&sorted[k], bins, dy + j, lddy, w + k * bins * ldw + j, ldw, first == 0, FN(SPAN),
                                   LANES);
            for (; j < units; j += LANES)
                for (ptrdiff_t k = 0; k < columns; k++)
                    FN(add_slopes)(&sorted[k], bins, dy + j, lddy, w + k * bins * ldw + j, ldw, first == 0, 1,
                                   units - j < LANES ? units - j : LANES);
        }
    }
}
