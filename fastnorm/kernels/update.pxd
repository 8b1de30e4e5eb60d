

from .cpu cimport fn_kernels

cdef enum:
    CHUNK = 8192

cdef double sgd_chunks(const fn_kernels* kernels, void* p, const void* g, void* velocity, Py_ssize_t count, double rate,
                       double momentum, double share, int nesterov, double l2, double weight_decay,
                       double* chunk_squares, int threads) noexcept nogil
cdef double adam_chunks(const fn_kernels* kernels, void* p, const void* g, void* m, void* v, Py_ssize_t count,
                        double m_step, double g_step, double beta_1, double beta_2, double epsilon,
                        double correction_2, double l2, double decay, double* chunk_squares,
                        int threads) noexcept nogil
cdef double squares_chunks(const fn_kernels* kernels, const void* g, Py_ssize_t count, double* chunk_squares,
                           int threads) noexcept nogil
cdef void average_chunks(const fn_kernels* kernels, const void* p, Py_ssize_t count, double share, void* average,
                         int threads) noexcept nogil
cdef gradients_of(gradients, parameters)
cdef room_for_squares(array, int threads)
