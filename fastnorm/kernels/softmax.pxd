from .cpu cimport fn_kernels

cdef void softmax_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil
