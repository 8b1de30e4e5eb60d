from .cpu cimport fn_kernels

cdef void copy_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                    Py_ssize_t ldy, int threads) noexcept nogil
cdef void spread_rows(const fn_kernels* kernels, const void* x, Py_ssize_t x_row, Py_ssize_t x_column, double scale,
                      Py_ssize_t n, Py_ssize_t c, void* y, Py_ssize_t ldy, int threads) noexcept nogil
