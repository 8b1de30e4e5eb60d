from .cpu cimport fn_kernels

cdef void where_forward_rows(const fn_kernels* kernels, const void* condition, Py_ssize_t condition_row,
                             Py_ssize_t condition_column, const void* a, Py_ssize_t a_row, Py_ssize_t a_column,
                             const void* b, Py_ssize_t b_row, Py_ssize_t b_column, Py_ssize_t n, Py_ssize_t c, void* y,
                             Py_ssize_t ldy, int threads) noexcept nogil
cdef void where_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* condition,
                              Py_ssize_t condition_row, Py_ssize_t condition_column, Py_ssize_t n, Py_ssize_t c,
                              void* da, Py_ssize_t ldda, void* db, Py_ssize_t lddb, int threads) noexcept nogil
