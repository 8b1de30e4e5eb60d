from .cpu cimport fn_kernels

cdef void embedding_forward_rows(const fn_kernels* kernels, const void* table, Py_ssize_t ldt, Py_ssize_t v,
                                 const void* codes, Py_ssize_t ldcodes, Py_ssize_t n, Py_ssize_t f, Py_ssize_t e,
                                 void* y, Py_ssize_t ldy, int threads) noexcept nogil
cdef void embedding_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* codes,
                                  Py_ssize_t ldcodes, Py_ssize_t n, Py_ssize_t f, Py_ssize_t e, Py_ssize_t v,
                                  void* dtable, Py_ssize_t ldt, int threads) noexcept nogil
