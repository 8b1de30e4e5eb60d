from .cpu cimport fn_kernels

cdef void row_max_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                       Py_ssize_t stride, int threads) noexcept nogil
cdef void column_max_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                          int threads) noexcept nogil
cdef void row_max_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t dy_stride, const void* x,
                                Py_ssize_t ldx, const void* y, Py_ssize_t y_stride, Py_ssize_t n, Py_ssize_t c,
                                void* dx, Py_ssize_t lddx, int threads) noexcept nogil
cdef void column_max_backward_rows(const fn_kernels* kernels, const void* dy, const void* x, Py_ssize_t ldx,
                                   const void* y, Py_ssize_t n, Py_ssize_t c, void* dx, Py_ssize_t lddx,
                                   int threads) noexcept nogil
