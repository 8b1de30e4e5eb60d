from .cpu cimport fn_kernels

cdef void gemm_rows(const fn_kernels* kernels, const void* a, Py_ssize_t a_row, Py_ssize_t a_column, const void* b,
                    Py_ssize_t ldb, const void* bias, void* c, Py_ssize_t ldc, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
                    int relu, int threads) noexcept nogil
cdef void transpose_blocks(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                           void* y, Py_ssize_t ldy, int threads) noexcept nogil
cdef void column_sums_columns(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                              double scale, void* sums, int threads) noexcept nogil
cdef void dense_input_gradient(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* weight,
                               Py_ssize_t ldw, void* transposed, Py_ssize_t ldt, void* dx, Py_ssize_t lddx,
                               Py_ssize_t n, Py_ssize_t d, Py_ssize_t h, int threads) noexcept nogil
cdef void dense_weight_gradient(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, const void* dy,
                                Py_ssize_t lddy, void* dweight, Py_ssize_t ldw, Py_ssize_t n, Py_ssize_t d,
                                Py_ssize_t h, int threads) noexcept nogil
