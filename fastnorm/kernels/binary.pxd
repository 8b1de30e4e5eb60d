from .cpu cimport fn_kernels

cdef void binary_forward_rows(const fn_kernels* kernels, int which, const void* a, Py_ssize_t a_row,
                              Py_ssize_t a_column, const void* b, Py_ssize_t b_row, Py_ssize_t b_column, Py_ssize_t n,
                              Py_ssize_t c, void* y, Py_ssize_t ldy, int threads) noexcept nogil
cdef void binary_backward_rows(const fn_kernels* kernels, int which, const void* dy, Py_ssize_t lddy, const void* a,
                               Py_ssize_t a_row, Py_ssize_t a_column, const void* b, Py_ssize_t b_row,
                               Py_ssize_t b_column, const void* y, Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c,
                               void* da, Py_ssize_t ldda, void* db, Py_ssize_t lddb, int threads) noexcept nogil
cdef binary_forward(const char* name, a, b, out, threads)
cdef binary_backward(const char* name, dy, a, b, y, threads)
