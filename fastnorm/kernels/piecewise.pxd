from .cpu cimport fn_kernels

cdef void locate_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t d,
                      const void* edges, Py_ssize_t lde, Py_ssize_t bins, void* y, Py_ssize_t ldy,
                      int threads) noexcept nogil
cdef void piecewise_forward_rows(const fn_kernels* kernels, const void* located, Py_ssize_t ldl, Py_ssize_t n,
                                 Py_ssize_t d, const void* weight, Py_ssize_t ldw, Py_ssize_t bins, Py_ssize_t units,
                                 void* y, Py_ssize_t ldy, int threads) noexcept nogil
cdef void piecewise_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* located,
                                  Py_ssize_t ldl, Py_ssize_t n, Py_ssize_t d, Py_ssize_t bins, Py_ssize_t units,
                                  void* dweight, Py_ssize_t ldw, int threads) noexcept nogil
