"""The C tables of kernels, as Cython sees them, and the table this process uses."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t


cdef extern from "fastnorm.h" nogil:
    enum:
        FN_UNARY_COUNT
        FN_BINARY_COUNT
        FN_BINS

    ctypedef struct fn_unary:
        void (*forward)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, double p, double q, void* y,
                        Py_ssize_t ldy) noexcept nogil
        void (*backward)(const void* dy, Py_ssize_t lddy, const void* x, Py_ssize_t ldx, const void* y, Py_ssize_t ldy,
                         Py_ssize_t n, Py_ssize_t c, double p, double q, void* dx, Py_ssize_t lddx) noexcept nogil

    ctypedef struct fn_binary:
        void (*forward)(const void* a, Py_ssize_t a_row, Py_ssize_t a_column, const void* b, Py_ssize_t b_row,
                        Py_ssize_t b_column, Py_ssize_t n, Py_ssize_t c, void* y, Py_ssize_t ldy) noexcept nogil
        void (*backward)(const void* dy, Py_ssize_t lddy, const void* a, Py_ssize_t a_row, Py_ssize_t a_column,
                         const void* b, Py_ssize_t b_row, Py_ssize_t b_column, const void* y, Py_ssize_t ldy,
                         Py_ssize_t n, Py_ssize_t c, void* da, Py_ssize_t ldda, void* db,
                         Py_ssize_t lddb) noexcept nogil

    ctypedef struct fn_kernels:
        Py_ssize_t itemsize, lanes
        fn_unary unary[FN_UNARY_COUNT]
        fn_binary binary[FN_BINARY_COUNT]
        void (*gemm)(const void* a, Py_ssize_t a_row, Py_ssize_t a_column, const void* b, Py_ssize_t ldb,
                     const void* bias, void* c, Py_ssize_t ldc, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
                     int relu) noexcept nogil
        void (*transpose)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                          Py_ssize_t ldy) noexcept nogil
        void (*column_sums)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, double scale,
                            void* sums) noexcept nogil
        void (*batchnorm_forward)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const void* gamma,
                                  const void* beta, double epsilon, int relu, void* y, Py_ssize_t ldy, double* mean,
                                  double* variance, double* inverse_std) noexcept nogil
        void (*batchnorm_inference)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const double* mean,
                                    const double* inverse_std, const void* gamma, const void* beta, int relu, void* y,
                                    Py_ssize_t ldy) noexcept nogil
        void (*batchnorm_backward)(const void* dy, Py_ssize_t lddy, const void* x, Py_ssize_t ldx, const void* y,
                                   Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c, const double* mean,
                                   const double* inverse_std, const void* gamma, void* dx, Py_ssize_t lddx,
                                   void* dgamma, void* dbeta) noexcept nogil
        void (*batchnorm_running)(const double* mean, const double* variance, Py_ssize_t c, double share,
                                  double factor, double* running_mean, double* running_variance) noexcept nogil
        void (*relu_forward)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                             Py_ssize_t ldy) noexcept nogil
        void (*relu_backward)(const void* dy, Py_ssize_t lddy, const void* y, Py_ssize_t ldy, Py_ssize_t n,
                              Py_ssize_t c, void* dx, Py_ssize_t lddx) noexcept nogil
        void (*dropout)(const void* x, Py_ssize_t ldx, Py_ssize_t first_row, Py_ssize_t n, Py_ssize_t c, double rate,
                        uint64_t seed, uint32_t stream, uint32_t index, void* y, Py_ssize_t ldy) noexcept nogil
        void (*random_bits)(uint64_t seed, uint32_t purpose, uint32_t stream, uint32_t index, uint64_t first,
                            Py_ssize_t count, uint32_t* words) noexcept nogil
        void (*softmax)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                        Py_ssize_t ldy) noexcept nogil
        void (*softmax_cross_entropy)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t k, const int32_t* labels,
                                      const void* targets, Py_ssize_t ldt, const void* weights, double smoothing,
                                      double scale, double* losses, double* correct, void* dx,
                                      Py_ssize_t lddx) noexcept nogil
        void (*mean_squared_error)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const void* targets,
                                   Py_ssize_t ldt, const void* weights, double scale, double* losses,
                                   void* dx, Py_ssize_t lddx) noexcept nogil
        void (*sgd)(void* p, const void* g, void* velocity, Py_ssize_t count, double rate, double momentum,
                    double share, int nesterov, double l2, double weight_decay, double* squares) noexcept nogil
        void (*adam)(void* p, const void* g, void* m, void* v, Py_ssize_t count, double m_step, double g_step,
                     double beta_1, double beta_2, double epsilon, double correction_2, double l2, double decay,
                     double* squares) noexcept nogil
        void (*gather)(const void* x, Py_ssize_t ldx, const int64_t* rows, Py_ssize_t n, Py_ssize_t c, void* y,
                       Py_ssize_t ldy) noexcept nogil
        void (*accumulate)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                           Py_ssize_t ldy) noexcept nogil
        void (*softmax_backward)(const void* dy, Py_ssize_t lddy, const void* y, Py_ssize_t ldy, Py_ssize_t n,
                                 Py_ssize_t c, void* dx, Py_ssize_t lddx) noexcept nogil
        void (*log_softmax_forward)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                                    Py_ssize_t ldy) noexcept nogil
        void (*log_softmax_backward)(const void* dy, Py_ssize_t lddy, const void* y, Py_ssize_t ldy, Py_ssize_t n,
                                     Py_ssize_t c, void* dx, Py_ssize_t lddx) noexcept nogil
        void (*row_sums)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, double scale, void* sums,
                         Py_ssize_t stride) noexcept nogil
        void (*total_sum)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, double scale,
                          void* sum) noexcept nogil
        void (*all_finite)(const void* x, Py_ssize_t count, int* finite) noexcept nogil
        void (*row_max)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                        Py_ssize_t stride) noexcept nogil
        void (*column_max)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y) noexcept nogil
        void (*row_max_backward)(const void* dy, Py_ssize_t dy_stride, const void* x, Py_ssize_t ldx, const void* y,
                                 Py_ssize_t y_stride, Py_ssize_t n, Py_ssize_t c, void* dx,
                                 Py_ssize_t lddx) noexcept nogil
        void (*column_max_backward)(const void* dy, const void* x, Py_ssize_t ldx, const void* y, Py_ssize_t n,
                                    Py_ssize_t c, void* dx, Py_ssize_t lddx) noexcept nogil
        void (*spread)(const void* x, Py_ssize_t x_row, Py_ssize_t x_column, double scale, Py_ssize_t n, Py_ssize_t c,
                       void* y, Py_ssize_t ldy) noexcept nogil
        void (*copy)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y, Py_ssize_t ldy) noexcept nogil
        void (*embedding_forward)(const void* table, Py_ssize_t ldt, Py_ssize_t v, const void* codes,
                                  Py_ssize_t ldcodes, Py_ssize_t n, Py_ssize_t f, Py_ssize_t e, void* y,
                                  Py_ssize_t ldy) noexcept nogil
        void (*embedding_backward)(const void* dy, Py_ssize_t lddy, const void* codes, Py_ssize_t ldcodes,
                                   Py_ssize_t n, Py_ssize_t f, Py_ssize_t e, Py_ssize_t width, Py_ssize_t v,
                                   void* dtable, Py_ssize_t ldt) noexcept nogil
        void (*locate)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t d, const void* edges, Py_ssize_t lde,
                       Py_ssize_t bins, void* y, Py_ssize_t ldy) noexcept nogil
        void (*piecewise_forward)(const void* located, Py_ssize_t ldl, Py_ssize_t n, Py_ssize_t d, const void* weight,
                                  Py_ssize_t ldw, Py_ssize_t bins, Py_ssize_t units, void* y,
                                  Py_ssize_t ldy) noexcept nogil
        void (*piecewise_backward)(const void* dy, Py_ssize_t lddy, const void* located, Py_ssize_t ldl, Py_ssize_t n,
                                   Py_ssize_t d, Py_ssize_t bins, Py_ssize_t units, void* dweight,
                                   Py_ssize_t ldw) noexcept nogil
        void (*layernorm_forward)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const void* gamma,
                                  const void* beta, double epsilon, void* y, Py_ssize_t ldy, double* mean,
                                  double* inverse_std) noexcept nogil
        void (*layernorm_backward)(const void* dy, Py_ssize_t lddy, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                                   Py_ssize_t c, const double* mean, const double* inverse_std, const void* gamma,
                                   void* dx, Py_ssize_t lddx) noexcept nogil
        void (*layernorm_gamma_beta_backward)(const void* dy, Py_ssize_t lddy, const void* x, Py_ssize_t ldx,
                                              Py_ssize_t n, Py_ssize_t c, const double* mean,
                                              const double* inverse_std, void* dgamma, void* dbeta) noexcept nogil
        void (*one_hot)(const int32_t* labels, Py_ssize_t n, Py_ssize_t k, void* y, Py_ssize_t ldy) noexcept nogil
        void (*hits)(const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t k, const int32_t* labels,
                     const void* targets, Py_ssize_t ldt, void* y, Py_ssize_t stride) noexcept nogil
        void (*squares)(const void* g, Py_ssize_t count, double* sum) noexcept nogil
        void (*average)(const void* p, Py_ssize_t count, double share, void* average) noexcept nogil
        void (*where_forward)(const void* condition, Py_ssize_t condition_row, Py_ssize_t condition_column,
                              const void* a, Py_ssize_t a_row, Py_ssize_t a_column, const void* b, Py_ssize_t b_row,
                              Py_ssize_t b_column, Py_ssize_t n, Py_ssize_t c, void* y, Py_ssize_t ldy) noexcept nogil
        void (*where_backward)(const void* dy, Py_ssize_t lddy, const void* condition, Py_ssize_t condition_row,
                               Py_ssize_t condition_column, Py_ssize_t n, Py_ssize_t c, void* da, Py_ssize_t ldda,
                               void* db, Py_ssize_t lddb) noexcept nogil

    ctypedef struct fn_table:
        fn_kernels f32, f64
        void (*probe_fma)(int64_t rounds, float* sink) noexcept nogil
        double probe_flops

ctypedef fused real:
    float
    double

cdef const fn_kernels* kernels(Py_ssize_t itemsize) noexcept nogil
cdef int unary_index(const char* name) noexcept nogil
cdef int binary_index(const char* name) noexcept nogil
cdef unsigned flush_denormals() noexcept nogil
cdef void restore_denormals(unsigned state) noexcept nogil
cdef int usable_threads(threads) except -1

cdef inline Py_ssize_t row_border(Py_ssize_t n, Py_ssize_t part, int threads) noexcept nogil:
    """The first row of a part, where threads share n rows; of part `threads`, n."""
    return n * part // threads

cdef inline Py_ssize_t column_border(const fn_kernels* kernels, Py_ssize_t c, Py_ssize_t part,
                                     int threads) noexcept nogil:
    """The first column of a part, where threads share c columns in whole vectors."""
    cdef Py_ssize_t border = (c + kernels.lanes - 1) // kernels.lanes * part // threads * kernels.lanes
    return border if border < c else c

cdef inline char* moved(const void* x, Py_ssize_t offset) noexcept nogil:
    """x moved on by an offset in bytes; NULL stays NULL, for arrays that may be absent."""
    return NULL if x == NULL else <char*> x + offset
