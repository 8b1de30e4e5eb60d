/* Every kernel by name, with its parameters and its contract: FN_KERNEL(name, parameters...).
 *
 * T is the table's dtype, float or double. "T*" stands in a comment where void* stands in the code. n rows, d inputs,
 * h outputs, k classes, c columns; ldx is the distance in elements between rows of x. Every count is >= 1 unless said.
 * A name here has the same name in fastnorm.kernels, fastnorm.reference, the table of bounds, the tests and the bench.
 *
 * Kernels of a family have all one signature: FN_UNARY(name) and FN_BINARY(name) stand for name_forward and
 * name_backward, FN_COMPARISON(name) for name_forward, a member of the binary family without a gradient. Whoever
 * includes this file defines what it needs; all are undefined again at the end. */
#ifndef FN_KERNEL
#define FN_KERNEL(...)
#endif
#ifndef FN_UNARY
#define FN_UNARY(name)
#endif
#ifndef FN_BINARY
#define FN_BINARY(name)
#endif
#ifndef FN_COMPARISON
#define FN_COMPARISON(name)
#endif

/* c (m, n) = start + a b, where start is bias (n,) or 0; then max(0, c) if relu.  Each element of c is one chain
 * start + a[i,0] b[0,j] + a[i,1] b[1,j] + ... in that order whatever m and n: a row alone gives the same bits as in a
 * batch.
 *   a     (m, k) T*, k >= 1: element (i, p) at a[i * a_row + p * a_column]; so a transposed a needs no copy
 *   b     (k, n) T*, rows ldb apart;  bias (n,) T* or NULL;  c (m, n) T*, rows ldc apart */
FN_KERNEL(gemm, const void* a, ptrdiff_t a_row, ptrdiff_t a_column, const void* b, ptrdiff_t ldb, const void* bias,
          void* c, ptrdiff_t ldc, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int relu)

/* y (c, n) T* = the transpose of x (n, c) T*. */
FN_KERNEL(transpose, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y, ptrdiff_t ldy)

/* sums (c,) T* = scale times the sum of each column of x (n, c) T*, added in double, row after row. */
FN_KERNEL(column_sums, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double scale, void* sums)

/* y = (x - mean) * inverse_std * gamma + beta with the statistics of these n rows; then max(0, y) if relu.
 *   x, y                      (n, c) T*, finite;  gamma, beta (c,) T*
 *   mean, variance, inverse_std  (c,) double, out; variance is biased (divided by n),
 *                                inverse_std = 1 / sqrt(variance + epsilon)
 * A lane is a column: rows are added in the same order by every variant, in double, after subtracting row 0: a constant
 * column has variance 0 and gives beta exactly.
 * Source: Ioffe & Szegedy 2015, Algorithm 1. */
FN_KERNEL(batchnorm_forward, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const void* gamma,
          const void* beta, double epsilon, int relu, void* y, ptrdiff_t ldy, double* mean, double* variance,
          double* inverse_std)

/* y = (x - mean) * inverse_std * gamma + beta with given statistics (c,) double; then max(0, y) if relu.  y may be
 * x. */
FN_KERNEL(batchnorm_inference, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const double* mean,
          const double* inverse_std, const void* gamma, const void* beta, int relu, void* y, ptrdiff_t ldy)

/* The gradients of batchnorm_forward, from dy (n, c) T* and what forward was given and gave.
 *   y       (n, c) T*, forward's output where it had relu: dy counts only where y > 0; NULL where it had none
 *   dx      (n, c) T*, may be dy;  dgamma, dbeta (c,) T*.  Sums are double, row after row.
 * Source: Ioffe & Szegedy 2015, section 3. */
FN_KERNEL(batchnorm_backward, const void* dy, ptrdiff_t lddy, const void* x, ptrdiff_t ldx, const void* y,
          ptrdiff_t ldy, ptrdiff_t n, ptrdiff_t c, const double* mean, const double* inverse_std, const void* gamma,
          void* dx, ptrdiff_t lddx, void* dgamma, void* dbeta)

/* Exponentially weighted averages of the statistics, bias-corrected: with share = (1 - decay) / weight, where weight is
 * decay * (weight before) + 1 - decay, running += share * (batch - running).  All double, (c,).
 *   factor  times variance is what is averaged: n / (n - 1), for the variance of what the n rows are a sample of, or 1
 * Source: Ioffe & Szegedy 2015, Algorithm 2. */
FN_KERNEL(batchnorm_running, const double* mean, const double* variance, ptrdiff_t c, double share, double factor,
          double* running_mean, double* running_variance)

/* y = max(0, x), nan where x is nan; y may be x. */
FN_KERNEL(relu_forward, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y, ptrdiff_t ldy)

/* dx = dy where y > 0, else 0, for y = relu_forward(x); dx may be dy. */
FN_KERNEL(relu_backward, const void* dy, ptrdiff_t lddy, const void* y, ptrdiff_t ldy, ptrdiff_t n, ptrdiff_t c,
          void* dx, ptrdiff_t lddx)

/* y = x / (1 - rate), or 0 with probability rate; y may be x. The same call on dy gives dx.
 * Element (i, j) of row first_row + i is dropped by word (first_row + i) * stride + j of the keyed generator, where
 * stride is c rounded up to 4: word w is word w % 4 of philox(key = seed, counter = (w / 4, index, stream,
 * FN_DROPOUT)); dropped where word < rate * 2^32. 0 <= rate < 1. */
FN_KERNEL(dropout, const void* x, ptrdiff_t ldx, ptrdiff_t first_row, ptrdiff_t n, ptrdiff_t c, double rate,
          uint64_t seed, uint32_t stream, uint32_t index, void* y, ptrdiff_t ldy)

/* words (count,): word w of stream is word w % 4 of philox4x32-10(key = seed, counter = (w / 4, index, stream,
 * purpose)), for w = first, first + 1, ...; first is a multiple of 4.  Source: Salmon et al. 2011. */
FN_KERNEL(random_bits, uint64_t seed, uint32_t purpose, uint32_t stream, uint32_t index, uint64_t first,
          ptrdiff_t count, uint32_t* words)

/* y (n, c) T* = exp(x - max of the row) / their sum, in T with the sum in double; a row of -inf only gives nan. y may
 * be x. */
FN_KERNEL(softmax, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y, ptrdiff_t ldy)

/* The loss of softmax(x) against the target t, row by row, and the gradient of their weighted sum.
 *   x        (n, k) T*, logits: finite or -inf
 *   labels   (n,) in [0, k): t = (1 - smoothing) [j = label] + smoothing / k;  or NULL and
 *   targets  (n, k) T*, rows sum to 1: t = (1 - smoothing) targets + smoothing / k
 *   weights  (n,) T* or NULL for 1
 *   losses   (n,) double, out: -sum t log softmax(x), unweighted, where 0 * log 0 = 0
 *   correct  (n,) double, out: 1 where the first largest logit stands where the first largest target stands, else 0
 *   dx       (n, k) T* or NULL: scale * weight * (softmax(x) - t);  dx may be x */
FN_KERNEL(softmax_cross_entropy, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t k, const int32_t* labels,
          const void* targets, ptrdiff_t ldt, const void* weights, double smoothing, double scale, double* losses,
          double* correct, void* dx, ptrdiff_t lddx)

/* The mean over a row of (x - target)^2, row by row, and the gradient of their weighted sum.
 *   x, targets (n, c) T*;  weights (n,) T* or NULL for 1;  losses (n,) double, out
 *   dx       (n, c) T* or NULL: scale * weight * 2 / c * (x - target);  dx may be x */
FN_KERNEL(mean_squared_error, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const void* targets,
          ptrdiff_t ldt, const void* weights, double scale, double* losses, void* dx, ptrdiff_t lddx)

/* One step of stochastic gradient descent on count parameters; all arrays (count,) T*, p and velocity in place.
 *   g += l2 p;  velocity = momentum velocity + share g
 *   p -= rate (velocity, or share g + momentum velocity if nesterov) + rate weight_decay p
 *   share     1, or 1 - momentum where velocity is to be an average of the gradients
 *   squares   double, out: the sum of g^2 as it came */
FN_KERNEL(sgd, void* p, const void* g, void* velocity, ptrdiff_t count, double rate, double momentum, double share,
          int nesterov, double l2, double weight_decay, double* squares)

/* One step of Adam, Nadam or RMSprop on count parameters; all arrays (count,) T*, p, m and v in place.
 *   g += l2 p;  m = beta_1 m + (1 - beta_1) g;  v = beta_2 v + (1 - beta_2) g^2
 *   p -= (m_step m + g_step g) / (sqrt(v / correction_2) + epsilon) + decay p
 *   m        may be NULL: then there is no m, as if m_step were 0
 *   squares  double, out: the sum of g^2 as it came
 * At step t with a rate, correction_2 is 1 - beta_2^t (RMSprop: 1), decay is rate weight_decay, and the two steps are
 *   Adam     rate / (1 - beta_1^t), 0
 *   Nadam    rate mu_(t+1) / (1 - mu_1 ... mu_(t+1)), rate (1 - mu_t) / (1 - mu_1 ... mu_t)
 *   RMSprop  0, rate
 * Source: Kingma & Ba 2015, Algorithm 1; Loshchilov & Hutter 2019, Algorithm 2; Dozat 2016; Tieleman & Hinton 2012. */
FN_KERNEL(adam, void* p, const void* g, void* m, void* v, ptrdiff_t count, double m_step, double g_step, double beta_1,
          double beta_2, double epsilon, double correction_2, double l2, double decay, double* squares)

/* y (n, c) T*: row i is row rows[i] of x; rows[i] within x. */
FN_KERNEL(gather, const void* x, ptrdiff_t ldx, const int64_t* rows, ptrdiff_t n, ptrdiff_t c, void* y, ptrdiff_t ldy)

/* y (n, c) T* += x. */
FN_KERNEL(accumulate, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y, ptrdiff_t ldy)

/* dx (n, c) T* = y (dy - the sum of dy y over the row), for y = softmax(x); the sum is double. dx may be dy. */
FN_KERNEL(softmax_backward, const void* dy, ptrdiff_t lddy, const void* y, ptrdiff_t ldy, ptrdiff_t n, ptrdiff_t c,
          void* dx, ptrdiff_t lddx)

/* y (n, c) T* = x - max of the row - log(the sum of exp(x - max)), the sum and the logarithm in double; -inf stays
 * -inf, a row of -inf only gives nan. y may be x. */
FN_KERNEL(log_softmax_forward, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y, ptrdiff_t ldy)

/* dx (n, c) T* = dy - exp(y) times the sum of dy over the row, for y = log_softmax_forward(x), so y <= 0. dx may be
 * dy. */
FN_KERNEL(log_softmax_backward, const void* dy, ptrdiff_t lddy, const void* y, ptrdiff_t ldy, ptrdiff_t n, ptrdiff_t c,
          void* dx, ptrdiff_t lddx)

/* sums[i * stride] T = scale times the sum of row i of x (n, c) T*, added in double. */
FN_KERNEL(row_sums, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double scale, void* sums, ptrdiff_t stride)

/* sum, one T = scale times the sum of x (n, c) T*: the rows' sums in double, one after the other. */
FN_KERNEL(total_sum, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double scale, void* sum)

/* finite, one int = 1 where no element of x (count,) T* is nan or infinite, else 0. */
FN_KERNEL(all_finite, const void* x, ptrdiff_t count, int* finite)

/* y[i * stride] T = the largest of row i of x (n, c) T*, or nan where it has one. */
FN_KERNEL(row_max, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y, ptrdiff_t stride)

/* y (c,) T* = the largest of each column of x (n, c) T*, or nan where it has one. */
FN_KERNEL(column_max, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y)

/* dx (n, c) T* = dy[i * dy_stride] / count where x equals y[i * y_stride] = row_max of row i, count elements in all,
 * else 0; nan where y is nan. */
FN_KERNEL(row_max_backward, const void* dy, ptrdiff_t dy_stride, const void* x, ptrdiff_t ldx, const void* y,
          ptrdiff_t y_stride, ptrdiff_t n, ptrdiff_t c, void* dx, ptrdiff_t lddx)

/* dx (n, c) T* = dy[j] / count where x equals y[j] = column_max of column j, count elements in all, else 0; nan where
 * y is nan. */
FN_KERNEL(column_max_backward, const void* dy, const void* x, ptrdiff_t ldx, const void* y, ptrdiff_t n, ptrdiff_t c,
          void* dx, ptrdiff_t lddx)

/* y (n, c) T*: y[i, j] = scale x[i * x_row + j * x_column]; x_column is 0 or 1, and a stride of 0 spreads one
 * element. */
FN_KERNEL(spread, const void* x, ptrdiff_t x_row, ptrdiff_t x_column, double scale, ptrdiff_t n, ptrdiff_t c, void* y,
          ptrdiff_t ldy)

/* y (n, c) T* = x. */
FN_KERNEL(copy, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y, ptrdiff_t ldy)

/* y (n, f e) T*: y[i, k e : (k + 1) e] = row codes[i, k] of table.
 *   table (v, e) T*, rows ldt apart
 *   codes (n, f) T*, whole numbers in [0, v): any other gives nan and reads nothing */
FN_KERNEL(embedding_forward, const void* table, ptrdiff_t ldt, ptrdiff_t v, const void* codes, ptrdiff_t ldcodes,
          ptrdiff_t n, ptrdiff_t f, ptrdiff_t e, void* y, ptrdiff_t ldy)

/* The gradient of embedding_forward for the first `width` of the table's e columns: dtable (v, width) T* = 0, then row
 * codes[i, k] += dy[i, k e : k e + width], row after row; codes that name no row add nothing.  dy (n, f e) T*. */
FN_KERNEL(embedding_backward, const void* dy, ptrdiff_t lddy, const void* codes, ptrdiff_t ldcodes, ptrdiff_t n,
          ptrdiff_t f, ptrdiff_t e, ptrdiff_t width, ptrdiff_t v, void* dtable, ptrdiff_t ldt)

/* y (n, 2 d) T*: y[i, k] = the bin of column k that x[i, k] lies in, from 0; y[i, d + k] = where in the bin, 0 at its
 * lower edge and 1 at its upper one, below 0 in the first and above 1 in the last bin; both nan where x is not finite.
 *   x      (n, d) T*
 *   edges  (d, bins + 1) T*, rows lde apart, ascending; a row of fewer repeats its last one; equal ones give nan */
FN_KERNEL(locate, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t d, const void* edges, ptrdiff_t lde,
          ptrdiff_t bins, void* y, ptrdiff_t ldy)

/* y (n, units) T*: for each column k the weights of the bins before its own and, times where it is, that of its own,
 * y[i] = sum_k (sum of weight[k bins + b] for b < bin  +  place weight[k bins + bin]), bins and columns in order.
 *   located  (n, 2 d) T* of locate; a bin that is no whole number in [0, bins) gives nan and reads nothing
 *   weight   (d bins, units) T*, rows ldw apart; bins <= FN_BINS
 * Source: Gorishniy, Rubachev & Babenko 2022, piecewise linear encoding, and a dense layer on it. */
FN_KERNEL(piecewise_forward, const void* located, ptrdiff_t ldl, ptrdiff_t n, ptrdiff_t d, const void* weight,
          ptrdiff_t ldw, ptrdiff_t bins, ptrdiff_t units, void* y, ptrdiff_t ldy)

/* The gradient of piecewise_forward's weight, dweight (d bins, units) T*, from dy (n, units) T*, row after row. */
FN_KERNEL(piecewise_backward, const void* dy, ptrdiff_t lddy, const void* located, ptrdiff_t ldl, ptrdiff_t n,
          ptrdiff_t d, ptrdiff_t bins, ptrdiff_t units, void* dweight, ptrdiff_t ldw)

/* y = (x - mean) * inverse_std * gamma + beta with the statistics of each row.
 *   x, y               (n, c) T*, finite;  gamma, beta (c,) T*;  y may be x
 *   mean, inverse_std  (n,) double, out: 1 / sqrt(biased variance + epsilon); a row of equal numbers gives beta exactly
 * Source: Ba, Kiros & Hinton 2016. */
FN_KERNEL(layernorm_forward, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, const void* gamma,
          const void* beta, double epsilon, void* y, ptrdiff_t ldy, double* mean, double* inverse_std)

/* The gradient of layernorm_forward's x, dx (n, c) T*, from dy and what forward was given and gave; sums are double.
 * dx may be dy. */
FN_KERNEL(layernorm_backward, const void* dy, ptrdiff_t lddy, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c,
          const double* mean, const double* inverse_std, const void* gamma, void* dx, ptrdiff_t lddx)

/* The gradients of layernorm_forward's gamma and beta, dgamma, dbeta (c,) T*: sums over the rows in double, row after
 * row. */
FN_KERNEL(layernorm_gamma_beta_backward, const void* dy, ptrdiff_t lddy, const void* x, ptrdiff_t ldx, ptrdiff_t n,
          ptrdiff_t c, const double* mean, const double* inverse_std, void* dgamma, void* dbeta)

/* y (n, k) T*: 1 at the label of each row, else 0; a label outside [0, k) gives zeros. */
FN_KERNEL(one_hot, const int32_t* labels, ptrdiff_t n, ptrdiff_t k, void* y, ptrdiff_t ldy)

/* y[i * stride] T = 1 where the first largest of row i of x (n, k) T* stands at labels[i], or, where labels is NULL,
 * at the first largest of row i of targets (n, k) T*; else 0. A row with nan has no largest; a label outside [0, k) is
 * none's. */
FN_KERNEL(hits, const void* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t k, const int32_t* labels, const void* targets,
          ptrdiff_t ldt, void* y, ptrdiff_t stride)

/* sum, double = the sum of g^2 over g (count,) T*. */
FN_KERNEL(squares, const void* g, ptrdiff_t count, double* sum)

/* average (count,) T* += share (p - average): an exponentially weighted average of what p was. */
FN_KERNEL(average, const void* p, ptrdiff_t count, double share, void* average)

/* y (n, c) T* = a where condition != 0 (nan is), else b; elements by strides as in FN_BINARY. */
FN_KERNEL(where_forward, const void* condition, ptrdiff_t condition_row, ptrdiff_t condition_column, const void* a,
          ptrdiff_t a_row, ptrdiff_t a_column, const void* b, ptrdiff_t b_row, ptrdiff_t b_column, ptrdiff_t n,
          ptrdiff_t c, void* y, ptrdiff_t ldy)

/* da (n, c) T* = dy where condition != 0, else 0; db the other way round; each NULL where not wanted.  da may be dy. */
FN_KERNEL(where_backward, const void* dy, ptrdiff_t lddy, const void* condition, ptrdiff_t condition_row,
          ptrdiff_t condition_column, ptrdiff_t n, ptrdiff_t c, void* da, ptrdiff_t ldda, void* db, ptrdiff_t lddb)

/* y (n, c) T* = f(x; p, q), element by element; y may be x.  And dx = dy f'(x; p, q), from forward's y, too; dx may be
 * dy.
 *   sin, cos    of radians, exact however large x is; nan at +-inf
 *   abs         its slope at 0 is 0
 *   leaky_relu  x where x > 0, else p x: its slope at 0 is p
 *   elu         x where x > 0, else p (exp(x) - 1): its slope at 0 is p
 *   selu        1.0507 x where x > 0, else 1.7581 (exp(x) - 1), with these numbers in full
 *   gelu        x Phi(x), Phi the normal distribution: Hendrycks & Gimpel 2016, not its approximations; 0 at -inf
 *   silu        x / (1 + exp(-x)), 0 at -inf;  softplus: log(1 + exp(x));  mish: x tanh(softplus(x)), 0 at -inf
 *   clip        min(max(x, p), q): its slope is 1 where p <= x <= q, else 0 */
#define FN_UNARY_FORWARD \
    const void *x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double p, double q, void *y, ptrdiff_t ldy
#define FN_UNARY_BACKWARD \
    const void *dy, ptrdiff_t lddy, const void *x, ptrdiff_t ldx, const void *y, ptrdiff_t ldy, ptrdiff_t n, \
    ptrdiff_t c, double p, double q, void *dx, ptrdiff_t lddx
FN_UNARY(exp)
FN_UNARY(log)
FN_UNARY(sqrt)
FN_UNARY(sin)
FN_UNARY(cos)
FN_UNARY(abs)
FN_UNARY(tanh)
FN_UNARY(sigmoid)
FN_UNARY(leaky_relu)
FN_UNARY(elu)
FN_UNARY(selu)
FN_UNARY(gelu)
FN_UNARY(silu)
FN_UNARY(softplus)
FN_UNARY(mish)
FN_UNARY(clip)

/* y (n, c) T*: y[i, j] = f(a[i a_row + j a_column], b[i b_row + j b_column]); column strides are 0 or 1, and 0
 * broadcasts. And da = dy df/da, db = dy df/db, both (n, c) T*, each NULL where not wanted, from forward's y, too; da
 * may be dy.
 *   power             as NumPy at 0, 1, inf and nan; nan for a < 0 with b not whole.  Where b is one number (b_row and
 *                     b_column 0), a whole one up to 64 is repeated multiplication, 0.5 the square root.  da = 0
 *                     where b = 0; db = 0 where a = 0 and b > 0, nan where a < 0
 *   maximum, minimum  nan where one is; half of the gradient to each where they are equal
 *   comparisons       1 or 0, as NumPy where one is nan */
#define FN_BINARY_FORWARD \
    const void *a, ptrdiff_t a_row, ptrdiff_t a_column, const void *b, ptrdiff_t b_row, ptrdiff_t b_column, \
    ptrdiff_t n, ptrdiff_t c, void *y, ptrdiff_t ldy
#define FN_BINARY_BACKWARD \
    const void *dy, ptrdiff_t lddy, const void *a, ptrdiff_t a_row, ptrdiff_t a_column, const void *b, \
    ptrdiff_t b_row, ptrdiff_t b_column, const void *y, ptrdiff_t ldy, ptrdiff_t n, ptrdiff_t c, void *da, \
    ptrdiff_t ldda, void *db, ptrdiff_t lddb
FN_BINARY(add)
FN_BINARY(subtract)
FN_BINARY(multiply)
FN_BINARY(divide)
FN_BINARY(power)
FN_BINARY(maximum)
FN_BINARY(minimum)
FN_COMPARISON(less)
FN_COMPARISON(less_equal)
FN_COMPARISON(equal)
FN_COMPARISON(not_equal)

#undef FN_KERNEL
#undef FN_UNARY
#undef FN_BINARY
#undef FN_COMPARISON
