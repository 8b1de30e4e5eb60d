from .cpu cimport fn_kernels

cdef void row_sums_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                        double scale, void* sums, Py_ssize_t stride, int threads) noexcept nogil
cdef void total_sum_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                         double scale, void* sum, int threads) noexcept nogil
cdef bint is_finite(const fn_kernels* kernels, const void* x, Py_ssize_t count) noexcept nogil
